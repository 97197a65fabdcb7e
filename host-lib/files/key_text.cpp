// Key files as text: parse_key_text and format_key_text of key_file.h.
#include <openssl/core_names.h>
#include <openssl/pem.h>

#include <array>

#include "firmware/protocol/bytes.h"
#include "host-lib/files/field_file.h"
#include "host-lib/files/key_file.h"
#include "host-lib/files/key_material.h"
#include "host-lib/files/protection.h"

namespace cs2sim::host {
namespace {

constexpr std::string_view kDefaultCurve = "brainpoolP320t1";

struct RsaField {
    const char* name;
    SecretBytes RsaNumbers::*number;
};
// The secrets of an RSA key, in the order of the file.
constexpr RsaField kRsaSecrets[] = {
    {"SEXP", &RsaNumbers::d}, {"P", &RsaNumbers::p},   {"Q", &RsaNumbers::q},
    {"U", &RsaNumbers::u},    {"DP", &RsaNumbers::dp}, {"DQ", &RsaNumbers::dq},
};

// What the field calls the NIST curves; all others go by OpenSSL's name.
constexpr std::pair<std::string_view, std::string_view> kCurveSpelling[] = {
    {"prime192v1", "NIST-P192"}, {"secp224r1", "NIST-P224"}, {"prime256v1", "NIST-P256"},
    {"secp384r1", "NIST-P384"},  {"secp521r1", "NIST-P521"},
};

std::string spelt_curve(const std::string& openssl_name) {
    for (const auto& [name, spelling] : kCurveSpelling)
        if (name == openssl_name) return std::string(spelling);
    return openssl_name;
}

bool is_pem(std::string_view text) { return text.find("-----BEGIN ") != std::string_view::npos; }

// A private key that fails its check after decryption means a wrong password.
Error wrong_key(Error error, bool was_protected) {
    if (error.code == E_CSA_KEY_FORMAT && was_protected) return {E_CSA_KEY_PASSWORD};
    return error;
}

// MOD and PEXP stand in clear; whoever writes 65537 by a program of theirs writes five digits.
Result<SecretBytes> read_public_number(const FieldFile& file, std::string_view name) {
    std::string digits(file.find(name).value_or(""));
    if (digits.size() % 2 != 0) digits.insert(0, "0");
    return read_value(digits, Protection::rsa_key, std::nullopt);
}

Result<Handle<EVP_PKEY>> parse_rsa(const FieldFile& file, const std::optional<SecretBytes>& password,
                                   KeyPart part) {
    RsaNumbers numbers;
    const auto n = read_public_number(file, "MOD");
    const auto e = read_public_number(file, "PEXP");
    if (!n || !e) return fail(E_CSA_KEY_FORMAT);
    numbers.n = *n;
    numbers.e = *e;
    auto public_key = rsa_key(numbers);
    if (part == KeyPart::public_only || !public_key) return public_key;  // no password mends what is in clear
    bool was_protected = false;
    std::size_t present = 0;
    for (const RsaField& field : kRsaSecrets) {
        const auto text = file.find(field.name);
        if (!text) continue;
        CS2SIM_TRY_LET(value, read_value(*text, Protection::rsa_key, password));
        while (value.size() > numbers.n.size() && value.front() == 0)  // odd widths of earlier versions
            value.erase(value.begin());
        numbers.*field.number = std::move(value);
        was_protected = was_protected || text->starts_with('!');
        ++present;
    }
    const bool complete = present == std::size(kRsaSecrets);
    const bool exponent_only = present == 1 && !numbers.d.empty();
    if (present != 0 && !complete && !exponent_only) return fail(E_CSA_KEY_FORMAT);
    auto key = rsa_key(numbers);
    if (!key) return fail(wrong_key(key.error(), was_protected));
    return key;
}

Result<Handle<EVP_PKEY>> parse_ec(const FieldFile& file, const std::optional<SecretBytes>& password,
                                  KeyPart part) {
    const std::string_view curve = file.find("CURVE").value_or(kDefaultCurve);
    const std::size_t width = ec_field_width(curve);
    if (width == 0) return fail(E_CSA_KEY_FORMAT);
    Bytes point;
    if (const auto text = file.find("PUB"); text && !from_hex(*text, point)) return fail(E_CSA_KEY_FORMAT);

    const auto text = file.find("PRV");
    if (!text || !point.empty()) {
        auto public_key = ec_key(curve, {}, point);  // no password mends what is in clear
        if (!text || part == KeyPart::public_only || !public_key) return public_key;
    }
    const bool was_protected = text->starts_with('!');
    CS2SIM_TRY_LET(scalar, read_value(*text, Protection::ec_key, password));
    if (was_protected && scalar.size() != width) {  // of an earlier version: filled up to whole blocks
        if (scalar.size() != (width + 15) / 16 * 16) return fail(E_CSA_KEY_PASSWORD);
        scalar.resize(width);
    }
    auto key = ec_key(curve, scalar, point);
    if (!key) return fail(wrong_key(key.error(), was_protected));
    return key;
}

// OpenSSL's own callback would ask at the terminal; this one gives what it has, or gives up.
int give_password(char* buffer, int size, int, void* user) {
    const auto* password = static_cast<const std::optional<SecretBytes>*>(user);
    if (!*password || (*password)->size() > static_cast<std::size_t>(size)) return -1;
    std::copy((*password)->begin(), (*password)->end(), buffer);
    return static_cast<int>((*password)->size());
}

Result<KeyFile> parse_pem(ByteView text, const std::optional<SecretBytes>& password) {
    const bool secret = key_text_is_protected(text);
    if (secret && !password) return fail(E_CSA_KEY_PASSWORD);
    const auto bio = [&] { return Handle<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); };
    auto* user = const_cast<std::optional<SecretBytes>*>(&password);
    KeyFile file;
    file.key.reset(PEM_read_bio_PrivateKey(bio().get(), nullptr, give_password, user));
    file.has_private = file.key != nullptr;
    if (!file.key) {
        if (secret) return fail(E_CSA_KEY_PASSWORD);
        file.key.reset(PEM_read_bio_PUBKEY(bio().get(), nullptr, give_password, user));
    }
    if (!file.key) return fail(E_CSA_KEY_FORMAT);
    if (is_rsa(*file.key)) return file;
    if (!is_ec(*file.key) || openssl_curve_name(ec_curve(*file.key)).empty()) return fail(E_CSA_KEY_TYPE);
    return file;
}

}  // namespace

