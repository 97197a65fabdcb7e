// The programs that users copy (test/examples), against a simulator.
#include "test/places.h"
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

constexpr const char* kGetState = "state     = INITIALIZED";

bool shows(const Outcome& outcome, const std::string& part) {
    INFO(outcome.out << outcome.err);
    CHECK(outcome.status == 0);
    return outcome.out.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the example in C calls the host library, and logs on") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    const std::string program = "example_csxapi_caller";
    CHECK(shows(user.tool(program, {}), kGetState));
    CHECK(shows(user.tool(program, {"ADMIN", simulator.admin_key()}), "users: "));
    const Outcome refused = user.tool(program, {"NOBODY", simulator.admin_key()});
    CHECK(refused.status == 1);
    CHECK(refused.err.starts_with("logon: B0830"));
}

TEST_CASE("the example of a raw client works at the node") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    const std::string program = "example_raw_client";
    CHECK(shows(user.tool(program, {}), kGetState));
    CHECK(shows(user.tool(program, {"9C000009008301000A"}), "9e000008b0830063"));
    CHECK(user.tool(program, {"9C0"}).status == 2);
}

TEST_CASE("the example in Python works at the node and over TCP") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    const std::string program = (source_folder() / "test/examples/client.py").string();
    CHECK(shows(run({"python3", program}, user.options), kGetState));
    const Outcome refused = run({"python3", program, "challenge"}, user.options);
    CHECK(refused.status == 1);
    CHECK(refused.out == "error B0830063\n");
}
