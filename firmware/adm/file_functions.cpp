// Files in flash, and the list of firmware modules.
#include <algorithm>
#include <array>

#include "firmware/adm/adm.h"
#include "firmware/adm/handlers.h"
#include "firmware/cmds/users.h"
#include "firmware/container/container.h"
#include "firmware/modules/images/module_keys.h"
#include "firmware/modules/images/script.h"
#include "firmware/protocol/databases.h"
#include "firmware/smos/flash/file_name.h"
#include "firmware/smos/loaded_files.h"

namespace cs2sim::adm {
namespace {

constexpr std::uint8_t kKindFile = 0;
constexpr std::uint8_t kKindDatabase = 1;

bool is_database(std::string_view name) { return name.ends_with(".db"); }

// The device's own files: no function loads or deletes them.
constexpr std::array kOwnFiles = {
    kInitialKey,                     // who its first administrator is
    kModuleKey,                      // whose modules it takes
    std::string_view("hsmauth.key")  // of mutual authentication
};

bool is_own_file(std::string_view name) {
    return std::ranges::any_of(kOwnFiles, [&](std::string_view own) { return is_same_name(name, own); });
}

// A bare script bears no signature: who may load files vouches for it (OUR ASSUMPTION, as all about scripts).
// One in a container is checked as modules are, and that it says of itself what its container says.
Result<ModuleInfo> check_module_file(std::string_view name, ByteView content,
                                     std::span<const PublicKey> keys) {
    if (is_script(name)) return module_info_of_file(name, content);
    CS2SIM_TRY_LET(module, check_container(content, keys));
    if (const auto image = container_image(content, kModuleScript))
        CS2SIM_TRY(script_in_image(*image, module));
    return module;
}

// A container that was checked takes its place; what it is now is noted for the next start.
Result<void> finish_container(const Call& call, UnfinishedFile& upload) {
    LoadedFiles loaded(call.device.smos.nvram);
    const auto lying = call.device.smos.flash.read(upload.name());
    CS2SIM_TRY(loaded.expect(upload.name(), upload.content(), lying ? *lying : Bytes()));
    CS2SIM_TRY(upload.finish());
    static_cast<void>(
        loaded.note(upload.name(), upload.content()));  // else it stays beside what was there before
    return {};
}

// What was loaded and is whole; its signature was checked when it came.
std::vector<ModuleInfo> loaded_modules(Flash& flash) {
    std::vector<ModuleInfo> modules;
    for (const FileInfo& file : flash.list()) {
        if (!is_module_file(file.name)) continue;
        const auto content = flash.read(file.name);
        auto module = content ? module_info_of_file(file.name, *content) : fail(content.error());
        if (module) modules.push_back(std::move(*module));
    }
    return modules;
}

}  // namespace

Result<Bytes> list_files(Call& call) {
    struct Listed {
        std::string name;
        std::uint64_t size;
        std::uint8_t kind;
    };
    std::vector<Listed> all;
    for (const FileInfo& file : call.device.smos.flash.list())
        all.push_back({file.name, file.size, kKindFile});
    for (const DatabaseFile& file : call.device.databases.list())
        all.push_back({file.name, file.size, kKindDatabase});
    std::ranges::sort(all, {}, &Listed::name);
    Bytes files;
    for (const Listed& one : all)
        CS2SIM_TRY(compose_into(files, LAYOUT_FILE,
                                {one.name, std::min<std::uint64_t>(one.size, UINT32_MAX), one.kind}));
    return call.answer({files});
}

Result<Bytes> load_file(Call& call) {
    CS2SIM_TRY_LET(name, Flash::plain_name(call.request.text("name")));
    if (is_database(name) || is_own_file(name)) return fail(E_ADM_PERMISSION);
    const Certification certification = call.device.profile.certification;
    if (is_same_name(name, kAlternativeModuleKey) && bars_alternative_key(certification))
        return fail(E_ADM_ALT_KEY_BARRED);

    std::uint32_t handle = call.request.u32("handle");
    if (handle == 0) {
        handle = call.context.handles.put(std::make_shared<UnfinishedFile>(call.device.smos.flash, name));
        if (handle == 0) return fail(E_ADM_HANDLES);
    }
    const auto upload = call.context.handles.get<UnfinishedFile>(handle);
    if (!upload || upload->name() != name) return fail(E_ADM_NO_HANDLE);
    if (const auto taken = upload->append(call.request.bytes("data")); !taken) {
        call.context.handles.drop(handle);
        return fail(taken.error());
    }
    if (call.request.u8("last") == 0) return call.answer({handle});

    call.context.handles.drop(handle);
    if (is_module_file(name)) {
        const auto module =
            check_module_file(name, upload->content(), module_keys(call.device.smos.flash, certification));
        if (!module) {
            call.audit(AUDIT_FIRMWARE, "file " + name + " refused: " + hex_code(module.error().code));
            return fail(module.error());
        }
        if (const auto& ask = call.state<DeviceControl>().ask_module) CS2SIM_TRY(ask(module->id, true));
    }
    const bool is_container = is_module_file(name) && !is_script(name);
    CS2SIM_TRY(is_container ? finish_container(call, *upload) : upload->finish());
    call.audit(AUDIT_FIRMWARE, "file " + name + " loaded");
    return call.answer({handle});
}

Result<Bytes> delete_file(Call& call) {
    CS2SIM_TRY_LET(name, Flash::plain_name(call.request.text("name")));
    if (is_own_file(name) || database_policy(name)->name != "*") return fail(E_ADM_PERMISSION);
    const auto content = is_module_file(name) ? call.device.smos.flash.read(name) : fail(0);
    const auto module = content ? module_info_of_file(name, *content) : fail(0);
    const DeviceControl& control = call.state<DeviceControl>();
    if (module && control.ask_module) CS2SIM_TRY(control.ask_module(module->id, false));
    CS2SIM_TRY(is_database(name) ? call.device.databases.drop(name) : call.device.smos.flash.remove(name));
    if (is_module_file(name)) static_cast<void>(LoadedFiles(call.device.smos.nvram).forget(name));
    if (module && control.remove_module) control.remove_module(module->id);
    call.audit(AUDIT_FIRMWARE, "file " + name + " deleted");
    return call.answer({});
}

// Those of the device are started; users' own are, or have failed, or have been loaded since the device was
// started.
Result<Bytes> list_modules(Call& call) {
    constexpr std::array kNotFirmware = {FC_SIM, FC_CSA};
    constexpr std::uint8_t kStarted = 0, kFailed = 1, kLoaded = 2;
    Bytes modules;
    for (const ModuleRow& row : module_table())
        if (std::ranges::find(kNotFirmware, row.id) == kNotFirmware.end())
            CS2SIM_TRY(compose_into(modules, LAYOUT_MODULE, {row.id, row.name, row.version, kStarted}));
    const auto& running = call.state<DeviceControl>().modules;
    const std::vector<LoadedModule> known = running ? running() : std::vector<LoadedModule>{};
    for (const LoadedModule& module : known)
        CS2SIM_TRY(compose_into(
            modules, LAYOUT_MODULE,
            {module.id, module.abbreviation, module.version, module.ready ? kStarted : kFailed}));
    for (const ModuleInfo& module : loaded_modules(call.device.smos.flash))
        if (std::ranges::find(known, module.id, &LoadedModule::id) == known.end())
            CS2SIM_TRY(compose_into(modules, LAYOUT_MODULE,
                                    {module.id, module.abbreviation, module.version, kLoaded}));
    return call.answer({modules});
}

}  // namespace cs2sim::adm
