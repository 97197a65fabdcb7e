#include "driver/session_loop.h"

#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <sched.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace cs2sim {
namespace {

constexpr std::size_t kMostSlots = 4;
constexpr auto kMonitored = std::chrono::milliseconds(1);   // a command may keep its slot for so long
constexpr auto kReserve = std::chrono::milliseconds(1000);  // who is idle for longer ends

// That this process may use; std::thread counts all of them.
std::size_t cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<std::size_t>(CPU_COUNT(&set)) : 1;
}

// The result of a system call that must not fail.
int checked(int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
}

void watch_for(int events, int fd, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    checked(epoll_ctl(events, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

}  // namespace

thread_local SessionLoop::Worker* SessionLoop::self_ = nullptr;

SessionLoop::SessionLoop(fuse_session* session)
    : session_(session),
      stop_event_(checked(eventfd(0, EFD_CLOEXEC), "eventfd")),
      events_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create")),
      free_slots_(std::clamp(cores(), std::size_t{1}, kMostSlots)) {
    const int fd = fuse_session_fd(session_);
    checked(fcntl(fd, F_SETFL, checked(fcntl(fd, F_GETFL), "fcntl") | O_NONBLOCK), "fcntl");
    checked(fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl");
    // Edge triggered: a request wakes one thread, the last that began to wait.
    watch_for(events_, fd, EPOLLIN | EPOLLET);
    watch_for(events_, stop_event_, EPOLLIN);
}

SessionLoop::~SessionLoop() {
    stop();
    close(events_);
    close(stop_event_);
}

bool SessionLoop::may_follow(Activity before, Activity after) {
    switch (before) {
        case Activity::awake:
            return after != Activity::awake && after != Activity::slotless;
        case Activity::reader:
            return after == Activity::slotless || after == Activity::awake;
        case Activity::slotless:
        case Activity::idle:
        case Activity::monitor:
            return after == Activity::awake;
        case Activity::ended:
            return false;
    }
    return false;
}

void SessionLoop::change(Worker& worker, Activity activity) {
    assert(may_follow(worker.activity, activity));
    if (worker.activity == Activity::awake) --awake_;
    if (activity == Activity::awake) ++awake_;
    worker.activity = activity;
}

void SessionLoop::start() {
    const std::lock_guard lock(mutex_);
    spawn();
}

void SessionLoop::stop() {
    {
        const std::lock_guard lock(mutex_);
        end_session();
    }
    for (Worker& worker : workers_)  // nobody spawns any more
        if (worker.thread.joinable()) worker.thread.join();
    workers_.clear();
}

void SessionLoop::end_session() {
    stopping_ = true;
    if (eventfd_write(stop_event_, 1) != 0) spdlog::error("device node: eventfd: {}", std::strerror(errno));
    while (!idle_.empty()) call_one();
}

void SessionLoop::begin_command(bool expected_to_be_long) {
    const std::lock_guard lock(mutex_);
    if (idle_.empty() && awake_ == 0 && !stopping_) spawn();
    if (expected_to_be_long) {
        self_->reads = false;
        give_up_slot(*self_);
        return;
    }
    self_->in_command = true;
    ++commands_;
    watched_ = true;
    if (!monitored_) call_one();
}

void SessionLoop::end_command() {
    const std::lock_guard lock(mutex_);
    self_->in_command = false;
    if (self_->activity != Activity::reader) self_->reads = false;
}

void SessionLoop::spawn() {
    reap();
    try {
        idle_.reserve(workers_.size() + 1);  // who becomes idle needs no memory for that
        Worker& worker = workers_.emplace_back();
        ++awake_;  // where all cores are busy it may be long until it runs
        try {
            worker.thread = std::thread([this, &worker] { work(worker); });
        } catch (...) {
            --awake_;
            workers_.pop_back();
            throw;
        }
    } catch (const std::exception& error) {
        spdlog::warn("device node: no further thread ({}); commands wait for each other", error.what());
    }
}

void SessionLoop::reap() {
    std::erase_if(workers_, [](Worker& worker) {
        if (worker.activity != Activity::ended) return false;
        worker.thread.join();
        return true;
    });
}

bool SessionLoop::take_slot(Worker& self) {
    if (free_slots_ == 0) return false;
    --free_slots_;
    self.reads = true;
    change(self, Activity::reader);
    return true;
}

// Of a reader amid a command: it goes on without, and another may read.
void SessionLoop::give_up_slot(Worker& reader) {
    ++free_slots_;
    change(reader, Activity::slotless);
    call_one();
}

void SessionLoop::call_one() {
    if (idle_.empty()) return;
    Worker* last = idle_.back();
    idle_.pop_back();
    change(*last, Activity::awake);
    last->called.notify_one();
}

// Of those who wait one stays, so that the next command need not make a thread.
bool SessionLoop::stays_in_reserve() const { return idle_.empty() && awake_ == 1; }

// Until this thread, which is awake, is a reader; false when it is to end.
bool SessionLoop::find_slot(Worker& self) {
    std::unique_lock lock(mutex_);
    bool stay = true;
    while (stay && !stopping_ && !take_slot(self)) {
        if (watched_ && !monitored_)
            monitor(lock, self);
        else
            stay = wait(lock, self, Activity::idle, kReserve) || stays_in_reserve();
    }
    if (self.activity == Activity::reader) return true;
    change(self, Activity::ended);
    return false;
}

// False when nobody called within `time`. It is awake again in either case.
bool SessionLoop::wait(std::unique_lock<std::mutex>& lock, Worker& self, Activity as,
                       std::chrono::milliseconds time) {
    idle_.push_back(&self);
    change(self, as);
    if (self.called.wait_for(lock, time, [&] { return self.activity == Activity::awake; })) return true;
    std::erase(idle_, &self);
    change(self, Activity::awake);
    return false;
}

// Until there are no more commands: readers who are lost in one lose their slots.
void SessionLoop::monitor(std::unique_lock<std::mutex>& lock, Worker& self) {
    const std::uint64_t before = commands_;
    monitored_ = true;
    const bool called = wait(lock, self, Activity::monitor, kMonitored);
    monitored_ = false;
    if (called || commands_ != before) return;
    watched_ = false;
    for (Worker& each : workers_)
        if (each.activity == Activity::reader && each.in_command) give_up_slot(each);
}

bool SessionLoop::receive(fuse_buf& buffer) {
    for (;;) {
        const int got = fuse_session_receive_buf(session_, &buffer);
        if (got > 0) return true;
        if (got == -EINTR) continue;
        if (got != -EAGAIN) return false;  // unmounted by somebody else
        epoll_event event{};
        const int ready = epoll_wait(events_, &event, 1, -1);
        if (ready < 0 && errno != EINTR) return false;
        if (ready == 1 && event.data.fd == stop_event_) return false;
    }
}

void SessionLoop::work(Worker& self) {
    self_ = &self;
    fuse_buf buffer{};
    bool open = true;
    while (open && find_slot(self)) {
        while (self.reads && (open = receive(buffer))) fuse_session_process_buf(session_, &buffer);
        const std::lock_guard lock(mutex_);
        if (self.activity == Activity::reader) ++free_slots_;
        change(self, Activity::awake);
    }
    if (!open) {
        const std::lock_guard lock(mutex_);
        change(self, Activity::ended);
        end_session();
    }
    std::free(buffer.mem);
}

}  // namespace cs2sim
