#include "firmware/crypto/digest.h"

#include <openssl/core_names.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "firmware/crypto/cipher.h"
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

using DesBlock = std::array<std::uint8_t, 8>;

// Single DES of one block as EDE3 with one key three times: OpenSSL's default provider has no single DES.
DesBlock des(const DesBlock& key, ByteView block) {
    Bytes triple;
    for (int i = 0; i < 3; ++i) append(triple, key);
    const SecretBytes out = encrypt_blocks("DES-EDE3-ECB", triple, {}, block).value();
    cleanse(triple.data(), triple.size());
    DesBlock result{};
    std::copy_n(out.begin(), result.size(), result.begin());
    return result;
}

}  // namespace

const EVP_MD* digest_method(std::string_view name) {
    static std::mutex mutex;
    static std::map<std::string, Handle<EVP_MD>, std::less<>> methods;
    const std::lock_guard lock(mutex);
    auto found = methods.find(name);
    if (found == methods.end()) {
        const std::string text(name);
        found = methods.emplace(text, EVP_MD_fetch(nullptr, text.c_str(), nullptr)).first;
    }
    require_openssl(found->second != nullptr, found->first.c_str());
    return found->second.get();
}

Bytes digest(std::string_view name, std::initializer_list<ByteView> parts) {
    const EVP_MD* algorithm = digest_method(name);
    const Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    require_openssl(context && EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1, "digest");
    for (ByteView part : parts)
        require_openssl(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1, "digest");
    Bytes out(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
    require_openssl(EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1, "digest");
    return out;
}

Result<std::array<std::uint8_t, 16>> mdc2(ByteView data) {
    if (data.size() % 8 != 0) return fail(E_HASH_LEN);
    DesBlock left, right;
    left.fill(0x52);
    right.fill(0x25);
    for (; !data.empty(); data = data.subspan(8)) {
        left[0] = static_cast<std::uint8_t>((left[0] & 0x9F) | 0x40);
        right[0] = static_cast<std::uint8_t>((right[0] & 0x9F) | 0x20);
        const DesBlock a = des(left, data.first(8));
        const DesBlock b = des(right, data.first(8));
        for (std::size_t i = 0; i < 8; ++i) {  // the right halves change sides
            left[i] = static_cast<std::uint8_t>(data[i] ^ (i < 4 ? a[i] : b[i]));
            right[i] = static_cast<std::uint8_t>(data[i] ^ (i < 4 ? b[i] : a[i]));
        }
    }
    std::array<std::uint8_t, 16> out{};
    std::copy_n(left.begin(), 8, out.begin());
    std::copy_n(right.begin(), 8, out.begin() + 8);
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
