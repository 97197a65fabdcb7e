// The audit log: logons, failures, user changes, MBK and database operations, alarms. Never a secret.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/protocol/audit_class.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

class AuditFile;
class Clock;
class Nvram;

// A name that a host chose, as a line shows it: what is over 31 characters is cut off and counted, so that
// nobody pushes out with long names what stands in the log.
std::string audit_name(std::string_view name);

struct AuditConfig {
    std::uint32_t files = 3;      // how many rotated files are kept
    bool rotate = true;           // false: E_OS_AUDIT_FULL instead of rotation
    std::uint32_t size = 200000;  // bytes of one file
    std::uint32_t classes = 0x7F00073F;
};

class AuditLog {
public:
    AuditLog(std::filesystem::path folder, Clock& clock, Nvram& nvram);
    ~AuditLog();

    // Appends one line (date, time, text) when the class is on; durable when it returns.
    // `text` must hold no secret; what is not printable ASCII in it is replaced, what is over 1,000
    // characters cut off. Lines of threads that arrive together share one sync. Errors: E_OS_AUDIT_FULL,
    // _FSFULL.
    Result<void> write(std::uint32_t audit_class, std::string_view text);

    // The same, but durable only together with the next line; a killed process loses nothing.
    Result<void> note(std::uint32_t audit_class, std::string_view text);

    // Oldest line first, over all kept files. Error: E_OS_FILE_CORR (host I/O failed).
    Result<std::string> text();
    Result<void> clear();
    AuditConfig config() const;
    // E_OS_AUDIT_CFG_RANGE outside 1 to 10 files of 1,000 to 1,000,000 bytes, or with an unknown class.
    Result<void> set_config(const AuditConfig& config);

private:
    Result<void> ready();  // the kept files are open; a torn last line is cut off
    Result<std::uint64_t> append(std::uint32_t audit_class, std::string_view text);  // 0: the class is off
    Result<void> append_line(const std::string& line);
    Result<void> rotate(const AuditConfig& limits);
    Result<void> make_durable(std::uint64_t line);
    std::vector<std::uint64_t> numbers() const;
    std::filesystem::path path_of(std::uint64_t number) const;

    // Files are numbered upwards; the highest is the current one, rotation starts the next and removes the
    // oldest, so that no kill can leave them in disorder. All of them stay open: reading and writing the log
    // needs no descriptor.
    std::filesystem::path folder_;
    Clock& clock_;
    Nvram& nvram_;
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<AuditFile>> files_;  // oldest first
    std::uint64_t appended_ = 0;                     // lines since the start
    std::mutex sync_mutex_;                          // taken before mutex_
    std::uint64_t synced_ = 0;                       // of them durable
};

}  // namespace cs2sim
