// Who may run in which module: one thread at a time in each, and nobody waits for ever.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace cs2sim {

// A module's turn. A thread that has it may take it again, and the turns of other modules besides.
struct Turn {
    std::thread::id owner;
    unsigned taken = 0;  // how often, by the owner; 0: free
};

// Of all modules of a device. Safe to use from several threads at once.
class Turns {
public:
    // Waits until the turn is free or the thread's own. False when that would be never: its owner waits,
    // by way of others or at once, for a turn that the thread itself has.
    bool take(Turn& turn);
    bool take_if_free(Turn& turn);  // false when another thread has it
    void give(Turn& turn);          // as often as it was taken

private:
    bool would_wait_for_itself(const Turn& turn) const;

    std::mutex mutex_;  // of all turns
    std::condition_variable given_;
    std::map<std::thread::id, const Turn*> waits_;
};

}  // namespace cs2sim
