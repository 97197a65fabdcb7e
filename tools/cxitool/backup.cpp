// Single keys out and in, sealed under the MBK: one .kbk file a key (guide G14 to G16).
#include <glob.h>

#include <cstdio>
#include <set>

#include "tools/cxitool/commands.h"
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

// NAME.kbk; keys whose names meet in one run also say their specifier and group.
std::string backup_name(const PropertyList& key, std::set<std::string>& taken) {
    const std::string name = file_name(key.text(CXI_PROP_KEY_NAME));
    const std::string spec = "_" + std::to_string(key.number_or(CXI_PROP_KEY_SPEC, 0));
    for (const std::string& candidate :
         {name, name + spec, file_name(key.text(CXI_PROP_KEY_GROUP)) + "_" + name + spec})
        if (taken.insert(candidate).second) return candidate + ".kbk";
    return name + spec + "_" + std::to_string(taken.size()) + ".kbk";
}

Result<void> backup_keys(Session& session, const std::string&) {
    const auto keys = selected(session);
    if (!keys) return fail(keys.error());
    if (keys->empty()) return fail(E_DB_NOT_FOUND);
    const std::string folder = session.parameter_or("OutDir", ".");
    std::set<std::string> taken;
    Progress progress("keys", keys->size());
    for (std::size_t i = 0; i < keys->size(); ++i) {
        const auto answer = session.execute(FC_CXI, SFC_CXI_KEY_BACKUP, {reference_to((*keys)[i])});
        if (!answer) return fail(answer.error());
        const std::string file = folder + "/" + backup_name((*keys)[i], taken);
        if (!write_whole(file, answer->block.bytes("blob"))) return fail(E_CSA_BACKUP_WRITE);
        progress.show(i + 1);
    }
    std::printf("%zu keys backed up\n", keys->size());
    return {};
}

Result<std::vector<std::string>> files_of(const std::string& pattern) {
    if (pattern.find_first_of("*?") == std::string::npos) return std::vector{pattern};
    glob_t found{};
    std::vector<std::string> files;
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
        files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    if (files.empty()) return fail(E_CSA_BACKUP_FILE);
    return files;
}

// Group=, Name= and Spec=, where given without patterns, must be those of the backup.
Result<PropertyList> expected(const Session& session) {
    auto names = named(session);
    if (!names) return names;
    for (const std::uint32_t id : {CXI_PROP_KEY_GROUP, CXI_PROP_KEY_NAME})
        if (names->text(id).find_first_of("*?") != std::string_view::npos) names->erase(id);
    return names;
}

Result<void> restore_keys(Session& session, const std::string& value) {
    const auto files = files_of(value);
    if (!files) return fail(files.error());
    const auto names = expected(session);
    if (!names) return fail(names.error());
    const std::uint32_t flags = is_set(session, "Overwrite") ? std::uint32_t{CXI_FLAG_KEY_OVERWRITE} : 0u;
    Progress progress("keys", files->size());
    for (std::size_t i = 0; i < files->size(); ++i) {
        const auto blob = read_whole((*files)[i]);
        if (!blob) return fail(E_CSA_BACKUP_FILE);
        if (blob->size() > CXI_MOST_DATA) return fail(E_CSA_BACKUP_SYNTAX);
        const auto answer = session.execute(FC_CXI, SFC_CXI_KEY_RESTORE, {flags, names->encode(), *blob});
        if (!answer) return fail(answer.error());
        progress.show(i + 1);
    }
    std::printf("%zu keys restored\n", files->size());
    return {};
}

constexpr Command kCommands[] = {
    {"BackupKey", "", Takes::nothing, "BackupKey",
     "writes the keys of Group= and Name= to NAME.kbk files in OutDir=",
     "Each file is sealed under the device's MBK. Works in FIPS and CC modes too.\n", backup_keys},
    {"RestoreKey", "", Takes::value, "RestoreKey=<file or pattern>", "restores keys from .kbk files",
     "A key of that name is only replaced with Overwrite=1. Group= must be the backup's when given.\n",
     restore_keys},
};

}  // namespace

const std::span<const Command> kBackupCommands = kCommands;

}  // namespace cs2sim::tools
