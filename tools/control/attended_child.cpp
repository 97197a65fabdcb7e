#include "tools/control/attended_child.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

namespace cs2sim {
namespace {

constexpr time_t kSilentSeconds = 3;

struct Passed {
    int number;
    bool of_terminals;  // whether one that the kernel sends is passed on, too: others reach the child by
                        // themselves
    bool ends;          // whether its sender wants us to end
};
constexpr std::array kPassed{
    Passed{SIGINT, false, true},   Passed{SIGQUIT, false, true},   Passed{SIGTERM, true, true},
    Passed{SIGHUP, true, true},    Passed{SIGUSR1, true, false},   Passed{SIGUSR2, true, false},
    Passed{SIGCONT, false, false}, Passed{SIGWINCH, false, false},
};

bool is_ignored(int number) {
    struct sigaction present {};
    return ::sigaction(number, nullptr, &present) == 0 && present.sa_handler == SIG_IGN;
}

sigset_t kept_back() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGRTMIN);
    for (const Passed& passed : kPassed)
        if (!is_ignored(passed.number)) sigaddset(&set, passed.number);  // nohup(1)
    return set;
}

std::set<pid_t> children() {
    std::set<pid_t> found;
    std::error_code error;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task", error)) {
        std::ifstream list(thread.path() / "children");
        for (pid_t child = 0; list >> child;) found.insert(child);
    }
    return found;
}

}  // namespace

AttendedChild::AttendedChild(Until until, std::function<bool(pid_t)> is_stranger)
    : until_(until), is_stranger_(std::move(is_stranger)) {
    const sigset_t set = kept_back();
    ::pthread_sigmask(SIG_BLOCK, &set, &mask_before_);
    signals_ = host::FileDescriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    // Whoever ignores it would hear of no child's end.
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &usual, &child_ended_before_);
    if (until_ == Until::child_ends) return;
    strangers_ = children();
    sigevent event{};  // no alarm(2), which may be our caller's
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGRTMIN;
    ::timer_create(CLOCK_MONOTONIC, &event, &patience_);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

AttendedChild::~AttendedChild() {
    if (until_ != Until::child_ends) {
        ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
        ::timer_delete(patience_);
    }
    ::sigaction(SIGCHLD, &child_ended_before_, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

pid_t AttendedChild::fork() {
    const pid_t parent = ::getpid();
    child_ = ::fork();
    if (child_ != 0) return child_;
    if (until_ != Until::child_ends) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (::getppid() != parent) ::_exit(128 + SIGKILL);
    }
    ::sigaction(SIGCHLD, &child_ended_before_, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
    return 0;
}

void AttendedChild::pass_on(const signalfd_siginfo& signal) {
    const auto number = static_cast<int>(signal.ssi_signo);
    if (signal.ssi_code == SI_TIMER) tell_who_is_left();
    const auto passed =
        std::ranges::find_if(kPassed, [&](const Passed& each) { return each.number == number; });
    if (passed == kPassed.end()) return;
    if (passed->ends) ending_ = true;
    if (child_ > 0 && (passed->of_terminals || signal.ssi_code != SI_KERNEL)) ::kill(child_, number);
}

// False: there is nobody left to wait for.
bool AttendedChild::reap() {
    const pid_t whom = until_ == Until::child_ends ? child_ : -1;
    for (;;) {
        int status = 0;
        const pid_t ended = ::waitpid(whom, &status, WNOHANG);
        if (ended < 0 && errno == EINTR) continue;
        if (ended < 0) return false;
        if (ended == 0) return true;
        strangers_.erase(ended);
        if (ended != child_) continue;
        wait_status_ = status;
        child_ = 0;
        if (until_ == Until::child_ends) return false;
        const itimerspec once{{}, {kSilentSeconds, 0}};
        ::timer_settime(patience_, 0, &once, nullptr);
    }
}

// So that nobody wonders why we do not end.
void AttendedChild::tell_who_is_left() const {
    std::string numbers;
    for (const pid_t each : children())
        if (is_waited_for(each)) numbers += ' ' + std::to_string(each);
    if (child_ == 0 && !numbers.empty())
        std::cerr
            << "cs2sim: the program has ended; processes that it left behind run on, who ends this ends "
               "the waiting for them:"
            << numbers << '\n';
}

bool AttendedChild::is_waited_for(pid_t child) const {
    if (child == child_) return true;
    if (strangers_.contains(child) || (is_stranger_ && is_stranger_(child))) return false;
    return until_ != Until::session_ends || ::getsid(child) == ::getsid(0);
}

bool AttendedChild::nobody_left() const {
    return std::ranges::none_of(children(), [&](pid_t child) { return is_waited_for(child); });
}

bool AttendedChild::attend() {
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) pass_on(signal);
    return reap() && (child_ != 0 || !(ending_ || nobody_left()));
}

int AttendedChild::wait() {
    while (attend()) {
        pollfd something{signals_.get(), POLLIN, 0};
        (void)::poll(&something, 1, -1);
    }
    return exit_status();
}

int AttendedChild::exit_status() const {
    return WIFEXITED(wait_status_) ? WEXITSTATUS(wait_status_) : 128 + WTERMSIG(wait_status_);
}

}  // namespace cs2sim
