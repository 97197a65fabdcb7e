// The C functions on single devices (include/csxapi/csxapi.h).
#include "host-lib/include/csxapi/csxapi.h"

#include <vector>

#include "host-lib/csxapi/calls.h"
#include "host-lib/csxapi/handles.h"
#include "host-lib/link/device_address.h"
#include "host-lib/link/device_connection.h"
#include "host-lib/link/secure_session.h"

namespace cs2sim::host::capi {
namespace {

struct OpenConnection {
    OpenConnection(std::unique_ptr<Transport> transport, Milliseconds timeout)
        : connection(std::move(transport), timeout) {}
    std::mutex mutex;  // held while a command runs; guards the contexts of this connection too
    DeviceConnection connection;
};

struct PreparedUser {
    std::string name;
    std::optional<std::uint8_t> mechanism;  // none: as registered
    std::unique_ptr<KeySource> key;
    bool logged_on = false;
};

// It does not keep its connection open: who closes that and forgets the context leaves no session behind.
struct PreparedContext {
    explicit PreparedContext(const std::shared_ptr<OpenConnection>& its) : owner_(its) {}
    bool belongs_to(const std::shared_ptr<OpenConnection>& open) const { return owner_.lock() == open; }
    std::shared_ptr<OpenConnection> owner() const { return owner_.lock(); }  // null once it is closed

    std::vector<PreparedUser> users;
    std::unique_ptr<SecureSession> session;

private:
    const std::weak_ptr<OpenConnection> owner_;
};

NumberTable<OpenConnection>& connections() {
    static NumberTable<OpenConnection> table;
    return table;
}
PointerTable<PreparedContext>& contexts() {
    static PointerTable<PreparedContext> table;
    return table;
}

Result<void> log_on(DeviceConnection& connection, PreparedContext& context) {
    if (!context.session) {
        CS2SIM_TRY_LET(opened, SecureSession::open(connection));
        context.session = std::move(opened);
    }
    for (PreparedUser& user : context.users) {
        if (user.logged_on) continue;
        CS2SIM_TRY(context.session->logon(connection, user.name, *user.key, SecureSession::kChallengeLength,
                                          user.mechanism));
        user.logged_on = true;
    }
    return {};
}

Result<void> open_session(DeviceConnection& connection, PreparedContext& context) {
    auto done = log_on(connection, context);
    if (!done && is_session_gone(done.error().code)) {  // expired: all of its users log on again
        context.session.reset();
        for (PreparedUser& user : context.users) user.logged_on = false;
        done = log_on(connection, context);
    }
    // Whoever could not log on is forgotten, so that the caller can prepare them anew.
    std::erase_if(context.users, [](const PreparedUser& user) { return !user.logged_on; });
    return done;
}

int prepare(int handle, int mechanism, std::string_view user, std::unique_ptr<KeySource> key,
            void* in_context, void** out_context) {
    const auto open = connections().get(handle);
    if (!open) return code(E_CSA_HANDLE);
    auto context = in_context ? contexts().get(in_context) : std::make_shared<PreparedContext>(open);
    if (!context || !context->belongs_to(open)) return code(E_CSA_PARAM);
    PreparedUser prepared{std::string(user), std::nullopt, std::move(key), false};
    if (mechanism != CSA_AUTH_MECH_AUTO) prepared.mechanism = static_cast<std::uint8_t>(mechanism);
    {
        const std::lock_guard lock(open->mutex);
        context->users.push_back(std::move(prepared));
    }
    *out_context = in_context ? in_context : contexts().put(std::move(context));
    return 0;
}

}  // namespace

Result<std::unique_ptr<KeySource>> key_source(const unsigned char* key_spec, const unsigned char* password,
                                              unsigned l_password) {
    if (!key_spec) {
        if (!password) return fail(E_CSA_PARAM);
        return password_source(view(password, l_password));
    }
    CS2SIM_TRY_LET(spec, parse_key_spec(reinterpret_cast<const char*>(key_spec)));
    if (password && l_password != 0) spec.password = to_secret(view(password, l_password));
    return open_key_source(spec);
}

}  // namespace cs2sim::host::capi

