#include "driver/caller_memory.h"

#include <utility>

namespace cs2sim {

CallerMemory::CallerMemory(Limits limits)
    : accounts_{Account{limits.without_logon, 0}, Account{limits.with_logon, 0}} {}

CallerMemory::Holding::Holding(CallerMemory& memory, std::function<void()> give_way)
    : memory_(memory), give_way_(std::move(give_way)), moved_(std::chrono::steady_clock::now()) {
    const std::lock_guard lock(memory_.mutex_);
    place_ = memory_.holdings_.insert(memory_.holdings_.end(), this);
}

CallerMemory::Holding::~Holding() {
    const std::lock_guard lock(memory_.mutex_);
    memory_.holdings_.erase(place_);
    memory_.give_back(bytes_, logged_on_);
}

bool CallerMemory::Holding::hold(std::size_t bytes, bool logged_on, std::chrono::milliseconds wait) {
    if (bytes <= kUncounted) bytes = 0;
    std::unique_lock lock(memory_.mutex_);
    moved_ = std::chrono::steady_clock::now();
    if (bytes <= bytes_) {
        memory_.give_back(bytes_ - bytes, logged_on_);
        bytes_ = bytes;
        return true;
    }
    Account& account = memory_.account(logged_on);
    // What it has in the other account moves over.
    const std::size_t more = logged_on == logged_on_ ? bytes - bytes_ : bytes;
    if (!account.fits(more)) {
        memory_.make_room(lock, more, logged_on);
        if (!memory_.returned_.wait_for(lock, wait, [&] { return account.fits(more); })) return false;
        moved_ = std::chrono::steady_clock::now();
    }
    account.held += more;
    if (logged_on != logged_on_) memory_.give_back(bytes_, logged_on_);
    bytes_ = bytes;
    logged_on_ = logged_on;
    return true;
}

// Ends those who hold memory without moving, the longest first, until they are enough. Itself it takes none.
void CallerMemory::make_room(std::unique_lock<std::mutex>& lock, std::size_t bytes, bool logged_on) {
    const auto latest = std::chrono::steady_clock::now() - kPatience;
    for (std::size_t room = 0; room < bytes;) {
        Holding* const leaver = longest_stalled(latest, logged_on);
        if (!leaver) return;
        room += leaver->bytes_;
        const auto give_way = std::exchange(leaver->give_way_, nullptr);
        lock.unlock();
        give_way();
        lock.lock();
    }
}

// Null: none, or all have been asked to leave.
CallerMemory::Holding* CallerMemory::longest_stalled(std::chrono::steady_clock::time_point latest,
                                                     bool logged_on) const {
    Holding* longest = nullptr;
    for (Holding* one : holdings_)
        if (one->give_way_ && one->bytes_ > 0 && one->logged_on_ == logged_on && one->moved_ < latest &&
            (!longest || one->moved_ < longest->moved_))
            longest = one;
    return longest;
}

void CallerMemory::give_back(std::size_t bytes, bool logged_on) {
    if (bytes == 0) return;
    account(logged_on).held -= bytes;
    returned_bytes_ += bytes;
    returned_.notify_all();
    trimmable_.notify_all();
}

std::size_t CallerMemory::held() const {
    const std::lock_guard lock(mutex_);
    return accounts_[0].held + accounts_[1].held;
}

bool CallerMemory::wait_for_returned(std::size_t bytes, std::chrono::milliseconds pause) {
    std::unique_lock lock(mutex_);
    trimmable_.wait(lock, [&] { return stopped_ || returned_bytes_ >= bytes; });
    trimmable_.wait_for(lock, pause, [&] { return stopped_; });
    returned_bytes_ = 0;
    return !stopped_;
}

void CallerMemory::stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    trimmable_.notify_all();
}

}  // namespace cs2sim
