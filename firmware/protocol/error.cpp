#include "firmware/protocol/error.h"

#include <algorithm>

#include "firmware/protocol/bytes.h"

namespace cs2sim {
namespace {

constexpr ErrorRow kErrors[] = {
#define CS2SIM_ERROR(code, module, name, text) {code, #module, #name, text, true},
#include "firmware/protocol/assumed_errors.inc"
#undef CS2SIM_ERROR
#define CS2SIM_ERROR(code, module, name, text) {code, #module, #name, text, false},
#include "firmware/protocol/errors.inc"
#undef CS2SIM_ERROR
};

constexpr ModuleRow kModules[] = {
#define CS2SIM_MODULE(id, name, long_name, version) {id, #name, long_name, version},
#include "firmware/protocol/modules.inc"
#undef CS2SIM_MODULE
};

constexpr std::uint16_t kHostLibrary = 0x901;

}  // namespace

std::span<const ErrorRow> error_table() { return kErrors; }
std::span<const ModuleRow> module_table() { return kModules; }

const ErrorRow* find_error(std::uint32_t code) {
    const auto* row = std::ranges::find(kErrors, code, &ErrorRow::code);
    return row == std::end(kErrors) ? nullptr : row;
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

std::string describe(std::uint32_t code) {
    std::string text = "Error " + hex_code(code) + "\n";

    if (const ModuleRow* module = find_module(module_of(code))) {
        text += "CryptoServer module ";
        text += module->name;
        text += ", ";
        text += module->long_name;
    } else {
        text += "CryptoServer module " + hex_code(module_of(code)).substr(5) + ", unknown module";
    }
    text += '\n';

    const ErrorRow* row = find_error(code);
    text += row ? row->text : "unknown error";
    text += '\n';
    return text;
}

}  // namespace cs2sim
