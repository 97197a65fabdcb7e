#include "firmware/modules/crash_report.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <sstream>

extern char** environ;

namespace cs2sim {
namespace {

constexpr std::size_t kMostOutput = 64 * 1024;

std::string hexadecimal(std::uint64_t value) {
    char text[20];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

// What a program writes; nothing when there is no such program.
std::string output_of(std::vector<std::string> words) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return {};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t pid = -1;
    const int failed = ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    std::string output;
    char part[4096];
    for (ssize_t n = 0; failed == 0 && (n = ::read(ends[0], part, sizeof part)) > 0;)
        if (output.size() < kMostOutput) output.append(part, static_cast<std::size_t>(n));
    ::close(ends[0]);
    if (failed == 0) ::waitpid(pid, nullptr, 0);
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
    for (const std::uint64_t address : addresses) {
        if (base == 0 || address <= base || address - base >= size) continue;
        plain.push_back(image.filename().string() + "+" + hexadecimal(address - base));
        words.push_back(hexadecimal(address - base - 1));  // the call, not where it returns to
    }
    if (plain.empty()) return {};
    std::istringstream output(output_of(std::move(words)));
    std::vector<std::string> lines;
    for (const std::string& place : plain) {
        std::string line;
        std::getline(output, line);
        drop_discriminator(line);
        lines.push_back(line.empty() || line.starts_with("??") ? place : line + "  [" + place + "]");
    }
    return lines;
}

}  // namespace cs2sim
