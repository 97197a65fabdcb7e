// The device node as operators meet it: taken by another program, several of them, bytes by hand.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "firmware/protocol/frame.h"
#include "host-lib/files/file_descriptor.h"
#include "test/scenario/expect.h"
#include "test/scenario/raw_caller.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

TEST_CASE("a node that another program has taken is busy, until it is given back") {
    constexpr unsigned long kTake = 0x6b08;
    constexpr unsigned long kGive = 0x6b09;
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    const host::FileDescriptor other(::open(simulator.device(Way::mount).c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(other);
    REQUIRE(::ioctl(other.get(), kTake) == 0);
    require_error(user.csadm({"GetState"}), E_CSA_BUSY);
    require_error(user.as_admin({"ListUsers"}), E_CSA_BUSY);
    require_success(Operator(simulator, Way::tcp).csadm({"GetState"}));  // other ways stay open
    REQUIRE(::ioctl(other.get(), kGive) == 0);
    require_success(user.csadm({"GetState"}));
}

TEST_CASE("one simulator has as many nodes as are asked for, and Dev= names each") {
    const Folder folder;
    const std::string cs2sim = built_program("cs2sim");
    const std::string csadm = built_program("csadm");
    const std::string state = folder / "state";
    const std::string nodes[] = {folder / "one", folder / "two"};
    const Outcome started = run(
        {cs2sim, "start", "--state", state, "--device", nodes[0], "--device", nodes[1], "--mode", "0600"});
    require_success(started);
    for (const std::string& node : nodes) {
        INFO(node);
        CHECK(started.out.find("device     " + node + " (FUSE)\n") != std::string::npos);
        for (const std::string& name : {node, "PCI:" + node}) {
            const Outcome asked = run({csadm, "Dev=" + name, "GetModel"});
            require_success(asked);
            CHECK(asked.out == "Se-Series Gen2\n");
        }
        CHECK((std::filesystem::status(node).permissions() & std::filesystem::perms::all) ==
              (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    }
    require_success(run({cs2sim, "stop", "--state", state}));
    for (const std::string& node : nodes) CHECK_FALSE(std::filesystem::exists(node));
}

TEST_CASE("G17: B0830063 by a raw frame, and the line lives on") {
    const Simulator simulator;
    const RawCaller caller(simulator.device(GENERATE(Way::mount, Way::tcp)));
    const auto ask = [&](const char* frame) {
        Bytes bytes;
        REQUIRE(from_hex(frame, bytes));
        return to_hex(caller.ask(bytes));
    };
    CHECK(ask("9C000009008301000A") == "9E000008B0830063");  // README
    CHECK(ask("9C0000090083010007") == "9E000008B0830063");  // tools/scenario/scripts/README.md
    CHECK(ask("9C0000090083010010").starts_with("9A000014"));
}
