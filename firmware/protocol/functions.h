// The function catalogue: who is addressed by which FC and SFC, how the blocks are laid out, and what a
// function demands of its caller. All of it is data that clients read without the firmware; handlers are in
// the modules.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "firmware/protocol/audit_class.h"
#include "firmware/protocol/bytes.h"
#include "firmware/protocol/layout.h"
#include "firmware/protocol/modes.h"
#include "firmware/protocol/permissions.h"

namespace cs2sim {

// FC of each module, FC_CMDS = 0x083 and so on.
enum FunctionCode : std::uint16_t {
#define CS2SIM_MODULE(id, name, long_name, version) FC_##name = (id),
#include "firmware/protocol/modules.inc"
#undef CS2SIM_MODULE
};

// SFC of each function, SFC_ADM_BACKUP_OPEN and so on.
enum SubFunctionCode : std::uint8_t {
#define CS2SIM_KNOWN(module, sfc, name, ...) SFC_##module##_##name = (sfc),
#define CS2SIM_NUMBERED CS2SIM_KNOWN
#define CS2SIM_ASSUMED CS2SIM_KNOWN
#include "firmware/protocol/functions.inc"
#undef CS2SIM_KNOWN
#undef CS2SIM_NUMBERED
#undef CS2SIM_ASSUMED
};

// Layouts of list elements and records, LAYOUT_USER and so on.
#define CS2SIM_LAYOUT(name, text)                     \
    struct LayoutOf_##name : Layout {                 \
        consteval LayoutOf_##name() : Layout(text) {} \
    };                                                \
    inline constexpr LayoutOf_##name LAYOUT_##name;
#include "firmware/protocol/layouts.inc"
#undef CS2SIM_LAYOUT

// LIST_USERS answers with users behind the short name `after` (empty: from the first). An answer of this many
// bytes or more is a page: there may be more behind its last user (OUR ASSUMPTION).
inline constexpr std::size_t kUserPage = 128 * 1024;
inline constexpr std::uint8_t kDamagedUser = 0xFF;  // the mechanism of a user whose record is damaged

enum class Provenance { known, encoding_assumed, assumed };

namespace traits {

// Sent twice it does no more than sent once: a host may send it again, to another device too, after a lost
// answer.
inline constexpr std::uint8_t kRepeatable = 1;
// Goes on with what an earlier command of the same caller has left on the device, where its field `handle` or
// `state` is not 0.
inline constexpr std::uint8_t kContinues = 2;

}  // namespace traits

// The database that a function works on: none, a fixed one, the one that its field `name` names, or the one
// that its handle stands for.
enum class Touches : std::uint8_t { nothing, users, keys, mbks, named, opened };

struct FunctionSignature {
    std::uint16_t fc;
    std::uint8_t sfc;
    std::string_view module;
    std::string_view name;
    Layout request;
    Layout answer;
    Provenance provenance;
    std::uint32_t permission;  // least authentication state, nibble by nibble; see functions.inc
    ModeRules rules;
    std::uint8_t traits;
    Touches touches;
    AuditClass audit_class;

    constexpr bool has(std::uint8_t trait) const { return (traits & trait) != 0; }
};

// "CMDS.GET_CHALLENGE"
std::string full_name(const FunctionSignature& function);
// "083.01"
std::string number_text(std::uint16_t fc, std::uint8_t sfc);

// Whether a command goes on with a handle: a function with the trait, and a handle in its block. A block that
// does not fit the layout counts as one that does.
bool continues(const FunctionSignature& function, ByteView block);

std::span<const FunctionSignature> function_catalogue();

// The row of FC.SFC, or null.
const FunctionSignature* find_function(std::uint16_t fc, std::uint8_t sfc);

// By "CMDS.GET_CHALLENGE", "083.01" (hexadecimal) or, when only one module has it, "GET_CHALLENGE"; any case.
// Null when there is none, or more than one.
const FunctionSignature* find_function(std::string_view text);

}  // namespace cs2sim
