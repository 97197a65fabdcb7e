#include "test/powerloss/daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "host-lib/link/device.h"

namespace cs2sim::powerloss {

Daemon::Daemon(std::string program, std::filesystem::path folder, DiskFaults faults)
    : program_(std::move(program)), folder_(std::move(folder)), faults_(std::move(faults)) {}

void Daemon::become() const {
    const int output = ::open(log().c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    if (!faults_.layer.empty()) {
        ::setenv("LD_PRELOAD", faults_.layer.c_str(), 1);
        ::setenv("CS2SIM_TEST_DISK", disk_file().c_str(), 1);
        ::setenv("CS2SIM_TEST_STATE", state().c_str(), 1);
    }
    ::execl(program_.c_str(), program_.c_str(), "start", "--foreground", "--no-device", "--state",
            state().c_str(), "--listen", device().c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
}

bool Daemon::start() {
    std::filesystem::remove(disk_file());
    pid_ = ::fork();
    if (pid_ < 0) return false;
    if (pid_ == 0) become();
    for (int i = 0; i < 60000; ++i) {
        if (gone()) return false;
        const auto device = host::Device::open(this->device());
        if (device && (*device)->execute(FC_CMDS, SFC_CMDS_ECHO, {"up"})) return true;
        ::usleep(1000);
    }
    return false;
}

void Daemon::kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void Daemon::end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

bool Daemon::gone() {
    if (pid_ <= 0) return true;
    if (::waitpid(pid_, &ended_with_, WNOHANG) != pid_) return false;
    pid_ = -1;
    return true;
}

void Daemon::spoil_disk() const {
    if (!faults_.layer.empty()) std::ofstream(disk_file()) << faults_.writes << ' ' << faults_.syncs << '\n';
}

}  // namespace cs2sim::powerloss
