#include "tools/control/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>

namespace cs2sim {
namespace {

std::atomic<pid_t> the_child{0};

void pass_on(int number) { ::kill(the_child, number); }

// Returns when the program cannot be run: errno tells why.
void run_in_our_place(const std::string& program, const std::vector<std::string>& words) {
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execvp(program.c_str(), argv.data());
}

}  // namespace

PassOnSignals::PassOnSignals(pid_t child) {
    the_child = child;
    std::signal(SIGINT, SIG_IGN);
    for (const int number : {SIGTERM, SIGHUP}) std::signal(number, pass_on);
}

PassOnSignals::~PassOnSignals() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_DFL);
}

int exit_status_of(int wait_status) {
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

void become(const std::vector<std::string>& arguments) {
    run_in_our_place(arguments[0], arguments);
    const int error = errno;
    std::cerr << "cs2sim: " << arguments[0] << ": " << std::strerror(error) << '\n';
    ::_exit(error == ENOENT ? 127 : 126);
}

int run_program(const std::vector<std::string>& arguments, bool quiet) {
    const pid_t child = ::fork();
    if (child < 0) return 127;
    if (child == 0) {
        std::signal(SIGINT, SIG_DFL);  // Ctrl-C is the program's affair
        if (const int null = quiet ? ::open("/dev/null", O_WRONLY) : -1; null >= 0)
            ::dup2(null, STDOUT_FILENO);
        become(arguments);
    }
    const PassOnSignals pass_on_signals(child);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return exit_status_of(status);
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

void become_daemon(const std::vector<std::string>& words) {
    const std::string program = daemon_program();
    run_in_our_place(program, words);
    std::cerr << "cs2sim: " << program << ": " << std::strerror(errno) << '\n';
    ::_exit(1);
}

}  // namespace cs2sim
