#include "tools/daemon/longest_end.h"

#include <unistd.h>

#include <system_error>

namespace cs2sim {

LongestEnd::LongestEnd(std::chrono::milliseconds longest, void (*last_words)()) {
    const auto watch = [this, longest, last_words] {
        std::unique_lock lock(mutex_);
        if (change_.wait_for(lock, longest, [this] { return ended_; })) return;
        last_words();
        ::_exit(0);
    };
    try {
        thread_ = std::thread(watch);
    } catch (const std::system_error&) {
    }
}

LongestEnd::~LongestEnd() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    change_.notify_all();
    if (thread_.joinable()) thread_.join();
}

}  // namespace cs2sim
