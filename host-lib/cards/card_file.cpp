#include "host-lib/cards/card_file.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>

#include "host-lib/cards/card.h"
#include "host-lib/files/field_file.h"
#include "host-lib/files/host_file.h"
#include "host-lib/files/key_file.h"
#include "host-lib/files/protection.h"

namespace cs2sim::host {
namespace {

constexpr std::size_t kMostBytes = 65536;
constexpr std::string_view kTitle = "# Smartcard";
// Stands in the card under its PIN: the right PIN brings it back.
constexpr std::string_view kPinCheck = "cs2sim smartcard";

std::filesystem::path card_path(const std::filesystem::path& folder, std::string_view name) {
    return folder / "cards" / (std::string(name) + ".card");
}

std::filesystem::path reader_path(const std::filesystem::path& folder, std::string_view reader) {
    return folder / "readers" / std::string(reader);
}

Result<void> store_file(const std::filesystem::path& path, ByteView text) {
    if (!make_private_folders(path.parent_path()) || !replace_host_file(path, text))
        return fail(E_CSA_KEY_WRITE);
    return {};
}

std::optional<SecretBytes> secret(ByteView pin) { return to_secret(pin); }

}  // namespace

bool is_card_name(std::string_view name) {
    const auto allowed = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
    };
    return !name.empty() && name.size() <= 32 && name.front() != '.' && std::ranges::all_of(name, allowed);
}

bool is_pin(ByteView pin) {
    return pin.size() >= 4 && pin.size() <= 12 &&
           std::ranges::all_of(pin, [](std::uint8_t c) { return c > ' ' && c < 0x7F; });
}

Result<CardFile> CardFile::load(const std::filesystem::path& folder, std::string_view name) {
    if (!is_card_name(name)) return fail(E_SIM_CARD);
    const auto text = read_host_file(card_path(folder, name), kMostBytes);
    if (!text) return fail(E_SIM_CARD);
    const auto file = FieldFile::read(*text);
    if (!file || !file->has_title(kTitle) || !file->find("PIN")) return fail(E_SIM_CARD);
    CardFile card;
    card.name_ = name;
    card.take_fields(*text);
    return card;
}

CardFile CardFile::blank(std::string_view name, std::string_view user, ByteView pin) {
    CardFile card;
    card.name_ = name;
    card.set("USER", as_bytes(user));
    card.set_pin(pin);
    return card;
}

Result<void> CardFile::store(const std::filesystem::path& folder) const {
    return store_file(card_path(folder, name_), text());
}

Result<void> CardFile::erase(const std::filesystem::path& folder) const {
    std::error_code error;
    std::filesystem::remove(card_path(folder, name_), error);
    if (error) return fail(E_CSA_KEY_WRITE);
    return {};
}

unsigned CardFile::tries_left() const {
    const std::string text = get("TRIES");
    const bool digit = text.size() == 1 && text[0] >= '0' && text[0] <= '9';
    return digit ? std::min(static_cast<unsigned>(text[0] - '0'), kPinTries) : 0;
}

bool CardFile::check_pin(ByteView pin) {
    const auto check = read_value(get("PIN"), Protection::ec_key, secret(pin));
    const bool right = check && equal_in_constant_time(*check, as_bytes(kPinCheck));
    const unsigned left = right ? kPinTries : tries_left() - 1;
    set("TRIES", as_bytes(std::to_string(left)));
    return right;
}

Result<Handle<EVP_PKEY>> CardFile::key(ByteView pin) const {
    if (!has_key()) return fail(E_SC_NO_RECORD);
    auto file = parse_key_text(text(), secret(pin));
    if (!file) return fail(E_SC_NO_RECORD);
    return std::move(file->key);
}

Result<void> CardFile::set_key(const EVP_PKEY& key, std::string_view owner, ByteView pin) {
    if (!is_rsa(key)) return fail(E_CSA_KEY_TYPE);  // the cards do RSA (CMDS_MECH_RSA_SC)
    CS2SIM_TRY_LET(text, format_key_text(key, owner, secret(pin)));
    take_fields(text);
    return {};
}

