// The boot log: what the device said while it started.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace cs2sim {

class BootLog {
public:
    // Hears each warning as it comes.
    using Listener = std::function<void(std::string_view)>;
    explicit BootLog(Listener listener = {}) : listener_(std::move(listener)) {}

    // Modules write into it as they like: what is beyond is left out, which a last line says. Warnings have
    // as much room again.
    static constexpr std::size_t kMost = 512 * 1024;

    void clear();
    void add(std::string_view line);   // without line end
    void warn(std::string_view line);  // something is wrong with the device's state
    std::string text() const;          // all lines, each ended by '\n'

private:
    void add_within(std::size_t most, std::string_view line);

    const Listener listener_;
    mutable std::mutex mutex_;
    std::string text_;
    bool full_ = false;
};

}  // namespace cs2sim
