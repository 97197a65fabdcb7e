#include "host-lib/files/protection.h"

#include <algorithm>
#include <array>

#include "firmware/crypto/cipher.h"
#include "firmware/crypto/digest.h"

namespace cs2sim::host {
namespace {

constexpr std::array<std::uint8_t, 16> kZeroIv{};
struct Scheme {
    std::string_view cipher;
    std::size_t key;
    std::size_t block;
};

Scheme scheme_of(Protection protection) {
    if (protection == Protection::rsa_key) return {"DES-EDE3-CBC", 24, 8};
    return {"AES-256-CBC", 32, 16};
}

// Zeros up to whole blocks, then one more block: the number of those zeros, and zeros (device-formats.md,
// section 3: 40 bytes of P320 become 40, 8 zeros, 08 00…00).
SecretBytes padded(ByteView value, Protection protection) {
    SecretBytes plain = to_secret(value);
    if (protection == Protection::share) return plain;
    const std::size_t block = scheme_of(protection).block;
    const std::size_t fill = (block - plain.size() % block) % block;
    plain.resize(plain.size() + fill);
    plain.push_back(static_cast<std::uint8_t>(fill));
    plain.resize(plain.size() + block - 1);
    return plain;
}

// Files of earlier versions: 80 00…00 as last block of EC keys, leading zeros before odd widths of RSA numbers.
// Then the fill before the last block stays, and the reader takes the width of the key.
constexpr std::uint8_t kEarlierMark = 0x80;

bool unpad(SecretBytes& plain, Protection protection) {
    if (protection == Protection::share) return true;
    const std::size_t block = scheme_of(protection).block;
    if (plain.size() <= block) return false;
    const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
    const auto last = plain.end() - static_cast<std::ptrdiff_t>(block);
    const std::uint8_t fill = *last;
    if (!std::all_of(last + 1, plain.end(), is_zero)) return false;
    plain.erase(last, plain.end());
    if (protection == Protection::ec_key && fill == kEarlierMark) return true;
    if (fill >= block || !std::all_of(plain.end() - fill, plain.end(), is_zero)) return false;
    plain.resize(plain.size() - fill);
    return true;
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
