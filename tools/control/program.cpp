#include "tools/control/program.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <tl/expected.hpp>

#include "tools/control/attended_child.h"
#include "tools/instance/start_report.h"

namespace cs2sim {
namespace {

// For the system's calls; good as long as the words are.
std::vector<char*> pointers_to(const std::vector<std::string>& words) {
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

// Returns when the program cannot be run: errno tells why.
void run_in_our_place(const std::string& program, const std::vector<std::string>& words) {
    ::execvp(program.c_str(), pointers_to(words).data());
}

// In the foreground the simulator is the process that was started, and sockets that were handed to it
// (sd_listen_fds(3)) are for no other.
bool takes_our_place(const std::vector<std::string>& words) {
    const auto foreground = [](const std::string& word) { return word.starts_with("--foreground"); };
    return std::ranges::any_of(words, foreground) || std::getenv("LISTEN_FDS") != nullptr;
}

// Runs the program as a child that tells `listener` of its start. Error: errno.
tl::expected<pid_t, int> spawn_telling(const std::string& program, const std::vector<std::string>& words,
                                       int listener) {
    std::vector<std::string> environment(1, kTellStart + ("=" + std::to_string(listener)));
    for (char** variable = environ; *variable; ++variable) environment.emplace_back(*variable);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, listener, listener);  // it keeps this one
    pid_t child = 0;
    const int error = ::posix_spawnp(&child, program.c_str(), &actions, nullptr, pointers_to(words).data(),
                                     pointers_to(environment).data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return tl::unexpected(error);
    return child;
}

int no_daemon(const std::string& program, int error) {
    std::cerr << "cs2sim: " << program << ": " << std::strerror(error) << '\n';
    return 1;
}

}  // namespace

void become(const std::vector<std::string>& arguments) {
    run_in_our_place(arguments[0], arguments);
    const int error = errno;
    std::cerr << "cs2sim: " << arguments[0] << ": " << std::strerror(error) << '\n';
    ::_exit(error == ENOENT ? 127 : 126);
}

int run_program(const std::vector<std::string>& arguments, bool quiet,
                const std::vector<std::string>& without) {
    AttendedChild child(AttendedChild::Until::child_ends);
    const pid_t forked = child.fork();
    if (forked < 0) return 127;
    if (forked > 0) return child.wait();
    for (const std::string& variable : without) ::unsetenv(variable.c_str());
    if (const int null = quiet ? ::open("/dev/null", O_WRONLY) : -1; null >= 0) ::dup2(null, STDOUT_FILENO);
    become(arguments);
}

std::string own_path() { return std::filesystem::read_symlink("/proc/self/exe"); }

std::string daemon_program() {
    if (const char* named = std::getenv("CS2SIM_DAEMON"); named && *named) return named;
    constexpr std::string_view kName = "cs2simd";
    const std::filesystem::path folder = std::filesystem::path(own_path()).parent_path();
    const std::filesystem::path installed = folder.parent_path() / CS2SIM_LIBEXECDIR / "cs2sim" / kName;
    const std::filesystem::path beside = folder / kName;
    return ::access(beside.c_str(), X_OK) == 0 ? beside : installed;
}

int start_daemon(const std::vector<std::string>& words) {
    const std::string program = daemon_program();
    if (takes_our_place(words)) {
        run_in_our_place(program, words);
        return no_daemon(program, errno);
    }
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return no_daemon(program, errno);
    const auto child = spawn_telling(program, words, ends[1]);
    ::close(ends[1]);
    if (child) return hear_start(ends[0], *child);
    ::close(ends[0]);
    return no_daemon(program, child.error());
}

}  // namespace cs2sim
