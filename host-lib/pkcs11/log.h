// The library's log (reference/pkcs11-facts.md, section 9): lines as
//   31.07.2026 20:15:20.038 | [00056357:00056361] C_GenerateKeyPair | T: enter ...
// in Logpath/cs_pkcs11_R3.log, or on standard error when no path is given. At Logsize the file becomes one
// backup.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "host-lib/pkcs11/config.h"

namespace cs2sim::p11 {

enum class LogLevel : std::uint8_t { none, error, warning, info, trace };

// Used by several threads at once. Never given a PIN, a password or key bytes.
class Log {
public:
    Log(const Config& config, Generation generation);
    bool on(LogLevel level) const { return level <= level_; }
    void write(LogLevel level, std::string_view function, std::string_view text);

private:
    void write_line(const std::string& line);

    const LogLevel level_;
    const std::uint64_t limit_;
    std::string path_;  // empty: standard error
    std::mutex mutex_;
};

}  // namespace cs2sim::p11
