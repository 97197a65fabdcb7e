// Files and firmware modules of the device.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "host-lib/files/host_file.h"
#include "tools/csadm/commands.h"
#include "tools/session/arguments.h"
#include "tools/session/output.h"

namespace cs2sim::tools {
namespace {

constexpr std::size_t kLargestFile = 64 * 1024 * 1024;
constexpr std::size_t kPart = 256 * 1024;
constexpr std::string_view kAlternativeKey = "mdlsigalt.key";

// Sends `content` in parts; the device puts the file into flash when the last one is there.
Result<void> load(Session& session, const std::string& name, ByteView content) {
    std::uint32_t handle = 0;
    for (bool last = false; !last;) {
        const ByteView part = content.first(std::min(kPart, content.size()));
        content = content.subspan(part.size());
        last = content.empty();
        const auto answer = session.execute(FC_ADM, SFC_ADM_LOAD_FILE, {name, handle, last, part});
        if (!answer) return fail(answer.error());
        handle = answer->block.u32("handle");
    }
    return {};
}

Result<void> load_file(Session& session, const std::string& value) {
    const std::filesystem::path path(trimmed(value));
    const auto content = host::read_host_file(path, kLargestFile);
    if (content) return load(session, path.filename(), *content);
    session.note("cannot read " + path.string());
    return fail(E_CSA_PARAM);
}

// Only the public part of the key goes to the device.
Result<void> load_alternative_key(Session& session, const std::string& value) {
    const auto key = host::open_key_source(value, session.terminal(), host::KeyPart::public_only);
    if (!key) return fail(key.error());
    const auto public_key = (*key)->token();
    if (!public_key) return fail(public_key.error());
    return load(session, std::string(kAlternativeKey), *public_key);
}

Result<void> list_files(Session& session, const std::string&) {
    const auto answer = session.execute(FC_ADM, SFC_ADM_LIST_FILES);
    if (!answer) return fail(answer.error());
    ByteView rest = answer->block.bytes("files");
    while (!rest.empty()) {
        const auto file = parse_prefix(LAYOUT_FILE, rest);
        if (!file) return fail(E_CSA_PROTOCOL);
        std::printf("%10u  %s\n", file->u32("size"), std::string(file->text("name")).c_str());
    }
    return {};
}

Result<void> delete_file(Session& session, const std::string& value) {
    CS2SIM_TRY(session.execute(FC_ADM, SFC_ADM_DELETE_FILE, {trimmed(value)}));
    return {};
}

template <std::uint8_t sfc>
Result<void> list_modules(Session& session, const std::string&) {
    const auto answer = session.execute(FC_ADM, sfc);
    if (!answer) return fail(answer.error());
    std::printf("%-5s%-13s%-13s%s\n", "ID", "Name", "Version", "State");
    ByteView rest = answer->block.bytes("modules");
    while (!rest.empty()) {
        const auto module = parse_prefix(LAYOUT_MODULE, rest);
        if (!module) return fail(E_CSA_PROTOCOL);
        std::printf("%-5X%-13s%-13s%s\n", module->u32("id"), std::string(module->text("name")).c_str(),
                    version_text(module->u32("version")).c_str(),
                    module->u8("state") == 0 ? "INIT_OK" : "INIT_FAILED");
    }
    return {};
}

// Containers hold code for the device's own processor; this device runs none.
Result<void> make_container(Session& session, const std::string&) {
    session.note("MakeMTC is not offered: this simulator loads no modules of users' own");
    return fail(E_OS_MDL_NOT_SUPP);
}

constexpr Command kCommands[] = {
    {"ListFiles", "", Takes::nothing, "ListFiles", "lists the files in flash with their sizes", "",
     list_files},
    {"LoadFile", "", Takes::value, "LoadFile=<file>", "puts a file into flash", "", load_file},
    {"DeleteFile", "", Takes::value, "DeleteFile=<name>", "deletes a file in flash", "", delete_file},
    {"LoadAltMdlSigKey", "", Takes::value, "LoadAltMdlSigKey=<key>",
     "puts the public part of a key into flash, with which users' own modules are signed",
     "It is stored as mdlsigalt.key.\n", load_alternative_key},
    {"Model", "", Takes::value, "Model=c50|cs5", "kind of device for which MakeMTC makes a container", "",
     nullptr},
    {"MMCSignKey", "", Takes::value, "MMCSignKey=<key>", "key by which MakeMTC signs a container", "",
     nullptr},
    {"MakeMTC", "", Takes::value, "MakeMTC=<file>",
     "makes a signed container of a module of users' own; not offered here",
     "The simulator loads no modules of users' own yet, so it answers B0000813 (operation unavailable).\n",
     make_container},
    {"ListFirmware", "", Takes::nothing, "ListFirmware", "lists the firmware modules in flash", "",
     list_modules<SFC_ADM_LIST_FIRMWARE>},
    {"ListModulesActive", "", Takes::nothing, "ListModulesActive", "lists the firmware modules that run", "",
     list_modules<SFC_ADM_LIST_MODULES>},
};

}  // namespace

const std::span<const Command> kFileCommands = kCommands;

}  // namespace cs2sim::tools
