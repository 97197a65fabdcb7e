#include "firmware/adm/backup_seal.h"

#include <algorithm>

#include "firmware/cmds/call.h"
#include "firmware/cmds/scheduler.h"

namespace cs2sim::adm {
namespace {

constexpr std::string_view kLabel = "cs2sim database backup";
constexpr std::uint8_t kVersion = 2;
constexpr std::uint8_t kVersionBoundToKey = 1;

SecretBytes with_key(ByteView key, ByteView record) {
    SecretBytes plain;
    plain.reserve(1 + key.size() + record.size());
    plain.push_back(static_cast<std::uint8_t>(key.size()));  // at most 255: firmware/db
    plain.insert(plain.end(), key.begin(), key.end());
    plain.insert(plain.end(), record.begin(), record.end());
    return plain;
}

}  // namespace

Result<BackupSeal> BackupSeal::make(MbkStore& mbk, const std::string& database) {
    const auto resident = mbk.resident(kMbkSlotAes);
    if (!resident)
        return fail(resident.error().code == E_MBK_SLOT_EMPTY ? Error{E_ADM_NO_MBK_KEY} : resident.error());
    return of(*resident, database);
}

Result<BackupSeal> BackupSeal::that_sealed(MbkStore& mbk, const std::string& database, std::uint8_t type,
                                           ByteView hash) {
    const auto resident = mbk.that_sealed(type, hash);
    if (!resident)
        return fail(resident.error().code == E_MBK_SLOT_EMPTY ? Error{E_ADM_NO_MBK_KEY} : resident.error());
    if (!*resident) return fail(E_ADM_BACKUP_MAC);
    return of(**resident, database);
}

Result<BackupSeal> BackupSeal::of(const ResidentMbk& mbk, const std::string& database) {
    CS2SIM_TRY_LET(key, mbk.derive(kLabel, as_bytes(database), 32));
    return BackupSeal(database, mbk.info(), key);
}

Bytes BackupSeal::seal(ByteView key, ByteView record) {
    const Bytes sealed = aead_.seal(with_key(key, record), {as_bytes(database_)});
    Bytes entry;
    entry.reserve(1 + sealed.size());
    entry.push_back(kVersion);
    append(entry, sealed);
    return entry;
}

Result<SecretBytes> BackupSeal::open(ByteView key, ByteView sealed) {
    if (sealed.empty()) return fail(E_ADM_BACKUP_MAC);
    const std::uint8_t version = sealed.front();
    const ByteView box = sealed.subspan(1);
    if (version == kVersionBoundToKey) {
        auto record = aead_.open(box, {as_bytes(database_), key});
        if (!record) return fail(E_ADM_BACKUP_MAC);
        return record;
    }
    if (version != kVersion) return fail(E_ADM_BACKUP_MAC);
    auto plain = aead_.open(box, {as_bytes(database_)});
    if (!plain || plain->empty() || plain->size() < 1U + plain->front()) return fail(E_ADM_BACKUP_MAC);
    const std::size_t head = 1U + plain->front();
    if (!std::ranges::equal(ByteView(*plain).first(head).subspan(1), key)) return fail(E_ADM_BACKUP_INDEX);
    plain->erase(plain->begin(), plain->begin() + static_cast<std::ptrdiff_t>(head));
    return plain;
}

Result<std::string> name_for_backup(const Call& call, std::string_view name, Way way) {
    auto plain = Flash::plain_name(name);
    CS2SIM_TRY(plain);
    const DatabasePolicy* policy = database_policy(*plain);
    const std::uint32_t refused = way == Way::out ? policy->refused_out : policy->refused_in;
    if (refused != 0) return fail(refused);
    if (!permits(call.auth_state(), policy->backup_permission))
        return fail(call.device.scheduler.denial(call.context));
    return plain;
}

}  // namespace cs2sim::adm
