// Entries of backups: sealed under a key derived from the MBK for the database, bound to database and search
// key, so that a changed, moved or foreign entry is refused.
#pragma once

#include <string>

#include "firmware/cmds/services.h"
#include "firmware/crypto/aead.h"
#include "firmware/protocol/databases.h"

namespace cs2sim::adm {

// Sealed entries are: version 2 | Aead's sealed bytes of (length of the key, 1 byte | key | record), bound to
// the database. Version 1, read only: the record alone, bound to database and key.
class BackupSeal {
public:
    // Errors: E_ADM_NO_MBK_KEY when slot 3 is empty (error-numbers.md: likely), others of MbkStore.
    static Result<BackupSeal> make(MbkStore& mbk, const std::string& database);
    // What opens a backup that names its MBK so: slot 3's or slot 1's. Errors: E_ADM_NO_MBK_KEY when both
    // are empty, E_ADM_BACKUP_MAC when neither is it.
    static Result<BackupSeal> that_sealed(MbkStore& mbk, const std::string& database, std::uint8_t type,
                                          ByteView hash);

    Bytes seal(ByteView key, ByteView record);
    // Errors: E_ADM_BACKUP_MAC (changed, or of another MBK or database), E_ADM_BACKUP_INDEX (moved to `key`).
    Result<SecretBytes> open(ByteView key, ByteView sealed);

    const MbkKeyInfo& mbk() const { return mbk_; }

private:
    static Result<BackupSeal> of(const ResidentMbk& mbk, const std::string& database);
    BackupSeal(std::string database, const MbkKeyInfo& mbk, ByteView key)
        : database_(std::move(database)), mbk_(mbk), aead_(key) {}

    std::string database_;
    MbkKeyInfo mbk_;
    Aead aead_;
};

enum class Way : std::uint8_t { out, in };

// The plain name of a database that the caller may back up (out) or restore (in). Errors: E_OS_FILE_ILL_NAME;
// the code of its row in protocol/databases.cpp when it goes no such way, whoever asks; E_CMDS_DENIED (guide
// G3, G4).
Result<std::string> name_for_backup(const class Call& call, std::string_view name, Way way);

}  // namespace cs2sim::adm
