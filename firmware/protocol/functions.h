// The function catalogue: who is addressed by which FC and SFC, and how the blocks are laid out.
// What a function demands of a caller (permission, modes) stands with its handler in firmware/cmds.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace cs2sim {

// FC of each module, FC_CMDS = 0x083 and so on.
enum FunctionCode : std::uint16_t {
#define CS2SIM_MODULE(id, name, long_name, version) FC_##name = (id),
#include "firmware/protocol/modules.inc"
#undef CS2SIM_MODULE
};

// SFC of each function, SFC_ADM_BACKUP_OPEN and so on.
enum SubFunctionCode : std::uint8_t {
#define CS2SIM_KNOWN(module, sfc, name, request, answer) SFC_##module##_##name = (sfc),
#define CS2SIM_NUMBERED CS2SIM_KNOWN
#define CS2SIM_ASSUMED CS2SIM_KNOWN
#include "firmware/protocol/functions.inc"
#undef CS2SIM_KNOWN
#undef CS2SIM_NUMBERED
#undef CS2SIM_ASSUMED
};

// Layouts of list elements and records, LAYOUT_USER and so on.
#define CS2SIM_LAYOUT(name, layout) inline constexpr std::string_view LAYOUT_##name = layout;
#include "firmware/protocol/layouts.inc"
#undef CS2SIM_LAYOUT

// LIST_USERS answers with users behind the short name `after` (empty: from the first). An answer of this many
// bytes or more is a page: there may be more behind its last user (OUR ASSUMPTION).
inline constexpr std::size_t kUserPage = 128 * 1024;
inline constexpr std::uint8_t kDamagedUser = 0xFF;  // the mechanism of a user whose record is damaged

enum class Provenance { known, encoding_assumed, assumed };

struct FunctionSignature {
    std::uint16_t fc;
    std::uint8_t sfc;
    std::string_view module;
    std::string_view name;
    std::string_view request;  // layouts, see block.h
    std::string_view answer;
    Provenance provenance;
};

std::span<const FunctionSignature> function_catalogue();

// The row of FC.SFC, or null.
const FunctionSignature* find_function(std::uint16_t fc, std::uint8_t sfc);

// By "CMDS.GET_CHALLENGE", "083.01" (hexadecimal) or, when only one module has it, "GET_CHALLENGE"; any case.
// Null when there is none, or more than one.
const FunctionSignature* find_function(std::string_view text);

}  // namespace cs2sim
