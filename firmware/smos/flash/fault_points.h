// Points in storage at which fault rules (firmware/faults) reach in.
//
// Whoever runs a command that a storage rule may meet installs an observer for the time of that command, on
// its thread; GroupCommit carries it over to the thread that commits. Without one a point costs the reading
// of one thread-local pointer.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

enum class FaultPoint : std::uint8_t {
    db_write,          // before a record is inserted, replaced or erased
    db_before_commit,  // everything is written, nothing durable
    db_after_commit,   // durable, not answered
    flash_write,       // before a file is written
    state_move,        // before a file of an earlier version's state folder is moved
};

class FaultObserver {
public:
    virtual ~FaultObserver() = default;
    // `name` is that of the database or file, `key` the record's search key (db_write only). An error fails
    // what was about to happen; after the commit it is disregarded.
    virtual Result<void> reached(FaultPoint point, std::string_view name, ByteView key) = 0;
};

inline thread_local FaultObserver* fault_observer = nullptr;

inline Result<void> fault_point(FaultPoint point, std::string_view name, ByteView key = {}) {
    return fault_observer ? fault_observer->reached(point, name, key) : Result<void>{};
}

// Installs an observer until the end of the scope.
class FaultObserverScope {
public:
    explicit FaultObserverScope(FaultObserver* observer) : before_(std::exchange(fault_observer, observer)) {}
    ~FaultObserverScope() { fault_observer = before_; }
    FaultObserverScope(const FaultObserverScope&) = delete;
    FaultObserverScope& operator=(const FaultObserverScope&) = delete;

private:
    FaultObserver* before_;
};

}  // namespace cs2sim
