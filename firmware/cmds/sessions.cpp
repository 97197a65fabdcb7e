#include "firmware/cmds/sessions.h"

#include <algorithm>

#include "firmware/crypto/random.h"
#include "firmware/smos/clock.h"

namespace cs2sim {
namespace {

constexpr std::size_t kRemembered = 4096;
constexpr std::uint8_t kFast = 0x80;  // CMDS_MODE_SM_FAST, a modifier

bool contains(const auto& list, auto value) { return std::ranges::find(list, value) != list.end(); }

std::uint32_t number_of(ByteView four) { return static_cast<std::uint32_t>(big_endian(four)); }

}  // namespace

Result<Sessions::Opened> Sessions::open(const void* owner, std::uint8_t mode, std::uint8_t mechanism,
                                        ByteView host_public) {
    const auto plain_mode = static_cast<std::uint8_t>(mode & ~kFast);
    if (plain_mode != SM_MODE_DH && plain_mode != SM_MODE_ECDH && plain_mode != SM_MODE_DH_MA_RSA)
        return fail(E_CMDS_BAD_MODE);
    if (!contains(profile_.session_modes, plain_mode))
        return fail(profile_.certification == Certification::cc ? E_CMDS_CC_SM_MA : E_CMDS_BAD_SM_MODE);
    if (mechanism < SM_MECH_AES || mechanism > SM_MECH_AES_GCM) return fail(E_CMDS_BAD_MECH);
    if (!contains(profile_.session_mechanisms, mechanism)) return fail(E_CMDS_BAD_SM_MODE);

    CS2SIM_TRY_LET(agreement, KeyAgreement::start(plain_mode));
    CS2SIM_TRY_LET(secret, agreement.agree(host_public));

    Opened opened;
    opened.transcript = {0, plain_mode, mechanism, {}, to_bytes(host_public), agreement.public_value()};
    random_fill(std::span(opened.transcript.sequence).subspan(1));  // the leading zero keeps it from wrapping

    const std::int64_t now = monotonic_milliseconds();
    const std::lock_guard lock(mutex_);
    expire_idle(now);
    while (without_logon(owner) >= profile_.max_sessions_without_logon) give_way(first_to_give_way(owner));
    if (sessions_.size() >= profile_.max_sessions) {
        const auto other = first_to_give_way(nullptr);
        if (other == sessions_.end()) return fail(E_CMDS_NO_MEM);
        give_way(other);
    }
    do {
        opened.transcript.session = number_of(random_array<4>());
    } while (opened.transcript.session == 0 || sessions_.contains(opened.transcript.session));

    SecureChannel channel(SecureChannel::Side::device, opened.transcript, secret);
    opened.session = std::make_shared<Session>(opened.transcript.session, owner, std::move(channel),
                                               opened.transcript.sequence);
    opened.session->last_used = now;
    sessions_.emplace(opened.session->id, opened.session);
    return opened;
}

Result<std::shared_ptr<Session>> Sessions::find(const void* owner, std::uint32_t id) {
    const std::lock_guard lock(mutex_);
    const std::int64_t now = monotonic_milliseconds();
    expire_idle(now);
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) {
        if (contains(expired_, id)) return fail(E_CMDS_SM_EXPIRED);
        return fail(contains(closed_, id) ? E_CMDS_SM_SESS_CLOSED : E_CMDS_SM_ID);
    }
    if (found->second->owner != owner) return fail(E_CMDS_SM_ID);
    if (now - found->second->last_used > std::int64_t{1000} * profile_.session_seconds) {
        sessions_.erase(found);
        forget(id, expired_);
        return fail(E_CMDS_SM_EXPIRED);
    }
    found->second->last_used = now;
    return found->second;
}

void Sessions::close(std::uint32_t id) {
    const std::lock_guard lock(mutex_);
    if (sessions_.erase(id) != 0) forget(id, closed_);
}

void Sessions::expire(std::uint32_t id) {
    const std::lock_guard lock(mutex_);
    if (sessions_.erase(id) != 0) forget(id, expired_);
}

void Sessions::close_owned_by(const void* owner) {
    const std::lock_guard lock(mutex_);
    std::erase_if(sessions_, [&](const auto& entry) { return entry.second->owner == owner; });
}

void Sessions::close_all() {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, session] : sessions_) forget(id, closed_);
    sessions_.clear();
}

void Sessions::forget(std::uint32_t id, std::deque<std::uint32_t>& list) {
    list.push_back(id);
    if (list.size() > kRemembered) list.pop_front();
}

// Whoever opens or uses a session, or asks who is logged on, ends those whose time is over, theirs or not:
// who is logged on in one is logged on no longer, and what it holds is free again.
void Sessions::expire_idle(std::int64_t now) {
    if (now < next_expiry_ && sessions_.size() < profile_.max_sessions) return;
    next_expiry_ = now + 1000;
    std::erase_if(sessions_, [&](const auto& entry) {
        const bool idle = now - entry.second->last_used > std::int64_t{1000} * profile_.session_seconds;
        if (idle) forget(entry.first, expired_);
        return idle;
    });
}

Sessions::Table::iterator Sessions::first_to_give_way(const void* owner) {
    auto first = sessions_.end();
    for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
        const Session& session = *it->second;
        if (session.logged_on || (owner && session.owner != owner)) continue;
        if (first == sessions_.end() || session.last_used < first->second->last_used) first = it;
    }
    return first;
}

std::size_t Sessions::without_logon(const void* owner) const {
    return static_cast<std::size_t>(std::ranges::count_if(sessions_, [&](const auto& entry) {
        return entry.second->owner == owner && !entry.second->logged_on;
    }));
}

void Sessions::give_way(Table::iterator session) {
    forget(session->first, expired_);
    sessions_.erase(session);
}

void Sessions::expire_idle() {
    const std::lock_guard lock(mutex_);
    expire_idle(monotonic_milliseconds());
}

std::size_t Sessions::active_users() {
    expire_idle();
    const std::lock_guard lock(presence_->mutex);
    return presence_->users.size();
}

std::shared_ptr<void> Sessions::mark_active(const std::string& short_name) {
    {
        const std::lock_guard lock(presence_->mutex);
        presence_->users.insert(short_name);
    }
    // The mark may outlive this object: it shares the register, not the owner of it.
    return {nullptr, [presence = presence_, short_name](void*) {
                const std::lock_guard lock(presence->mutex);
                presence->users.erase(presence->users.find(short_name));
            }};
}

bool Sessions::is_active(const std::string& short_name) {
    expire_idle();
    const std::lock_guard lock(presence_->mutex);
    return presence_->users.contains(short_name);
}

bool Sessions::is_open(std::uint32_t id) const {
    const std::lock_guard lock(mutex_);
    return sessions_.contains(id);
}

std::size_t Sessions::count() const {
    const std::lock_guard lock(mutex_);
    return sessions_.size();
}

}  // namespace cs2sim
