#include "host-lib/files/protection.h"

#include <algorithm>
#include <array>

#include "firmware/crypto/cipher.h"
#include "firmware/crypto/digest.h"

namespace cs2sim::host {
namespace {

constexpr std::array<std::uint8_t, 16> kZeroIv{};
constexpr std::size_t kRsaTail = 8;  // zero bytes behind every secret of an RSA key

struct Scheme {
    std::string_view cipher;
    std::size_t key;
    std::size_t block;
};

Scheme scheme_of(Protection protection) {
    if (protection == Protection::rsa_key) return {"DES-EDE3-CBC", 24, 8};
    return {"AES-256-CBC", 32, 16};
}

void fill_to(SecretBytes& data, std::size_t block) { data.resize((data.size() + block - 1) / block * block); }

SecretBytes padded(ByteView value, Protection protection) {
    SecretBytes plain;
    if (protection == Protection::rsa_key) {
        plain.resize((8 - value.size() % 8) % 8);  // leading zeros: odd widths become whole blocks
        plain.insert(plain.end(), value.begin(), value.end());
        plain.resize(plain.size() + kRsaTail);
        return plain;
    }
    plain = to_secret(value);
    fill_to(plain, 16);
    if (protection == Protection::ec_key) {
        plain.push_back(0x80);
        fill_to(plain, 16);
    }
    return plain;
}

bool unpad(SecretBytes& plain, Protection protection) {
    if (protection == Protection::share) return true;
    if (protection == Protection::rsa_key) {
        if (plain.size() <= kRsaTail) return false;
        const auto tail = plain.end() - kRsaTail;
        if (!std::all_of(tail, plain.end(), [](std::uint8_t byte) { return byte == 0; })) return false;
        plain.erase(tail, plain.end());
        return true;
    }
    const auto last = std::find_if(plain.rbegin(), plain.rend(), [](std::uint8_t byte) { return byte != 0; });
    if (last == plain.rend() || *last != 0x80) return false;
    plain.resize(plain.size() - static_cast<std::size_t>(last - plain.rbegin()) - 1);
    return !plain.empty() && plain.size() % 16 == 0;
}

bool secret_from_hex(std::string_view text, SecretBytes& out) {
    Bytes bytes;
    const bool good = !text.empty() && from_hex(text, bytes);
    out = to_secret(bytes);
    cleanse(bytes.data(), bytes.size());
    return good;
}

}  // namespace

Result<SecretBytes> read_value(std::string_view text, Protection protection,
                               const std::optional<SecretBytes>& password) {
    const bool is_protected = text.starts_with('!');
    if (is_protected) text.remove_prefix(1);
    SecretBytes value;
    if (!secret_from_hex(text, value)) return fail(E_CSA_KEY_FORMAT);
    if (!is_protected) return value;

    const Scheme scheme = scheme_of(protection);
    if (value.size() % scheme.block != 0) return fail(E_CSA_KEY_FORMAT);
    if (!password) return fail(E_CSA_KEY_PASSWORD);
    const SecretBytes key = to_secret(sha256(*password));
    auto plain = decrypt_blocks(scheme.cipher, ByteView(key).first(scheme.key),
                                ByteView(kZeroIv).first(scheme.block), value);
    if (!plain) return fail(E_CSA_KEY_FORMAT);
    if (!unpad(*plain, protection)) return fail(E_CSA_KEY_PASSWORD);
    return plain;
}

SecretBytes write_value(ByteView value, Protection protection, const std::optional<SecretBytes>& password) {
    SecretBytes content = to_secret(value);
    if (password) {
        const Scheme scheme = scheme_of(protection);
        const SecretBytes key = to_secret(sha256(*password));
        content = encrypt_blocks(scheme.cipher, ByteView(key).first(scheme.key),
                                 ByteView(kZeroIv).first(scheme.block), padded(value, protection))
                      .value();
    }
    std::string hex = to_hex(content);
    SecretBytes text;
    if (password) text.push_back('!');
    text.insert(text.end(), hex.begin(), hex.end());
    cleanse(hex.data(), hex.size());
    return text;
}

}  // namespace cs2sim::host
