// What the scheduler knows of fault rules: that there may be some. The rules themselves are firmware/faults.
#pragma once

#include <atomic>

#include "firmware/protocol/error.h"
#include "firmware/protocol/frame.h"

namespace cs2sim {

class Call;

class Faults {
public:
    virtual ~Faults() = default;

    // Whether any rule is there; all that a command pays while none is.
    bool armed() const { return armed_.load(std::memory_order_relaxed); }

    // A command that is about to be handled meets the rules. An error is its answer.
    virtual Result<void> meet(Call& call) = 0;

    // A command was answered with an error, by whatever cause.
    virtual void answered(const Request& request, Error error) = 0;

protected:
    std::atomic<bool> armed_{false};
};

}  // namespace cs2sim
