// Tells a long computation that nobody waits for its result any more: whoever asked has hung up, or the
// device restarts or stops. It then ends soon and nothing of it is stored; the command's code is
// E_OS_PCI_CANCEL.
#pragma once

#include <atomic>
#include <functional>
#include <utility>

#include "firmware/protocol/error.h"

namespace cs2sim {

// Of one caller, for the command that runs. Safe to use from several threads at once.
class Abandonment {
public:
    Abandonment() = default;
    // Also abandoned as soon as `ended` says so. It is asked by the computation's own thread, often, and must
    // not throw.
    explicit Abandonment(std::function<bool()> ended) : ended_(std::move(ended)) {}

    bool abandoned() const { return gone_.load() || withdrawn_.load() || (ended_ && ended_()); }
    Result<void> check() const {
        if (abandoned()) return fail(E_OS_PCI_CANCEL);
        return {};
    }

    void hang_up() { gone_.store(true); }        // the caller is gone: every command from now on
    void withdraw() { withdrawn_.store(true); }  // the command that runs
    void begin() { withdrawn_.store(false); }    // a new command

private:
    const std::function<bool()> ended_;
    std::atomic<bool> gone_{false};
    std::atomic<bool> withdrawn_{false};
};

}  // namespace cs2sim
