#include "firmware/cxi/work/mac.h"

#include <openssl/core_names.h>

#include <array>

#include "firmware/crypto/cipher.h"
#include "firmware/cxi/work/portion.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

Handle<EVP_MAC_CTX> mac_context(const char* algorithm, const char* parameter, const char* value,
                                ByteView key) {
    const Handle<EVP_MAC> method(EVP_MAC_fetch(nullptr, algorithm, nullptr));
    Handle<EVP_MAC_CTX> context(method ? EVP_MAC_CTX_new(method.get()) : nullptr);
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(parameter, const_cast<char*>(value), 0), OSSL_PARAM_construct_end()};
    if (!context || EVP_MAC_init(context.get(), key.data(), key.size(), parameters.data()) != 1)
        return nullptr;
    return context;
}

Result<Handle<EVP_MAC_CTX>> start_cmac(const LoadedKey& key) {
    SecretBytes raw = to_secret(key.secret());
    std::string cipher;
    if (key.object.algorithm() == CXI_KEY_ALGO_AES) {
        cipher = "AES-" + std::to_string(raw.size() * 8) + "-CBC";
    } else if (key.object.algorithm() == CXI_KEY_ALGO_DES) {
        cipher = "DES-EDE3-CBC";
        raw = des3_key(raw);
    } else {
        return fail(E_CXI_KEY_TYPE);
    }
    auto context = mac_context("CMAC", OSSL_MAC_PARAM_CIPHER, cipher.c_str(), raw);
    if (!context) return fail(E_CXI_CRYPT_MECH);
    return context;
}

// Single DES is triple DES with the same key thrice.
SecretBytes thrice(ByteView key) {
    SecretBytes all;
    for (int i = 0; i < 3; ++i) all.insert(all.end(), key.begin(), key.end());
    return all;
}

// The retail MAC: ISO/IEC 9797-1, MAC algorithm 3. Every block but the last goes through single DES.
Result<Bytes> retail_mac(const LoadedKey& key, Mechanism mechanism, ByteView data,
                         const Abandonment* abandonment) {
    constexpr std::size_t kBlock = 8;
    if (key.object.algorithm() != CXI_KEY_ALGO_DES) return fail(E_CXI_KEY_TYPE);
    SecretBytes text = to_secret(data);
    if (mechanism.pad() == CXI_MECH_PAD_ISO7816)
        text.push_back(0x80);
    else if (mechanism.pad() != CXI_MECH_PAD_ZERO && mechanism.pad() != CXI_MECH_PAD_NONE)
        return fail(E_CXI_CRYPT_MECH);
    if (text.empty() || (mechanism.pad() == CXI_MECH_PAD_NONE && text.size() % kBlock != 0))
        return fail(E_CXI_CRYPT_DATA_LEN);
    text.resize((text.size() + kBlock - 1) / kBlock * kBlock);

    const SecretBytes whole_key = des3_key(key.secret());
    const ByteView head = ByteView(text).first(text.size() - kBlock);
    Bytes chained(kBlock);
    const SecretBytes single = thrice(key.secret().first(kBlock));
    const auto chain = [&](ByteView portion) -> Result<void> {
        const auto passed = encrypt_blocks("DES-EDE3-CBC", single, chained, portion);
        if (!passed) return fail(E_CXI_CRYPT_MECH);
        chained.assign(passed->end() - kBlock, passed->end());
        return {};
    };
    CS2SIM_TRY(in_portions(head, portion_of(CXI_KEY_ALGO_DES, mechanism), abandonment, chain));
    const auto last = encrypt_blocks("DES-EDE3-CBC", whole_key, chained, ByteView(text).last(kBlock));
    if (!last) return fail(E_CXI_CRYPT_MECH);
    return Bytes(last->begin(), last->end());
}

// NIST SP 800-38D, section 6.4: the tag of GCM over data that is only authenticated.
Result<Handle<EVP_MAC_CTX>> start_gmac(const LoadedKey& key, ByteView parameter) {
    if (key.object.algorithm() != CXI_KEY_ALGO_AES) return fail(E_CXI_KEY_TYPE);
    const auto given = parse(LAYOUT_CXI_GMAC_PARAMETER, parameter);
    if (!given || given->bytes("iv").empty() || given->bytes("iv").size() > 128)
        return fail(E_CXI_CRYPT_MECH_PARA);
    const std::string cipher = "AES-" + std::to_string(key.secret().size() * 8) + "-GCM";
    const ByteView iv = given->bytes("iv");
    const Handle<EVP_MAC> method(EVP_MAC_fetch(nullptr, "GMAC", nullptr));
    Handle<EVP_MAC_CTX> context(method ? EVP_MAC_CTX_new(method.get()) : nullptr);
    const std::array<OSSL_PARAM, 3> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, const_cast<char*>(cipher.c_str()), 0),
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, const_cast<std::uint8_t*>(iv.data()), iv.size()),
        OSSL_PARAM_construct_end()};
    if (!context ||
        EVP_MAC_init(context.get(), key.secret().data(), key.secret().size(), parameters.data()) != 1)
        return fail(E_CXI_CRYPT_MECH);
    return context;
}

