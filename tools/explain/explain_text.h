// What the simulator's tables say of an error code, of a function, of a module. Needs no running device.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace cs2sim {

// `what`: a code (B0830063, 0xB0830063, -1333591965 as an int prints it, CMDS.CHALLENGE_LEN,
// E_CMDS_CHALLENGE_LEN, CHALLENGE_LEN), a function (083.01, CMDS.GET_CHALLENGE, GET_CHALLENGE) or a module
// (083, CMDS), or a CKR of the PKCS#11 library (CKR_PIN_TOO_WEAK, 0x1B8). Error: words for the operator, when
// it is none of these.
tl::expected<std::string, std::string> explain(std::string_view what);

}  // namespace cs2sim
