// The house's one error type, and the one place that maps error codes to text.
//
// A code is 32 bits: B0000000 | module id << 16 | number (device-formats.md, section 1.1). Errors travel
// as values: a function that can fail returns Result<T>, and `return fail(E_CMDS_DENIED);` ends it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace cs2sim {

// Every known code as a constant, E_<module>_<name>, e.g. E_CMDS_CHALLENGE_LEN = 0xB0830063.
enum ErrorCode : std::uint32_t {
#define CS2SIM_ERROR(code, module, name, text) E_##module##_##name = (code),
#include "firmware/protocol/assumed_errors.inc"
#include "firmware/protocol/errors.inc"
#include "firmware/protocol/host_errors.inc"
#undef CS2SIM_ERROR
// The first code of each range; with_errno() makes the code of one failure.
#define CS2SIM_ERROR_RANGE(first, last, module, name, text, carries) E_##module##_##name = (first),
#include "firmware/protocol/error_ranges.inc"
#undef CS2SIM_ERROR_RANGE
};

struct Error {
    std::uint32_t code = 0;
    friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::uint32_t code) { return tl::unexpected<Error>(Error{code}); }
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(error); }

// B901306F for E_CSA_CONNECT and ECONNREFUSED (error-numbers.md: the low 12 bits are errno).
constexpr std::uint32_t with_errno(std::uint32_t range, int error) {
    return range | (static_cast<std::uint32_t>(error) & 0xFFF);
}
// Is `code` one of a range that carries errno? is_of(0xB901306F, E_CSA_CONNECT).
constexpr bool is_of(std::uint32_t code, std::uint32_t range) { return (code & ~0xFFFU) == range; }

// Ends the calling function with the error of an expression (a Result, or another expected, whose value is
// not needed here). Commas may stand in the expression.
#define CS2SIM_TRY(...) CS2SIM_TRY_AS(CS2SIM_TRY_NAME(__LINE__), __VA_ARGS__)
#define CS2SIM_TRY_NAME(line) CS2SIM_TRY_PASTE(cs2sim_tried_, line)
#define CS2SIM_TRY_PASTE(a, b) a##b
#define CS2SIM_TRY_AS(tried, ...)                                                              \
    do {                                                                                       \
        if (auto&& tried = (__VA_ARGS__); !tried) return ::tl::make_unexpected(tried.error()); \
    } while (false)

// The same, and its value is called `name` from there on.
#define CS2SIM_TRY_LET(name, ...)                                                \
    auto name##_or_error = (__VA_ARGS__);                                        \
    if (!name##_or_error) return ::tl::make_unexpected(name##_or_error.error()); \
    auto& name = *name##_or_error

struct ErrorRow {
    std::uint32_t code;
    std::string_view module;  // prefix of the symbolic name, e.g. "CMDS"
    std::string_view name;    // e.g. "CHALLENGE_LEN"
    std::string_view text;    // one line, no full stop
    bool assumed;             // our own number: no public source gives one
};

// Codes that have one meaning together (error_ranges.inc).
struct ErrorRange {
    ErrorRow row;  // code: the first one
    std::uint32_t last;
    bool carries_errno;  // in its low 12 bits
};

struct ModuleRow {
    std::uint16_t id;
    std::string_view name;       // short name, e.g. "CMDS"
    std::string_view long_name;  // e.g. "Command scheduler"
    std::uint32_t version;       // major.minor.sub.build, a byte each
};

std::span<const ErrorRow> error_table();
std::span<const ErrorRange> error_ranges();
std::span<const ModuleRow> module_table();

// The row of `code` or of the range that it lies in, or null when no table knows it.
const ErrorRow* find_error(std::uint32_t code);
const ModuleRow* find_module(std::uint16_t id);

// The module part of an error code: 0x083 for B0830063, the host library for every B9xxxxxx.
std::uint16_t module_of(std::uint32_t code);

// The code as everybody writes it: eight digits, "B0830063".
std::string hex_code(std::uint32_t code);

// What the code says, in a line without full stop; with the system's words where it carries errno ("cannot
// connect to device: Connection refused"). "unknown error" for a code that no table knows.
std::string error_text(std::uint32_t code);

// The three lines that csadm prints on an error (device-formats.md, section 2), each ended by '\n'.
std::string describe(std::uint32_t code);

}  // namespace cs2sim
