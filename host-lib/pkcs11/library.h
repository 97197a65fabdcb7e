// What C_Initialize makes and C_Finalize ends.
#pragma once

#include <condition_variable>
#include <memory>
#include <unordered_map>

#include "host-lib/pkcs11/external_store.h"
#include "host-lib/pkcs11/keep_alive.h"
#include "host-lib/pkcs11/log.h"
#include "host-lib/pkcs11/saved_digests.h"
#include "host-lib/pkcs11/session.h"
#include "host-lib/pkcs11/slot_watch.h"

namespace cs2sim::p11 {

using SharedSession = std::shared_ptr<Session>;

class Library {
public:
    Library(Config config, Generation generation);
    ~Library();

    const Config config;
    const Generation generation;
    Log log;
    ObjectTable objects;
    SavedDigests saved_digests;

    std::size_t slot_count() const { return tokens_.size(); }
    Result<Token*> token(CK_SLOT_ID slot);  // CKR_SLOT_ID_INVALID

    // Errors: CKR_SESSION_READ_WRITE_SO_EXISTS.
    Result<CK_SESSION_HANDLE> open_session(Token& token, bool read_write);
    SharedSession session(CK_SESSION_HANDLE handle);  // null: unknown
    // False when there is none. The last one of a token logs everybody off.
    bool close_session(CK_SESSION_HANDLE handle);
    void close_sessions(Token& token);
    // What a call made that was inside a session while it was closed goes with it.
    void leave_nothing_of(Session& session);
    std::vector<SharedSession> sessions_of(const Token& token);

    // Private session objects, and the handles of all private ones, which end with a log-on.
    void forget_private_objects(Token& token);
    // Everybody off, on every connection of the token. The caller holds its login_mutex.
    void log_off(Token& token);

    SlotWatch slot_watch;

    // Starts the thread that keeps sessions alive, when the configuration asks for it.
    void keep_sessions_alive();

    // Waits until the library ends, or for so long. True: it ended.
    bool wait_for_end(std::chrono::milliseconds longest);
    void end();  // wakes those who wait

private:
    void tend(std::chrono::milliseconds idle);
    void ended(const std::vector<SharedSession>& closed, Token& token);
    void end_logons(Token& token);  // with the last session

    ExternalStore& external_store(const KeyStorageSettings& settings);

    std::vector<std::unique_ptr<DeviceGroup>> groups_;
    std::vector<std::unique_ptr<ExternalStore>> stores_;  // one a configuration, whatever the slots
    std::vector<std::unique_ptr<Token>> tokens_;
    std::mutex mutex_;
    std::unordered_map<CK_SESSION_HANDLE, SharedSession> sessions_;
    std::mutex end_mutex_;
    std::condition_variable end_signal_;
    bool ending_ = false;
    KeepAlive keep_alive_;
};

}  // namespace cs2sim::p11
