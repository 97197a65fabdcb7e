// What a device needs beside its databases to be rebuilt (the operator's guide, section 7), as a folder: the
// files, a manifest that says what each is and whence, and an administrator's signature over it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "firmware/crypto/pkey.h"
#include "firmware/protocol/error.h"
#include "host-lib/cards/key_source.h"

namespace cs2sim::governance {

// Kinds in the order in which they are restored.
struct KindRow {
    std::string_view name;
    std::string_view words;
    bool restored;  // false: kept to be read
};
const KindRow* find_kind(std::string_view name);
std::string kind_names();  // for messages

struct Item {
    std::string kind;
    std::string file;    // in the folder
    std::string source;  // path that it came from, or "device"
    std::uint32_t mode = 0600;
    std::string sha256;  // in hexadecimal
};

struct Manifest {
    std::string made;                 // UTC
    std::vector<Item> items;          // in the order of restoring
    std::vector<std::string> shares;  // names of MBK share files and cards, never their contents
};

std::string compose(const Manifest& manifest);
// Errors as words: no manifest, kinds or names that cannot be (a file that leads out of the folder).
tl::expected<Manifest, std::string> parse_manifest(std::string_view text);

// Lines of a configuration without what is secret in them: passwords of key stores and log-ons.
std::string without_passwords(std::string_view text);

// Writes folder/manifest.toml and manifest.sig. Errors: those of the key, E_CSA_BACKUP_WRITE.
Result<void> seal_folder(const std::filesystem::path& folder, Manifest manifest, host::KeySource& key);

// The manifest, when the signature is `key`'s and every file is as it says and no other is there. Errors as
// words.
tl::expected<Manifest, std::string> verify_folder(const std::filesystem::path& folder, const PublicKey& key);

}  // namespace cs2sim::governance
