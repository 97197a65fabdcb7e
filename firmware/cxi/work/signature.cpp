#include "firmware/cxi/work/signature.h"

#include <openssl/rsa.h>

#include "firmware/crypto/der.h"
#include "firmware/crypto/digest.h"
#include "firmware/crypto/finite_field.h"
#include "firmware/cxi/work/mac.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

// The digest to be signed: `data` hashed, or as it is when the caller did that.
Result<Bytes> digest_of(const SignRequest& request) {
    const HashRow* row = find_hash(request.mechanism.hash());
    if (!row) {
        if (request.hash_data || request.mechanism.hash() != CXI_MECH_HASH_NONE)
            return fail(E_CXI_CRYPT_MECH);
        if (request.data.empty()) return fail(E_CXI_CRYPT_DATA_LEN);
        return to_bytes(request.data);
    }
    if (!request.hash_data) {
        if (request.data.size() != row->size) return fail(E_CXI_CRYPT_DATA_LEN);
        return to_bytes(request.data);
    }
    Bytes hash(row->size);
    if (EVP_Digest(request.data.data(), request.data.size(), hash.data(), nullptr, hash_method(*row),
                   nullptr) != 1)
        return fail(E_CXI_INTERNAL);
    return hash;
}

Result<void> set_pss(EVP_PKEY_CTX* context, const SignRequest& request) {
    const HashRow* hash = find_hash(request.mechanism.hash());
    if (!hash) return fail(E_CXI_CRYPT_MECH);
    const HashRow* mgf = hash;
    std::size_t salt = hash->size;
    if (!request.parameter.empty()) {
        const auto parameter = parse(LAYOUT_CXI_PSS_PARAMETER, request.parameter);
        if (!parameter) return fail(E_CXI_CRYPT_MECH_PARA);
        if (parameter->u32("mgf") != 0) mgf = find_hash(parameter->u32("mgf"));
        salt = parameter->u32("salt");
        if (!mgf || salt > 1024) return fail(E_CXI_CRYPT_MECH_PARA);
    }
    if (EVP_PKEY_CTX_set_rsa_pss_saltlen(context, static_cast<int>(salt)) <= 0 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash_method(*mgf)) <= 0)
        return fail(E_CXI_CRYPT_MECH_PARA);
    return {};
}

Result<int> rsa_padding(Mechanism mechanism) {
    switch (mechanism.pad()) {
        case CXI_MECH_PAD_PKCS1:
            return RSA_PKCS1_PADDING;
        case CXI_MECH_PAD_PSS:
            return RSA_PKCS1_PSS_PADDING;
        case CXI_MECH_PAD_X9_31:
            return RSA_X931_PADDING;
        case CXI_MECH_PAD_NONE:
            return RSA_NO_PADDING;
        default:
            return fail(E_CXI_CRYPT_MECH);
    }
}

Result<void> set_rsa(EVP_PKEY_CTX* context, const SignRequest& request) {
    CS2SIM_TRY_LET(padding, rsa_padding(request.mechanism));
    const HashRow* hash = find_hash(request.mechanism.hash());
    if (!hash && padding == RSA_X931_PADDING) return fail(E_CXI_CRYPT_MECH);
    if (hash && padding == RSA_NO_PADDING) return fail(E_CXI_CRYPT_MECH);
    // The hash first: OpenSSL looks whether X9.31 has a number for it.
    if (hash && EVP_PKEY_CTX_set_signature_md(context, hash_method(*hash)) <= 0)
        return fail(E_CXI_CRYPT_MECH);
    if (EVP_PKEY_CTX_set_rsa_padding(context, padding) <= 0) return fail(E_CXI_CRYPT_MECH);
    if (padding == RSA_PKCS1_PSS_PADDING) return set_pss(context, request);
    return {};
}

