// What a function of a module's published table takes, as its author says in NAME.toml, so that a module in
// another process can call it:
//
//   [slots.7]                              # place in the table, from 7 on
//   name = "exmp_sum"
//   takes = "handle u4 in:#2 io:4 out:#4"
//
// One word a parameter: u4 a number, handle the command's, text a C text, in:N out:N io:N a pointer to N
// bytes, in:#K out:#K io:#K to as many bytes as the K-th parameter says: its number, or the four bytes that
// it points to. All return a number (or nothing).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "firmware/protocol/bytes.h"

namespace cs2sim {

struct SlotParameter {
    enum Kind : std::uint8_t { number = 0, handle = 1, text = 2, in = 3, out = 4, both = 5 };
    Kind kind = number;
    std::uint8_t counted_by = 0;  // the parameter that says its length, from 1; 0: `size` does
    std::uint32_t size = 0;
};

struct ModuleSlot {
    static constexpr std::uint8_t kFirst = 7, kLast = 63;  // before it the table's own head
    static constexpr std::size_t kMostParameters = 12;
    static constexpr std::uint32_t kLongestBlock = 256 * 1024;

    std::uint8_t place = 0;
    std::vector<SlotParameter> parameters;
};

// Nothing when the words are none.
std::optional<std::vector<SlotParameter>> read_parameters(std::string_view words);

// As a module's process reads them (services.inc, module_find).
Bytes encode_slots(const std::vector<ModuleSlot>& slots);

}  // namespace cs2sim
