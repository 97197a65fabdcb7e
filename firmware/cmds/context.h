// Authentication context: what is bound to one plain connection or to one secure session.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "firmware/cmds/function.h"
#include "firmware/protocol/abandonment.h"

namespace cs2sim {

struct LoggedOnUser {
    std::string short_name;  // without filling
    std::uint32_t permission = 0;
    std::string attributes;          // "CXI_GROUP=SLOT_0000,…", empty when none
    std::shared_ptr<void> presence;  // keeps the user marked as active (Sessions::mark_active)
    // Users::authority_digest() at logon; empty: of a user whom user.db does not have.
    Bytes authority_digest = {};
    std::uint64_t compared_at = UINT64_MAX;  // user.db's number of changes when that was last compared
    std::string long_name = {};              // empty unless longer than 8

    const std::string& name() const { return long_name.empty() ? short_name : long_name; }
};

// Things that a module keeps for a caller between commands (an open backup, a chained cipher): owned by the
// context and dropped with it. Handles are never reused within a context.
class HandleTable {
public:
    static constexpr std::size_t kMost = 64;

    // 0 when the table is full.
    template <class T>
    std::uint32_t put(std::shared_ptr<T> thing) {
        if (things_.size() >= kMost) return 0;
        things_[++last_] = {&kTag<T>, std::move(thing)};
        return last_;
    }
    // Null when there is none of that number and type.
    template <class T>
    std::shared_ptr<T> get(std::uint32_t handle) const {
        const auto found = things_.find(handle);
        if (found == things_.end() || found->second.tag != &kTag<T>) return nullptr;
        return std::static_pointer_cast<T>(found->second.thing);
    }
    // The first of that type, of which the caller has one at most; null when there is none.
    template <class T>
    std::shared_ptr<T> only() const {
        for (const auto& [handle, entry] : things_)
            if (entry.tag == &kTag<T>) return std::static_pointer_cast<T>(entry.thing);
        return nullptr;
    }
    std::size_t size() const { return things_.size(); }
    bool drop(std::uint32_t handle) { return things_.erase(handle) != 0; }
    void clear() { things_.clear(); }

private:
    template <class T>
    static inline const char kTag = 0;
    struct Entry {
        const char* tag = nullptr;
        std::shared_ptr<void> thing;
    };
    std::map<std::uint32_t, Entry> things_;
    std::uint32_t last_ = 0;
};

class TracedFrame;  // firmware/trace
class FaultFrame;   // firmware/faults

// What goes along with the frame on whose behalf commands run: set by the conversation that carries it,
// handed on to the session of a sealed command. Nothing while nobody traces and no rule is armed.
struct FrameInPassing {
    TracedFrame* traced = nullptr;
    FaultFrame* faults = nullptr;
};

struct Context {
    std::mutex mutex;  // held while a command of this context runs
    std::vector<LoggedOnUser> users;
    HandleTable handles;

    struct Challenge {
        Bytes value;
        std::int64_t expires = 0;  // monotonic milliseconds
    };
    std::optional<Challenge> challenge;
    Bytes binding;               // what a logon signs along with the challenge; empty on a plain connection
    std::string named_database;  // by its newest command that names one; kept while fault rules are armed
    FrameInPassing frame;
    bool secure = false;   // a session with secure messaging
    bool control = false;  // the simulator's control socket: FC SIM is there
    // Of the connection behind it, for computations that take long; null: nobody can hang up.
    std::shared_ptr<const Abandonment> abandonment;
    bool logged_on_inside = false;  // in the session of the newest sealed command

    // E_OS_PCI_CANCEL when nobody waits for the command any more.
    Result<void> check_abandonment() const { return abandonment ? abandonment->check() : Result<void>(); }

    std::uint32_t auth_state() const {
        std::uint32_t state = 0;
        for (const LoggedOnUser& user : users) state = add_states(state, user.permission);
        return state;
    }
};

}  // namespace cs2sim
