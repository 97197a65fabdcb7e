#include "tools/control/stop_instance.h"

#include <chrono>
#include <csignal>
#include <iostream>
#include <thread>

#include "tools/control/control.h"
#include "tools/instance/instance.h"
#include "tools/session/ending.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

// The process's number says nothing where it lives in another PID namespace; its control socket does.
void ask_to_stop(const fs::path& state, pid_t pid) {
    if (pid > 0) {
        ::kill(pid, SIGTERM);
        return;
    }
    if (const auto device = control_of(state)) (void)control(**device, SFC_SIM_STOP);
}

}  // namespace

std::string pid_text(pid_t pid) { return pid > 0 ? std::to_string(pid) : "of another PID namespace"; }

int stop_instance(const fs::path& state) {
    const auto pid = InstanceLock::holder(state);
    if (!pid) {
        std::cerr << "cs2sim: " << no_instance(state) << '\n';
        return is_hidden(state) ? tools::kRefused : tools::kNoDevice;
    }
    ask_to_stop(state, *pid);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
    while (InstanceLock::holder(state) == pid) {
        if (std::chrono::steady_clock::now() > deadline) {
            std::cerr << "cs2sim: pid " << pid_text(*pid) << " does not end\n";
            return 1;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return 0;
}

}  // namespace cs2sim
