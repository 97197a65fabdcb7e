// Group commit: changes of threads that arrive together become one SQLite transaction and share its sync.
// The first thread to arrive leads, those that come while it commits wait and become the next group.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>

#include "firmware/db/sqlite_connection.h"
#include "firmware/smos/fault_points.h"

namespace cs2sim {

class GroupCommit {
public:
    using Work = std::function<Result<void>(SqliteConnection&)>;

    explicit GroupCommit(std::unique_ptr<SqliteConnection> writer) : writer_(std::move(writer)) {}

    // Runs `work` in a transaction on the writer, whole or not at all, and returns when it is durable.
    // When the commit itself fails, every change of the group fails with its error. E_DB_BAD_HANDLE when
    // closed.
    Result<void> run(const Work& work);

    // Waits for the changes under way and closes the writer.
    void close();

private:
    struct Waiting {
        const Work* work;
        Result<void> result;
        bool done = false;
        FaultObserver* observer = nullptr;  // of the command behind it
        std::condition_variable wake;
    };
    using Group = std::span<Waiting* const>;
    void commit(Group group);
    void commit_or_throw(Group group);
    void undo(Group group, const Result<void>& why);
    void tell_committed(Group group);
    Result<void> apply_one_of_many(Waiting& one);
    Result<void> pass(FaultPoint point, Group group);
    void wake_next();

    std::unique_ptr<SqliteConnection> writer_;
    std::mutex mutex_;
    std::deque<Waiting*> queue_;
    std::condition_variable idle_;
    bool busy_ = false;
};

}  // namespace cs2sim
