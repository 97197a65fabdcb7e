#include "firmware/db/group_commit.h"

#include <algorithm>
#include <array>
#include <new>

#include "firmware/smos/flash/memory_reserve.h"

namespace cs2sim {
namespace {

constexpr std::size_t kMostInGroup = 256;

Result<void> apply(SqliteConnection& writer, const GroupCommit::Work& work) {
    Result<void> result;
    try {
        result = work(writer);
    } catch (const std::bad_alloc&) {
        result = fail(E_DB_NO_MEM);
    }
    // A full disk may have ended the whole transaction, and a savepoint with it.
    if (!writer.in_transaction() && result) return fail(E_DB_COR_FILE);
    return result;
}

// To the thread whose change it was.
const Result<void>& told(const Result<void>& result) {
    if (result) CommandMemory::stored();
    return result;
}

}  // namespace

// Whatever memory runs out on the way, the group ends with an answer and the writer outside a transaction.
void GroupCommit::commit(Group group) {
    try {
        commit_or_throw(group);
    } catch (const std::bad_alloc&) {
        undo(group, fail(E_DB_NO_MEM));
    }
}

void GroupCommit::undo(Group group, const Result<void>& why) {
    if (writer_->in_transaction()) static_cast<void>(writer_->run("ROLLBACK"));
    for (Waiting* one : group)
        if (one->result) one->result = why;
}

void GroupCommit::commit_or_throw(Group group) {
    Result<void> whole = writer_->begin();
    for (Waiting* one : group) {
        if (!whole) break;
        const FaultObserverScope scope(one->observer);
        if (group.size() == 1)
            whole = one->result = apply(*writer_, *one->work);
        else
            whole = apply_one_of_many(*one);
    }
    if (whole) whole = pass(FaultPoint::db_before_commit, group);
    if (whole) whole = writer_->commit();
    if (whole) {
        tell_committed(group);
        return;
    }
    undo(group, whole);
}

// What is durable is done, whatever an observer meets.
void GroupCommit::tell_committed(Group group) {
    try {
        static_cast<void>(pass(FaultPoint::db_after_commit, group));
    } catch (const std::bad_alloc&) {
        return;
    }
}

// A failure undoes this change and leaves the others of the group; what it returns is an error of all.
Result<void> GroupCommit::apply_one_of_many(Waiting& one) {
    CS2SIM_TRY(writer_->mark());
    one.result = apply(*writer_, *one.work);
    if (!writer_->in_transaction()) return one.result;
    if (!one.result) CS2SIM_TRY(writer_->run("ROLLBACK TO one"));
    return writer_->release_mark();
}

// The point, for every command whose change is still good. A fault of one fails the group, as a disk would.
Result<void> GroupCommit::pass(FaultPoint point, Group group) {
    for (const Waiting* one : group) {
        if (!one->observer || !one->result) continue;
        CS2SIM_TRY(one->observer->reached(point, writer_->database(), {}));
    }
    return {};
}

Result<void> GroupCommit::run(const Work& work) {
    Waiting own{&work, {}, false, fault_observer, {}};
    std::unique_lock lock(mutex_);
    if (!writer_) return fail(E_DB_BAD_HANDLE);
    queue_.push_back(&own);
    own.wake.wait(lock, [&] { return own.done || (!busy_ && queue_.front() == &own); });
    if (own.done) return told(own.result);

    busy_ = true;
    std::array<Waiting*, kMostInGroup> taken{};  // no memory is asked for from here on
    const auto count = std::min(queue_.size(), taken.size());
    std::copy_n(queue_.begin(), count, taken.begin());
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
    const Group group(taken.data(), count);
    lock.unlock();
    commit(group);
    lock.lock();
    busy_ = false;
    for (Waiting* one : group) {
        one->done = true;
        one->wake.notify_one();  // under the lock: `one` lives until its thread takes it
    }
    wake_next();
    return told(own.result);
}

void GroupCommit::wake_next() {
    if (!queue_.empty())
        queue_.front()->wake.notify_one();
    else
        idle_.notify_all();
}

void GroupCommit::close() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [&] { return !busy_ && queue_.empty(); });
    writer_.reset();
}

}  // namespace cs2sim
