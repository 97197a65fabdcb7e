#include "tools/cs2sim/shared_simulator.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tools/control/program.h"
#include "tools/control/stop_instance.h"
#include "tools/instance/instance.h"
#include "tools/instance/start_options.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;
using host::FileDescriptor;

// Bytes of state/run.lock, which holds the number of the simulator's process and when that began.
enum Part : off_t {
    kUsers,    // shared by users; whole for who stops the simulator
    kStarter,  // whole for who starts it
};
enum class Patience { none, endless };

bool lock(const FileDescriptor& file, Part part, short type, Patience patience = Patience::endless) {
    struct flock request {};
    request.l_type = type;
    request.l_whence = SEEK_SET;
    request.l_start = part;
    request.l_len = 1;
    const int command = patience == Patience::endless ? F_OFD_SETLKW : F_OFD_SETLK;
    int result = 0;
    while ((result = ::fcntl(file.get(), command, &request)) < 0 && errno == EINTR) {
    }
    return result == 0;
}

fs::path lock_file(const fs::path& state) { return state / "run.lock"; }

FileDescriptor open_lock(const fs::path& state, int more = 0) {
    FileDescriptor file(
        ::open(lock_file(state).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | more, 0600));
    struct stat found {};
    return file && ::fstat(file.get(), &found) == 0 && S_ISREG(found.st_mode) ? std::move(file)
                                                                              : FileDescriptor();
}

// In ticks since the machine's start (proc(5), stat); 0: there is no such process. Numbers come again, in
// containers at every start.
std::uint64_t began(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string text;
    std::getline(file, text);
    std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 1)));
    std::string skipped;
    for (int field = 3; field < 22; ++field) fields >> skipped;
    std::uint64_t ticks = 0;
    return fields >> ticks ? ticks : 0;
}

void note(const FileDescriptor& file, pid_t simulator) {
    const std::string text = std::to_string(simulator) + ' ' + std::to_string(began(simulator)) + '\n';
    if (::ftruncate(file.get(), 0) == 0) (void)!::pwrite(file.get(), text.data(), text.size(), 0);
}

struct Noted {
    pid_t simulator = 0;
    std::uint64_t began = 0;
};

Noted noted(const FileDescriptor& file) {
    std::array<char, 48> text{};
    const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
    std::istringstream words(std::string(text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))));
    Noted found;
    words >> found.simulator >> found.began;
    return found;
}

constexpr pid_t kWhoeverStarts = -1;

bool is_the_noted_one(const fs::path& state, const FileDescriptor& file) {
    const auto holder = InstanceLock::holder(state);
    const Noted ours = noted(file);
    return holder && *holder > 0 && *holder == ours.simulator && began(*holder) == ours.began;
}

// Precondition: kUsers is ours whole. A simulator that somebody else started stays.
void stop_noted(const fs::path& state, const FileDescriptor& file) {
    if (!is_the_noted_one(state, file)) return;
    stop_instance(state);
    note(file, 0);
}

bool connects(const fs::path& socket) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    if (socket.native().size() >= sizeof where.sun_path) return false;
    std::memcpy(where.sun_path, socket.c_str(), socket.native().size());
    const FileDescriptor line(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return line && ::connect(line.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
}

// Nothing of what our caller handed us stays open in it.
void become_background() {
    ::setsid();
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    const int null = ::open("/dev/null", O_RDWR);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
    ::close(null);
    if (::chdir("/") != 0) ::_exit(1);
}

// While it lives, signals of those who want to end us wait; SIGQUIT does not.
class EndingLater {
public:
    EndingLater() {
        for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
            struct sigaction present {};
            ::sigaction(number, nullptr, &present);
            if (present.sa_handler != SIG_IGN) sigaddset(&ending_, number);  // nohup(1)
        }
        ::pthread_sigmask(SIG_BLOCK, &ending_, &before_);
    }
    ~EndingLater() { give_back(); }
    EndingLater(const EndingLater&) = delete;
    EndingLater& operator=(const EndingLater&) = delete;

    bool somebody_waits() const {
        sigset_t waiting{};
        ::sigpending(&waiting);
        sigandset(&waiting, &waiting, &ending_);
        return sigisemptyset(&waiting) == 0;
    }
    void give_back() const { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t ending_{};
    sigset_t before_{};
};

// In a session of its own: a terminal interrupts us, not a start halfway.
bool start_simulator(const fs::path& state, const EndingLater& signals) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        signals.give_back();
        for (const std::string& variable : socket_variables()) ::unsetenv(variable.c_str());
        if (const int null = ::open("/dev/null", O_WRONLY); null >= 0) ::dup2(null, STDOUT_FILENO);
        become({daemon_program(), "start", "--no-device", "--state", state.string()});
    }
    int status = 0;
    while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

