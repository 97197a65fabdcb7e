// Stop, restart and control answer whatever the device is doing; what they interrupt leaves nothing behind.
#include <thread>

#include "firmware/protocol/cxi/property_list.h"
#include "host-lib/cards/key_source.h"
#include "host-lib/link/device.h"
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

constexpr std::string_view kPassword = "a good password";
constexpr const char* kAnHour = "delay=3600000";

std::unique_ptr<host::Device> logged_on(const std::string& specifier) {
    auto device = host::Device::open(specifier, {.command = std::chrono::seconds(100)});
    REQUIRE(device);
    REQUIRE((*device)->logon("USR", *host::password_source(as_bytes(kPassword))));
    return std::move(*device);
}

// A user who has a command under way that takes very long, on a thread of its own.
class CommandUnderWay {
public:
    CommandUnderWay(const std::string& specifier, std::uint16_t fc, std::uint8_t sfc, Bytes block)
        : device_(logged_on(specifier)), thread_([this, fc, sfc, block = std::move(block)] {
              const auto answer = device_->execute_block(fc, sfc, block);
              code_ = answer ? 0 : answer.error().code;
          }) {}
    std::uint32_t code() {
        thread_.join();
        return code_;
    }

private:
    std::unique_ptr<host::Device> device_;
    std::uint32_t code_ = 0;
    std::jthread thread_;
};

struct Busy {
    Simulator simulator;
    Way way = GENERATE(Way::mount, Way::tcp);
    Operator user{simulator, way};

    Busy() { user.admin_does({"AddUser=USR,00000002,hmacpwd," + std::string(kPassword)}); }
    std::string device() const { return simulator.device(way); }

    // Waits until the rule has been met as often.
    void wait_for_hits(int count) const {
        const std::string hits = std::to_string(count) + " hits";
        while (simulator.steered({"fault", "list"}).find(hits) == std::string::npos)
            std::this_thread::yield();
    }
};

}  // namespace

TEST_CASE("a command that a delay rule holds up: control answers, a restart withdraws it, stop too") {
    const Busy busy;
    busy.simulator.steered({"fault", "add", "--function", "CMDS.ECHO", "--times", "0", "--do", kAnHour});
    const std::string device = busy.device();
    {
        CommandUnderWay command(device, FC_CMDS, SFC_CMDS_ECHO, {1});
        busy.wait_for_hits(1);
        busy.simulator.steered({"mode", "show"});
        busy.user.admin_does({"Restart"});
        CHECK(command.code() == E_OS_PCI_CANCEL);
    }
    {
        CommandUnderWay command(device, FC_CMDS, SFC_CMDS_ECHO, {1});
        busy.wait_for_hits(2);
        busy.simulator.steered({"fault", "clear"});
        CHECK(command.code() == 0);
    }
    busy.simulator.steered({"fault", "add", "--function", "CMDS.ECHO", "--do", kAnHour});
    CommandUnderWay command(device, FC_CMDS, SFC_CMDS_ECHO, {1});
    busy.wait_for_hits(1);
    require_success(busy.simulator.steer({"stop"}));
    CHECK(command.code() != 0);
    require_success(
        busy.simulator.steer({"start", "--no-device", "--listen", busy.simulator.device(Way::tcp)}));
}

TEST_CASE("an RSA key of 8192 bits that is not finished is given up by a restart and leaves no key") {
    const Busy busy;
    PropertyList properties;
    properties.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RSA);
    properties.set_number(CXI_PROP_KEY_SIZE, 8192);
    properties.set(CXI_PROP_KEY_NAME, "LARGE");
    const Bytes block =
        compose(find_function(FC_CXI, SFC_CXI_KEY_GENERATE)->request, {0, 0, properties.encode()}).value();
    const auto keys = [&] {
        const auto device = logged_on(busy.device());
        const auto listed = device->execute_block(
            FC_CXI, SFC_CXI_KEY_LIST,
            compose(find_function(FC_CXI, SFC_CXI_KEY_LIST)->request, {Bytes(), Bytes(), Bytes(), 0})
                .value());
        REQUIRE(listed);
        return to_hex(*listed);
    };
    const std::string before = keys();
    std::uint32_t code = 0;
    while (code != E_OS_PCI_CANCEL) {  // it may be finished before the restart
        if (code == 0 && keys() != before) {
            const auto device = logged_on(busy.device());
            Bytes name{CXI_TAG_NAME};
            PropertyList named;
            named.set(CXI_PROP_KEY_NAME, "LARGE");
            append(name, named.encode());
            REQUIRE(device->execute_block(
                FC_CXI, SFC_CXI_KEY_DELETE,
                compose(find_function(FC_CXI, SFC_CXI_KEY_DELETE)->request, {name}).value()));
        }
        CommandUnderWay command(busy.device(), FC_CXI, SFC_CXI_KEY_GENERATE, block);
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        busy.user.admin_does({"Restart"});
        code = command.code();
    }
    CHECK(keys() == before);
    require_success(busy.user.csadm({"GetState"}));
}
