// Services of the operating system: logs, the clock, random numbers, modules and their states, files.
#include <algorithm>
#include <array>

#include "firmware/cmds/scheduler.h"
#include "firmware/crypto/random.h"
#include "firmware/modules/crash_report.h"
#include "firmware/modules/images/script.h"
#include "firmware/modules/modules.h"
#include "firmware/modules/service.h"
#include "firmware/protocol/databases.h"
#include "firmware/smos/flash/file_name.h"

namespace cs2sim::services {
namespace {

constexpr std::uint32_t kMostRandom = 65536;
constexpr std::size_t kLongestLine = 1000;

// What a module writes may hold anything: one line of it, printable.
std::string line_of(ByteView text) {
    std::string line(as_text(text.first(std::min(text.size(), kLongestLine))));
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    std::ranges::replace_if(
        line, [](unsigned char c) { return c < 0x20 || c > 0x7E; }, '?');
    return line;
}

// The modules that the device has itself, as far as others may link to them.
const ModuleRow* own_module(std::string_view name) {
    const auto table = module_table();
    const auto row = std::ranges::find_if(table, [&](const ModuleRow& one) {
        return one.id != FC_SIM && one.id != FC_CSA &&
               std::ranges::equal(one.name, name, [](unsigned char a, unsigned char b) {
                   return std::tolower(a) == std::tolower(b);
               });
    });
    return row == table.end() ? nullptr : &*row;
}

constexpr std::uint32_t kReady = static_cast<std::uint32_t>(ModuleStage::ready);

}  // namespace

Result<Bytes> log_print(ServiceCall& call) {
    const std::string line = line_of(call.request.bytes("text"));
    call.module.write_log(line);
    if (call.modules.booting()) call.modules.say(line);
    return call.answer({});
}

Result<Bytes> log_entry(ServiceCall& call) {
    const std::string line = call.module.info.abbreviation + ": " + line_of(call.request.bytes("text")) +
                             " (" + hex_code(call.request.u32("reason")) + ")";
    call.module.write_log(line + " " + to_hex(call.request.bytes("data")));
    call.modules.say(line);
    return call.answer({});
}

Result<Bytes> boot_log(ServiceCall& call) { return call.answer({call.device.smos.boot_log.text()}); }

Result<Bytes> diagnose(ServiceCall& call) {
    call.module.write_log("WARNING: " + line_of(call.request.bytes("text")));
    std::vector<std::uint64_t> addresses;
    for (ByteView rest = call.request.bytes("addresses"); rest.size() >= 8; rest = rest.subspan(8))
        addresses.push_back(big_endian(rest.first(8)));
    for (const std::string& line : source_lines(call.module.image, call.module.process->image(), addresses))
        call.module.write_log("    " + line);
    return call.answer({});
}

Result<Bytes> audit_write(ServiceCall& call) {
    const std::string text = line_of(call.request.bytes("text"));
    const std::uint32_t classes = call.request.u32("class");
    Call* const command = call.module.command();
    if (call.request.u8("with_users") != 0 && command)
        command->audit(classes, text);
    else
        CS2SIM_TRY(call.device.smos.audit_log.write(classes, "[] " + text));
    return call.answer({});
}

Result<Bytes> time_get(ServiceCall& call) {
    const std::int64_t now = call.device.smos.clock.milliseconds();
    return call.answer({now / 1000, now % 1000});
}

Result<Bytes> time_set(ServiceCall& call) {
    if (call.request.u32("milliseconds") > 999) return fail(E_UTIL_INVAL);
    CS2SIM_TRY(call.device.smos.clock.set(std::int64_t{call.request.u32("seconds")} * 1000 +
                                          call.request.u32("milliseconds")));
    return call.answer({});
}

Result<Bytes> random(ServiceCall& call) {
    const std::uint32_t length = call.request.u32("length");
    if (length > kMostRandom) return fail(E_OS_CRYPT_RND_REQ);
    return random_bytes(length);
}

Result<Bytes> module_new(ServiceCall& call) {
    const ModuleInfo& info = call.module.info;
    if (call.request.text("abbreviation") != info.abbreviation || call.request.u16("id") != info.id ||
        call.request.u32("version") != info.version)
        return fail(E_OS_MDL_PARA_INVALID);  // it is not what its image says
    return call.answer({});
}

Result<Bytes> module_state_set(ServiceCall& call) {
    const std::uint32_t state = call.request.u32("state");
    if (call.request.u16("id") != call.module.info.id ||
        state > static_cast<std::uint32_t>(ModuleStage::failed))
        return fail(E_OS_MDL_PARAMETER);
    call.module.stage = static_cast<ModuleStage>(state);
    return call.answer({});
}

Result<Bytes> module_find(ServiceCall& call) {
    const std::string_view name = call.request.text("name");
    const std::uint32_t least = call.request.u32("version");
    if (const ModuleRow* row = own_module(name)) {
        if (row->version < least) return fail(E_OS_MDL_NOT_FOUND);
        return call.answer({0, ByteView(), ByteView()});
    }
    const UserModule* const other = call.modules.find(name);
    if (!other || other->info.version < least || !other->process) return fail(E_OS_MDL_NOT_FOUND);
    return call.answer({1, other->info.abbreviation, encode_slots(other->texts.slots())});
}

Result<Bytes> module_state(ServiceCall& call) {
    const std::string_view name = call.request.text("name");
    if (own_module(name)) return call.answer({kReady});
    const UserModule* const other = call.modules.find(name);
    if (!other) return fail(E_OS_MDL_NOT_FOUND);
    return call.answer({other->stage.load()});
}

Result<Bytes> module_name(ServiceCall& call) {
    const std::uint16_t id = call.request.u16("id");
    if (const ModuleRow* row = cs2sim::find_module(id)) return call.answer({row->name, row->version});
    const UserModule* const other = call.modules.find(id);
    if (!other) return fail(E_OS_MDL_NOT_FOUND);
    return call.answer({other->info.abbreviation, other->info.version});
}

Result<Bytes> module_list(ServiceCall& call) {
    const auto own = module_table();
    const std::size_t place = call.request.u32("place");
    if (place < own.size()) return call.answer({own[place].name, own[place].version, own[place].id, kReady});
    if (place - own.size() >= call.modules.all().size()) return fail(E_OS_MDL_NOT_FOUND);
    const UserModule& other = *call.modules.all()[place - own.size()];
    return call.answer({other.info.abbreviation, other.info.version, other.info.id, other.stage.load()});
}

namespace {

bool same_letter(unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); }

// A module's files are those of its own name, in either case: "exmp.cfg", "exmp-keys".
bool is_own(const ServiceCall& call, std::string_view name) {
    const std::string& own = call.module.info.abbreviation;
    if (name.size() < own.size() || !std::equal(own.begin(), own.end(), name.begin(), same_letter))
        return false;
    if (name.size() != own.size() && name[own.size()] != '.' && name[own.size()] != '-') return false;
    // Modules, databases, keys of the device and of signatures are none, whatever a module calls itself.
    return !is_module_file(name) &&
           std::ranges::none_of(std::array{".toml", ".db", ".key"},
                                [&](std::string_view ending) { return has_ending(name, ending); });
}

Result<std::string> own_file(const ServiceCall& call) {
    CS2SIM_TRY_LET(name, Flash::plain_name(call.request.text("name")));
    if (!is_own(call, name)) return fail(E_OS_FILE_ILL_NAME);
    return name;
}

}  // namespace

Result<Bytes> file_read(ServiceCall& call) {
    CS2SIM_TRY_LET(name, own_file(call));
    return call.device.smos.flash.read(name);
}

Result<Bytes> file_write(ServiceCall& call) {
    CS2SIM_TRY_LET(name, own_file(call));
    CS2SIM_TRY(call.device.smos.flash.write(name, call.request.bytes("content")));
    return call.answer({});
}

Result<Bytes> file_list(ServiceCall& call) {
    std::size_t place = call.request.u32("place");
    for (const FileInfo& file : call.device.smos.flash.list())
        if (is_own(call, file.name) && place-- == 0) return call.answer({file.name, file.size});
    return fail(E_OS_FILE_NO_SUCH_FILE);
}

Result<Bytes> file_remove(ServiceCall& call) {
    CS2SIM_TRY_LET(name, own_file(call));
    CS2SIM_TRY(call.device.smos.flash.remove(name));
    return call.answer({});
}

}  // namespace cs2sim::services
