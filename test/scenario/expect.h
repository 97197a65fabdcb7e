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

}  // namespace cs2sim::scenario
