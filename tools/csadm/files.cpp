// Files and firmware modules of the device.
#include <algorithm>
#include <filesystem>

#include "firmware/container/container.h"
#include "firmware/modules/images/script.h"
#include "firmware/protocol/terminal_text.h"
#include "host-lib/files/host_file.h"
#include "host-lib/files/key_file.h"
#include "tools/csadm/commands.h"
#include "tools/session/arguments.h"
#include "tools/session/output.h"

namespace cs2sim::tools {
namespace {

constexpr std::size_t kLargestFile = 64 * 1024 * 1024;
constexpr std::size_t kPart = 256 * 1024;
constexpr std::string_view kAlternativeKey = "mdlsigalt.key";

// Sends `content` in parts; the device puts the file into flash when the last one is there.
Result<void> load(ToolSession& session, const std::string& name, ByteView content) {
    std::uint32_t handle = 0;
    for (bool last = false; !last;) {
        const ByteView part = content.first(std::min(kPart, content.size()));
        content = content.subspan(part.size());
        last = content.empty();
        CS2SIM_TRY_LET(answer, session.execute(FC_ADM, SFC_ADM_LOAD_FILE, {name, handle, last, part}));
        handle = answer.block.u32("handle");
    }
    return {};
}

Result<void> load_file(ToolSession& session, const std::string& value) {
    const std::filesystem::path path(trimmed(value));
    const auto content = host::read_host_file(path, kLargestFile);
    if (!content) return fail(E_CSA_PARAM);
    return load(session, path.filename(), *content);
}

// Only the public part of the key goes to the device.
Result<void> load_alternative_key(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(key, host::open_key_source(value, session.terminal(), host::KeyPart::public_only));
    CS2SIM_TRY_LET(public_key, key->token());
    return load(session, std::string(kAlternativeKey), public_key);
}

Result<void> list_files(ToolSession& session, const std::string&) {
    CS2SIM_TRY_LET(answer, session.execute(FC_ADM, SFC_ADM_LIST_FILES));
    ByteView rest = answer.block.bytes("files");
    while (!rest.empty()) {
        const auto file = parse_prefix(LAYOUT_FILE, rest);
        if (!file) return fail(E_CSA_PROTOCOL);
        print("%10u  %s\n", file->u32("size"), terminal_text(file->text("name")).c_str());
    }
    return {};
}

Result<void> delete_file(ToolSession& session, const std::string& value) {
    CS2SIM_TRY(session.execute(FC_ADM, SFC_ADM_DELETE_FILE, {trimmed(value)}));
    return {};
}

const char* state_text(std::uint8_t state) {
    constexpr const char* kTexts[] = {"INIT_OK", "INIT_FAILED", "LOADED"};
    return state < std::size(kTexts) ? kTexts[state] : "UNKNOWN";
}

template <std::uint8_t sfc>
Result<void> list_modules(ToolSession& session, const std::string&) {
    CS2SIM_TRY_LET(answer, session.execute(FC_ADM, sfc));
    print("%-5s%-13s%-13s%s\n", "ID", "Name", "Version", "State");
    ByteView rest = answer.block.bytes("modules");
    while (!rest.empty()) {
        const auto module = parse_prefix(LAYOUT_MODULE, rest);
        if (!module) return fail(E_CSA_PROTOCOL);
        print("%-5X%-13s%-13s%s\n", module->u32("id"), terminal_text(module->text("name")).c_str(),
              version_text(module->u32("version")).c_str(), state_text(module->u8("state")));
    }
    return {};
}

struct ModelName {
    std::string_view word;
    ModuleType type;
};
constexpr ModelName kModels[] = {{"cs5", kModuleCs5}, {"c50", kModuleC50}};

Result<ModuleType> type_for(const ToolSession& session, const std::filesystem::path& image) {
    if (is_script(image.filename().string())) return kModuleScript;
    const bool linux_image = image.extension() == ".so";
    const auto model = session.parameter("Model");
    if (!model && linux_image) return kModuleLinux;
    if (!model) return misused(session, "Model=cs5 or Model=c50 must stand to the left");
    for (const ModelName& row : kModels)
        if (same_word(*model, row.word)) return linux_image ? kModuleLinux : row.type;
    return refuse_word(session, "Model", *model, words_of(kModels));
}

// NAME.mtc beside NAME.out; the first dot ends the base name.
std::filesystem::path container_path(const std::filesystem::path& image) {
    const std::string file = image.filename();
    return image.parent_path() / (file.substr(0, file.find('.')) + ".mtc");
}

// Of a script its header and its text.
Result<Bytes> image_in_file(const ToolSession& session, const std::filesystem::path& path) {
    const auto content = host::read_host_file(path, kLargestFile);
    if (!content) return fail(E_CSA_PARAM);
    if (!is_script(path.filename().string())) return to_bytes(*content);
    const auto script = read_script(as_text(*content), path.filename().string());
    if (!script) {
        session.note(script.error());
        return fail(E_CSA_CONTAINER_INFO);
    }
    auto image = image_of_script(script->info, *content);
    if (!image) return fail(E_CSA_CONTAINER_INFO);
    return image;
}

// No device and no logon; prints five lines (device-formats.md, section 2).
Result<void> make_container_file(ToolSession& session, const std::string& value) {
    const std::filesystem::path path{std::string(trimmed(value))};
    CS2SIM_TRY_LET(type, type_for(session, path));
    const auto spec = session.parameter("MMCSignKey");
    if (!spec) return misused(session, "MMCSignKey=<key file> must stand to the left");
    CS2SIM_TRY_LET(key_spec, host::parse_key_spec(*spec));
    CS2SIM_TRY_LET(key, host::read_key_file(key_spec, session.terminal()));
    if (!key.has_private || !is_rsa(*key.key)) return fail(E_CSA_KEY_TYPE);
    CS2SIM_TRY_LET(image, image_in_file(session, path));
    if (!module_info(image)) return fail(E_CSA_CONTAINER_INFO);
    CS2SIM_TRY_LET(container, make_container(image, type, *key.key));
    print("%s:\n        building MMC ...\n        OK\n        building MTC ...\n", path.c_str());
    if (!host::replace_host_file(container_path(path), container, 0644)) return fail(E_CSA_KEY_WRITE);
    print("        OK\n");
    return {};
}

constexpr Command kCommands[] = {
    {"ListFiles", "", Takes::nothing, "ListFiles", "lists the files in flash with their sizes", "",
     list_files},
    {"LoadFile", "", Takes::value, "LoadFile=<file>", "puts a file into flash", "", load_file},
    {"DeleteFile", "", Takes::value, "DeleteFile=<name>", "deletes a file in flash", "", delete_file},
    {"LoadAltMdlSigKey", "", Takes::value, "LoadAltMdlSigKey=<key>",
     "puts the public part of a key into flash, with which users' own modules are signed",
     "It is stored as mdlsigalt.key.\n", load_alternative_key},
    {"Model",
     "",
     Takes::value,
     "Model={model}",
     "kind of device for which MakeMTC makes a container",
     "",
     nullptr,
     {{"model", [] { return words_of(kModels); }}}},
    {"MMCSignKey", "", Takes::value, "MMCSignKey=<key>", "key by which MakeMTC signs a container", "",
     nullptr},
    {"MakeMTC", "", Takes::value, "MakeMTC=<file>",
     "makes a signed container, <file>.mtc, of a linked module of users' own, or of a script (<file>.lua)",
     "Model= and MMCSignKey=<key file>[#<password>] (RSA) stand to the left. No device is needed. The "
     "device\n"
     "loads it (LoadFile=) once LoadAltMdlSigKey= has made the key known.\n",
     make_container_file},
    {"ListFirmware", "", Takes::nothing, "ListFirmware", "lists the firmware modules in flash", "",
     list_modules<SFC_ADM_LIST_FIRMWARE>},
    {"ListModulesActive", "", Takes::nothing, "ListModulesActive",
     "lists the firmware modules with their states", "", list_modules<SFC_ADM_LIST_MODULES>},
};

}  // namespace

const std::span<const Command> kFileCommands = kCommands;

}  // namespace cs2sim::tools
