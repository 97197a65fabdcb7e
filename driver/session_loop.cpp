#include "driver/session_loop.h"

#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <system_error>

namespace cs2sim {
namespace {

constexpr std::size_t kFreeThreads = 2;  // more than these go home
constexpr auto kPatience = std::chrono::milliseconds(1);

// Whether the thread at hand leads; only it knows and changes that.
thread_local bool leading = false;

}  // namespace

SessionLoop::SessionLoop(fuse_session* session) : session_(session), stop_event_(eventfd(0, EFD_CLOEXEC)) {
    const int fd = fuse_session_fd(session_);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

SessionLoop::~SessionLoop() {
    stop();
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
        stopping_ = true;
        eventfd_write(stop_event_, 1);
        vacancy_.notify_all();
        threads.swap(threads_);
    }
    for (auto& thread : threads) thread.join();
}

void SessionLoop::begin_command(bool expected_to_be_long) {
    std::lock_guard lock(mutex_);
    if (free_ == 0 && !stopping_) spawn();
    if (expected_to_be_long) {
        leading = led_ = false;
        vacancy_.notify_one();
        return;
    }
    busy_ = true;
    ++commands_;
    if (!watched_) vacancy_.notify_one();
    watched_ = true;
}

void SessionLoop::end_command() {
    std::lock_guard lock(mutex_);
    if (leader_ == std::this_thread::get_id())
        busy_ = false;
    else
        leading = false;  // deposed
}

void SessionLoop::spawn() {
    reap();
    try {
        threads_.emplace_back([this] { work(); });
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

// Waits until this thread leads; false when it is to end.
bool SessionLoop::lead() {
    std::unique_lock lock(mutex_);
    if (led_ && free_ >= kFreeThreads) {
        gone_.push_back(std::this_thread::get_id());
        return false;
    }
    ++free_;
    while (!stopping_ && led_ && !watch(lock)) {
    }
    --free_;
    if (stopping_) return false;
    led_ = leading = true;
    busy_ = watched_ = false;
    leader_ = std::this_thread::get_id();
    return true;
}

// The deputy's part; true when the leader is lost in one command. It sleeps while there are no commands.
bool SessionLoop::watch(std::unique_lock<std::mutex>& lock) {
    if (!watched_ || deputy_) {
        vacancy_.wait(lock);
        return false;
    }
    const std::uint64_t before = commands_;
    deputy_ = true;
    vacancy_.wait_for(lock, kPatience);
    deputy_ = false;
    if (commands_ != before) return false;
    if (!busy_) watched_ = false;
    return busy_;
}

bool SessionLoop::receive(fuse_buf& buffer) {
    for (;;) {
        const int got = fuse_session_receive_buf(session_, &buffer);
        if (got > 0) return true;
        if (got == -EINTR) continue;
        if (got != -EAGAIN) return false;  // unmounted by somebody else
        pollfd events[] = {{fuse_session_fd(session_), POLLIN, 0}, {stop_event_, POLLIN, 0}};
        ::poll(events, 2, -1);
        if (events[1].revents != 0) return false;
    }
}

void SessionLoop::work() {
    fuse_buf buffer{};
    bool open = true;
    while (open && lead()) {
        while (leading && (open = receive(buffer))) fuse_session_process_buf(session_, &buffer);
    }
    if (leading) {
        leading = false;
        std::lock_guard lock(mutex_);
        stopping_ = true;
        led_ = false;
        vacancy_.notify_all();
    }
    std::free(buffer.mem);
}

}  // namespace cs2sim
