#include "host-lib/pkcs11/entry.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <time.h>

#include <cerrno>
#include <new>

#include "host-lib/fork_gate/fork_gate.h"
#include "host-lib/pkcs11/cryptoki/names.h"

namespace cs2sim::p11 {
namespace {

enum class Stage : int { none, starting, ready, ending, over };

constinit std::atomic<Stage> stage{Stage::none};
constinit std::atomic<long> callers{0};
constinit std::atomic<Library*> current{nullptr};
constinit std::atomic<bool> fork_handler{false};
constinit std::atomic<Library*> of_parent{
    nullptr};  // never freed: its locks may be held; known, so it is no leak

void pause_briefly() {
    const timespec a_little{0, 500'000};
    ::nanosleep(&a_little, nullptr);
}

// In the child, with nothing but itself: what the parent's other threads held stays held there.
void become_child() {
    abandon_channels();
    of_parent.store(current.exchange(nullptr));
    callers.store(0);
    if (stage.load() != Stage::over) stage.store(Stage::none);
}

// Once the exit handlers ran, nothing is initialised any more.
[[gnu::destructor]] void mark_over() { stage.store(Stage::over); }

void settle_process() {
    host::guard_forks();
    if (!fork_handler.exchange(true)) ::pthread_atfork(nullptr, nullptr, become_child);
    // The program's openssl.cnf may name a provider that loads this very library: ours reads none.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
}

class SavedErrno {
public:
    ~SavedErrno() { errno = saved_; }

private:
    const int saved_ = errno;
};

bool session_gone(const Error& error, const Library& library) {
    return error.code == E_CMDS_SM_EXPIRED && !library.config.keep_alive;
}

void log_failure(Library& library, const FunctionRow& row, CK_RV ckr, const Error& error) {
    std::string text = constant_name("CKR", ckr);
    if (is_device_code(error.code)) {
        text += ", device error " + hex_code(error.code);
        if (const ErrorRow* known = find_error(error.code)) text += ": " + std::string(known->text);
    }
    library.log.write(LogLevel::error, row.name, text);
}

// Whoever was logged on is so no longer once the device refuses what they logged on with: it is for the
// application to log on again.
void log_off_if_refused(Library& library, Token& token) {
    if (!token.logons().refused()) return;
    const std::lock_guard lock(token.login_mutex);
    if (!token.logons().refused()) return;  // a new PIN meanwhile
    library.log.write(LogLevel::warning, "C_Logout",
                      "the device refuses a PIN or key that it accepted before: logged off");
    library.log_off(token);
}

CK_RV settle(const FunctionRow& row, Library* library, Session* session, const Error& error) {
    ErrorCircumstances circumstances;
    if (library) circumstances.version_3 = library->generation == Generation::r3;
    if (session) {
        if (is_device_code(error.code)) session->device_error = error.code;
        circumstances.session_ended = session_gone(error, *library);
        if (circumstances.session_ended) library->close_sessions(session->token);
        log_off_if_refused(*library, session->token);
        circumstances.role_logged_on = session->token.permissions() != 0;
    }
    const CK_RV ckr = ckr_of(error, row.area, circumstances);
    if (library) log_failure(*library, row, ckr, error);
    return ckr;
}

}  // namespace

Visit::Visit() {
    if (stage.load() != Stage::ready) return;
    ++callers;
    // C_Finalize may have come between, also between these two: it changes the stage first.
    if (stage.load() == Stage::ready) library_ = current.load();
    if (!library_) --callers;
}

Visit::~Visit() {
    if (library_) --callers;
}

namespace {

// Who is told that the library is initialised goes on to use it, so whoever comes while another thread starts
// or ends it waits for the outcome.
Answer become_starter() {
    for (;; pause_briefly()) {
        Stage found = Stage::none;
        if (stage.compare_exchange_strong(found, Stage::starting)) return {};
        if (found == Stage::over) return fail(CKR_CRYPTOKI_NOT_INITIALIZED);
        if (found == Stage::ready) return fail(CKR_CRYPTOKI_ALREADY_INITIALIZED);
    }
}

// A start that comes to nothing, also by an exception, leaves the library as one that nobody started: others
// wait for the outcome.
class Starting {
public:
    ~Starting() { stage.store(stage_); }
    void succeeded() { stage_ = Stage::ready; }

private:
    Stage stage_ = Stage::none;
};

// The lines with which every log begins (pkcs11-facts.md, section 9).
void log_start(Library& library) {
    const Config& config = library.config;
    const auto tell = [&](LogLevel level, const std::string& text) {
        library.log.write(level, "C_Initialize", text);
    };
    tell(LogLevel::info, config.description + " version 6.5.0.0 (cs2sim)");
    tell(LogLevel::info, "Configfile: " + (config.path.empty() ? "none" : config.path));
    for (const auto& devices : config.device_groups) {
        std::string together;
        for (const std::string& device : devices) {
            tell(LogLevel::info, "Device " + device);
            together += (together.empty() ? "" : ", ") + device;
        }
        if (devices.size() > 1) tell(LogLevel::info, "[ClusterSync] devices of one cluster: " + together);
    }
    for (const std::string& key : config.unknown)
        tell(LogLevel::warning, "unknown key, or value out of range, in the configuration: " + key);
    for (const std::string& name : config.custom_mechanisms)
        if (!custom_mechanism(name)) tell(LogLevel::warning, "CustomMechanisms: no mechanism " + name);
}

}  // namespace

Answer start_library(Generation generation, bool only_callbacks, bool threads) {
    if (const Answer first = become_starter(); !first) return first;
    Starting starting;
    settle_process();
    CS2SIM_TRY_LET(config, load_config(generation));
    if (only_callbacks && !config.force_os_locking) return fail(CKR_CANT_LOCK);
    auto library = std::make_unique<Library>(std::move(config), generation);
    log_start(*library);
    if (threads) library->keep_sessions_alive();
    current.store(library.release());
    starting.succeeded();
    return {};
}

Answer end_library() {
    Stage ready = Stage::ready;
    if (!stage.compare_exchange_strong(ready, Stage::ending)) return fail(CKR_CRYPTOKI_NOT_INITIALIZED);
    Library* library = current.exchange(nullptr);
    library->end();
    while (callers.load() != 0) pause_briefly();  // every command ends by its time-out
    delete library;
    Stage ending = Stage::ending;
    stage.compare_exchange_strong(ending, Stage::none);
    return {};
}

CK_RV guarded(const FunctionRow& row, Library* library, Session* session, Inside<> work) {
    const SavedErrno saved;
    try {
        const bool trace = library && library->log.on(LogLevel::trace);
        if (trace) library->log.write(LogLevel::trace, row.name, "enter ...");
        const Answer answer = work();
        const CK_RV ckr = answer ? CKR_OK : settle(row, library, session, answer.error());
        if (trace) library->log.write(LogLevel::trace, row.name, "leave ... " + constant_name("CKR", ckr));
        return ckr;
    } catch (const std::exception&) {  // memory, threads, locks: something of the host's has run short
        return CKR_HOST_MEMORY;
    }
}

CK_RV call_free(const FunctionRow& row, Inside<> work) { return guarded(row, nullptr, nullptr, work); }

CK_RV call_library(const FunctionRow& row, Inside<Library&> work) {
    const Visit visit;
    if (!visit.library()) return CKR_CRYPTOKI_NOT_INITIALIZED;
    return guarded(row, visit.library(), nullptr, [&] { return work(*visit.library()); });
}

CK_RV call_session(const FunctionRow& row, CK_SESSION_HANDLE handle, Inside<Session&> work) {
    const Visit visit;
    if (!visit.library()) return CKR_CRYPTOKI_NOT_INITIALIZED;
    const SharedSession session = visit.library()->session(handle);
    if (!session)
        return guarded(row, visit.library(), nullptr, [] { return fail(CKR_SESSION_HANDLE_INVALID); });
    const std::lock_guard lock(session->mutex);
    return guarded(row, visit.library(), session.get(), [&]() -> Answer {
        if (session->closed) return fail(CKR_SESSION_HANDLE_INVALID);  // while this call waited for its turn
        if (row.uses_role && session->token.initial_pin) return fail(CKR_PIN_TOO_WEAK);
        Token& token = session->token;
        const std::uint64_t log_on = token.logons().epoch();
        const Answer answer = work(*session);
        // What was made while another thread logged off.
        if (token.logons().epoch() != log_on && !token.sees_private())
            session->library.forget_private_objects(token);
        if (session->closed) session->library.leave_nothing_of(*session);
        return answer;
    });
}

}  // namespace cs2sim::p11
