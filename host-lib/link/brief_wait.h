// Waiting for the answer of a device on this machine. It is often there before a processor that went to sleep
// would have woken (20 to 40 us on a virtual machine, more than most commands take). So the caller looks for
// it again for a moment, and only sleeps when the device takes longer or somebody else wants the processor.
#pragma once

#include <chrono>

namespace cs2sim::host {

// One wait, used by one thread.
class BriefWait {
public:
    BriefWait();
    ~BriefWait();
    BriefWait(const BriefWait&) = delete;
    BriefWait& operator=(const BriefWait&) = delete;

    // Gives the processor to whoever wants it, and tells whether to look again rather than to sleep.
    bool again();

private:
    using Clock = std::chrono::steady_clock;
    Clock::time_point begin_, last_;
};

}  // namespace cs2sim::host
