#include "firmware/crypto/kdf.h"

#include <openssl/core_names.h>

#include "firmware/crypto/openssl.h"
#include "firmware/crypto/require.h"

namespace cs2sim {

namespace {

OSSL_PARAM octets(const char* name, ByteView bytes) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()), bytes.size());
}

OSSL_PARAM text(const char* name, std::string_view value) {
    return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value.data()), value.size());
}

SecretBytes kbkdf(const OSSL_PARAM* parameters, std::size_t length) {
    const Handle<EVP_KDF> kdf(EVP_KDF_fetch(nullptr, "KBKDF", nullptr));
    const Handle<EVP_KDF_CTX> state(EVP_KDF_CTX_new(kdf.get()));
    SecretBytes out(length);
    require_openssl(state && EVP_KDF_derive(state.get(), out.data(), out.size(), parameters) == 1, "KBKDF");
    return out;
}

}  // namespace

SecretBytes derive_key(ByteView key, std::string_view label, ByteView context, std::size_t length) {
    const OSSL_PARAM parameters[] = {
        text(OSSL_KDF_PARAM_MODE, "COUNTER"),
        text(OSSL_KDF_PARAM_MAC, "HMAC"),
        text(OSSL_KDF_PARAM_DIGEST, "SHA256"),
        octets(OSSL_KDF_PARAM_KEY, key),
        octets(OSSL_KDF_PARAM_SALT, as_bytes(label)),  // KBKDF's name of the label
        octets(OSSL_KDF_PARAM_INFO, context),          // and of the context
        OSSL_PARAM_construct_end()};
    return kbkdf(parameters, length);
}

SecretBytes derive_key_by_feedback(std::string_view digest, ByteView key, ByteView iv, ByteView fixed,
                                   std::size_t length) {
    int no = 0;
    const OSSL_PARAM parameters[] = {text(OSSL_KDF_PARAM_MODE, "FEEDBACK"),
                                     text(OSSL_KDF_PARAM_MAC, "HMAC"),
                                     text(OSSL_KDF_PARAM_DIGEST, digest),
                                     octets(OSSL_KDF_PARAM_KEY, key),
                                     octets(OSSL_KDF_PARAM_SEED, iv),
                                     octets(OSSL_KDF_PARAM_SALT, fixed),
                                     OSSL_PARAM_construct_int(OSSL_KDF_PARAM_KBKDF_USE_L, &no),
                                     OSSL_PARAM_construct_int(OSSL_KDF_PARAM_KBKDF_USE_SEPARATOR, &no),
                                     OSSL_PARAM_construct_end()};
    return kbkdf(parameters, length);
}

}  // namespace cs2sim
