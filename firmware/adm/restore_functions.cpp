// Restore of a database: everything is checked while it waits beside the database, then applied at once
// (guide G11: entries are inserted or replaced; G12: another MBK changes nothing).
#include "firmware/adm/backup_seal.h"
#include "firmware/adm/handlers.h"
#include "firmware/cmds/users.h"
#include "firmware/protocol/databases.h"

namespace cs2sim::adm {
namespace {

Error refusal(Error error) {
    if (error.code == E_DB_BAD_INFO) return {E_ADM_DATA_LEN};
    return error.code == E_DB_NO_MEM ? Error{E_ADM_HANDLES} : error;
}

class Restore {
public:
    Restore(Services& device, std::string name, BackupSeal seal)
        : databases_(device.databases),
          users_(device.users),
          name_(std::move(name)),
          seal_(std::move(seal)) {}
    Restore(const Restore&) = delete;
    Restore& operator=(const Restore&) = delete;
    // Errors: E_ADM_DATA_LEN when the backup does not fit the database, those of DatabaseStore.
    Result<void> begin(const DatabaseInfo& info);
    Result<void> add(ByteView key, ByteView sealed);
    Result<std::uint32_t> commit();  // E_CMDS_ADMIN_AMPUTATION, those of Staging

    const std::string& name() const { return name_; }

private:
    DatabaseStore& databases_;
    Users& users_;
    std::string name_;
    BackupSeal seal_;
    std::unique_ptr<Staging> staging_;
    std::uint32_t key_length_ = 0;
    Users::Restored restored_;  // of user.db
};

// A database that is not there appears with the commit.
Result<void> Restore::begin(const DatabaseInfo& info) {
    const DatabasePolicy* policy = database_policy(name_);
    const DatabaseInfo made_with = policy->name == "*" ? info : policy->info;
    key_length_ = info.key_length;
    if (key_length_ != made_with.key_length) return fail(E_ADM_DATA_LEN);
    auto staging = databases_.stage(name_, made_with);
    if (!staging) return fail(refusal(staging.error()));
    staging_ = std::move(*staging);
    return {};
}

Result<void> Restore::add(ByteView key, ByteView sealed) {
    if (key.size() != key_length_) return fail(E_ADM_DATA_LEN);
    CS2SIM_TRY_LET(record, seal_.open(key, sealed));
    if (name_ == kUserDatabase) {
        CS2SIM_TRY_LET(user, Users::decode(key, record));
        restored_.add(user);
    }
    return staging_->add(key, record);
}

Result<std::uint32_t> Restore::commit() {
    const auto apply = [this] { return staging_->commit(); };
    // One administrator with key or card must remain (guide G13), also when a backup makes another of them.
    const auto count = name_ == kUserDatabase ? users_.restore(restored_, apply) : apply();
    if (!count) return fail(refusal(count.error()));
    return count;
}

Result<void> add_all(Restore& restore, ByteView entries) {
    while (!entries.empty()) {
        CS2SIM_TRY_LET(entry, parse_prefix(LAYOUT_DB_ENTRY, entries));
        CS2SIM_TRY(restore.add(entry.bytes("key"), entry.bytes("record")));
    }
    return {};
}

Error refused(Call& call, std::uint32_t handle, const Restore& restore, Error error) {
    call.audit(AUDIT_BACKUP_RESTORE,
               "restore of database " + restore.name() + " refused: " + hex_code(error.code));
    call.context.handles.drop(handle);
    return error;
}

}  // namespace

Result<Bytes> restore_open(Call& call) {
    CS2SIM_TRY_LET(name, name_for_backup(call, call.request.text("name"), Way::in));
    CS2SIM_TRY_LET(seal, BackupSeal::that_sealed(call.device.mbk, name, call.request.u8("mbktype"),
                                                 call.request.bytes("mbkhash")));
    if (call.request.u8("mbklen") != seal.mbk().length) return fail(E_ADM_BACKUP_MAC);

    auto restore = std::make_shared<Restore>(call.device, name, std::move(seal));
    CS2SIM_TRY(restore->begin({call.request.u32("keylen"), call.request.u32("maxsize")}));
    const std::uint32_t handle = call.context.handles.put(std::move(restore));
    if (handle == 0) return fail(E_ADM_HANDLES);
    return call.answer({handle});
}

Result<Bytes> restore_write(Call& call) {
    const std::uint32_t handle = call.request.u32("handle");
    const auto restore = call.context.handles.get<Restore>(handle);
    if (!restore) return fail(E_ADM_NO_HANDLE);
    const auto added = add_all(*restore, call.request.bytes("entries"));
    if (!added) return fail(refused(call, handle, *restore, added.error()));
    return call.answer({});
}

Result<Bytes> restore_commit(Call& call) {
    const std::uint32_t handle = call.request.u32("handle");
    const auto restore = call.context.handles.get<Restore>(handle);
    if (!restore) return fail(E_ADM_NO_HANDLE);
    const auto count = restore->commit();
    if (!count) return fail(refused(call, handle, *restore, count.error()));
    call.context.handles.drop(handle);
    call.audit(AUDIT_BACKUP_RESTORE,
               "restore of database " + restore->name() + ", " + std::to_string(*count) + " entries");
    return call.answer({*count});
}

Result<Bytes> restore_cancel(Call& call) {
    const std::uint32_t handle = call.request.u32("handle");
    if (!call.context.handles.get<Restore>(handle)) return fail(E_ADM_NO_HANDLE);
    call.context.handles.drop(handle);
    return call.answer({});
}

}  // namespace cs2sim::adm
