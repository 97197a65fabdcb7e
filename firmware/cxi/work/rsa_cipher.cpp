#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "firmware/cxi/work/cipher_job.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

Result<void> set_oaep(EVP_PKEY_CTX* context, Mechanism mechanism, ByteView parameter) {
    const HashRow* hash = find_hash(mechanism.hash() != 0 ? mechanism.hash() : CXI_MECH_HASH_SHA1);
    const HashRow* mgf = hash;
    ByteView label;
    std::optional<Block> parsed;
    if (!parameter.empty()) {
        auto block = parse(LAYOUT_CXI_OAEP_PARAMETER, parameter);
        if (!block) return fail(E_CXI_CRYPT_MECH_PARA);
        parsed = *std::move(block);
        if (parsed->u32("mgf") != 0) mgf = find_hash(parsed->u32("mgf"));
        label = parsed->bytes("label");
    }
    if (!hash || !mgf) return fail(E_CXI_CRYPT_MECH_PARA);
    if (EVP_PKEY_CTX_set_rsa_oaep_md(context, hash_method(*hash)) <= 0 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash_method(*mgf)) <= 0)
        return fail(E_CXI_CRYPT_MECH);
    if (label.empty()) return {};
    Handle<unsigned char> copy(static_cast<unsigned char*>(OPENSSL_memdup(label.data(), label.size())));
    if (!copy || EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy.get(), static_cast<int>(label.size())) <= 0)
        return fail(E_CXI_MALLOC);
    static_cast<void>(copy.release());  // the context's now
    return {};
}

// OpenSSL from 3.2 on answers wrong PKCS#1 v1.5 padding with random data unless told otherwise; a device says
// that the padding is wrong.
Result<void> tell_wrong_padding(EVP_PKEY_CTX* context) {
    constexpr const char* kImplicitRejection =
        "implicit-rejection";  // a name that OpenSSL 3.0 has no macro for
    const OSSL_PARAM* known = EVP_PKEY_CTX_settable_params(context);
    if (!known || !OSSL_PARAM_locate_const(known, kImplicitRejection)) return {};
    unsigned int off = 0;
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_uint(kImplicitRejection, &off),
                                     OSSL_PARAM_construct_end()};
    if (EVP_PKEY_CTX_set_params(context, parameters) != 1) return fail(E_CXI_CRYPT_MECH);
    return {};
}

Result<Handle<EVP_PKEY_CTX>> prepare(const LoadedKey& key, Mechanism mechanism, ByteView parameter,
                                     bool encrypt) {
    if (!key.pkey || !is_rsa(*key.pkey) || (!encrypt && !key.object.is_private()))
        return fail(E_CXI_KEY_TYPE);
    if (mechanism.chain() != 0) return fail(E_CXI_CRYPT_MECH);
    Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.pkey.get(), nullptr));
    if (!context ||
        (encrypt ? EVP_PKEY_encrypt_init(context.get()) : EVP_PKEY_decrypt_init(context.get())) != 1)
        return fail(E_CXI_CRYPT_MECH);
    int padding = 0;
    switch (mechanism.pad()) {
        case CXI_MECH_PAD_PKCS1:
            padding = RSA_PKCS1_PADDING;
            break;
        case CXI_MECH_PAD_OAEP:
            padding = RSA_PKCS1_OAEP_PADDING;
            break;
        case CXI_MECH_PAD_NONE:
            padding = RSA_NO_PADDING;
            break;
        default:
            return fail(E_CXI_CRYPT_MECH);
    }
    if (EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) <= 0) return fail(E_CXI_CRYPT_MECH);
    if (padding == RSA_PKCS1_PADDING && !encrypt) CS2SIM_TRY(tell_wrong_padding(context.get()));
    if (padding == RSA_PKCS1_OAEP_PADDING) CS2SIM_TRY(set_oaep(context.get(), mechanism, parameter));
    return context;
}

}  // namespace

Result<Bytes> rsa_encrypt(const LoadedKey& key, Mechanism mechanism, ByteView parameter, ByteView data) {
    CS2SIM_TRY_LET(context, prepare(key, mechanism, parameter, true));
    Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key.pkey.get())));
    std::size_t size = out.size();
    if (EVP_PKEY_encrypt(context.get(), out.data(), &size, data.data(), data.size()) != 1)
        return fail(E_CXI_CRYPT_DATA_LEN);
    out.resize(size);
    return out;
}

Result<SecretBytes> rsa_decrypt(const LoadedKey& key, Mechanism mechanism, ByteView parameter,
                                ByteView data) {
    CS2SIM_TRY_LET(context, prepare(key, mechanism, parameter, false));
    SecretBytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key.pkey.get())));
    if (data.size() != out.size()) return fail(E_CXI_CRYPT_DATA_LEN);
    std::size_t size = out.size();
    if (EVP_PKEY_decrypt(context.get(), out.data(), &size, data.data(), data.size()) != 1)
        return fail(mechanism.pad() == CXI_MECH_PAD_NONE ? E_CXI_CRYPT_DATA_LEN : E_CXI_CRYPT_PADDING);
    out.resize(size);
    return out;
}

}  // namespace cs2sim
