// Entries of backups: sealed under a key derived from the MBK for the database, bound to database and search
// key, so that a changed, moved or foreign entry is refused.
#pragma once

#include <string>

#include "firmware/cmds/services.h"
#include "firmware/crypto/aead.h"
#include "firmware/db/catalogue.h"

namespace cs2sim::adm {

// Sealed entries are: version 1 | Aead's sealed bytes.
class BackupSeal {
public:
    // Errors: E_MBK_SLOT_EMPTY and others of MbkStore.
    static Result<BackupSeal> make(MbkStore& mbk, const std::string& database);

    Bytes seal(ByteView key, ByteView record);
    Result<SecretBytes> open(ByteView key, ByteView sealed);  // E_ADM_BACKUP_SEAL

    const MbkKeyInfo& mbk() const { return mbk_; }

private:
    BackupSeal(std::string database, const MbkKeyInfo& mbk, ByteView key)
        : database_(std::move(database)), mbk_(mbk), aead_(key) {}

    std::string database_;
    MbkKeyInfo mbk_;
    Aead aead_;
};

// The plain name of a database that the caller may back up and restore. Errors: E_OS_FILE_ILL_NAME;
// E_ADM_DENIED when it does not leave the device, whoever asks; E_CMDS_DENIED (guide G3, G4).
Result<std::string> name_for_backup(const class Call& call, std::string_view name);

}  // namespace cs2sim::adm
