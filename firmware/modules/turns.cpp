#include "firmware/modules/turns.h"

namespace cs2sim {

// Each thread waits for one turn at most, so the way from owner to owner has no forks.
bool Turns::would_wait_for_itself(const Turn& turn) const {
    const auto self = std::this_thread::get_id();
    for (const Turn* wanted = &turn; wanted->taken != 0;) {
        if (wanted->owner == self) return true;
        const auto waits = waits_.find(wanted->owner);
        if (waits == waits_.end()) return false;
        wanted = waits->second;
    }
    return false;
}

bool Turns::take(Turn& turn) {
    const auto self = std::this_thread::get_id();
    std::unique_lock lock(mutex_);
    while (turn.taken != 0 && turn.owner != self) {
        if (would_wait_for_itself(turn)) return false;
        waits_[self] = &turn;
        given_.wait(lock);
        waits_.erase(self);
    }
    turn.owner = self;
    ++turn.taken;
    return true;
}

bool Turns::take_if_free(Turn& turn) {
    const std::lock_guard lock(mutex_);
    if (turn.taken != 0 && turn.owner != std::this_thread::get_id()) return false;
    turn.owner = std::this_thread::get_id();
    ++turn.taken;
    return true;
}

void Turns::give(Turn& turn) {
    const std::lock_guard lock(mutex_);
    if (--turn.taken == 0 && !waits_.empty()) given_.notify_all();
}

}  // namespace cs2sim
