#include "firmware/modules/attendant.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <thread>
#include <utility>

namespace cs2sim {

Spawner::Spawner() : thread_([this] { loop(); }) {}

Spawner::~Spawner() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Spawner::run(const std::function<void()>& work) {
    const std::lock_guard one(callers_);
    std::unique_lock lock(mutex_);
    work_ = &work;
    changed_.notify_all();
    changed_.wait(lock, [&] { return work_ == nullptr; });
    if (const auto failure = std::exchange(failure_, nullptr)) std::rethrow_exception(failure);
}

void Spawner::loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return work_ || ends_; });
        if (ends_) return;
        try {
            (*work_)();
        } catch (...) {  // for whoever waits for it
            failure_ = std::current_exception();
        }
        work_ = nullptr;
        changed_.notify_all();
    }
}

Attendant::Attendant(Hooks hooks)
    : hooks_(std::move(hooks)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { loop(); }) {}

Attendant::~Attendant() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    wake();
    thread_.join();
    ::close(wake_);
}

void Attendant::wake() {
    const std::uint64_t one = 1;
    if (::write(wake_, &one, sizeof one) < 0) return;  // full: it wakes anyway
}

void Attendant::attend(std::vector<UserModule*> modules) {
    {
        const std::lock_guard lock(mutex_);
        modules_ = std::move(modules);
    }
    wake();
}

void Attendant::look(UserModule& module, short events, short bell) {
    if (bell & POLLIN) {
        std::uint64_t rung = 0;
        if (::read(module.process->bell(), &rung, sizeof rung) > 0) hooks_.task_waits(module);
    }
    if ((events & POLLIN) && module.process->dead()) {
        hooks_.ended(module);
        std::erase(modules_, &module);
    }
}

void Attendant::loop() {
    for (bool goes_on = true; goes_on;) {
        try {
            goes_on = look_at_all();
        } catch (const std::bad_alloc&) {
            wake();  // what woke it has not been done
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
}

// Waits until there is something to see; false at the end.
bool Attendant::look_at_all() {
    std::vector<pollfd> watched{{wake_, POLLIN, 0}};
    std::vector<UserModule*> modules;
    {
        const std::lock_guard lock(mutex_);
        if (ends_) return false;
        modules = modules_;
        for (const UserModule* module : modules) {
            watched.push_back({module->process->descriptor(), POLLIN, 0});
            watched.push_back({module->process->bell(), POLLIN, 0});
        }
    }
    if (::poll(watched.data(), watched.size(), -1) < 0) return true;
    if (watched[0].revents) {
        std::uint64_t rung = 0;
        if (::read(wake_, &rung, sizeof rung) > 0) hooks_.woken();
        return true;  // others may be looked after by now
    }
    const std::lock_guard lock(mutex_);
    for (std::size_t at = 0; at < modules.size(); ++at)
        if (std::ranges::find(modules_, modules[at]) != modules_.end())
            look(*modules[at], watched[1 + 2 * at].revents, watched[2 + 2 * at].revents);
    return true;
}

}  // namespace cs2sim
