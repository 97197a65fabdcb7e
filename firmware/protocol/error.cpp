#include "firmware/protocol/error.h"

#include <algorithm>
#include <system_error>

#include "firmware/protocol/bytes.h"

namespace cs2sim {
namespace {

constexpr ErrorRow kErrors[] = {
#define CS2SIM_ERROR(code, module, name, text) {code, #module, #name, text, true},
#include "firmware/protocol/assumed_errors.inc"
#undef CS2SIM_ERROR
#define CS2SIM_ERROR(code, module, name, text) {code, #module, #name, text, false},
#include "firmware/protocol/errors.inc"
#include "firmware/protocol/host_errors.inc"
#undef CS2SIM_ERROR
};

constexpr bool errno_ = true;
constexpr bool nothing = false;
constexpr ErrorRange kRanges[] = {
#define CS2SIM_ERROR_RANGE(first, last, module, name, text, carries) \
    {{first, #module, #name, text, false}, last, carries},
#include "firmware/protocol/error_ranges.inc"
#undef CS2SIM_ERROR_RANGE
};

// Failures of the link that are no errno (error-numbers.md).
struct LinkFailure {
    std::uint32_t number;
    std::string_view text;
};
constexpr LinkFailure kLinkFailures[] = {
    {0x701, "time ran out"},          {0x703, "write refused"},     {0x706, "device was reset"},
    {0x707, "temperature of device"}, {0x70A, "device was halted"}, {0x70B, "device stopped in panic"},
};

// The second line of an error where it is not the short name of a module (error-numbers.md, "Others"). What
// the line of DB is, which layers are API and which API LINUX, and how modules are called that no device here
// has (PKCS11, PIN, NTP), is our assumption.
struct Heading {
    std::uint32_t first;  // codes
    std::uint32_t last;
    std::string_view name;
};
constexpr Heading kHeadings[] = {
    {0xB0640000, 0xB064FFFF, "PKCS11"},
    {0xB0820000, 0xB082FFFF, "PP, PIN pad Driver"},
    {0xB0830000, 0xB083FFFF, "CMDS, Command scheduler"},
    {0xB0880000, 0xB088FFFF, "Database"},
    {0xB0990000, 0xB099FFFF, "PIN"},
    {0xB09A0000, 0xB09AFFFF, "NTP"},
    {0xB9010000, 0xB901FFFF, "API LINUX"},
    {0xB9000000, 0xB9FFFFFF, "API"},
};

constexpr ModuleRow kModules[] = {
#define CS2SIM_MODULE(id, name, long_name, version) {id, #name, long_name, version},
#include "firmware/protocol/modules.inc"
#undef CS2SIM_MODULE
};

constexpr std::uint16_t kHostLibrary = 0x901;

const ErrorRange* find_range(std::uint32_t code) {
    const auto* range = std::ranges::find_if(
        kRanges, [&](const ErrorRange& one) { return one.row.code <= code && code <= one.last; });
    return range == std::end(kRanges) ? nullptr : range;
}

std::string link_failure(std::uint32_t number) {
    const auto* row = std::ranges::find(kLinkFailures, number, &LinkFailure::number);
    if (row != std::end(kLinkFailures)) return std::string(row->text);
    return std::generic_category().message(static_cast<int>(number));
}

std::string module_line(std::uint32_t code) {
    for (const Heading& heading : kHeadings)
        if (heading.first <= code && code <= heading.last) return std::string(heading.name);
    if (const ModuleRow* module = find_module(module_of(code))) return std::string(module->name);
    return hex_code(module_of(code)).substr(5) + ", unknown module";
}

}  // namespace

std::span<const ErrorRow> error_table() { return kErrors; }
std::span<const ModuleRow> module_table() { return kModules; }

std::span<const ErrorRange> error_ranges() { return kRanges; }

const ErrorRow* find_error(std::uint32_t code) {
    const auto* row = std::ranges::find(kErrors, code, &ErrorRow::code);
    if (row != std::end(kErrors)) return row;
    const ErrorRange* range = find_range(code);
    return range ? &range->row : nullptr;
}

const ModuleRow* find_module(std::uint16_t id) {
    const auto* row = std::ranges::find(kModules, id, &ModuleRow::id);
    return row == std::end(kModules) ? nullptr : row;
}

std::uint16_t module_of(std::uint32_t code) {
    if (code >> 24 == 0xB9) return kHostLibrary;
    return static_cast<std::uint16_t>((code >> 16) & 0x0FFF);
}

std::string hex_code(std::uint32_t code) { return to_hex(big_endian_bytes<4>(code)); }

std::string error_text(std::uint32_t code) {
    const ErrorRow* row = find_error(code);
    if (!row) return "unknown error";
    std::string text(row->text);
    const ErrorRange* range = find_range(code);
    const std::uint32_t number = code & 0xFFF;
    if (range && row == &range->row && range->carries_errno && number != 0)
        text += ": " + link_failure(number);
    return text;
}

std::string describe(std::uint32_t code) {
    return "Error " + hex_code(code) + "\nCryptoServer module " + module_line(code) + "\n" +
           error_text(code) + "\n";
}

}  // namespace cs2sim
