// Serves the requests of one kernel session (FUSE or CUSE) by as many threads as its commands need.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

struct fuse_session;
struct fuse_buf;

namespace cs2sim {

// There are as many slots as cores that the process may use, and at most 4. A thread that has a slot is a
// reader: it reads requests and handles them, one after the other; the kernel wakes the one that read last,
// so that a single caller is served by one thread. The others are idle: to wake one of them costs more than a
// short command itself. So a reader keeps its slot over a command that is expected to be short; a monitor
// looks on, and takes the slot away when the command lasts longer after all. Before a command that is
// expected to be long the reader gives its slot to another. So no command blocks another for more than 2 ms.
class SessionLoop {
public:
    // `session` is mounted, and outlives the loop. Throws std::system_error where the system has no
    // descriptors left.
    explicit SessionLoop(fuse_session* session);
    ~SessionLoop();
    SessionLoop(const SessionLoop&) = delete;
    SessionLoop& operator=(const SessionLoop&) = delete;

    void start();
    void stop();  // waits for commands that are under way

    // Around a command, by the thread that handles a request.
    void begin_command(bool expected_to_be_long);
    void end_command();

private:
    // What a thread does. It is made awake, and an awake one looks for something to do.
    enum class Activity : std::uint8_t {
        awake,     // made or called, on its way to one of the others
        reader,    // has a slot, and reads requests or handles one
        slotless,  // handles a request whose command lasts long, without a slot
        idle,      // waits until it is called
        monitor,   // looks on while the readers' commands run
        ended,
    };
    static bool may_follow(Activity before, Activity after);

    struct Worker {
        std::thread thread;
        Activity activity = Activity::awake;
        bool in_command = false;  // of a reader: amid a command
        bool reads = false;       // of its own thread: believes that it has a slot
        std::condition_variable called;
    };

    void work(Worker& self);
    bool find_slot(Worker& self);
    bool receive(fuse_buf& buffer);
    void end_session();

    // All with the lock held.
    void change(Worker& worker, Activity activity);
    void spawn();
    void reap();
    bool take_slot(Worker& self);
    void give_up_slot(Worker& reader);
    void call_one();
    bool wait(std::unique_lock<std::mutex>& lock, Worker& self, Activity as, std::chrono::milliseconds time);
    void monitor(std::unique_lock<std::mutex>& lock, Worker& self);
    bool stays_in_reserve() const;

    static thread_local Worker* self_;  // of the thread at hand

    fuse_session* session_;
    int stop_event_;
    int events_;  // epoll: the session's requests, and the stop event
    std::mutex mutex_;
    bool stopping_ = false;
    std::size_t free_slots_;
    std::uint64_t commands_ = 0;  // begun by readers
    bool watched_ = false;        // there are commands, so somebody shall monitor them
    bool monitored_ = false;      // somebody does
    std::size_t awake_ = 0;
    std::list<Worker> workers_;
    std::vector<Worker*> idle_;  // the monitor among them; the last to come is called first
};

}  // namespace cs2sim
