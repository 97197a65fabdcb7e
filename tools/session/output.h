// What several groups of commands print alike.
#pragma once

#include <functional>
#include <string>

#include "tools/session/print.h"
#include "tools/session/session.h"

namespace cs2sim::tools {

// What differs between generations in lists (profile data of a simulator): bits of ADM.GET_FORMS. A device
// that has no such function has none of them.
constexpr std::uint32_t kFormHashCapitals = 1;
constexpr std::uint32_t kFormInitial = 2;    // I[n] in ListUsers
constexpr std::uint32_t kFormUntried = 4;    // Z[0] of who never tried to log on
constexpr std::uint32_t kFormTokenHash = 8;  // H[SHA-256] in ListUsers
Result<std::uint32_t> output_forms(ToolSession& session);

// ASCII letters only.
std::string lower_case(std::string_view text);

// A name that stands in a field of fixed size, without its filling of zeros or blanks.
std::string unfilled(ByteView field);

// The same as it may be shown within a line.
std::string shown_name(ByteView field);

// The name of a user (LAYOUT_USER) as lists show it: the long one, where there is one.
std::string shown_name(const Block& user);

// "3.6.4.2" for 03060402.
std::string version_text(std::uint32_t version);

// A log that ADM gives in parts (request "offset:u4", answer "total:u4 text:*"): each goes to `part` when it
// comes, none is kept. Errors: those of execute() and of `part`; E_CSA_PROTOCOL when the device says more
// than 4 GB, which no offset reaches, and when more than 64 parts that are not the last have under 16 KiB.
Result<void> read_log(ToolSession& session, std::uint8_t sfc,
                      const std::function<Result<void>(std::string_view)>& part);

// Prints one. Error: E_CSA_PARAM when stdout takes no more.
Result<void> show_log(ToolSession& session, std::uint8_t sfc);

// Runs a function without arguments whose answer is "text:*", and prints that.
Result<void> show_text(ToolSession& session, std::uint16_t fc, std::uint8_t sfc);

}  // namespace cs2sim::tools
