#include "tools/session/session.h"

#include <catch2/catch.hpp>
#include <cstdlib>

using namespace cs2sim;
using tools::ToolSession;

TEST_CASE("a parameter stays until it is given again, its name in any case") {
    ToolSession session("test");
    CHECK_FALSE(session.parameter("Group").has_value());
    CHECK(session.parameter_or("Group", "*") == "*");
    session.set_parameter("Group", "A");
    CHECK(session.parameter("group") == "A");
    session.set_parameter("GROUP", "B");
    CHECK(session.parameter_or("Group", "*") == "B");
}

TEST_CASE("a device must be named by Dev= or the environment") {
    ::unsetenv("CRYPTOSERVER");
    ::unsetenv("CRYPTOSEVER");
    ToolSession session("test");
    CHECK(session.device().error().code == E_CSA_DEVICE_NAME);

    session.set_parameter("Dev", "unix:/nowhere/socket");
    CHECK(session.device().error().code == with_errno(E_CSA_CONNECT, ENOENT));
}

TEST_CASE("the environment names the device, also in the guide's spelling") {
    for (const char* variable : {"CRYPTOSERVER", "CRYPTOSEVER"}) {
        ::setenv(variable, "unix:/nowhere/socket", 1);
        ToolSession session("test");
        CHECK(session.device().error().code == with_errno(E_CSA_CONNECT, ENOENT));
        ::unsetenv(variable);
    }
}

TEST_CASE("a time-out is a number of milliseconds") {
    for (const char* text : {"", "0", "x", "1s"}) {
        ToolSession session("test");
        session.set_parameter("Dev", "unix:/nowhere/socket");
        session.set_parameter("Timeout", text);
        CHECK(session.device().error().code == E_CSA_SYNTAX);
    }
}
