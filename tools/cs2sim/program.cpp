#include "tools/cs2sim/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iostream>

namespace cs2sim {
namespace {

std::atomic<pid_t> the_child{0};

void pass_on(int number) { ::kill(the_child, number); }

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
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    const int error = errno;
    std::cerr << "cs2sim: " << arguments[0] << ": " << std::strerror(error) << '\n';
    ::_exit(error == ENOENT ? 127 : 126);
}

int run_program(const std::vector<std::string>& arguments, bool quiet) {
    const pid_t child = ::fork();
    if (child < 0) return 127;
    if (child == 0) {
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

}  // namespace cs2sim
