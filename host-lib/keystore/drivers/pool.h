// The connections of one store in one process. Those of a driver that works in this process end with fork(),
// in both: what SQLite knows of its locks is memory, which a child has too, and locks are the process's. A
// child would write without a lock, into a log that the last of the others deletes
// (sqlite.org/howtocorrupt.html, section 2.6).
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "host-lib/fork_gate/fork_gate.h"
#include "host-lib/keystore/drivers/connection.h"

namespace cs2sim::keystore {

class Pool {
public:
    // What is done once with each new connection before it is used: checks the tables.
    using Welcome = std::function<tl::expected<void, Failure>(Connection&)>;
    // Of a driver that works in this process: fork() waits for the end of this.
    using Inside = std::optional<host::InsideForkGate>;
    Pool(Driver& driver, const KeyStorage& storage, Welcome welcome);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    // A connection on loan; it goes back when this ends, unless it was dropped.
    class Lease {
    public:
        Lease(Inside inside, Pool& pool, std::unique_ptr<Connection> connection, bool listens)
            : inside_(std::move(inside)),
              pool_(&pool),
              connection_(std::move(connection)),
              listens_(listens) {}
        Lease(Lease&& other) noexcept = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (connection_) pool_->give_back(std::move(connection_), listens_);
        }
        Connection& operator*() { return *connection_; }
        Connection* operator->() { return connection_.get(); }
        void drop() { pool_->drop(std::move(connection_), listens_); }
        // And all that are idle: their server is gone, too.
        void drop_all() {
            drop();
            pool_->drop_idle();
        }

    private:
        Inside inside_;
        Pool* pool_;
        std::unique_ptr<Connection> connection_;
        bool listens_;
    };

    // Waits while all are in use; a new one comes armed. Failures: those of the driver and of the welcome;
    // refused with E_CSA_STORE_TIMEOUT when none came back in time.
    tl::expected<Lease, Failure> take(Clock::time_point deadline);

    // What the listening connection has heard since the last time.
    Result<Changes> changes(const std::function<Result<void>()>& connect);

private:
    struct Idle {
        std::unique_ptr<Connection> connection;
        bool listens = false;
    };

    void give_back(std::unique_ptr<Connection> connection, bool listens);
    void drop(std::unique_ptr<Connection> connection, bool listens);
    void drop_idle();
    static void drop_idle_of_all();
    void hear(Connection& listener, bool answered);
    void leave_parents_connections();
    Inside inside() const;
    tl::expected<Lease, Failure> open(Inside inside, Clock::time_point deadline, bool listens);

    Driver& driver_;
    const unsigned most_;
    const Welcome welcome_;
    std::mutex mutex_;
    std::condition_variable returned_;
    ::pid_t process_;
    std::vector<Idle> idle_;
    unsigned open_ = 0;       // idle ones and those on loan
    bool listening_ = false;  // one of them listens
    Changes heard_{.anything = true, .keys = {}};
};

}  // namespace cs2sim::keystore
