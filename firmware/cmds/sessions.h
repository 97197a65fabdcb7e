// Sessions with secure messaging, and who is logged on in them.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "firmware/cmds/context.h"
#include "firmware/profile/profile.h"
#include "firmware/protocol/channel/secure_channel.h"

namespace cs2sim {

struct Session : Context {
    Session(std::uint32_t number, const void* opener, SecureChannel keys, const SequenceCounter& start)
        : id(number), owner(opener), channel(std::move(keys)), sequence(start) {
        secure = true;
        binding = channel.binding();
    }
    const std::uint32_t id;
    const void* const owner;  // the connection that opened it: no other may use it
    SecureChannel channel;
    SequenceCounter sequence;            // of the newest good request; an older or equal one is a replay
    std::int64_t last_used = 0;          // monotonic milliseconds
    std::atomic<bool> logged_on{false};  // somebody was, after the newest command
};

class Sessions {
public:
    explicit Sessions(const Profile& profile) : profile_(profile) {}

    struct Opened {
        SessionTranscript transcript;
        std::shared_ptr<Session> session;
    };
    // Agrees on keys with a host. Errors: E_CMDS_BAD_MODE, E_CMDS_BAD_SM_MODE (mode or mechanism that the
    // profile does not accept), E_CMDS_CC_SM_MA, E_CMDS_SM_DH_BAD_PARAM, E_CMDS_NO_MEM (too many sessions).
    // Sessions without logon give way, the longest unused first: those of a connection that has as many as
    // the profile allows it, and any when the table is full. They count as expired.
    Result<Opened> open(const void* owner, std::uint8_t mode, std::uint8_t mechanism, ByteView host_public);

    // Errors: E_CMDS_SM_ID (unknown, or of another connection), E_CMDS_SM_EXPIRED, E_CMDS_SM_SESS_CLOSED.
    Result<std::shared_ptr<Session>> find(const void* owner, std::uint32_t id);

    void close(std::uint32_t id);
    void expire(std::uint32_t id);           // as if its time were over
    void close_owned_by(const void* owner);  // the connection is gone
    void close_all();                        // restart, alarm

    // Marks a user as logged on for as long as the returned object lives.
    std::shared_ptr<void> mark_active(const std::string& short_name);
    // Neither counts who is logged on in a session whose time is over.
    bool is_active(const std::string& short_name);
    std::size_t active_users();  // logons that last, whoever's

    std::size_t count() const;
    bool is_open(std::uint32_t id) const;

private:
    void forget(std::uint32_t id, std::deque<std::uint32_t>& list);
    void expire_idle(std::int64_t now);
    void expire_idle();
    using Table = std::map<std::uint32_t, std::shared_ptr<Session>>;
    // The session without logon that is unused for longest, of `owner` or (null) of anybody.
    Table::iterator first_to_give_way(const void* owner);
    std::size_t without_logon(const void* owner) const;
    void give_way(Table::iterator session);

    const Profile& profile_;
    mutable std::mutex mutex_;
    Table sessions_;
    std::int64_t next_expiry_ = 0;      // monotonic milliseconds
    std::deque<std::uint32_t> closed_;  // newest numbers only: tell "closed" and "expired" from "unknown"
    std::deque<std::uint32_t> expired_;

    struct Presence {
        std::mutex mutex;
        std::multiset<std::string> users;
    };
    std::shared_ptr<Presence> presence_ = std::make_shared<Presence>();
};

}  // namespace cs2sim
