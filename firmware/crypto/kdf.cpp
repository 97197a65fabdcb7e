#include "firmware/crypto/kdf.h"

#include <openssl/core_names.h>

#include "firmware/crypto/openssl.h"
#include "firmware/crypto/require.h"

namespace cs2sim {

SecretBytes derive_key(ByteView key, std::string_view label, ByteView context, std::size_t length) {
    const Handle<EVP_KDF> kdf(EVP_KDF_fetch(nullptr, "KBKDF", nullptr));
    const Handle<EVP_KDF_CTX> state(EVP_KDF_CTX_new(kdf.get()));
    const auto octets = [](const char* name, ByteView bytes) {
        return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()), bytes.size());
    };
    const auto text = [](const char* name, const char* value) {
        return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value), 0);
    };
    const OSSL_PARAM parameters[] = {
        text(OSSL_KDF_PARAM_MODE, "COUNTER"),
        text(OSSL_KDF_PARAM_MAC, "HMAC"),
        text(OSSL_KDF_PARAM_DIGEST, "SHA256"),
        octets(OSSL_KDF_PARAM_KEY, key),
        octets(OSSL_KDF_PARAM_SALT, as_bytes(label)),  // KBKDF's name of the label
        octets(OSSL_KDF_PARAM_INFO, context),          // and of the context
        OSSL_PARAM_construct_end()};
    SecretBytes out(length);
    require_openssl(state && EVP_KDF_derive(state.get(), out.data(), out.size(), parameters) == 1, "KBKDF");
    return out;
}

}  // namespace cs2sim