bool ends_with_its_users(const fs::path& state) {
    const FileDescriptor file = open_lock(state);
    return file && is_the_noted_one(state, file);
}

void let_end_with_its_users(const fs::path& state) {
    const FileDescriptor file = open_lock(state);
    if (!file) return;
    note(file, InstanceLock::holder(state).value_or(0));
    if (lock(file, kUsers, F_WRLCK, Patience::none)) stop_noted(state, file);  // they ended meanwhile
}

SharedSimulator::~SharedSimulator() {
    if (!lock_) {
        if (started_) stop_instance(state_);
        return;
    }
    // Given back first: of two who leave at once, each with its share, none would be the last.
    lock(lock_, kUsers, F_UNLCK);
    if (lock(lock_, kUsers, F_WRLCK, Patience::none))
        stop_noted(state_, lock_);
    else
        lock(lock_, kUsers, F_RDLCK);  // others use it on, or who stops it has done so
}

bool SharedSimulator::there() {
    std::error_code error;
    fs::create_directories(state_.parent_path(), error);
    const bool made = ::mkdir(state_.c_str(), 0700) == 0;
    share_lock();
    if (answers() || start()) return true;
    if (made && (!lock_ || lock(lock_, kUsers, F_WRLCK, Patience::none))) {  // as if we had never been here
        fs::remove(lock_file(state_), error);
        fs::remove(state_, error);
    }
    return false;
}

// Waits while somebody stops the simulator. In another's folder root touches nothing.
void SharedSimulator::share_lock() {
    struct stat folder {};
    if (::stat(state_.c_str(), &folder) != 0 || folder.st_uid != ::geteuid()) return;
    for (;;) {
        lock_ = open_lock(state_, O_CREAT);
        if (!lock_ || !lock(lock_, kUsers, F_RDLCK)) {
            lock_ = FileDescriptor();
            return;
        }
        struct stat held {
        }, found{};
        // One whose start failed has taken the file away meanwhile.
        if (::fstat(lock_.get(), &held) == 0 && ::stat(lock_file(state_).c_str(), &found) == 0 &&
            held.st_ino == found.st_ino)
            return;
        ::mkdir(state_.c_str(), 0700);
    }
}

// Waits for one that begins.
bool SharedSimulator::answers() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (InstanceLock::holder(state_)) {
        if (connects(host_socket(state_)) || std::chrono::steady_clock::now() > deadline) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

bool SharedSimulator::start() {
    if (lock_) lock(lock_, kStarter, F_WRLCK);
    bool there = answers();  // who was first has started it
    if (!there) {
        if (lock_) {
            note(lock_, kWhoeverStarts);
            stop_after_the_last_user();
        }
        const EndingLater signals;
        started_ = start_simulator(state_, signals);
        if (lock_)
            note(lock_, started_ ? InstanceLock::holder(state_).value_or(0) : 0);
        else if (started_ && signals.somebody_waits())
            stop_instance(state_);
        there = started_ || answers();  // one that is not ours came first
    }
    if (lock_) lock(lock_, kStarter, F_UNLCK);
    return there;
}

// By a process of its own, which lives on when users are killed, he who started the simulator among them.
void SharedSimulator::stop_after_the_last_user() const {
    const pid_t between = ::fork();
    if (between == 0) {
        if (::fork() != 0) ::_exit(0);
        become_background();
        const FileDescriptor file = open_lock(state_);
        if (!file || !lock(file, kUsers, F_WRLCK)) ::_exit(1);
        if (noted(file).simulator == kWhoeverStarts) note(file, InstanceLock::holder(state_).value_or(0));
        stop_noted(state_, file);
        ::_exit(0);
    }
    while (between > 0 && ::waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace cs2sim