Result<Bytes> prf_mac(const LoadedKey& key, Mechanism mechanism, ByteView data, ByteView parameter) {
    const auto given = parse(LAYOUT_CXI_PRF_PARAMETER, parameter);
    if (!key.object.is_secret()) return fail(E_CXI_KEY_TYPE);
    if (!given || given->u16("length") == 0) return fail(E_CXI_CRYPT_MECH_PARA);
    CS2SIM_TRY_LET(out, tls12_prf(key, mechanism, data, given->u16("length")));
    return to_bytes(out);
}

Result<Handle<EVP_MAC_CTX>> start_mac(const LoadedKey& key, Mechanism mechanism, ByteView parameter) {
    if (!key.object.is_secret()) return fail(E_CXI_KEY_TYPE);
    if (mechanism.chain() == CXI_MECH_CHAIN_GCM) return start_gmac(key, parameter);
    if (mechanism.chain() == CXI_MECH_CHAIN_CMAC) return start_cmac(key);
    if (mechanism.chain() != 0) return fail(E_CXI_CRYPT_MECH);
    CS2SIM_TRY_LET(hash, required_hash(mechanism));
    auto context = mac_context("HMAC", OSSL_MAC_PARAM_DIGEST, hash->name, key.secret());
    if (!context) return fail(E_CXI_CRYPT_MECH);
    return context;
}

}  // namespace

Result<std::shared_ptr<HashJob>> HashJob::start(const LoadedKey* key, Mechanism mechanism,
                                                ByteView parameter) {
    auto job = std::make_shared<HashJob>();
    job->portion_ = portion_of(key ? key->object.algorithm() : CXI_KEY_ALGO_RAW, mechanism);
    if (key) {
        CS2SIM_TRY_LET(context, start_mac(*key, mechanism, parameter));
        job->mac_ = std::move(context);
        return job;
    }
    CS2SIM_TRY_LET(hash, required_hash(mechanism));
    job->hash_.reset(EVP_MD_CTX_new());
    if (!job->hash_ || EVP_DigestInit_ex2(job->hash_.get(), hash_method(*hash), nullptr) != 1)
        return fail(E_CXI_MALLOC);
    return job;
}

Result<void> HashJob::update(ByteView data, const Abandonment* abandonment) {
    return in_portions(data, portion_, abandonment, [&](ByteView portion) -> Result<void> {
        const int done = mac_ ? EVP_MAC_update(mac_.get(), portion.data(), portion.size())
                              : EVP_DigestUpdate(hash_.get(), portion.data(), portion.size());
        if (done != 1) return fail(E_CXI_INTERNAL);
        return {};
    });
}

Result<Bytes> HashJob::finish() {
    Bytes out(EVP_MAX_MD_SIZE);
    std::size_t size = out.size();
    if (mac_) {
        if (EVP_MAC_final(mac_.get(), out.data(), &size, out.size()) != 1) return fail(E_CXI_INTERNAL);
    } else {
        unsigned length = 0;
        if (EVP_DigestFinal_ex(hash_.get(), out.data(), &length) != 1) return fail(E_CXI_INTERNAL);
        size = length;
    }
    out.resize(size);
    return out;
}

Result<SecretBytes> tls12_prf(const LoadedKey& key, Mechanism mechanism, ByteView seed, std::size_t length) {
    CS2SIM_TRY_LET(hash, required_hash(mechanism));
    const Handle<EVP_KDF> method(EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr));
    const Handle<EVP_KDF_CTX> context(method ? EVP_KDF_CTX_new(method.get()) : nullptr);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(hash->name), 0),
        OSSL_PARAM_construct_octet_string(
            OSSL_KDF_PARAM_SECRET, const_cast<std::uint8_t*>(key.secret().data()), key.secret().size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, const_cast<std::uint8_t*>(seed.data()),
                                          seed.size()),
        OSSL_PARAM_construct_end()};
    SecretBytes out(length);
    if (!context || EVP_KDF_derive(context.get(), out.data(), out.size(), parameters) != 1)
        return fail(E_CXI_CRYPT_MECH_PARA);
    return out;
}

Result<Bytes> make_mac(const LoadedKey& key, Mechanism mechanism, ByteView data, ByteView parameter,
                       const Abandonment* abandonment) {
    if (mechanism.kdf() == CXI_MECH_KDF_TLS12_PRF) return prf_mac(key, mechanism, data, parameter);
    if (mechanism.chain() == CXI_MECH_CHAIN_CBC_RETAIL) return retail_mac(key, mechanism, data, abandonment);
    CS2SIM_TRY_LET(job, HashJob::start(&key, mechanism, parameter));
    CS2SIM_TRY(job->update(data, abandonment));
    return job->finish();
}

}  // namespace cs2sim
