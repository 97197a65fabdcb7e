// What the outcome of a tool has to be.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "firmware/protocol/error.h"
#include "test/bad_input.h"
#include "test/scenario/process.h"

namespace cs2sim::scenario {

// Exit status 0.
inline void require_success(const Outcome& outcome) {
    INFO("stdout:\n" << outcome.out << "stderr:\n" << outcome.err);
    REQUIRE(outcome.status == 0);
}

// Exit status not 0, and the three lines of this code at the end of stderr.
inline void require_error(const Outcome& outcome, std::uint32_t code) {
    test::bad_input("calls of csadm, cxitool and cs2sim that had to fail");
    const std::string lines = describe(code);
    INFO("stdout:\n" << outcome.out << "stderr:\n" << outcome.err << "expected:\n" << lines);
    REQUIRE(outcome.status != 0);
    REQUIRE(outcome.status < 126);
    REQUIRE(outcome.err.ends_with(lines));
}

// The tool found nobody at the device: no node, or the system's refusal to open it or to connect.
inline void require_no_device(const Outcome& outcome) {
    INFO("stdout:\n" << outcome.out << "stderr:\n" << outcome.err);
    const std::size_t at = outcome.err.rfind("Error B90");
    REQUIRE(at != std::string::npos);
    const auto code = static_cast<std::uint32_t>(std::stoul(outcome.err.substr(at + 6, 8), nullptr, 16));
    const bool none = code == E_CSA_NO_NODE || is_of(code, E_CSA_NODE_OPEN) || is_of(code, E_CSA_CONNECT);
    REQUIRE(none);
    require_error(outcome, code);
}

}  // namespace cs2sim::scenario
