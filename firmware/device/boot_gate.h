// Lets commands through side by side, and a reboot alone: it waits for the commands that run and holds back
// those that come.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <shared_mutex>

namespace cs2sim {

class BootGate {
public:
    // For the time of one command.
    std::shared_lock<std::shared_mutex> pass() {
        // A reader-preferring lock would let a busy device never reboot: newcomers queue here first.
        if (closing_.load(std::memory_order_acquire)) const std::lock_guard wait(queue_);
        return std::shared_lock(gate_);
    }

    // Precondition: the caller holds no pass.
    void alone(const std::function<void()>& work) {
        const std::lock_guard queue(queue_);
        closing_.store(true, std::memory_order_release);
        {
            const std::unique_lock lock(gate_);
            work();
        }
        closing_.store(false, std::memory_order_release);
    }

private:
    std::mutex queue_;
    std::shared_mutex gate_;
    std::atomic<bool> closing_{false};
};

}  // namespace cs2sim
