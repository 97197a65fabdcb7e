// What all callers together may hold of the process's memory: frames that have not come whole, large commands
// under way, answers that are not read. Callers who are logged on have an account of their own, so that those
// who are not cannot keep them out.
//
// Who finds no room makes those give way who have held theirs longest without moving; if that is not enough
// the request is refused. Safe to use from several threads at once.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>

namespace cs2sim {

class CallerMemory {
public:
    struct Limits {  // in bytes
        std::size_t without_logon = std::size_t{64} << 20;
        std::size_t with_logon = std::size_t{256} << 20;
    };
    // Of one caller; small amounts are not worth counting.
    static constexpr std::size_t kUncounted = std::size_t{16} << 10;
    // Who has not moved for so long gives way.
    static constexpr std::chrono::milliseconds kPatience{1000};

    CallerMemory() : CallerMemory(Limits()) {}
    explicit CallerMemory(Limits limits);

    // One caller's part.
    class Holding {
    public:
        // `give_way` ends the caller, soon; called from other threads, at most once, without locks of ours.
        // It may come when the holding has gone already. Null: it cannot be ended.
        Holding(CallerMemory& memory, std::function<void()> give_way);
        ~Holding();
        Holding(const Holding&) = delete;
        Holding& operator=(const Holding&) = delete;

        // Holds `bytes` altogether from now on, and counts as moving. False, and all as before, when there is
        // no room within `wait`. Less than before is always possible.
        bool hold(std::size_t bytes, bool logged_on, std::chrono::milliseconds wait = kPatience);

    private:
        friend class CallerMemory;
        CallerMemory& memory_;
        std::function<void()> give_way_;  // null once it was called
        std::size_t bytes_ = 0;
        bool logged_on_ = false;
        std::chrono::steady_clock::time_point moved_;
        std::list<Holding*>::iterator place_;
    };

    std::size_t held() const;  // bytes, by all

    // Waits until callers have given back `bytes` since the last call, and `pause` longer; false after
    // stop().
    bool wait_for_returned(std::size_t bytes, std::chrono::milliseconds pause);
    void stop();

private:
    struct Account {
        std::size_t limit = 0;
        std::size_t held = 0;
        bool fits(std::size_t bytes) const { return bytes <= limit - held; }
    };
    Account& account(bool logged_on) { return accounts_[logged_on ? 1 : 0]; }
    void give_back(std::size_t bytes, bool logged_on);
    void make_room(std::unique_lock<std::mutex>& lock, std::size_t bytes, bool logged_on);
    Holding* longest_stalled(std::chrono::steady_clock::time_point latest, bool logged_on) const;

    mutable std::mutex mutex_;
    std::condition_variable returned_;
    std::condition_variable trimmable_;
    std::array<Account, 2> accounts_;
    std::list<Holding*> holdings_;
    std::size_t returned_bytes_ = 0;
    bool stopped_ = false;
};

}  // namespace cs2sim
