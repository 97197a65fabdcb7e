// The argument grammar that csadm and cxitool share (device-formats.md, section 2): `Key=Value` or
// `Command[=Value]`; names in any case; lists apart by commas, blanks around a member ignored (guide G5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/protocol/error.h"

namespace cs2sim::tools {

struct Argument {
    std::string name;                  // as typed, without surrounding blanks
    std::optional<std::string> value;  // behind the first '='; empty for "Name="
};

Argument parse_argument(std::string_view text);
// Help, --help, -h and -?.
bool asks_for_help(std::string_view name);

// Text without blanks and tabs at both ends; a view into `text`.
std::string_view trimmed(std::string_view text);

// Are the two the same word, whatever the case (ASCII)?
bool same_word(std::string_view a, std::string_view b);

// Members of a comma list, trimmed; commas inside {…} do not separate. At most `most` members: the last one
// then takes the rest, commas included. An empty text is one empty member.
std::vector<std::string> split_list(std::string_view text, std::size_t most = SIZE_MAX);

// Errors of both: E_CSA_SYNTAX when the text is no such number, or it is over `most`.
Result<std::uint32_t> parse_decimal(std::string_view text, std::uint32_t most = UINT32_MAX);
Result<std::uint32_t> parse_hex(std::string_view text);  // 1 to 8 digits, "0x" in front allowed

}  // namespace cs2sim::tools
