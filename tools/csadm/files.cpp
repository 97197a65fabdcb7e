// Files and firmware modules of the device.
#include <cstdio>

#include "tools/csadm/commands.h"
#include "tools/csadm/output.h"
#include "tools/session/arguments.h"

namespace cs2sim::tools {
namespace {

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

constexpr Command kCommands[] = {
    {"ListFiles", "", Takes::nothing, "ListFiles", "lists the files in flash with their sizes", "",
     list_files},
    {"DeleteFile", "", Takes::value, "DeleteFile=<name>", "deletes a file in flash", "", delete_file},
    {"ListFirmware", "", Takes::nothing, "ListFirmware", "lists the firmware modules in flash", "",
     list_modules<SFC_ADM_LIST_FIRMWARE>},
    {"ListModulesActive", "", Takes::nothing, "ListModulesActive", "lists the firmware modules that run", "",
     list_modules<SFC_ADM_LIST_MODULES>},
};

}  // namespace

const std::span<const Command> kFileCommands = kCommands;

}  // namespace cs2sim::tools
