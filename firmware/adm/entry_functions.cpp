// The two database commands that public clients send (device-formats.md, section 1.1).
#include "firmware/adm/backup_seal.h"
#include "firmware/adm/handlers.h"
#include "firmware/protocol/frame.h"

namespace cs2sim::adm {
namespace {

constexpr std::size_t kMostKeyBytes = kMaxFrame - 4096;  // leaves room for header and secure messaging

}  // namespace

Result<Bytes> list_entries(Call& call) {
    CS2SIM_TRY_LET(name, Flash::plain_name(call.request.text("name")));
    if (const std::uint32_t refused = database_policy(name)->refused_out) return fail(refused);
    CS2SIM_TRY_LET(database, call.device.databases.open(name));

    const DatabaseInfo info = database->info();
    const std::size_t most = kMostKeyBytes / info.key_length;
    CS2SIM_TRY_LET(found, database->keys({}, most + 1));
    if (found.size() > most) return fail(E_CMDS_BAD_SIZE);
    Bytes keys;
    keys.reserve(found.size() * info.key_length);
    for (const Bytes& key : found) append(keys, key);
    return call.answer({info.key_length, info.max_size, keys});
}

Result<Bytes> read_entry(Call& call) {
    CS2SIM_TRY_LET(name, name_for_backup(call, call.request.text("name"), Way::out));
    CS2SIM_TRY_LET(database, call.device.databases.open(name));
    CS2SIM_TRY_LET(seal, BackupSeal::make(call.device.mbk, name));
    const ByteView key = call.request.bytes("key");
    CS2SIM_TRY_LET(record, database->find(key));
    call.audit(AUDIT_BACKUP_RESTORE, "entry of database " + audit_name(name) + " read");
    return call.answer({seal.seal(key, record)});
}

}  // namespace cs2sim::adm
