#include "tools/control/control.h"

#include <iostream>

#include "tools/instance/instance.h"

namespace cs2sim {

Result<std::unique_ptr<host::Device>> control_of(const std::filesystem::path& state) {
    constexpr host::Timeouts kTimeouts{.connect = std::chrono::seconds(2),
                                       .command = std::chrono::seconds(2)};
    return host::Device::open("unix:" + control_socket(state).string(), kTimeouts);
}

int with_control(const std::string& state, const std::function<Result<void>(host::Device&)>& work) {
    const auto folder = state_folder(state);
    // A simulator that is stopped (SIGSTOP) answers nobody.
    constexpr host::Timeouts kTimeouts{.connect = std::chrono::seconds(5),
                                       .command = std::chrono::seconds(10)};
    auto device = host::Device::open("unix:" + control_socket(folder).string(), kTimeouts);
    if (!device) {
        std::cerr << "cs2sim: no instance runs on " << folder.string() << '\n'
                  << describe(device.error().code);
        return 1;
    }
    const auto done = work(**device);
    if (done) return 0;
    std::cerr << describe(done.error().code);
    return 1;
}

Result<host::Answer> control(host::Device& device, std::uint8_t sfc, std::initializer_list<Value> values) {
    return device.execute(FC_SIM, sfc, values);
}

}  // namespace cs2sim