using namespace cs2sim;
using namespace cs2sim::host;
using namespace cs2sim::host::capi;

extern "C" {

int cs_open_connection(const char* device, unsigned int connect_timeout, unsigned int command_timeout,
                       int* handle) {
    if (!handle) return code(E_CSA_PARAM);
    *handle = -1;
    return guarded([&] {
        const auto address = parse_device_address(device_name(device));
        if (!address) return code(address);
        const Timeouts chosen = timeouts(connect_timeout, command_timeout);
        auto transport = connect_transport(*address, chosen.connect);
        if (!transport) return code(transport);
        *handle = connections().put(std::make_shared<OpenConnection>(std::move(*transport), chosen.command));
        return 0;
    });
}

int cs_close_connection(int handle) { return connections().take(handle) ? 0 : code(E_CSA_HANDLE); }

int cs_prepare_auth(int handle, int mechanism, const unsigned char* user, unsigned int l_user,
                    const unsigned char* key_spec, const unsigned char* password, unsigned int l_password,
                    void* in_context, void** out_context) {
    if (!out_context) return code(E_CSA_PARAM);
    *out_context = in_context;
    const bool known = mechanism >= CSA_AUTH_MECH_AUTO && mechanism <= CSA_AUTH_MECH_ECDSA;
    if (!user || !known) return code(E_CSA_PARAM);
    return guarded([&] {
        auto key = key_source(key_spec, password, l_password);
        if (!key) return code(key);
        return prepare(handle, mechanism, as_text(view(user, l_user)), std::move(*key), in_context,
                       out_context);
    });
}

int cs_get_sessionkey_ex(int handle, void* context) {
    return guarded([&] {
        const auto open = connections().get(handle);
        if (!open) return code(E_CSA_HANDLE);
        const auto found = contexts().get(context);
        if (!found || !found->belongs_to(open)) return code(E_CSA_PARAM);
        const std::lock_guard lock(open->mutex);
        return code(open_session(open->connection, *found));
    });
}

int cs_end_session(int handle, void* context) {
    if (!context) return 0;
    return guarded([&] {
        const auto ended = contexts().take(context);
        if (!ended) return code(E_CSA_PARAM);
        const auto owner = ended->owner();
        if (!owner) return 0;  // closed, and its sessions with it
        const std::lock_guard lock(owner->mutex);
        if (!ended->session || connections().get(handle) != owner) return 0;
        return code(ended->session->close(owner->connection));
    });
}

int cs_exec_command(int handle, void* context, unsigned int fc, unsigned int sfc,
                    const unsigned char* command, unsigned int l_command, unsigned char** answer,
                    unsigned int* l_answer) {
    clear_answer(answer, l_answer);
    return guarded([&] {
        if (!valid_function(fc, sfc) || (!command && l_command != 0)) return code(E_CSA_PARAM);
        const auto open = connections().get(handle);
        if (!open) return code(E_CSA_HANDLE);
        const auto found = context ? contexts().get(context) : nullptr;
        if (context && (!found || !found->belongs_to(open))) return code(E_CSA_PARAM);
        if (found && !found->session) return code(E_CSA_PARAM);  // prepared, not logged on: never in clear
        const auto function = static_cast<std::uint16_t>(fc);
        const auto sub_function = static_cast<std::uint8_t>(sfc);
        const ByteView block = view(command, l_command);
        const std::lock_guard lock(open->mutex);
        const auto result = found ? found->session->execute(open->connection, function, sub_function, block)
                                  : open->connection.execute(function, sub_function, block);
        return give_answer(result, answer, l_answer);
    });
}

void cs_free_answ(unsigned char* answer) { std::free(answer); }

const char* cs_error_text(unsigned int error) {
    if (error == 0) return "no error";
    thread_local std::string text;
    text = error_text(error);
    // It lives until the thread's next call.
    return text.c_str();  // NOLINT(clang-analyzer-cplusplus.InnerPointer)
}

}  // extern "C"
