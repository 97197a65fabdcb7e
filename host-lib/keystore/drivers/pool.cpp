#include "host-lib/keystore/drivers/pool.h"

#include <unistd.h>

#include <algorithm>

namespace cs2sim::keystore {
namespace {

// Those whose connections no child may have. Only who is inside the gate changes or reads it, one at a time.
struct Pools {
    std::mutex mutex;
    std::vector<Pool*> all;
};
Pools& pools() {
    static auto* const known = new Pools;  // forks go on while statics are destroyed
    return *known;
}

}  // namespace

Pool::Pool(Driver& driver, const KeyStorage& storage, Welcome welcome)
    : driver_(driver), most_(std::max(1u, storage.pool)), welcome_(std::move(welcome)), process_(::getpid()) {
    if (!driver_.works_in_process()) return;
    host::guard_forks();
    host::before_forks(&Pool::drop_idle_of_all);
    const host::InsideForkGate inside;
    const std::lock_guard lock(pools().mutex);
    pools().all.push_back(this);
}

Pool::~Pool() {
    const Inside inside = this->inside();
    if (inside) {
        const std::lock_guard lock(pools().mutex);
        std::erase(pools().all, this);
    }
    const std::lock_guard lock(mutex_);
    leave_parents_connections();
}

// Behind a fork the child has the parent's sockets and files: to close them properly would end the parent's
// sessions. Precondition: the lock is held.
void Pool::leave_parents_connections() {
    if (process_ == ::getpid()) return;
    process_ = ::getpid();
    for (Idle& one : idle_) {
        one.connection->abandon();
        (void)one.connection.release();  // its destructor would talk to the server
    }
    idle_.clear();
    open_ = 0;
    listening_ = false;
    heard_ = {.anything = true, .keys = {}};
}

Pool::Inside Pool::inside() const {
    return driver_.works_in_process() ? Inside(std::in_place) : std::nullopt;
}

tl::expected<Pool::Lease, Failure> Pool::take(Clock::time_point deadline) {
    Inside inside = this->inside();
    bool listens = false;
    {
        std::unique_lock lock(mutex_);
        leave_parents_connections();
        const bool free =
            returned_.wait_until(lock, deadline, [&] { return !idle_.empty() || open_ < most_; });
        if (!free)
            return tl::unexpected(
                Failure{Trouble::refused, E_CSA_STORE_TIMEOUT, "all connections of this process are in use"});
        if (!idle_.empty()) {
            Idle one = std::move(idle_.back());  // the one used last: the others may end at the server
            idle_.pop_back();
            return Lease(std::move(inside), *this, std::move(one.connection), one.listens);
        }
        ++open_;
        listens = !std::exchange(listening_, true);
    }
    return open(std::move(inside), deadline, listens);
}

tl::expected<Pool::Lease, Failure> Pool::open(Inside inside, Clock::time_point deadline, bool listens) {
    auto connection = driver_.connect(deadline);
    tl::expected<void, Failure> fit;
    if (connection) {
        (*connection)->arm(deadline);
        fit = welcome_(**connection);
    }
    if (connection && fit && listens) {
        try {
            (*connection)->listen();
        } catch (const soci::soci_error& error) {
            fit = tl::unexpected((*connection)->classify(error));
        }
    }
    if (connection && (*connection)->fired()) fit = tl::unexpected(no_answer_in_time());
    if (connection && fit) return Lease(std::move(inside), *this, std::move(*connection), listens);
    drop(nullptr, listens);
    return tl::unexpected(connection ? fit.error() : connection.error());
}

// What nobody asks about must not pile up. Precondition: the lock is held.
void Pool::hear(Connection& listener, bool answered) {
    constexpr std::size_t kMostKept = 10000;
    listener.hear(heard_, answered);
    if (heard_.keys.size() > kMostKept) heard_ = {.anything = true, .keys = {}};
}

void Pool::give_back(std::unique_ptr<Connection> connection, bool listens) {
    {
        const std::lock_guard lock(mutex_);
        if (listens) hear(*connection, true);
        idle_.push_back({std::move(connection), listens});
    }
    returned_.notify_one();
}

void Pool::drop(std::unique_ptr<Connection> connection, bool listens) {
    connection.reset();
    {
        const std::lock_guard lock(mutex_);
        --open_;
        if (listens) {
            listening_ = false;
            heard_ = {.anything = true, .keys = {}};  // what was told meanwhile is lost
        }
    }
    returned_.notify_one();
}

void Pool::drop_idle() {
    std::vector<Idle> gone;
    {
        const std::lock_guard lock(mutex_);
        gone.swap(idle_);
    }
    for (Idle& one : gone) drop(std::move(one.connection), one.listens);
}

// By fork(), when nobody is inside, so that nothing is on loan either.
void Pool::drop_idle_of_all() {
    for (Pool* pool : pools().all) pool->drop_idle();
}

Result<Changes> Pool::changes(const std::function<Result<void>()>& connect) {
    const Inside inside = this->inside();
    {
        std::unique_lock lock(mutex_);
        leave_parents_connections();
        if (!listening_) {
            lock.unlock();
            CS2SIM_TRY(connect());
            lock.lock();
        }
    }
    const std::lock_guard lock(mutex_);
    // On loan: who has it hears it when it comes back.
    const auto listener = std::ranges::find_if(idle_, &Idle::listens);
    if (listener != idle_.end()) hear(*listener->connection, false);
    return std::exchange(heard_, {});
}

}  // namespace cs2sim::keystore
