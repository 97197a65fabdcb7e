#include "tools/control/control.h"

#include <iostream>

#include "firmware/protocol/terminal_text.h"
#include "host-lib/files/host_file.h"
#include "tools/instance/instance.h"
#include "tools/session/ending.h"

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
        std::cerr << "cs2sim: " << no_instance(folder) << '\n' << describe(device.error().code);
        return is_hidden(folder) ? tools::kRefused : tools::kNoDevice;
    }
    static_cast<void>(host::take_file_refusal());
    const auto done = work(**device);
    if (done) return tools::kDone;
    if (const std::string file = tools::refused_file(done.error()); !file.empty())
        std::cerr << "cs2sim: " << terminal_text(file) << '\n';
    std::cerr << describe(done.error().code);
    return tools::exit_status(done.error());
}

Result<host::Answer> control(host::Device& device, std::uint8_t sfc, std::initializer_list<Value> values) {
    return device.execute(FC_SIM, sfc, values);
}

}  // namespace cs2sim
