// The devices that serve a block of slots: which of them a connection goes to, and which are down.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host-lib/link/device.h"

namespace cs2sim::p11 {

// What the group has to say, for the log.
using ClusterLog = std::function<void(bool trouble, const std::string& text)>;

// Used by several threads at once.
class DeviceGroup {
public:
    struct Settings {
        host::Timeouts timeouts;
        bool keep_alive = false;
        // FallbackInterval. 0: connections go round over the devices that live. Else all go to the first, and
        // while that is down to the next; the first is tried again after so long.
        std::chrono::seconds fallback_interval{0};
        bool keys_external = false;  // then the devices hold no keys, and need not be kept in step
        ClusterLog log;
    };
    DeviceGroup() : DeviceGroup({}, {}) {}
    DeviceGroup(std::vector<std::string> devices, Settings settings);

    const std::vector<std::string>& devices() const { return devices_; }
    const Settings& settings() const { return settings_; }
    bool keeps_in_step() const { return devices_.size() > 1 && !settings_.keys_external; }

    // Places in devices() in the order in which a new connection tries them: those that are down come last.
    // `last`: where this connection was before, when there was one.
    static constexpr std::size_t kNowhere = SIZE_MAX;
    std::vector<std::size_t> order(std::size_t last);
    // Whether a connection to `place` should go back to the first device, whose interval is over.
    bool falls_back(std::size_t place) const;

    void set_down(std::size_t place, std::uint32_t code);
    void set_up(std::size_t place);

    // No command begins any more: C_Finalize waits for those that are under way only.
    void end() { ending_.store(true); }
    bool ending() const { return ending_.load(); }

private:
    using Clock = std::chrono::steady_clock;
    bool is_down(std::size_t place) const;

    const std::vector<std::string> devices_;
    const Settings settings_;
    const Clock::duration retry_;
    std::atomic<std::size_t> turn_{0};
    std::unique_ptr<std::atomic<Clock::rep>[]> down_until_;  // 0: up
    std::atomic<bool> ending_{false};
};

}  // namespace cs2sim::p11
