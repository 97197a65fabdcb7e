#include "firmware/crypto/cipher.h"

#include "firmware/crypto/openssl.h"
#include "firmware/crypto/require.h"

namespace cs2sim {
namespace {

Result<SecretBytes> run_blocks(std::string_view name, ByteView key, ByteView iv, ByteView data,
                               bool encrypt) {
    const Handle<EVP_CIPHER> cipher(EVP_CIPHER_fetch(nullptr, std::string(name).c_str(), nullptr));
    const Handle<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
    require_openssl(cipher && context &&
                        key.size() == static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher.get())) &&
                        iv.size() == static_cast<std::size_t>(EVP_CIPHER_get_iv_length(cipher.get())),
                    "cipher");
    if (data.size() % static_cast<std::size_t>(EVP_CIPHER_get_block_size(cipher.get())) != 0)
        return fail(E_AES_DATA_LEN);
    require_openssl(
        EVP_CipherInit_ex2(context.get(), cipher.get(), key.data(), iv.data(), encrypt ? 1 : 0, nullptr) == 1,
        "cipher");
    EVP_CIPHER_CTX_set_padding(context.get(), 0);
    SecretBytes out(data.size());
    int written = 0;
    if (!data.empty())
        require_openssl(EVP_CipherUpdate(context.get(), out.data(), &written, data.data(),
                                         static_cast<int>(data.size())) == 1,
                        "cipher");
    return out;
}

}  // namespace

Result<SecretBytes> encrypt_blocks(std::string_view name, ByteView key, ByteView iv, ByteView data) {
    return run_blocks(name, key, iv, data, true);
}

Result<SecretBytes> decrypt_blocks(std::string_view name, ByteView key, ByteView iv, ByteView data) {
    return run_blocks(name, key, iv, data, false);
}

}  // namespace cs2sim
