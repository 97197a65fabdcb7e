// Backup and restore of databases (guide G3 to G13): text files in the working directory, whose entries stay
// sealed under the MBK on their way.
#include <cstdio>
#include <filesystem>
#include <future>
#include <utility>

#include "firmware/protocol/mechanisms.h"
#include "host-lib/files/backup_file.h"
#include "tools/csadm/commands.h"
#include "tools/session/arguments.h"
#include "tools/session/output.h"
#include "tools/session/progress.h"

namespace cs2sim::tools {
namespace {

constexpr std::uint32_t kBlock = 256 * 1024;       // bytes of entries in one command
constexpr std::size_t kLargestEntry = 400 * 1024;  // what still fits into a frame
constexpr std::uint64_t kMostBackup = std::uint64_t{32} << 30;

// Guide G13: the factory's ADMIN should not live on in a backup. For want of this word no backup fails.
void warn_of_factory_admin(ToolSession& session) {
    const auto answer = session.execute(FC_CMDS, SFC_CMDS_GET_USER_INFO, {"ADMIN"});
    const auto user = answer ? parse(LAYOUT_USER, answer->block.bytes("user")) : fail(answer.error());
    if (!user || user->u32("permission") != permission::kBothAdministrators ||
        user->u8("mechanism") != MECH_RSA_SIGN)
        return;
    session.note(
        "warning: the factory user ADMIN is still there and goes into the backup; delete it first, "
        "once another administrator with key or smartcard exists");
}

// "user.db" for "FLASH\user.db".
std::string plain_name(std::string_view name) {
    constexpr std::string_view kFlash = "FLASH\\";
    if (same_word(name.substr(0, kFlash.size()), kFlash)) name.remove_prefix(kFlash.size());
    return std::string(name);
}

// A search key as text where it is some, else in hexadecimal.
std::string entry_name(ByteView key) {
    const std::string text = unfilled(key);
    const auto printable = [](char c) { return c >= 0x20 && c <= 0x7E; };
    return !text.empty() && std::ranges::all_of(text, printable) ? text : to_hex(key);
}

// What a device may give for one database: entries as it announced them, each behind the one before, and an
// end.
class BackupBounds {
public:
    explicit BackupBounds(std::uint32_t key_length) : key_length_(key_length) {}

    // Error: E_CSA_PROTOCOL.
    Result<void> check(const Block& entry) {
        const ByteView key = entry.bytes("key");
        const bool behind = last_.empty() || as_text(key) > as_text(last_);
        total_ += key.size() + entry.bytes("record").size();
        if (key.size() != key_length_ || !behind || total_ > kMostBackup) return fail(E_CSA_PROTOCOL);
        last_ = to_bytes(key);
        return {};
    }

private:
    const std::uint32_t key_length_;
    Bytes last_;
    std::uint64_t total_ = 0;
};

// The device reads the next block while this one is written.
Result<std::uint64_t> write_entries(ToolSession& session, std::uint32_t handle, BackupBounds bounds,
                                    host::BackupWriter& writer, Progress& progress) {
    const auto read_block = [&] { return session.execute(FC_ADM, SFC_ADM_BACKUP_READ, {handle, kBlock}); };
    std::uint64_t count = 0;
    auto next = std::async(std::launch::async, read_block);
    for (bool more = true; more;) {
        CS2SIM_TRY_LET(answer, next.get());
        more = answer.block.u8("more") != 0;
        if (more) next = std::async(std::launch::async, read_block);
        ByteView rest = answer.block.bytes("entries");
        if (more && rest.empty()) return fail(E_CSA_PROTOCOL);
        while (!rest.empty()) {
            const auto entry = parse_prefix(LAYOUT_DB_ENTRY, rest);
            if (!entry) return fail(E_CSA_PROTOCOL);
            CS2SIM_TRY(bounds.check(*entry));
            if (entry->bytes("record").empty()) {  // no sealed record is empty: the device found it damaged
                session.note("warning: entry " + entry_name(entry->bytes("key")) +
                             " is damaged in the device and is not in the backup");
                continue;
            }
            CS2SIM_TRY(writer.add(entry->bytes("key"), entry->bytes("record")));
            ++count;
        }
        progress.show(count);
    }
    return count;
}

Result<void> backup_database(ToolSession& session, const std::string& value) {
    const std::string_view name = trimmed(value);
    CS2SIM_TRY_LET(opened, session.execute(FC_ADM, SFC_ADM_BACKUP_OPEN, {name}));
    const Block& block = opened.block;
    host::BackupInfo info;
    info.database = plain_name(name);
    info.key_length = block.u32("keylen");
    info.max_size = block.u32("maxsize");
    info.mbk_name = unfilled(block.bytes("mbkname"));
    info.mbk_type = block.u8("mbktype");
    info.mbk_length = block.u8("mbklen");
    std::ranges::copy(block.bytes("mbkhash"), info.mbk_hash.begin());

    if (info.database == "user.db") warn_of_factory_admin(session);
    CS2SIM_TRY_LET(writer, host::BackupWriter::create(info.database, info));
    Progress progress(info.database);
    CS2SIM_TRY_LET(
        count, write_entries(session, block.u32("handle"), BackupBounds(info.key_length), *writer, progress));
    CS2SIM_TRY(session.execute(FC_ADM, SFC_ADM_BACKUP_CLOSE, {block.u32("handle")}));
    CS2SIM_TRY(writer->commit());
    progress.finish(std::to_string(count) + " entries backed up");
    return {};
}

// One block of entries on its way to the device, while the next one is read from the file.
class BlockSender {
public:
    BlockSender(ToolSession& session, std::uint32_t handle) : session_(session), handle_(handle) {}

