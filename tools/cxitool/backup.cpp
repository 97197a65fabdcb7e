// Single keys out and in, sealed under the MBK: one .kbk file a key (guide G14 to G16).
#include <glob.h>

#include <filesystem>
#include <map>

#include "firmware/crypto/digest.h"
#include "firmware/protocol/cxi/sealed_key.h"
#include "firmware/protocol/pattern.h"
#include "tools/cxitool/batch.h"
#include "tools/cxitool/commands.h"
#include "tools/cxitool/key_store.h"
#include "tools/cxitool/selection.h"
#include "tools/session/progress.h"

namespace cs2sim::tools {
namespace {

// A key's name as the name of a file: what could lead elsewhere is written as %XX.
std::string file_name(std::string_view name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto byte = static_cast<std::uint8_t>(name[i]);
        const bool plain =
            byte > 0x20 && byte != '/' && byte != '%' && byte != 0x7F && (byte != '.' || i > 0);
        out += plain || (byte == ' ' && i > 0) ? std::string(1, name[i]) : "%" + to_hex({&byte, 1});
    }
    return out;
}

// Leaves room for ".kbk" and another ending in the 255 bytes that a folder takes for a name. A longer one
// ends in what its whole hashes to.
std::string shortened(const std::string& name) {
    constexpr std::size_t kMost = 247, kKept = 180, kHashed = 8;
    if (name.size() <= kMost) return name;
    std::size_t kept = kKept;
    while (kept > 0 && (static_cast<std::uint8_t>(name[kept]) & 0xC0) == 0x80) --kept;  // no half of a letter
    return name.substr(0, kept) + "~" + to_hex(ByteView(sha256(as_bytes(name))).first(kHashed));
}

// Which key went into which file in this run of the tool: the run is the process.
std::map<std::filesystem::path, Bytes>& files_taken() {
    static std::map<std::filesystem::path, Bytes> files;
    return files;
}

// Whether something else than a backup of this key stands there already.
bool holds_another(const std::filesystem::path& file, const PropertyList& key) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) return false;
    const auto content = read_whole(file.string());
    const auto sealed = content ? parse_sealed_key(*content) : fail(E_CSA_BACKUP_FILE);
    return !sealed || sealed->group != key.text(CXI_PROP_KEY_GROUP) ||
           sealed->name != key.text(CXI_PROP_KEY_NAME) || sealed->spec != key.number_or(CXI_PROP_KEY_SPEC, 0);
}

// NAME.kbk in OutDir=; keys whose names meet in one run or in that folder also say their specifier and group,
// or are counted, as those without a name do from the start.
std::string backup_file(const ToolSession& session, const PropertyList& key) {
    const std::filesystem::path folder = session.parameter_or("OutDir", ".");
    const std::string name = file_name(key.text(CXI_PROP_KEY_NAME));
    const std::string spec = "_" + std::to_string(key.number_or(CXI_PROP_KEY_SPEC, 0));
    const std::string whole =
        file_name(key.text(CXI_PROP_KEY_GROUP)) + (name.empty() ? "" : "_" + name) + spec;
    const std::string stems[] = {name.empty() ? whole : name, name + spec, whole};
    Bytes identity = reference_to(key);
    append(identity, as_bytes(session.parameter_or("Dev", "")));
    std::error_code error;
    for (std::size_t i = 0;; ++i) {
        const std::string stem = i < std::size(stems) ? stems[i] : whole + "_" + std::to_string(i - 1);
        const std::string file = shortened(stem) + ".kbk";
        const auto [taken, fresh] =
            files_taken().try_emplace(std::filesystem::weakly_canonical(folder, error) / file, identity);
        if (!fresh && taken->second != identity) continue;
        if (!fresh || !holds_another(folder / file, key)) return folder / file;
        files_taken().erase(taken);
    }
}

Result<void> backup_key(ToolSession& session, const PropertyList& key) {
    if (in_key_store(session)) {
        CS2SIM_TRY_LET(blob, blob_in_store(session, key));
        return write_whole(backup_file(session, key), blob) ? Result<void>() : fail(E_CSA_BACKUP_WRITE);
    }
    CS2SIM_TRY_LET(answer, session.execute(FC_CXI, SFC_CXI_KEY_BACKUP, {reference_to(key)}));
    if (!write_whole(backup_file(session, key), answer.block.bytes("blob"))) return fail(E_CSA_BACKUP_WRITE);
    return {};
}

Result<void> backup_keys(ToolSession& session, const std::string&) {
    if (key_file(session)) return misused(session, "the file of ExternalKey= is its own backup: copy it");
    CS2SIM_TRY_LET(keys, selected(session));
    if (keys.empty()) return fail(E_DB_NOT_FOUND);
    CS2SIM_TRY(run_batch(
        session, keys.size(), [&](std::size_t i) { return title_of(keys[i]); },
        [&](std::size_t i) { return backup_key(session, keys[i]); }));
    Progress("cxitool").finish(keys_text(keys.size()) + " backed up");
    return {};
}

Result<std::vector<std::string>> files_of(const ToolSession& session, const std::string& pattern) {
    if (!is_pattern(pattern)) return std::vector{pattern};
    glob_t found{};
    std::vector<std::string> files;
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
        files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    if (!files.empty()) return files;
    session.note("no file matches " + pattern);
    return fail(E_CSA_BACKUP_FILE);
}

// Group=, Name= and Spec=, where given without patterns, must be those of the backup.
Result<PropertyList> expected(const ToolSession& session) {
    auto names = named(session);
    CS2SIM_TRY(names);
    for (const std::uint32_t id : {CXI_PROP_KEY_GROUP, CXI_PROP_KEY_NAME})
        if (is_pattern(names->text(id))) names->erase(id);
    return names;
}

Result<void> restore_keys(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(files, files_of(session, value));
    CS2SIM_TRY_LET(names, expected(session));
    const std::uint32_t flags = is_set(session, "Overwrite") ? std::uint32_t{CXI_FLAG_KEY_OVERWRITE} : 0u;
    const auto restore = [&](std::size_t i) -> Result<void> {
        const auto blob = read_whole(files[i]);
        if (!blob) return fail(E_CSA_BACKUP_FILE);
        if (blob->size() > CXI_MOST_DATA) return fail(E_CSA_BACKUP_SYNTAX);
        const auto answer =
            session.execute(FC_CXI, SFC_CXI_KEY_RESTORE, {flags, names.encode(), ByteView(*blob)});
        CS2SIM_TRY(answer);
        return {};
    };
    CS2SIM_TRY(run_batch(
        session, files.size(), [&](std::size_t i) { return "file " + files[i]; }, restore));
    Progress("cxitool").finish(keys_text(files.size()) + " restored");
    return {};
}

constexpr Command kCommands[] = {
    {"BackupKey", "", Takes::nothing, "BackupKey",
     "writes the keys of Group= and Name= to NAME.kbk files in OutDir=",
     "Each file is sealed under the device's MBK. Works in FIPS and CC modes too. Keys of one name in one "
     "run\n"
     "go to NAME_SPEC.kbk and GROUP_NAME_SPEC.kbk; a name too long for a file ends in its hash.\n",
     backup_keys},
    {"RestoreKey", "", Takes::value, "RestoreKey=<file or pattern>", "restores keys from .kbk files",
     "A key of that name is only replaced with Overwrite=1. Group= must be the backup's when given.\n",
     restore_keys},
};

}  // namespace

const std::span<const Command> kBackupCommands = kCommands;

}  // namespace cs2sim::tools
