// A bound on how long the simulator's end takes: some computations (a power modulo a long number) look for
// nobody until they are done.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace cs2sim {

// While it lives, an orderly end is under way. Where that takes longer, the process ends as it is, with exit
// status 0 and `last_words` said before: as after a kill, everything that was answered is on disk, and the
// next start tidies up. `last_words` runs on a thread of its own. Without a thread to spare there is no
// bound.
class LongestEnd {
public:
    LongestEnd(std::chrono::milliseconds longest, void (*last_words)());
    ~LongestEnd();  // ended in time
    LongestEnd(const LongestEnd&) = delete;
    LongestEnd& operator=(const LongestEnd&) = delete;

private:
    std::mutex mutex_;
    std::condition_variable change_;
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace cs2sim
