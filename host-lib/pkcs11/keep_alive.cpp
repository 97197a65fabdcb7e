#include "host-lib/pkcs11/keep_alive.h"

#include <csignal>
#include <system_error>

namespace cs2sim::p11 {
namespace {

// Signals are for the program's own threads.
class AllSignalsBlocked {
public:
    AllSignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

}  // namespace

void KeepAlive::start(std::chrono::milliseconds idle, std::function<void(std::chrono::milliseconds)> tend) {
    const AllSignalsBlocked blocked;
    try {
        thread_ = std::thread([this, idle, tend = std::move(tend)] {
            std::unique_lock lock(mutex_);
            while (!signal_.wait_for(lock, idle / 3, [this] { return ending_; })) {
                lock.unlock();
                tend(idle);
                lock.lock();
            }
        });
    } catch (const std::system_error&) {
        // As where threads are forbidden.
    }
}

void KeepAlive::stop() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    signal_.notify_all();
    if (thread_.joinable()) thread_.join();
}

}  // namespace cs2sim::p11
