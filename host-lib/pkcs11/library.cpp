#include "host-lib/pkcs11/library.h"

#include <chrono>

#include "host-lib/pkcs11/find.h"
#include "host-lib/pkcs11/key_commands.h"

namespace cs2sim::p11 {
namespace {

constinit std::atomic<CK_SESSION_HANDLE> next_session{1};

}  // namespace

Session::Session(Library& its, Token& its_token, CK_SESSION_HANDLE its_handle, bool writes, bool own_channel)
    : library(its), token(its_token), handle(its_handle), read_write(writes) {
    if (own_channel) own_ = std::make_unique<Channel>(token.devices(), token.logons());
}

Session::~Session() = default;

ObjectTable& Session::library_objects() { return library.objects; }

CK_STATE Session::state() const {
    if (token.so_logged_on()) return read_write ? CKS_RW_SO_FUNCTIONS : CKS_RO_PUBLIC_SESSION;
    if (token.user_logged_on()) return read_write ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
    return read_write ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}

Library::Library(Config given, Generation which)
    : config(std::move(given)), generation(which), log(config, which), objects(config.object_cache) {
    const DeviceGroup::Settings settings{{config.connection_timeout, config.command_timeout},
                                         config.keep_alive,
                                         config.fallback_interval,
                                         config.keys_external,
                                         [this](bool trouble, const std::string& text) {
                                             log.write(trouble ? LogLevel::warning : LogLevel::info,
                                                       "[ClusterSync]", text);
                                         }};
    for (const auto& devices : config.device_groups)
        groups_.push_back(std::make_unique<DeviceGroup>(devices, settings));
    if (groups_.empty()) groups_.push_back(std::make_unique<DeviceGroup>());
    for (const auto& group : groups_) {
        slot_watch.add(*group, tokens_.size(), config.slot_count);
        for (unsigned number = 0; number < config.slot_count; ++number)
            tokens_.push_back(std::make_unique<Token>(tokens_.size(), number, *group, config));
    }
    for (const auto& token : tokens_) {
        const unsigned slot = static_cast<unsigned>(token->slot);
        if (config.keys_are_external(slot)) token->external = &external_store(config.key_storage_of(slot));
    }
}

ExternalStore& Library::external_store(const KeyStorageSettings& settings) {
    for (const auto& store : stores_)
        if (store->settings == settings) return *store;
    stores_.push_back(
        std::make_unique<ExternalStore>(settings, config.connection_timeout, config.command_timeout, log));
    return *stores_.back();
}

// The first connection waits for the device's word at the end of its session, and no other when it never
// came: a dead device holds C_Finalize up once.
Library::~Library() {
    keep_alive_.stop();
    const std::lock_guard lock(mutex_);
    bool wait = true;
    const auto close = [&wait](Channel& channel) {
        const auto before = std::chrono::steady_clock::now();
        channel.close(wait);
        if (std::chrono::steady_clock::now() - before > std::chrono::milliseconds(500)) wait = false;
    };
    for (const auto& [handle, session] : sessions_) close(session->channel());
    for (const auto& token : tokens_) close(token->shared_channel());
    slot_watch.close(wait);
    sessions_.clear();
}

Result<Token*> Library::token(CK_SLOT_ID slot) {
    if (slot >= tokens_.size()) return fail(CKR_SLOT_ID_INVALID);
    return tokens_[slot].get();
}

Result<CK_SESSION_HANDLE> Library::open_session(Token& token, bool read_write) {
    if (!read_write && token.so_logged_on()) return fail(CKR_SESSION_READ_WRITE_SO_EXISTS);
    const CK_SESSION_HANDLE handle = next_session++;
    auto session = std::make_shared<Session>(*this, token, handle, read_write, config.slot_multi_session);
    const std::lock_guard lock(mutex_);
    sessions_.emplace(handle, std::move(session));
    ++token.sessions;
    if (read_write) ++token.read_write_sessions;
    return handle;
}

SharedSession Library::session(CK_SESSION_HANDLE handle) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(handle);
    return found == sessions_.end() ? nullptr : found->second;
}

bool Library::close_session(CK_SESSION_HANDLE handle) {
    SharedSession closed;
    {
        const std::lock_guard lock(mutex_);
        const auto found = sessions_.find(handle);
        if (found == sessions_.end()) return false;
        closed = std::move(found->second);
        sessions_.erase(found);
    }
    ended({closed}, closed->token);
    return true;
}

void Library::close_sessions(Token& token) {
    std::vector<SharedSession> closed;
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(sessions_, [&](auto& entry) {
            if (&entry.second->token != &token) return false;
            closed.push_back(std::move(entry.second));
            return true;
        });
    }
    if (!closed.empty()) ended(closed, token);
}

void Library::leave_nothing_of(Session& session) {
    forget_objects(session, objects.erase_of_session(session.handle));
    if (session.token.sessions == 0) end_logons(session.token);
}

void Library::ended(const std::vector<SharedSession>& closed, Token& token) {
    unsigned left = 0;
    for (const SharedSession& session : closed) {
        session->closed = true;
        forget_objects(*session, objects.erase_of_session(session->handle));
        if (session->read_write) --token.read_write_sessions;
        left = --token.sessions;
    }
    if (left == 0) end_logons(token);
}

// One that is under way comes to its end first, with its permissions: half of it would stay.
void Library::end_logons(Token& token) {
    const std::lock_guard lock(token.login_mutex);
    log_off(token);
}

std::vector<SharedSession> Library::sessions_of(const Token& token) {
    std::vector<SharedSession> all;
    const std::lock_guard lock(mutex_);
    for (const auto& [handle, session] : sessions_)
        if (&session->token == &token) all.push_back(session);
    return all;
}

void Library::forget_private_objects(Token& token) {
    const auto private_objects = objects.erase_private(token.slot);
    for (const SharedObject& object : private_objects)
        if (const SharedSession session = this->session(object->session)) forget_objects(*session, {object});
}

void Library::log_off(Token& token) {
    if (token.logons().empty()) return;
    forget_private_objects(token);
    token.logons().clear();
    token.set_permissions(0);
    token.initial_pin = false;
    token.shared_channel().log_off();
    for (const SharedSession& session : sessions_of(token)) session->channel().log_off();
}

void Library::keep_sessions_alive() {
    if (config.keep_alive)
        keep_alive_.start(config.keep_alive_interval, [this](std::chrono::milliseconds idle) { tend(idle); });
}

void Library::tend(std::chrono::milliseconds idle) {
    std::vector<SharedSession> open;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [handle, session] : sessions_) open.push_back(session);
    }
    for (const SharedSession& session : open) session->channel().keep_alive(idle);
    for (const auto& token : tokens_) token->shared_channel().keep_alive(idle);
}

bool Library::wait_for_end(std::chrono::milliseconds longest) {
    std::unique_lock lock(end_mutex_);
    return end_signal_.wait_for(lock, longest, [&] { return ending_; });
}

void Library::end() {
    {
        const std::lock_guard lock(end_mutex_);
        ending_ = true;
    }
    for (const auto& group : groups_) group->end();
    end_signal_.notify_all();
}

}  // namespace cs2sim::p11