bool key_text_is_protected(ByteView bytes, KeyPart part) {
    const std::string_view text = as_text(bytes);
    if (is_pem(text)) return text.find("ENCRYPTED") != std::string_view::npos;
    const auto file = FieldFile::read(bytes);
    if (!file) return false;
    if (part == KeyPart::public_only && (file->find("MOD") || file->find("PUB"))) return false;
    const auto is_secret = [&](const char* name) { return file->find(name).value_or("").starts_with('!'); };
    return is_secret("PRV") || is_secret("SEXP");
}

Result<KeyFile> parse_key_text(ByteView text, const std::optional<SecretBytes>& password, KeyPart part) {
    if (is_pem(as_text(text))) return parse_pem(text, password);
    const auto file = FieldFile::read(text);
    if (!file) return fail(E_CSA_KEY_FORMAT);
    const bool rsa = file->find("MOD").has_value();
    if (!rsa && !file->find("PUB") && !file->find("PRV")) return fail(E_CSA_KEY_FORMAT);
    CS2SIM_TRY_LET(key, rsa ? parse_rsa(*file, password, part) : parse_ec(*file, password, part));
    const bool has_private = has_private_part(*key);
    return KeyFile{std::move(key), has_private, std::string(file->find("OWNER").value_or(""))};
}

Result<SecretBytes> format_key_text(const EVP_PKEY& key, std::string_view owner,
                                    const std::optional<SecretBytes>& password, bool with_private) {
    if (with_private && !has_private_part(key)) return fail(E_CSA_KEY_TYPE);
    if (owner.find_first_of("\r\n") != std::string_view::npos) return fail(E_CSA_PARAM);
    SecretBytes text;
    if (is_ec(key)) {
        const std::string curve = spelt_curve(ec_curve(key));
        put_line(text, "# ECC key");
        put_field(text, "CURVE", as_bytes(curve));
        put_field(text, "PUB", write_value(ec_point(key), Protection::ec_key, std::nullopt));
        if (with_private) put_field(text, "PRV", write_value(ec_scalar(key), Protection::ec_key, password));
    } else {
        const RsaNumbers numbers = rsa_numbers(key);
        put_line(text, "# RSA key");
        put_field(text, "MOD", write_value(numbers.n, Protection::rsa_key, std::nullopt));
        put_field(text, "PEXP", write_value(numbers.e, Protection::rsa_key, std::nullopt));
        for (const RsaField& field : kRsaSecrets)
            if (with_private && !(numbers.*field.number).empty())
                put_field(text, field.name,
                          write_value(numbers.*field.number, Protection::rsa_key, password));
    }
    put_field(text, "OWNER", as_bytes(owner));
    return text;
}

}  // namespace cs2sim::host
