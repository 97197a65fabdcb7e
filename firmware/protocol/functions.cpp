#include "firmware/protocol/functions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "firmware/protocol/block.h"

namespace cs2sim {
namespace {

using namespace permission;
using namespace rules;
using namespace traits;

constexpr FunctionSignature kCatalogue[] = {
#define CS2SIM_ROW(provenance, module, sfc, name, request, answer, permission, rules, traits, touches,  \
                   audit)                                                                               \
    {FC_##module, sfc,    #module,          #name, request, answer, Provenance::provenance, permission, \
     rules,       traits, Touches::touches, audit},
#define CS2SIM_KNOWN(...) CS2SIM_ROW(known, __VA_ARGS__)
#define CS2SIM_NUMBERED(...) CS2SIM_ROW(encoding_assumed, __VA_ARGS__)
#define CS2SIM_ASSUMED(...) CS2SIM_ROW(assumed, __VA_ARGS__)
#include "firmware/protocol/functions.inc"
#undef CS2SIM_KNOWN
#undef CS2SIM_NUMBERED
#undef CS2SIM_ASSUMED
#undef CS2SIM_ROW
};

constexpr std::uint32_t number(std::uint16_t fc, std::uint8_t sfc) { return std::uint32_t{fc} << 8 | sfc; }
constexpr std::uint32_t number_of(const FunctionSignature& row) { return number(row.fc, row.sfc); }
static_assert(std::ranges::is_sorted(kCatalogue, {}, number_of), "functions.inc goes by FC and SFC");

bool same(std::string_view a, std::string_view b) {
    const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
    return std::ranges::equal(a, b, {}, upper, upper);
}

bool hexadecimal(std::string_view text, unsigned& out) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out, 16);
    return !text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

}  // namespace

std::string full_name(const FunctionSignature& function) {
    return std::string(function.module) + "." + std::string(function.name);
}

std::string number_text(std::uint16_t fc, std::uint8_t sfc) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%03X.%02X", fc, sfc);
    return text.data();
}

bool continues(const FunctionSignature& function, ByteView block) {
    if (!function.has(kContinues)) return false;
    const auto parsed = parse(function.request, block);
    if (!parsed) return true;
    return std::ranges::any_of(parsed->fields(), [](const Block::Field& field) {
        return (field.name == "handle" || field.name == "state" || field.name == "listener") &&
               field.number != 0;
    });
}

std::span<const FunctionSignature> function_catalogue() { return kCatalogue; }

const FunctionSignature* find_function(std::uint16_t fc, std::uint8_t sfc) {
    const auto* row = std::ranges::lower_bound(kCatalogue, number(fc, sfc), {}, number_of);
    return row != std::end(kCatalogue) && row->fc == fc && row->sfc == sfc ? row : nullptr;
}

const FunctionSignature* find_function(std::string_view text) {
    const std::size_t dot = text.find('.');
    const std::string_view head = text.substr(0, dot == std::string_view::npos ? 0 : dot);
    const std::string_view tail = dot == std::string_view::npos ? text : text.substr(dot + 1);
    unsigned fc = 0;
    unsigned sfc = 0;
    if (hexadecimal(head, fc) && hexadecimal(tail, sfc) && fc <= 0xFFFF && sfc <= 0xFF)
        return find_function(static_cast<std::uint16_t>(fc), static_cast<std::uint8_t>(sfc));

    const FunctionSignature* found = nullptr;
    for (const FunctionSignature& row : kCatalogue) {
        if (!same(row.name, tail) || (!head.empty() && !same(row.module, head))) continue;
        if (found) return nullptr;
        found = &row;
    }
    return found;
}

}  // namespace cs2sim