// Only a request without a parameter of its own is told by its mechanism and direction.
void give_back(const LoadedKey& key, const SignRequest& request, bool verify, Handle<EVP_PKEY_CTX> context) {
    if (request.parameter.empty()) key.contexts->give(request.mechanism.value, !verify, std::move(context));
}

Result<Handle<EVP_PKEY_CTX>> prepare(const LoadedKey& key, const SignRequest& request, bool verify) {
    if (request.parameter.empty())
        if (auto ready = key.contexts->take(request.mechanism.value, !verify)) return ready;
    Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.pkey.get(), nullptr));
    if (!context) return fail(E_CXI_MALLOC);
    if ((verify ? EVP_PKEY_verify_init(context.get()) : EVP_PKEY_sign_init(context.get())) != 1)
        return fail(E_CXI_CRYPT_MECH);
    if (is_rsa(*key.pkey))
        CS2SIM_TRY(set_rsa(context.get(), request));
    else if (request.mechanism.pad() != CXI_MECH_PAD_NONE)
        return fail(E_CXI_CRYPT_MECH);
    return context;
}

// Signatures of two numbers, which DER writes alike.
bool signs_in_pairs(const LoadedKey& key) { return is_ec(*key.pkey) || is_dsa(*key.pkey); }

std::size_t order_bytes(const LoadedKey& key) {
    return ((is_dsa(*key.pkey) ? subprime_bits(*key.pkey) : key_bits(*key.pkey)) + 7) / 8;
}

Result<Bytes> plain_pair(const LoadedKey& key, ByteView der) {
    const unsigned char* at = der.data();
    const Handle<ECDSA_SIG> signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
    if (!signature) return fail(E_CXI_INTERNAL);
    const int half = static_cast<int>(order_bytes(key));
    Bytes out(static_cast<std::size_t>(2 * half));
    BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out.data(), half);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out.data() + half, half);
    return out;
}

Result<Bytes> der_pair(const LoadedKey& key, ByteView plain) {
    const std::size_t half = order_bytes(key);
    if (plain.size() != 2 * half) return fail(E_CXI_CRYPT_SIGN_VERIFY);
    const Handle<ECDSA_SIG> signature(ECDSA_SIG_new());
    Handle<BIGNUM> r(BN_bin2bn(plain.data(), static_cast<int>(half), nullptr));
    Handle<BIGNUM> s(BN_bin2bn(plain.data() + half, static_cast<int>(half), nullptr));
    if (!signature || !r || !s || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1)
        return fail(E_CXI_MALLOC);
    static_cast<void>(r.release());  // the signature's now
    static_cast<void>(s.release());
    Bytes der = der_of(signature.get(), i2d_ECDSA_SIG);
    if (der.empty()) return fail(E_CXI_MALLOC);
    return der;
}

Result<Bytes> sign_edwards(const LoadedKey& key, const SignRequest& request) {
    if (request.mechanism.hash() != 0 || request.mechanism.pad() != 0) return fail(E_CXI_CRYPT_MECH);
    const Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    Bytes out(114);  // Ed448; Ed25519 has 64
    std::size_t size = out.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.pkey.get()) != 1 ||
        EVP_DigestSign(context.get(), out.data(), &size, request.data.data(), request.data.size()) != 1)
        return fail(E_CXI_INTERNAL);
    out.resize(size);
    return out;
}

Result<void> verify_edwards(const LoadedKey& key, const SignRequest& request, ByteView signature) {
    if (request.mechanism.hash() != 0 || request.mechanism.pad() != 0) return fail(E_CXI_CRYPT_MECH);
    const Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.pkey.get()) != 1)
        return fail(E_CXI_INTERNAL);
    if (EVP_DigestVerify(context.get(), signature.data(), signature.size(), request.data.data(),
                         request.data.size()) != 1)
        return fail(E_CXI_CRYPT_SIGN_VERIFY);
    return {};
}

