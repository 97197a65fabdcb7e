// Database backup files in text (device-formats.md, section 3), written and read entry by entry: memory does
// not grow with the file. The entries stay sealed: host-lib cannot read them.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim::host {

// What stands around the entries.
struct BackupInfo {
    std::string database;  // e.g. "user.db"
    std::uint32_t key_length = 8;
    std::uint32_t max_size = 100000;
    std::string mbk_name;          // without filling
    std::uint8_t mbk_type = 0x02;  // 02 = AES (firmware-facts.md, section 5)
    std::uint8_t mbk_length = 32;
    std::array<std::uint8_t, 16> mbk_hash{};
};

// Writes a temporary file beside the target; commit() puts it in the target's place. Dropped before that, it
// leaves nothing behind, and an older backup at the target stays as it was.
class BackupWriter {
public:
    // Errors of all: E_CSA_BACKUP_WRITE (folder unwritable, disk full).
    static Result<std::unique_ptr<BackupWriter>> create(const std::filesystem::path& target,
                                                        const BackupInfo& info);
    virtual ~BackupWriter() = default;
    virtual Result<void> add(ByteView key, ByteView sealed_record) = 0;
    virtual Result<void> commit() = 0;  // durable when it returns; precondition: called once
};

class BackupReader {
public:
    // Reads the whole file once, without keeping it: every line must be in order, since the MBK's hash stands
    // at the end. Errors: E_CSA_BACKUP_FILE (no such file, not a regular file, cannot be read);
    // E_CSA_BACKUP_EMPTY; E_CSA_BACKUP_SYNTAX (no backup, truncated, a line over 1 MiB, NUL bytes, no hex);
    // E_CSA_BACKUP_KEY_LENGTH (an index of another length than the file states); E_CSA_BACKUP_NO_MBK (the
    // block about the MBK is missing or incomplete).
    static Result<std::unique_ptr<BackupReader>> open(const std::filesystem::path& path);
    virtual ~BackupReader() = default;

    virtual const BackupInfo& info() const = 0;
    virtual std::uint64_t entries() const = 0;

    // The next entry, replacing `key` and `record`; false behind the last. Errors: E_CSA_BACKUP_FILE,
    // E_CSA_BACKUP_SYNTAX when the file changed since it was opened.
    virtual Result<bool> next(Bytes& key, Bytes& record) = 0;
};

}  // namespace cs2sim::host