    // Errors are those of the block before.
    Result<void> send(Bytes entries) {
        CS2SIM_TRY(finish());
        pending_ = std::async(std::launch::async, [this, block = std::move(entries)]() -> Result<void> {
            CS2SIM_TRY(session_.execute(FC_ADM, SFC_ADM_RESTORE_WRITE, {handle_, block}));
            return {};
        });
        return {};
    }

    Result<void> finish() { return pending_.valid() ? pending_.get() : Result<void>(); }

private:
    ToolSession& session_;
    const std::uint32_t handle_;
    std::future<Result<void>> pending_;  // its end waits for the command
};

Result<void> send_entries(ToolSession& session, std::uint32_t handle, host::BackupReader& reader,
                          Progress& progress) {
    BlockSender sender(session, handle);
    Bytes key;
    Bytes record;
    Bytes entries;
    std::uint64_t count = 0;
    for (;;) {
        CS2SIM_TRY_LET(more, reader.next(key, record));
        if (!more) break;
        const std::size_t size = key.size() + record.size();
        if (size > kLargestEntry) return fail(E_CSA_BACKUP_SYNTAX);
        if (!entries.empty() && entries.size() + size > kBlock) {
            CS2SIM_TRY(sender.send(std::exchange(entries, {})));
            progress.show(count);
        }
        CS2SIM_TRY(compose_into(entries, LAYOUT_DB_ENTRY, {key, record}));
        ++count;
    }
    if (!entries.empty()) CS2SIM_TRY(sender.send(std::move(entries)));
    return sender.finish();
}

Result<void> restore_database(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(reader, host::BackupReader::open(plain_name(trimmed(value))));
    const host::BackupInfo& info = reader->info();
    CS2SIM_TRY_LET(opened, session.execute(FC_ADM, SFC_ADM_RESTORE_OPEN,
                                           {info.database, info.key_length, info.max_size, info.mbk_type,
                                            info.mbk_length, info.mbk_hash}));
    const std::uint32_t handle = opened.block.u32("handle");
    Progress progress(info.database);
    CS2SIM_TRY(send_entries(session, handle, *reader, progress));
    CS2SIM_TRY_LET(done, session.execute(FC_ADM, SFC_ADM_RESTORE_COMMIT, {handle}));
    progress.finish(std::to_string(done.block.u32("count")) + " entries restored");
    return {};
}

constexpr Command kCommands[] = {
    {"BackupDatabase", "", Takes::value, "BackupDatabase=<database>",
     "writes a database to a file of its name in the working directory",
     "Every entry is sealed under the MBK; the names of entries stay readable. user.db needs the\n"
     "authentication state 12000000, CXIKEY.db and databases of users' own modules 02000000. Not\n"
     "permitted under FIPS or CC firmware: back up single keys there (cxitool BackupKey).\n"
     "Example: LogonSign=ADMIN,ADMIN.key BackupDatabase=user.db BackupDatabase=CXIKEY.db\n",
     backup_database},
    {"RestoreDatabase", "", Takes::value, "RestoreDatabase=<file>",
     "restores the entries of a backup file into their database",
     "Entries of the file are inserted or replaced, entries that only the device has stay. The file's MBK\n"
     "must be the resident one. Everything is checked first; a restore happens wholly or not at all.\n",
     restore_database},
};

}  // namespace

const std::span<const Command> kBackupCommands = kCommands;

}  // namespace cs2sim::tools
