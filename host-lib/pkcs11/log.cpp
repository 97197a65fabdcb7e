#include "host-lib/pkcs11/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "host-lib/files/file_descriptor.h"
#include "host-lib/fork_gate/fork_gate.h"

namespace cs2sim::p11 {
namespace {

std::string time_stamp() {
    const auto now = std::chrono::system_clock::now();
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    std::tm parts{};
    {
        const host::InsideForkGate inside;  // the C library reads the time zone under a lock
        ::localtime_r(&seconds, &parts);
    }
    char day[32], whole[48];
    std::strftime(day, sizeof day, "%d.%m.%Y %H:%M:%S", &parts);
    std::snprintf(whole, sizeof whole, "%s.%03d", day, static_cast<int>(milliseconds));
    return whole;
}

std::string log_file(const std::string& path, Generation generation) {
    std::error_code error;
    if (path.empty() || !std::filesystem::is_directory(path, error))
        return path;  // one R2 sample names the file
    return path + (generation == Generation::r3 ? "/cs_pkcs11_R3.log" : "/cs_pkcs11_R2.log");
}

}  // namespace

Log::Log(const Config& config, Generation generation)
    : level_(static_cast<LogLevel>(std::min(config.logging, 4u))),
      limit_(config.log_size),
      path_(log_file(config.log_path, generation)) {}

void Log::write(LogLevel level, std::string_view function, std::string_view text) {
    if (!on(level)) return;
    char process[40];
    std::snprintf(process, sizeof process, "[%08d:%08d]", static_cast<int>(::getpid()),
                  static_cast<int>(::gettid()));
    std::string line = time_stamp() + " | " + process + " " + std::string(function) + " | ";
    line += "?EWIT"[static_cast<std::size_t>(level)];
    line += ": ";
    line += text;
    line += '\n';
    write_line(line);
}

void Log::write_line(const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (path_.empty()) {
        (void)!::write(STDERR_FILENO, line.data(), line.size());
        return;
    }
    struct stat status {};
    if (::stat(path_.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
        static_cast<std::uint64_t>(status.st_size) + line.size() > limit_)
        ::rename(path_.c_str(), (path_ + ".bak").c_str());
    const host::FileDescriptor file(
        ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
    if (file) (void)!::write(file.get(), line.data(), line.size());
}

}  // namespace cs2sim::p11
