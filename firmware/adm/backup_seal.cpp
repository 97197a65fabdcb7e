#include "firmware/adm/backup_seal.h"

#include "firmware/cmds/call.h"
#include "firmware/cmds/scheduler.h"

namespace cs2sim::adm {
namespace {

constexpr std::string_view kLabel = "cs2sim database backup";
constexpr std::uint8_t kVersion = 1;

}  // namespace

Result<BackupSeal> BackupSeal::make(MbkStore& mbk, const std::string& database) {
    const auto resident = mbk.resident(kMbkSlotAes);
    if (!resident) return fail(resident.error());
    const auto key = resident->derive(kLabel, as_bytes(database), 32);
    if (!key) return fail(key.error());
    return BackupSeal(database, resident->info(), *key);
}

Bytes BackupSeal::seal(ByteView key, ByteView record) {
    const Bytes sealed = aead_.seal(record, {as_bytes(database_), key});
    Bytes entry;
    entry.reserve(1 + sealed.size());
    entry.push_back(kVersion);
    append(entry, sealed);
    return entry;
}

Result<SecretBytes> BackupSeal::open(ByteView key, ByteView sealed) {
    if (sealed.empty() || sealed.front() != kVersion) return fail(E_ADM_BACKUP_SEAL);
    auto record = aead_.open(sealed.subspan(1), {as_bytes(database_), key});
    if (!record) return fail(E_ADM_BACKUP_SEAL);
    return record;
}

Result<std::string> name_for_backup(const Call& call, std::string_view name) {
    auto plain = Flash::plain_name(name);
    if (!plain) return plain;
    const DatabasePolicy* policy = database_policy(*plain);
    if (!policy->leaves_device) return fail(E_ADM_DENIED);
    if (!permits(call.auth_state(), policy->backup_permission))
        return fail(call.device.scheduler.denial(call.context));
    return plain;
}

}  // namespace cs2sim::adm
