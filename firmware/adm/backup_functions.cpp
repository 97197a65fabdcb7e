// Backup of a database: a snapshot, read in blocks of many entries.
#include <algorithm>

#include "firmware/adm/backup_seal.h"
#include "firmware/adm/handlers.h"

namespace cs2sim::adm {
namespace {

constexpr std::size_t kLargestBlock = 256 * 1024;

struct Backup {
    BackupSeal seal;
    std::unique_ptr<Snapshot> snapshot;
    Bytes waiting;  // an entry that did not fit into the last block
    bool finished = false;
};

// Moves the next entry into `waiting`, which stays empty behind the last. A damaged one goes without a
// record: the host names it and takes the rest.
Result<void> fetch(Backup& backup) {
    const auto entry = backup.snapshot->next();
    if (!entry && entry.error().code == E_DB_NOT_FOUND) {
        backup.finished = true;
        return {};
    }
    CS2SIM_TRY(entry);
    const Bytes sealed = entry->damaged ? Bytes() : backup.seal.seal(entry->key, entry->record);
    return compose_into(backup.waiting, LAYOUT_DB_ENTRY, {entry->key, sealed});
}

// At least one entry unless there is none, then as many as stay within `limit`.
Result<Bytes> next_block(Backup& backup, std::size_t limit) {
    Bytes block;
    while (true) {
        if (backup.waiting.empty() && !backup.finished) CS2SIM_TRY(fetch(backup));
        if (backup.waiting.empty()) return block;
        if (!block.empty() && block.size() + backup.waiting.size() > limit) return block;
        append(block, backup.waiting);
        backup.waiting.clear();
    }
}

}  // namespace

Result<Bytes> backup_open(Call& call) {
    CS2SIM_TRY_LET(name, name_for_backup(call, call.request.text("name"), Way::out));
    CS2SIM_TRY_LET(database, call.device.databases.open(name));
    CS2SIM_TRY_LET(seal, BackupSeal::make(call.device.mbk, name));
    auto snapshot = database->snapshot();
    if (!snapshot)
        return fail(snapshot.error().code == E_DB_NO_MEM ? Error{E_ADM_HANDLES} : snapshot.error());

    const MbkKeyInfo mbk = seal.mbk();
    auto backup = std::make_shared<Backup>(Backup{std::move(seal), std::move(*snapshot), {}, false});
    const std::uint32_t handle = call.context.handles.put(std::move(backup));
    if (handle == 0) return fail(E_ADM_HANDLES);
    call.audit(AUDIT_BACKUP_RESTORE, "backup of database " + name);
    const DatabaseInfo info = database->info();
    return call.answer({handle, info.key_length, info.max_size, mbk.name, mbk.type, mbk.length, mbk.hash});
}

Result<Bytes> backup_read(Call& call) {
    const std::uint32_t handle = call.request.u32("handle");
    const auto backup = call.context.handles.get<Backup>(handle);
    if (!backup) return fail(E_ADM_NO_HANDLE);
    const auto block = next_block(*backup, std::min<std::size_t>(call.request.u32("limit"), kLargestBlock));
    if (!block) {
        call.context.handles.drop(handle);
        return fail(block.error());
    }
    return call.answer({!backup->waiting.empty(), *block});
}

Result<Bytes> backup_close(Call& call) {
    const std::uint32_t handle = call.request.u32("handle");
    if (!call.context.handles.get<Backup>(handle)) return fail(E_ADM_NO_HANDLE);
    call.context.handles.drop(handle);
    return call.answer({});
}

}  // namespace cs2sim::adm