Result<KeyShare> CardFile::share(ByteView pin) const {
    if (!has_share()) return fail(E_MBK_SC_EMPTY);
    SecretBytes share;
    put_line(share, "# Key Share");
    put_field(share, "INFO", as_bytes(get("INFO")));
    put_field(share, "KEY", as_bytes(get("KEY")));
    return parse_share_text(share, secret(pin));
}

void CardFile::set_share(const KeyShare& share, ByteView pin) {
    take_fields(format_share_text(share, secret(pin)));
}

Result<void> CardFile::change_pin(ByteView old_pin, ByteView new_pin) {
    if (has_key()) {
        CS2SIM_TRY_LET(own, key(old_pin));
        CS2SIM_TRY(set_key(*own, owner(), new_pin));
    }
    if (has_share()) {
        CS2SIM_TRY_LET(own, share(old_pin));
        set_share(own, new_pin);
    }
    set_pin(new_pin);
    return {};
}

Result<Bytes> CardFile::public_key() const {
    if (!has_key()) return fail(E_SC_NO_RECORD);
    SecretBytes text;
    put_field(text, "MOD", as_bytes(get("MOD")));
    put_field(text, "PEXP", as_bytes(get("PEXP")));
    const auto file = parse_key_text(text, std::nullopt);
    if (!file) return fail(E_SC_NO_RECORD);
    return public_key_der(*file->key);
}

std::string CardFile::get(std::string_view field) const {
    for (const auto& [name, value] : fields_)
        if (name == field) return value;
    return {};
}

void CardFile::set(std::string_view field, ByteView value) {
    for (auto& [name, old] : fields_)
        if (name == field) {
            old = as_text(value);
            return;
        }
    fields_.emplace_back(field, as_text(value));
}

void CardFile::take_fields(ByteView text) {
    const auto file = FieldFile::read(text);
    for (const auto& [name, value] : file->fields()) set(name, as_bytes(value));
}

void CardFile::set_pin(ByteView pin) {
    set("TRIES", as_bytes(std::to_string(kPinTries)));
    set("PIN", write_value(as_bytes(kPinCheck), Protection::ec_key, secret(pin)));
}

SecretBytes CardFile::text() const {
    SecretBytes out;
    put_line(out, kTitle);
    for (const auto& [name, value] : fields_) put_field(out, name, as_bytes(value));
    return out;
}

ReaderFile ReaderFile::load(const std::filesystem::path& folder, std::string_view reader) {
    ReaderFile state;
    const auto text = read_host_file(reader_path(folder, reader), kMostBytes);
    const auto file = text ? FieldFile::read(*text) : std::nullopt;
    if (!file) return state;
    for (const auto& [name, value] : file->fields()) {
        constexpr std::string_view kPinOf = "PIN.";
        if (name == "PIN")
            state.pin = value;
        else if (name.starts_with(kPinOf))
            state.pins.emplace(name.substr(kPinOf.size()), value);
        else
            state.cards.emplace_back(value);
    }
    return state;
}

Result<void> ReaderFile::store(const std::filesystem::path& folder, std::string_view reader) const {
    SecretBytes text;
    put_line(text, "# Reader");
    std::size_t position = 0;
    for (const std::string& card : cards) put_field(text, std::to_string(++position), as_bytes(card));
    if (pin) put_field(text, "PIN", as_bytes(*pin));
    for (const auto& [card, own] : pins) put_field(text, "PIN." + card, as_bytes(own));
    return store_file(reader_path(folder, reader), text);
}

CardLock::CardLock(const std::filesystem::path& folder)
    : fd_(::open((folder / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (fd_) ::flock(fd_.get(), LOCK_EX);
}

}  // namespace cs2sim::host
