// What the scheduler knows of traces: that somebody may be listening. The rest is firmware/trace.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "firmware/cmds/context.h"
#include "firmware/protocol/frame.h"
#include "firmware/protocol/functions.h"

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

    // A service that a user's module asked for while it ran a command of `caller`, by its row. On the thread
    // of the command.
    virtual void served(const Context& caller, const FunctionSignature& row, const Request& request,
                        const Result<Bytes>& answer, std::int64_t began) = 0;
    // Whether anybody wants to hear of services.
    bool hears_services() const { return hears_services_.load(std::memory_order_relaxed); }

    // Monotonic, for durations only.
    static std::int64_t microseconds() {
        return std::chrono::duration_cast<std::chrono::microseconds>(
                   std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }

protected:
    std::atomic<bool> listening_{false};
    std::atomic<bool> hears_services_{false};
};

}  // namespace cs2sim
