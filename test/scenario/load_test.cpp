// Five hundred connections at once to the real daemon, each with a session of its own.
#include <atomic>
#include <functional>
#include <thread>

#include "host-lib/cards/key_source.h"
#include "host-lib/link/device.h"
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

constexpr std::size_t kConnections = 500;
constexpr std::size_t kThreads = 8;
constexpr std::size_t kUsers = 6;
constexpr std::string_view kPassword = "a good password";

std::string user_name(std::size_t i) { return "U" + std::to_string(i % kUsers); }
std::uint32_t permission_of(std::size_t i) { return 1u << 4 * (i % kUsers); }  // a nibble of their own

// Connection after connection, so that neighbours on a thread belong to different users.
void spread(const std::function<void(std::size_t)>& work) {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            for (std::size_t i = t; i < kConnections; i += kThreads) work(i);
        });
}

}  // namespace

TEST_CASE("five hundred connections with sessions of their own do not see each other's state") {
    const Simulator simulator;
    const Way way = GENERATE(Way::mount, Way::tcp);
    const Operator user(simulator, way);
    std::vector<std::string> add;
    for (std::size_t i = 0; i < kUsers; ++i) {
        char permission[16];
        std::snprintf(permission, sizeof permission, "%08X", static_cast<unsigned>(permission_of(i)));
        add.push_back("AddUser=" + user_name(i) + "," + permission + ",hmacpwd," + std::string(kPassword));
    }
    user.admin_does(add);

    std::vector<std::unique_ptr<host::Device>> devices(kConnections);
    std::atomic<std::size_t> logged_on{0};
    spread([&](std::size_t i) {
        auto device = host::Device::open(simulator.device(way));
        if (!device) return;
        devices[i] = std::move(*device);
        logged_on += devices[i]->logon(user_name(i), *host::password_source(as_bytes(kPassword))).has_value();
    });
    REQUIRE(logged_on == kConnections);

    std::atomic<std::size_t> right{0};  // all are open; their commands interleave
    for (int round = 0; round < 3; ++round)
        spread([&](std::size_t i) {
            const auto answer = devices[i]->execute(FC_CMDS, SFC_CMDS_GET_AUTH_STATE);
            if (!answer || answer->block.u32("state") != permission_of(i)) return;
            const auto echo = devices[i]->execute_block(FC_CMDS, SFC_CMDS_ECHO, as_bytes(std::to_string(i)));
            right += answer->block.u16("count") == 1 && echo && as_text(*echo) == std::to_string(i);
        });
    CHECK(right == 3 * kConnections);

    // Half of them go away; the others keep what they have.
    spread([&](std::size_t i) {
        if (i % 2 == 0) devices[i].reset();
    });
    std::atomic<std::size_t> kept{0};
    spread([&](std::size_t i) {
        if (i % 2 == 0) return;
        const auto answer = devices[i]->execute(FC_CMDS, SFC_CMDS_GET_AUTH_STATE);
        kept += answer && answer->block.u32("state") == permission_of(i);
    });
    CHECK(kept == kConnections / 2);
    require_success(user.csadm({"GetState"}));
}
