// The boot log: what the device said while it started.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace cs2sim {

class BootLog {
public:
    void clear();
    void add(std::string_view line);  // without line end
    std::string text() const;         // all lines, each ended by '\n'

private:
    mutable std::mutex mutex_;
    std::string text_;
};

}  // namespace cs2sim
