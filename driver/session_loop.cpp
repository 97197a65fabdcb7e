#include "driver/session_loop.h"

#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <sched.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace cs2sim {
namespace {

constexpr int kMostSeats = 4;
constexpr auto kPatience = std::chrono::milliseconds(1);
constexpr auto kHomesick = std::chrono::milliseconds(1000);  // who waits beside longer than this goes home

constexpr int kNoSeat = -1;
// Which seat the thread at hand believes to have; a deputy may have cleared it.
thread_local int seat = kNoSeat;

// That this process may use; std::thread counts all of them.
int cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

void watch_for(int events, int fd, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    epoll_ctl(events, EPOLL_CTL_ADD, fd, &event);
}

}  // namespace

SessionLoop::SessionLoop(fuse_session* session)
    : session_(session),
      stop_event_(eventfd(0, EFD_CLOEXEC)),
      events_(epoll_create1(EPOLL_CLOEXEC)),
      seats_(std::clamp(cores(), 1, kMostSeats)) {
    const int fd = fuse_session_fd(session_);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    // Edge triggered: a request wakes one thread, the last that began to wait.
    watch_for(events_, fd, EPOLLIN | EPOLLET);
    watch_for(events_, stop_event_, EPOLLIN);
}

SessionLoop::~SessionLoop() {
    stop();
    close(events_);
    close(stop_event_);
}

void SessionLoop::start() {
    std::lock_guard lock(mutex_);
    spawn();
}

void SessionLoop::stop() {
    std::vector<std::thread> threads;
    {
        std::lock_guard lock(mutex_);
        end_session();
        threads.swap(threads_);
    }
    for (auto& thread : threads) thread.join();
}

void SessionLoop::end_session() {
    stopping_ = true;
    eventfd_write(stop_event_, 1);
    while (!beside_.empty()) call_one();
}

void SessionLoop::begin_command(bool expected_to_be_long) {
    std::lock_guard lock(mutex_);
    if (beside_.empty() && coming_ == 0 && !stopping_) spawn();
    if (expected_to_be_long) {
        seats_[seat] = {};
        seat = kNoSeat;
        call_one();
        return;
    }
    seats_[seat].busy = true;
    ++commands_;
    watched_ = true;
    if (!deputy_) call_one();
}

void SessionLoop::end_command() {
    std::lock_guard lock(mutex_);
    if (seat == kNoSeat) return;
    if (seats_[seat].owner == std::this_thread::get_id())
        seats_[seat].busy = false;
    else
        seat = kNoSeat;
}

void SessionLoop::spawn() {
    reap();
    try {
        threads_.emplace_back([this] { work(); });
        ++coming_;  // where all cores are busy it may be long until it runs
    } catch (const std::system_error& error) {
        spdlog::warn("device node: no further thread ({}); commands wait for each other", error.what());
    }
}

void SessionLoop::reap() {
    for (const auto id : gone_) {
        const auto found = std::find_if(threads_.begin(), threads_.end(),
                                        [&](auto& thread) { return thread.get_id() == id; });
        if (found == threads_.end()) continue;
        found->join();
        threads_.erase(found);
    }
    gone_.clear();
}

bool SessionLoop::take_seat() {
    const auto free = std::ranges::find(seats_, std::thread::id(), &Seat::owner);
    if (free == seats_.end()) return false;
    *free = {std::this_thread::get_id(), false};
    seat = static_cast<int>(free - seats_.begin());
    return true;
}

void SessionLoop::call_one() {
    if (beside_.empty()) return;
    Waiter* last = beside_.back();
    beside_.pop_back();
    ++coming_;
    last->is_called = true;
    last->called.notify_one();
}

// Waits until this thread, which is counted as coming, has a seat; false when it is to end.
bool SessionLoop::sit() {
    std::unique_lock lock(mutex_);
    bool stay = true;
    while (stay && !stopping_ && !take_seat()) {
        if (watched_ && !deputy_)
            watch(lock);
        else
            stay = wait_beside(lock, kHomesick) || (beside_.empty() && coming_ == 1);
    }
    --coming_;
    if (!stay) gone_.push_back(std::this_thread::get_id());
    return stay && !stopping_;
}

// False when nobody called within `time`.
bool SessionLoop::wait_beside(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds time) {
    Waiter waiter;
    beside_.push_back(&waiter);
    --coming_;
    if (waiter.called.wait_for(lock, time, [&] { return waiter.is_called; })) return true;
    std::erase(beside_, &waiter);
    ++coming_;
    return false;
}

// The deputy's part, until there are no more commands: seats whose owners are lost in a command become free.
void SessionLoop::watch(std::unique_lock<std::mutex>& lock) {
    const std::uint64_t before = commands_;
    deputy_ = true;
    const bool called = wait_beside(lock, kPatience);
    deputy_ = false;
    if (called || commands_ != before) return;
    watched_ = false;
    for (Seat& each : seats_) {
        if (!each.busy) continue;
        each = {};
        call_one();
    }
}

bool SessionLoop::receive(fuse_buf& buffer) {
    for (;;) {
        const int got = fuse_session_receive_buf(session_, &buffer);
        if (got > 0) return true;
        if (got == -EINTR) continue;
        if (got != -EAGAIN) return false;  // unmounted by somebody else
        epoll_event event{};
        if (epoll_wait(events_, &event, 1, -1) == 1 && event.data.fd == stop_event_) return false;
    }
}

void SessionLoop::work() {
    fuse_buf buffer{};
    bool open = true;
    while (open && sit()) {
        while (seat != kNoSeat && (open = receive(buffer))) fuse_session_process_buf(session_, &buffer);
        const std::lock_guard lock(mutex_);
        ++coming_;
    }
    if (!open) {
        std::lock_guard lock(mutex_);
        end_session();
    }
    std::free(buffer.mem);
}

}  // namespace cs2sim
