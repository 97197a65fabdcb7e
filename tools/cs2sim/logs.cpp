// cs2sim logs
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "firmware/protocol/terminal_text.h"
#include "host-lib/files/file_descriptor.h"
#include "tools/cs2sim/commands.h"
#include "tools/instance/instance.h"
#include "tools/session/ending.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

class Log {
public:
    // Follows no link: in another user's folder it would lead the administrator where that user likes.
    // Waits for nobody: a named pipe would.
    explicit Log(const fs::path& file)
        : descriptor_(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) {
        const int why = errno;
        struct stat found {};
        if (!descriptor_)
            trouble_ = why == ENOENT  ? "there is no log"
                       : why == ELOOP ? "is a link, no log"
                                      : std::strerror(why);
        else if (::fstat(descriptor_.get(), &found) != 0 || !S_ISREG(found.st_mode))
            trouble_ = "is no regular file, no log";
    }

    const std::string& trouble() const { return trouble_; }  // in words; empty: none

    // Prints the lines that are whole by now.
    void print_lines() {
        char part[16384];
        for (ssize_t size = 0; (size = ::read(descriptor_.get(), part, sizeof part)) > 0;) {
            begun_.append(part, static_cast<std::size_t>(size));
            std::size_t printed = 0;
            for (std::size_t end = 0; (end = begun_.find('\n', printed)) != std::string::npos;) {
                std::cout << terminal_text(std::string_view(begun_).substr(printed, end - printed)) << '\n';
                printed = end + 1;
            }
            begun_.erase(0, printed);
        }
        std::cout.flush();
    }
    void print_last_line() {
        if (!begun_.empty()) std::cout << terminal_text(begun_) << '\n';
    }

private:
    host::FileDescriptor descriptor_;
    std::string trouble_;
    std::string begun_;  // a line whose end is not there yet
};

// Waits a moment; whether somebody still reads what is printed.
bool is_read() {
    constexpr int kPause = 100;  // milliseconds
    pollfd out{STDOUT_FILENO, 0, 0};
    return std::cout.good() && (::poll(&out, 1, kPause) <= 0 || (out.revents & (POLLERR | POLLHUP)) == 0);
}

// In words, that the log of the instance which runs or ran last went to whoever started it. A file that is
// there all the same is of an earlier one.
std::optional<std::string> log_elsewhere(const fs::path& state) {
    const auto record = read_record(state);
    if (!record || record->log.empty()) return std::nullopt;
    std::string words = terminal_text(state.string()) + ": its log " +
                        (InstanceLock::holder(state) ? "goes" : "went") + " to " + terminal_text(record->log);
    if (std::error_code absent; fs::exists(fs::symlink_status(log_file(state), absent)))
        words += "; " + terminal_text(log_file(state).string()) + " is of an earlier start";
    return words;
}

int logs(const fs::path& state, bool follow) {
    if (is_hidden(state)) {
        std::cerr << "cs2sim: " << no_instance(state) << '\n';
        return tools::kRefused;
    }
    if (const auto elsewhere = log_elsewhere(state)) {
        std::cerr << "cs2sim: " << *elsewhere << '\n';
        return tools::kRefused;
    }
    Log log(log_file(state));
    if (!log.trouble().empty()) {
        std::cerr << "cs2sim: " << terminal_text(log_file(state).string()) << ": " << log.trouble() << '\n';
        return tools::kRefused;
    }
    // What is written until the end of the instance is printed after it.
    for (bool runs = follow; runs;) {
        runs = InstanceLock::holder(state).has_value();
        log.print_lines();
        if (runs && !is_read()) return 0;
    }
    log.print_lines();
    log.print_last_line();
    return 0;
}

}  // namespace

void add_logs_command(CLI::App& app, CommandLine& line) {
    CLI::App* command = with_state(app.add_subcommand("logs", "print a simulator's log"), line);
    const auto follow = std::make_shared<bool>(false);
    command->add_flag("-f,--follow", *follow, "and what comes, until it ends or nobody reads it");
    command->callback([&line, follow] { line.exit_status = logs(state_folder(line.state), *follow); });
}

}  // namespace cs2sim
