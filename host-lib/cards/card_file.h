// The files behind card.h: one a card, one a reader, and the lock around changes.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/crypto/pkey.h"
#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"
#include "host-lib/files/file_descriptor.h"
#include "host-lib/files/key_share.h"

namespace cs2sim::host {

// A card: a field file "# Smartcard". Key and share stand in it as in key files and share files, under the
// PIN.
class CardFile {
public:
    // Error: E_SIM_CARD when there is none or it is damaged.
    static Result<CardFile> load(const std::filesystem::path& folder, std::string_view name);
    static CardFile blank(std::string_view name, std::string_view user, ByteView pin);

    Result<void> store(const std::filesystem::path& folder) const;  // E_CSA_KEY_WRITE
    Result<void> erase(const std::filesystem::path& folder) const;  // E_CSA_KEY_WRITE
    friend bool operator==(const CardFile&, const CardFile&) = default;

    const std::string& name() const { return name_; }
    std::string user() const { return get("USER"); }    // whose card it is
    std::string owner() const { return get("OWNER"); }  // of the key, free text
    unsigned tries_left() const;
    bool has_key() const { return !get("MOD").empty(); }
    bool has_share() const { return !get("KEY").empty(); }

    // True when it is the PIN. Counts tries in memory: store() afterwards when they changed. Precondition:
    // tries left.
    bool check_pin(ByteView pin);

    // Preconditions of these: `pin` is the card's.
    Result<Handle<EVP_PKEY>> key(ByteView pin) const;  // E_SC_NO_RECORD
    Result<void> set_key(const EVP_PKEY& key, std::string_view owner, ByteView pin);
    Result<KeyShare> share(ByteView pin) const;  // E_MBK_SC_EMPTY
    void set_share(const KeyShare& share, ByteView pin);
    Result<void> change_pin(ByteView old_pin, ByteView new_pin);

    Result<Bytes> public_key() const;  // SubjectPublicKeyInfo; E_SC_NO_RECORD

private:
    std::string get(std::string_view field) const;
    void set(std::string_view field, ByteView value);
    void take_fields(ByteView text);
    void set_pin(ByteView pin);
    SecretBytes text() const;

    std::string name_;
    std::vector<std::pair<std::string, std::string>> fields_;  // secrets among them are protected by the PIN
};

// What is in a reader.
struct ReaderFile {
    std::vector<std::string> cards;           // first the one that is used next
    std::optional<std::string> pin;           // typed at the pad
    std::map<std::string, std::string> pins;  // of cards that have others

    static ReaderFile load(const std::filesystem::path& folder,
                           std::string_view reader);  // empty when absent
    Result<void> store(const std::filesystem::path& folder,
                       std::string_view reader) const;  // E_CSA_KEY_WRITE
};

// Held while cards and readers are read and changed. No lock where the folder does not exist or is read-only.
class CardLock {
public:
    explicit CardLock(const std::filesystem::path& folder);

private:
    FileDescriptor fd_;
};

inline constexpr std::size_t kMostQueued = 30;
bool is_card_name(std::string_view name);  // letters, digits, '_', '-', '.'; 1 to 32, no leading '.'
bool is_pin(ByteView pin);                 // 4 to 12 printable characters

}  // namespace cs2sim::host
