// The one door to TOML: profiles, scenarios, fault rules and recordings come from users and are read here
// only.
//
// toml++ takes for granted what its asserts state, also of a user's file, and follows nested keys by
// recursion. So it is compiled with asserts that throw, whatever the build, and what could exhaust the stack
// is refused.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace cs2sim {

[[noreturn]] void toml_assertion_failed(const char* what);  // caught by parse_toml()

}  // namespace cs2sim

#define TOML_HEADER_ONLY 0
#define TOML_EXCEPTIONS 1
#define TOML_MAX_NESTED_VALUES 8
#define TOML_ASSERT(expr) ((expr) ? void() : ::cs2sim::toml_assertion_failed(#expr))
#pragma push_macro("NDEBUG")
#undef NDEBUG  // else toml++ tells the compiler to rely on its asserts
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace cs2sim {

inline constexpr std::size_t kLongestToml = std::size_t{1} << 20;  // bytes; of what people write themselves

// The document; `name` is for messages. Error: words for the operator, with line and column.
tl::expected<toml::table, std::string> parse_toml(std::string_view text, std::string_view name);

// The content of a regular file of at most `longest` bytes. Error: words for the operator, with the path.
tl::expected<std::string, std::string> read_text(const std::string& path, std::size_t longest = kLongestToml);

// Both.
tl::expected<toml::table, std::string> parse_toml_file(const std::string& path,
                                                       std::size_t longest = kLongestToml);

}  // namespace cs2sim
