#include "tools/cs2sim/shared_simulator.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>

#include "tools/control/program.h"
#include "tools/instance/instance.h"
#include "tools/instance/start_options.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using host::FileDescriptor;

bool connects(const fs::path& socket) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    if (socket.native().size() >= sizeof where.sun_path) return false;
    std::memcpy(where.sun_path, socket.c_str(), socket.native().size());
    const FileDescriptor line(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return line && ::connect(line.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
}

// To a container's first process the kernel sends no signal that it does not handle.
class EndsAsFirstProcess {
public:
    EndsAsFirstProcess() {
        handle([](int number) { ::_exit(128 + number); });
    }
    ~EndsAsFirstProcess() { handle(SIG_DFL); }
    EndsAsFirstProcess(const EndsAsFirstProcess&) = delete;
    EndsAsFirstProcess& operator=(const EndsAsFirstProcess&) = delete;

private:
    static void handle(void (*how)(int)) {
        if (::getpid() != 1) return;
        for (const int number : {SIGINT, SIGTERM, SIGHUP})
            if (std::signal(number, how) == SIG_IGN) std::signal(number, SIG_IGN);
    }
};

// Of the folder and those above it, the topmost that is not there.
fs::path first_missing(fs::path folder) {
    std::error_code error;
    while (folder.has_relative_path() && !fs::exists(folder.parent_path(), error))
        folder = folder.parent_path();
    return folder;
}

// Waits until the start has ended, well or not. In a session of its own, so that a terminal's Ctrl-C leaves
// no half of it; with the lock, so that another user waits for it when we are gone.
void run_start(const fs::path& state, const RunLock& lock) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        for (const std::string& variable : socket_variables()) ::unsetenv(variable.c_str());
        ::dup2(lock.descriptor(), STDIN_FILENO);
        ::fcntl(STDIN_FILENO, F_SETFD, 0);  // dup2() leaves it where it was that one itself
        ::close_range(STDERR_FILENO + 1, ~0U,
                      CLOSE_RANGE_CLOEXEC);  // what our caller handed us is for the program
        if (const int null = ::open("/dev/null", O_WRONLY); null >= 0) ::dup2(null, STDOUT_FILENO);
        become({daemon_program(), "start", "--no-device", "--while-used", "--state", state.string()});
    }
    while (child > 0 && ::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace

SharedSimulator::~SharedSimulator() {
    if (!lock_) return;
    lock_->leave();
    const auto record = read_record(state_);
    const auto holder = InstanceLock::holder(state_);
    if (!record || !record->running || !record->while_used || !holder) return;
    const auto deadline = std::chrono::steady_clock::now() + 15s;
    while (lock_->others() != RunLock::Others::users && InstanceLock::holder(state_) == holder &&
           std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(2ms);
}

bool SharedSimulator::there() {
    const EndsAsFirstProcess ends;
    std::error_code error;
    const fs::path first = first_missing(state_);
    fs::create_directories(state_.parent_path(), error);
    const bool made = ::mkdir(state_.c_str(), 0700) == 0;
    const bool locked = have_lock();
    if (answers() || (locked && start())) return true;
    if (made && lock_ && lock_->use_alone()) {  // as if we had never been here
        lock_->remove();
        for (fs::path folder = state_; fs::remove(folder, error) && folder != first;)
            folder = folder.parent_path();
    }
    return false;
}

// Waits while a simulator ends that nobody used. False: why there is no lock is said where none is there to
// use.
bool SharedSimulator::have_lock() {
    for (;;) {
        auto lock = RunLock::open(state_);
        if (lock && lock->use()) {
            lock_.emplace(std::move(*lock));
            // One whose start failed has taken the file away meanwhile.
            if (lock_->is_in_place()) return true;
            ::mkdir(state_.c_str(), 0700);
            continue;
        }
        if (!answers())
            std::cerr << "cs2sim: " << (lock ? state_.string() + ": cannot be locked" : lock.error()) << '\n';
        return false;
    }
}

// Waits for one that begins.
bool SharedSimulator::answers() const {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (InstanceLock::holder(state_)) {
        if (connects(host_socket(state_)) || std::chrono::steady_clock::now() > deadline) return true;
        std::this_thread::sleep_for(5ms);
    }
    return false;
}

bool SharedSimulator::start() {
    lock_->begin_start();
    if (!lock_->is_in_place()) {  // a start that failed took it away
        lock_.reset();
        return have_lock() && (answers() || start());
    }
    bool there = answers();  // who was first has started it
    if (!there) {
        run_start(state_, *lock_);
        there = answers();
    }
    lock_->end_start();
    return there;
}

}  // namespace cs2sim
