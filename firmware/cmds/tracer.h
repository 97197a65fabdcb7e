// What the scheduler knows of traces: that somebody may be listening. The rest is firmware/trace.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "firmware/cmds/context.h"
#include "firmware/protocol/frame.h"

namespace cs2sim {

class Tracer {
public:
    virtual ~Tracer() = default;

    // Whether anybody listens; all that a command pays while nobody does.
    bool listening() const { return listening_.load(std::memory_order_relaxed); }

    // A command inside a session was answered. Called on the thread of the frame that carried it.
    // `began`: monotonic microseconds.
    virtual void ran_inside(const Context& session, const Request& request, const Result<Bytes>& answer,
                            std::int64_t began) = 0;

    // Monotonic, for durations only.
    static std::int64_t microseconds() {
        return std::chrono::duration_cast<std::chrono::microseconds>(
                   std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }

protected:
    std::atomic<bool> listening_{false};
};

}  // namespace cs2sim
