// The two database commands that public clients send (device-formats.md, section 1.1).
#include "firmware/adm/backup_seal.h"
#include "firmware/adm/handlers.h"
#include "firmware/protocol/frame.h"

namespace cs2sim::adm {
namespace {

constexpr std::size_t kMostKeyBytes = kMaxFrame - 4096;  // leaves room for header and secure messaging

}  // namespace

Result<Bytes> list_entries(Call& call) {
    const auto name = Flash::plain_name(call.request.text("name"));
    if (!name) return fail(name.error());
    if (const std::uint32_t refused = database_policy(*name)->refused_out) return fail(refused);
    const auto database = call.device.databases.open(*name);
    if (!database) return fail(database.error());

    const DatabaseInfo info = (*database)->info();
    const std::size_t most = kMostKeyBytes / info.key_length;
    const auto found = (*database)->keys({}, most + 1);
    if (!found) return fail(found.error());
    if (found->size() > most) return fail(E_CMDS_BAD_SIZE);
    Bytes keys;
    keys.reserve(found->size() * info.key_length);
    for (const Bytes& key : *found) append(keys, key);
    return call.answer({info.key_length, info.max_size, keys});
}

Result<Bytes> read_entry(Call& call) {
    const auto name = name_for_backup(call, call.request.text("name"), Way::out);
    if (!name) return fail(name.error());
    const auto database = call.device.databases.open(*name);
    if (!database) return fail(database.error());
    auto seal = BackupSeal::make(call.device.mbk, *name);
    if (!seal) return fail(seal.error());
    const ByteView key = call.request.bytes("key");
    const auto record = (*database)->find(key);
    if (!record) return fail(record.error());
    return call.answer({seal->seal(key, *record)});
}

}  // namespace cs2sim::adm
