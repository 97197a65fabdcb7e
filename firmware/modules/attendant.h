// Two threads: one from which processes are started, since they die with the thread that started them; one
// that sees when a process ends and when a task of a module wants to run.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "firmware/modules/user_module.h"

namespace cs2sim {

class Spawner {
public:
    Spawner();
    ~Spawner();
    void run(
        const std::function<void()>& work);  // on its thread, and waits for it; throws what `work` throws

private:
    void loop();
    std::mutex callers_;
    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()>* work_ = nullptr;
    std::exception_ptr failure_;
    bool ends_ = false;
    std::thread thread_;
};

// Where memory runs out in a hook, or for a look, it looks again a moment later.
class Attendant {
public:
    struct Hooks {
        std::function<void(UserModule&)> ended;
        std::function<void(UserModule&)> task_waits;
        std::function<void()> woken;
    };
    explicit Attendant(Hooks hooks);
    ~Attendant();
    // Looks after these from now on. Returns when it no longer looks after others.
    void attend(std::vector<UserModule*> modules);
    void wake();  // woken() is called, soon

private:
    void loop();
    bool look_at_all();
    void look(UserModule& module, short events, short bell);

    const Hooks hooks_;
    const int wake_;
    std::mutex mutex_;  // held while it looks after one
    std::vector<UserModule*> modules_;
    bool ends_ = false;
    std::thread thread_;
};

}  // namespace cs2sim
