#include "firmware/crypto/digest.h"

#include <openssl/core_names.h>

#include "firmware/crypto/openssl.h"
#include "firmware/crypto/require.h"

namespace cs2sim {
namespace {

// The MAC of OpenSSL's name `algorithm`, parameterised by one name (its digest or its cipher).
Bytes mac(const char* algorithm, const char* parameter, const char* value, ByteView key,
          std::initializer_list<ByteView> parts) {
    const Handle<EVP_MAC> fetched(EVP_MAC_fetch(nullptr, algorithm, nullptr));
    require_openssl(fetched != nullptr, algorithm);
    const Handle<EVP_MAC_CTX> context(EVP_MAC_CTX_new(fetched.get()));
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(parameter, const_cast<char*>(value), 0),
                                     OSSL_PARAM_construct_end()};
    // An empty HMAC key needs a pointer all the same, else OpenSSL takes it for "no key set".
    const std::uint8_t* key_bytes = key.empty() ? reinterpret_cast<const std::uint8_t*>("") : key.data();
    require_openssl(context && EVP_MAC_init(context.get(), key_bytes, key.size(), parameters) == 1,
                    algorithm);
    for (ByteView part : parts)
        require_openssl(EVP_MAC_update(context.get(), part.data(), part.size()) == 1, algorithm);
    Bytes out(EVP_MAC_CTX_get_mac_size(context.get()));
    std::size_t size = 0;
    require_openssl(EVP_MAC_final(context.get(), out.data(), &size, out.size()) == 1, algorithm);
    out.resize(size);
    return out;
}

// MDC-2 lives in the legacy provider; a library context of its own keeps legacy algorithms out of the rest.
// Made at first use: most runs never compute an ISO hash.
OSSL_LIB_CTX* legacy_context() {
    static OSSL_LIB_CTX* const context = [] {
        Handle<OSSL_LIB_CTX> fresh(OSSL_LIB_CTX_new());
        // The provider lives as long as the process, like the context that it is loaded into.
        if (fresh && OSSL_PROVIDER_load(fresh.get(), "legacy") == nullptr) fresh.reset();
        return fresh.release();
    }();
    return context;
}

}  // namespace

Bytes digest(std::string_view name, std::initializer_list<ByteView> parts) {
    const Handle<EVP_MD> algorithm(EVP_MD_fetch(nullptr, std::string(name).c_str(), nullptr));
    const Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    require_openssl(algorithm && context && EVP_DigestInit_ex2(context.get(), algorithm.get(), nullptr) == 1,
                    "digest");
    for (ByteView part : parts)
        require_openssl(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1, "digest");
    Bytes out(static_cast<std::size_t>(EVP_MD_get_size(algorithm.get())));
    require_openssl(EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1, "digest");
    return out;
}

Result<std::array<std::uint8_t, 16>> mdc2(ByteView data) {
    const Handle<EVP_MD> algorithm(legacy_context() ? EVP_MD_fetch(legacy_context(), "MDC2", nullptr)
                                                    : nullptr);
    if (!algorithm) return fail(E_HASH_FUNCTION);
    std::array<std::uint8_t, 16> out{};
    require_openssl(EVP_Digest(data.data(), data.size(), out.data(), nullptr, algorithm.get(), nullptr) == 1,
                    "MDC2");
    return out;
}

Bytes hmac_sha256(ByteView key, std::initializer_list<ByteView> parts) {
    return mac("HMAC", OSSL_MAC_PARAM_DIGEST, "SHA256", key, parts);
}

std::array<std::uint8_t, 16> aes_cmac(ByteView key, std::initializer_list<ByteView> parts) {
    const Bytes tag =
        mac("CMAC", OSSL_MAC_PARAM_CIPHER, key.size() == 16 ? "AES-128-CBC" : "AES-256-CBC", key, parts);
    std::array<std::uint8_t, 16> out{};
    std::copy_n(tag.begin(), out.size(), out.begin());
    return out;
}

}  // namespace cs2sim
