#include "tools/instance/start_report.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <iostream>

namespace cs2sim {
namespace {

// The first byte of what is told.
constexpr char kAnswers = '+', kFailed = '-';

std::string read_all(int fd) {
    std::string text;
    char buffer[4096];
    for (;;) {
        const ssize_t count = ::read(fd, buffer, sizeof buffer);
        if (count > 0) {
            text.append(buffer, static_cast<std::size_t>(count));
        } else if (count == 0 || errno != EINTR) {
            return text;
        }
    }
}

}  // namespace

std::optional<int> start_listener() {
    const char* given = std::getenv(kTellStart);
    if (!given) return std::nullopt;
    int fd = -1;
    const char* end = given + std::strlen(given);
    const bool number = std::from_chars(given, end, fd).ptr == end && fd > STDERR_FILENO;
    ::unsetenv(kTellStart);
    if (!number || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return std::nullopt;
    return fd;
}

bool tell_start(int to, const tl::expected<std::string, std::string>& outcome) {
    const std::string message = outcome ? kAnswers + *outcome : kFailed + outcome.error();
    return ::write(to, message.data(), message.size()) == static_cast<ssize_t>(message.size());
}

int hear_start(int from, pid_t simulator) {
    const std::string message = read_all(from);
    ::close(from);
    if (message.starts_with(kAnswers)) {
        std::cout << message.substr(1) << std::flush;
        return 0;
    }
    int ended = 0;
    while (::waitpid(simulator, &ended, 0) < 0 && errno == EINTR) {
    }
    if (message.empty() && WIFEXITED(ended)) return WEXITSTATUS(ended);  // it said why
    std::cerr << "cs2sim: " << (message.empty() ? "the simulator died while it started" : message.substr(1))
              << '\n';
    return 1;
}

}  // namespace cs2sim
