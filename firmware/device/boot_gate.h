// Lets commands through side by side, and a reboot alone: it withdraws the computations that run, waits for
// what is left of their commands, and holds back those that come.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <shared_mutex>

#include "firmware/protocol/abandonment.h"

namespace cs2sim {

class BootGate {
public:
    // For the time of one command, which `command` can withdraw from then on.
    std::shared_lock<std::shared_mutex> pass(Abandonment& command) {
        for (;;) {
            // A reader-preferring lock would let a busy device never reboot: newcomers queue here first.
            if (closing_.load()) const std::lock_guard wait(queue_);
            std::shared_lock lock(gate_);
            command.begin();
            // Who closes the gate withdraws afterwards: either that finds this command begun, or this finds
            // the gate closing.
            if (!closing_.load()) return lock;
        }
    }

    // `withdraw` withdraws all commands that have passed. Precondition: the caller holds no pass.
    void alone(const std::function<void()>& withdraw, const std::function<void()>& work) {
        const std::lock_guard queue(queue_);
        const Closing closing(closing_);
        withdraw();
        const std::unique_lock lock(gate_);
        work();
    }

private:
    // Whatever ends the work, the gate opens again.
    class Closing {
    public:
        explicit Closing(std::atomic<bool>& closing) : closing_(closing) { closing_.store(true); }
        ~Closing() { closing_.store(false); }
        Closing(const Closing&) = delete;
        Closing& operator=(const Closing&) = delete;

    private:
        std::atomic<bool>& closing_;
    };

    std::mutex queue_;
    std::shared_mutex gate_;
    std::atomic<bool> closing_{false};
};

}  // namespace cs2sim
