#include "tools/daemon/wait.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

#include "tools/instance/run_lock.h"

namespace cs2sim {

sigset_t ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
    return set;
}

void wait_for_the_end(const InstanceLock& lock, const std::filesystem::path& state) {
    const sigset_t set = ending_signals();
    const int signals = ::signalfd(-1, &set, SFD_CLOEXEC);
    // Nobody finds an instance without its folder: neither `stop` nor a second one that takes its place.
    const int changes = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    ::inotify_add_watch(changes, (state / "lock").c_str(), IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF);
    ::inotify_add_watch(changes, state.c_str(), IN_MOVE_SELF);
    for (;;) {
        pollfd sources[] = {{signals, POLLIN, 0}, {changes, POLLIN, 0}};
        if (::poll(sources, std::size(sources), -1) < 0 && errno != EINTR) break;
        signalfd_siginfo signal{};
        if ((sources[0].revents & POLLIN) != 0 && ::read(signals, &signal, sizeof signal) > 0) {
            spdlog::info("signal {}: stopping", signal.ssi_signo);
            break;
        }
        char events[4096];
        if ((sources[1].revents & POLLIN) == 0 || ::read(changes, events, sizeof events) <= 0) continue;
        if (lock.in_place(state)) continue;
        spdlog::error("state folder {} is gone: stopping", state.string());
        break;
    }
    ::close(changes);
    ::close(signals);
}

// Where the lock cannot be had, nobody can be told to use it.
void stop_when_unused(const std::filesystem::path& state) {
    std::thread([state] {
        auto lock = RunLock::open(state);
        if (!lock) spdlog::error("{}", lock.error());
        if (lock && lock->wait_until_unused()) spdlog::info("nobody uses it any more");
        ::kill(::getpid(), SIGTERM);  // wait_for_the_end() hears it
        if (lock) ::pause();          // and keeps it, so that the next user waits for our end
    }).detach();
}

}  // namespace cs2sim
