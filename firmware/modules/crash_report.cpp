#include "firmware/modules/crash_report.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "firmware/modules/argument_vector.h"
#include "firmware/modules/images/module_image.h"
#include "firmware/smos/clock.h"

namespace cs2sim {
namespace {

constexpr std::size_t kMostOutput = 64 * 1024;

std::string hexadecimal(std::uint64_t value) {
    char text[20];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

// An image is not ours, nor is what it makes of a program that reads it: the program has little to
// reach, no time of its own, and this long.
constexpr std::int64_t kPatience = 3'000;  // ms
constexpr std::size_t kMostAddresses = 2 * CS2SIM_CHANNEL_FRAMES;

// All that comes until the other end closes, or until time is up.
std::string read_in_time(int fd) {
    const std::int64_t end = monotonic_milliseconds() + kPatience;
    std::string output;
    char part[4096];
    for (;;) {
        const std::int64_t left = end - monotonic_milliseconds();
        pollfd waited{fd, POLLIN, 0};
        if (left <= 0 || ::poll(&waited, 1, static_cast<int>(left)) == 0) return output;
        const ssize_t n = ::read(fd, part, sizeof part);
        if (n == 0 || (n < 0 && errno != EINTR)) return output;
        if (n > 0 && output.size() < kMostOutput) output.append(part, static_cast<std::size_t>(n));
    }
}

// What a program writes that looks into an image; nothing when there is no such program.
std::string output_of(const std::filesystem::path& image, std::vector<std::string> words) {
    const auto confining = module_host("cs2sim-module" + std::to_string(8 * sizeof(void*)));
    if (confining.empty()) return {};
    words.insert(words.begin(), {confining.string(), "--read-only", image.string()});
    const char* const path = std::getenv("PATH");
    std::vector<std::string> settings{std::string("PATH=") + (path ? path : "/usr/bin:/bin")};
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return {};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid = -1;
    const int failed = ::posix_spawn(&pid, words.front().c_str(), &actions, nullptr,
                                     argument_vector(words).data(), argument_vector(settings).data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    std::string output = failed == 0 ? read_in_time(ends[0]) : std::string();
    ::close(ends[0]);
    if (failed != 0) return {};
    ::kill(pid, SIGKILL);  // it has closed its output, or takes too long
    ::waitpid(pid, nullptr, 0);
    return output;
}

// "f at m.c:12 (discriminator 1)": which of a line's blocks the compiler meant says nothing to who reads it.
void drop_discriminator(std::string& line) {
    if (const std::size_t at = line.find(" (discriminator "); at != std::string::npos) line.erase(at);
}

}  // namespace

std::vector<std::string> source_lines(const std::filesystem::path& image, std::uint64_t base,
                                      std::span<const std::uint64_t> addresses) {
    std::vector<std::string> words{"addr2line", "-f", "-C", "-p", "-s", "-e", image.string()};
    std::vector<std::string> plain;
    std::error_code failed;
    const std::uint64_t size = std::filesystem::file_size(image, failed);
    if (failed) return {};
    for (const std::uint64_t address : addresses.first(std::min(addresses.size(), kMostAddresses))) {
        if (base == 0 || address <= base || address - base >= size) continue;
        plain.push_back(image.filename().string() + "+" + hexadecimal(address - base));
        words.push_back(hexadecimal(address - base - 1));  // the call, not where it returns to
    }
    if (plain.empty()) return {};
    std::istringstream output(output_of(image, std::move(words)));
    std::vector<std::string> lines;
    for (const std::string& place : plain) {
        std::string line;
        std::getline(output, line);
        drop_discriminator(line);
        if (line.empty() || line.starts_with("??"))
            line = place;
        else
            line.append("  [").append(place).append("]");
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace cs2sim
