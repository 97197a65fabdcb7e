#include "test/scenario/process.h"
#include "test/places.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "test/emulated.h"

namespace cs2sim::scenario {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
    int read = -1;
    int write = -1;
    Pipe() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return;
        read = ends[0];
        write = ends[1];
    }
    ~Pipe() {
        if (read >= 0) ::close(read);
        close_write();
    }
    void close_write() {
        if (write >= 0) ::close(write);
        write = -1;
    }
};

[[noreturn]] void become(const std::vector<std::string>& arguments, const RunOptions& options, int out,
                         int err) {
    const int null = ::open("/dev/null", O_RDONLY);
    if (options.terminal_input.empty()) {
        ::setsid();
        ::dup2(null, STDIN_FILENO);
    }
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    if (::chdir(options.folder.c_str()) != 0) ::_exit(126);
    for (const auto& [name, value] : options.environment) {
        if (value.empty())
            ::unsetenv(name.c_str());
        else
            ::setenv(name.c_str(), value.c_str(), 1);
    }
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());  // a name alone is searched for, as in a shell
    ::_exit(127);
}

// Reads both streams, and the terminal, until both are closed or time is up. At the terminal a line of
// `input` is typed when a prompt is there: whoever asks for a secret throws away what was typed ahead.
void collect(Outcome& outcome, int out, int err, int terminal, std::string input, Clock::time_point end) {
    pollfd sources[] = {{out, POLLIN, 0}, {err, POLLIN, 0}, {terminal, POLLIN, 0}};
    while (sources[0].fd >= 0 || sources[1].fd >= 0) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        if (left <= 0 || ::poll(sources, std::size(sources), static_cast<int>(left)) <= 0) return;
        for (pollfd& source : sources) {
            if (source.revents == 0) continue;
            char buffer[65536];
            const ssize_t size = ::read(source.fd, buffer, sizeof buffer);
            if (source.fd == terminal && size > 0 && buffer[size - 1] == ' ' && !input.empty()) {
                const std::size_t line = std::min(input.find('\n'), input.size() - 1) + 1;
                if (::write(terminal, input.data(), line) < 0)
                    outcome.trouble = "cannot write to the terminal";
                input.erase(0, line);
            }
            if (size > 0)
                (&source == &sources[1] ? outcome.err : outcome.out)
                    .append(buffer, static_cast<std::size_t>(size));
            else
                source.fd = -1;
        }
    }
}

std::string title_of(const std::vector<std::string>& arguments) {
    return arguments[0] + " " + (arguments.size() > 1 ? arguments[1] : "");
}

Outcome judged(const std::string& title, Outcome outcome) {
    INFO(title << "\n" << outcome.err);
    REQUIRE(outcome.trouble == "");
    return outcome;
}

}  // namespace

Outcome run_quietly(const std::vector<std::string>& arguments, const RunOptions& options) {
    Outcome outcome;
    Pipe out;
    Pipe err;
    int terminal = -1;
    const auto start = Clock::now();
    const pid_t child = out.read < 0 || err.read < 0     ? -1
                        : options.terminal_input.empty() ? ::fork()
                                                         : ::forkpty(&terminal, nullptr, nullptr, nullptr);
    if (child == 0) become(arguments, options, out.write, err.write);
    if (child < 0) {
        outcome.trouble = "no pipe or process to be had";
        return outcome;
    }
    out.close_write();
    err.close_write();

    const auto end = start + options.limit * (test::is_emulated() ? 5 : 1);
    collect(outcome, out.read, err.read, terminal, options.terminal_input, end);
    const bool late = Clock::now() >= end;
    if (late) ::kill(child, SIGKILL);
    int status = 0;
    rusage usage{};
    while (::wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    if (terminal >= 0) ::close(terminal);
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (outcome.status == 126 || outcome.status == 127) outcome.trouble = "could not be started";
    if (late) outcome.trouble = "did not end in time";
    outcome.time = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    outcome.peak_kilobytes = usage.ru_maxrss;
    return outcome;
}

Outcome run(const std::vector<std::string>& arguments, const RunOptions& options) {
    return judged(title_of(arguments), run_quietly(arguments, options));
}

RunsBeside::RunsBeside(std::vector<std::string> arguments, RunOptions options)
    : title_(title_of(arguments)),
      outcome_(
          std::async(std::launch::async, [arguments = std::move(arguments), options = std::move(options)] {
              return run_quietly(arguments, options);
          })) {}

Outcome RunsBeside::get() { return judged(title_, outcome_.get()); }

std::string built_program(const std::string& name) {
    const std::filesystem::path path = bin_folder() / name;
    INFO(path);
    if (!std::filesystem::exists(path)) FAIL("this program is not built: " << name);
    return path;
}

Folder::Folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "cs2sim-scenario-XXXXXX";
    if (!::mkdtemp(pattern.data())) FAIL("mkdtemp");
    path_ = pattern;
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    INFO(path);
    REQUIRE(in.good());
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const std::filesystem::path& path, const std::string& content) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << content;
    out.close();
    INFO(path);
    REQUIRE(out.good());
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
}

}  // namespace cs2sim::scenario
