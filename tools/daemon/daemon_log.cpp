#include "tools/daemon/daemon_log.h"

#include <fcntl.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "firmware/protocol/error.h"
#include "tools/instance/instance.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

// Whether lines can go there: a named pipe would stop us, sooner or later.
tl::expected<void, std::string> try_log(const fs::path& file) {
    const int fd =
        ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat status {};
    const bool known = fd >= 0 && ::fstat(fd, &status) == 0;
    const int why = errno;
    if (fd >= 0) ::close(fd);
    std::error_code gone;
    if ((known && S_ISFIFO(status.st_mode)) || (!known && fs::is_fifo(file, gone)))
        return tl::unexpected<std::string>("log file " + file.string() + ": is a named pipe");
    if (!known) return tl::unexpected<std::string>("log file " + file.string() + ": " + std::strerror(why));
    return {};
}

// The journal, where systemd connected this process with it (systemd.exec(5), JOURNAL_STREAM).
bool is_journal(const struct stat& output) {
    const char* stream = std::getenv("JOURNAL_STREAM");
    return stream && stream == std::to_string(output.st_dev) + ":" + std::to_string(output.st_ino);
}

// How to read what the service of this process writes to the journal; empty where it is none.
std::string journal_command() {
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        if (!line.starts_with("0::") && line.find(":name=systemd:") == std::string::npos) continue;
        const std::string unit = fs::path(line).filename();
        if (!unit.ends_with(".service")) continue;
        const bool of_user = line.find("/user@") != std::string::npos && !unit.starts_with("user@");
        return std::string("journalctl ") + (of_user ? "--user " : "") + "-u " + unit;
    }
    return {};
}

}  // namespace

tl::expected<void, std::string> open_log(const StartOptions& options) {
    const fs::path file = log_file(options.state);
    CS2SIM_TRY(try_log(file));
    try {
        auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string());
        spdlog::set_default_logger(std::make_shared<spdlog::logger>("cs2sim", std::move(sink)));
    } catch (const spdlog::spdlog_ex& problem) {
        return tl::unexpected<std::string>("log file " + file.string() + ": " + problem.what());
    }
    spdlog::set_level(spdlog::level::from_str(options.log_level));
    spdlog::flush_on(spdlog::level::trace);
    std::error_code ignored;
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write, ignored);
    return {};
}

std::string log_place_of_foreground() {
    struct stat output {};
    std::string words = "its standard output";
    if (::fstat(STDOUT_FILENO, &output) != 0) return words;
    if (is_journal(output)) {
        const std::string command = journal_command();
        return "the journal" + (command.empty() ? "" : ": " + command);
    }
    if (!S_ISREG(output.st_mode) && !S_ISCHR(output.st_mode)) return words;
    std::error_code unknown;
    const fs::path file = fs::read_symlink("/proc/self/fd/1", unknown);
    return unknown ? words : words + ", " + file.string();
}

void log_to_terminal(const StartOptions& options) {
    const char* no_color = std::getenv("NO_COLOR");
    if (no_color && *no_color != 0)
        spdlog::set_default_logger(
            std::make_shared<spdlog::logger>("cs2sim", std::make_shared<spdlog::sinks::stdout_sink_mt>()));
    spdlog::set_level(spdlog::level::from_str(options.log_level));
}

}  // namespace cs2sim