// Whether RSA can pad this many bytes, so that a wrong length has its own code.
bool fits_rsa(const LoadedKey& key, const SignRequest& request, std::size_t size) {
    if (!is_rsa(*key.pkey)) return true;
    const std::size_t modulus = (key_bits(*key.pkey) + 7) / 8;
    if (request.mechanism.pad() == CXI_MECH_PAD_NONE) return size == modulus;
    return request.mechanism.pad() != CXI_MECH_PAD_PKCS1 || size + 11 <= modulus;
}

}  // namespace

Result<Bytes> make_signature(const LoadedKey& key, const SignRequest& request) {
    if (key.object.is_secret())
        return make_mac(key, request.mechanism, request.data, request.parameter, request.abandonment);
    if (!key.object.is_private() || is_dh(*key.pkey)) return fail(E_CXI_KEY_TYPE);
    if (is_edwards(*key.pkey)) return sign_edwards(key, request);
    CS2SIM_TRY_LET(hash, digest_of(request));
    if (!fits_rsa(key, request, hash.size())) return fail(E_CXI_CRYPT_DATA_LEN);
    CS2SIM_TRY_LET(context, prepare(key, request, false));
    Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key.pkey.get())));
    std::size_t size = out.size();
    if (EVP_PKEY_sign(context.get(), out.data(), &size, hash.data(), hash.size()) != 1)
        return fail(request.mechanism.pad() == CXI_MECH_PAD_PSS ? E_CXI_CRYPT_MECH_PARA
                                                                : E_CXI_CRYPT_DATA_LEN);
    give_back(key, request, false, std::move(context));
    out.resize(size);
    if (signs_in_pairs(key) && !request.mechanism.asn1()) return plain_pair(key, out);
    return out;
}

Result<void> check_signature(const LoadedKey& key, const SignRequest& request, ByteView signature) {
    if (key.object.is_secret()) {
        CS2SIM_TRY_LET(
            expected, make_mac(key, request.mechanism, request.data, request.parameter, request.abandonment));
        if (!equal_in_constant_time(expected, signature)) return fail(E_CXI_CRYPT_SIGN_VERIFY);
        return {};
    }
    if (!key.pkey || is_dh(*key.pkey)) return fail(E_CXI_KEY_TYPE);
    if (is_edwards(*key.pkey)) return verify_edwards(key, request, signature);
    CS2SIM_TRY_LET(hash, digest_of(request));
    CS2SIM_TRY_LET(context, prepare(key, request, true));
    Bytes der;
    if (signs_in_pairs(key) && !request.mechanism.asn1()) {
        CS2SIM_TRY_LET(encoded, der_pair(key, signature));
        der = std::move(encoded);
        signature = der;
    }
    if (EVP_PKEY_verify(context.get(), signature.data(), signature.size(), hash.data(), hash.size()) != 1)
        return fail(E_CXI_CRYPT_SIGN_VERIFY);
    give_back(key, request, true, std::move(context));
    return {};
}

Result<Bytes> recover_signed(const LoadedKey& key, Mechanism mechanism, ByteView signature) {
    if (!key.pkey || !is_rsa(*key.pkey)) return fail(E_CXI_KEY_TYPE);
    if (mechanism.pad() != CXI_MECH_PAD_PKCS1 && mechanism.pad() != CXI_MECH_PAD_NONE)
        return fail(E_CXI_CRYPT_MECH);
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.pkey.get(), nullptr));
    if (!context || EVP_PKEY_verify_recover_init(context.get()) != 1) return fail(E_CXI_CRYPT_MECH);
    SignRequest request{mechanism, false, {}, {}};
    CS2SIM_TRY(set_rsa(context.get(), request));
    Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key.pkey.get())));
    std::size_t size = out.size();
    if (EVP_PKEY_verify_recover(context.get(), out.data(), &size, signature.data(), signature.size()) != 1)
        return fail(E_CXI_CRYPT_SIGN_VERIFY);
    out.resize(size);
    return out;
}

}  // namespace cs2sim
