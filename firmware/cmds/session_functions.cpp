#include <algorithm>
#include <cstring>

#include "firmware/cmds/handlers.h"
#include "firmware/cmds/hsm_auth_key.h"
#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/sessions.h"
#include "firmware/cmds/users.h"
#include "firmware/crypto/random.h"

namespace cs2sim::cmds {
namespace {

// Logon outside secure messaging: retired, and in certified firmware refused by a code of its own.
Result<void> allow_logon_here(const Call& call) {
    if (call.context.secure || call.device.profile.static_logon) return {};
    switch (call.device.profile.certification) {
        case Certification::fips:
            return fail(E_CMDS_SM_MISSING_FIPS);
        case Certification::cc:
            return fail(E_CMDS_SM_MISSING_CC);
        default:
            return fail(E_CMDS_STATIC_LOGIN);
    }
}

// What the user's flags say of the way in which they log on (CMDS_UFLG_*, firmware-facts.md, section 3).
Result<void> allow_user_here(const Call& call, const User& user) {
    if (!call.context.secure && (user.flags & UFLG_SM_AUTH) != 0) return fail(E_CMDS_USER_MODE);
    // They are older than the certified firmware, which gives no such flag.
    if ((user.flags & UFLG_LOGIN) != 0 && call.device.profile.certification == Certification::cc)
        return fail(E_CMDS_LOGIN_CC);
    return {};
}

// The challenge of this context, which serves once.
Result<Bytes> take_challenge(Call& call) {
    const auto challenge = std::exchange(call.context.challenge, std::nullopt);
    if (!challenge) return fail(E_CMDS_BAD_AUTH_CMD);
    if (monotonic_milliseconds() <= challenge->expires) return challenge->value;
    // Who is unknown is told so in any case: with AUTH_FAILED a trace shows the name
    // (firmware/trace/mask.cpp).
    const std::string_view name = call.request.text("user");
    if (name.size() > kLongestName) return fail(E_CMDS_NO_USER);
    const auto user = call.device.users.find(name);
    return fail(!user && user.error().code == E_CMDS_NO_USER ? E_CMDS_NO_USER : E_CMDS_AUTH_FAILED);
}

std::string describe_user(std::string_view user) { return "user " + audit_name(user); }

std::string refusal(std::string_view user, Error error) {
    return describe_user(user) + ": logon refused: " + hex_code(error.code);
}

// With or without CMDS_MODE_SM_FAST, a modifier.
bool is_mutual(std::uint8_t mode) {
    constexpr std::uint8_t kFast = 0x80;
    return (mode & ~kFast) == SM_MODE_DH_MA_RSA;
}

// A name longer than any user's is refused before anything is computed over it.
Result<User> authenticate(Call& call, std::string_view name, ByteView challenge) {
    if (name.size() > kLongestName) return fail(E_CMDS_NO_USER);
    return call.device.users.authenticate(name, call.request.u8("mechanism"),
                                          logon_message(challenge, call.context.binding, name),
                                          call.request.bytes("response"));
}

}  // namespace

Result<Bytes> echo(Call& call) { return to_bytes(call.request.bytes("data")); }

Result<Bytes> get_challenge(Call& call) {
    const std::uint16_t length = call.request.u16("length");
    const auto& lengths = call.device.profile.challenge_lengths;
    if (std::ranges::find(lengths, length) == lengths.end()) return fail(E_CMDS_CHALLENGE_LEN);
    const std::int64_t lifetime = std::int64_t{1000} * call.device.profile.challenge_seconds;
    call.context.challenge = Context::Challenge{random_bytes(length), monotonic_milliseconds() + lifetime};
    return call.answer({call.context.challenge->value});
}

Result<Bytes> logon(Call& call) {
    CS2SIM_TRY(allow_logon_here(call));
    CS2SIM_TRY_LET(challenge, take_challenge(call));

    auto& users = call.context.users;
    if (users.size() >= call.device.profile.max_users_per_session) return fail(E_CMDS_MAX_AUTH_USER_REACHED);
    const std::string_view name = call.request.text("user");
    const auto user = authenticate(call, name, challenge);
    if (!user) {
        call.audit(AUDIT_AUTH_FAILED, refusal(name, user.error()));
        return fail(user.error());
    }
    if (const auto allowed = allow_user_here(call, *user); !allowed) {
        call.audit(AUDIT_AUTH_FAILED, refusal(user->name(), allowed.error()));
        return fail(allowed.error());
    }
    // One user counts once, however often they log on: two administrators are two people (guide G3).
    std::erase_if(users, [&](const LoggedOnUser& on) { return on.short_name == user->short_name; });
    users.push_back({user->short_name, user->permission, user->attributes,
                     call.device.sessions.mark_active(user->short_name), Users::authority_digest(*user),
                     UINT64_MAX, user->long_name});
    call.audit(AUDIT_AUTH_SUCCESS, describe_user(user->name()) + " logged on");
    return call.answer({call.auth_state()});
}

Result<Bytes> logoff(Call& call) {
    call.context.users.clear();
    call.context.handles.clear();
    return call.answer({});
}

Result<Bytes> get_auth_state(Call& call) {
    Bytes users;
    for (const LoggedOnUser& user : call.context.users)
        CS2SIM_TRY(compose_into(users, LAYOUT_AUTH_USER, {user.short_name, user.permission}));
    return call.answer({call.auth_state(), call.context.users.size(), users});
}

Result<Bytes> open_session(Call& call) {
    if (call.context.secure) return fail(E_CMDS_INVAL);  // no session inside a session
    const std::uint8_t mode = call.request.u8("mode");
    if (is_mutual(mode) && (call.device.scheduler.modes() & MODE_ALARM) != 0) return fail(E_CMDS_SM_MA_ALARM);
    CS2SIM_TRY_LET(opened, call.device.sessions.open(&call.context, mode, call.request.u8("mechanism"),
                                                     call.request.bytes("parameter")));

    opened.session->abandonment = call.context.abandonment;

    const SessionTranscript& transcript = opened.transcript;
    Bytes proof;
    if (transcript.mode == SM_MODE_DH_MA_RSA) {
        const auto signature =
            call.state<HsmAuthKey>().sign(transcript.encode(), call.context.abandonment.get());
        if (!signature) {
            call.device.sessions.close(transcript.session);
            return fail(signature.error());
        }
        proof = *signature;
    }
    return call.answer(
        {transcript.session, transcript.mode, transcript.sequence, transcript.device_public, proof});
}

Result<Bytes> close_session(Call& call) {
    if (!call.context.secure) return fail(E_CMDS_LOGOFF_FAILED);
    call.device.sessions.close(static_cast<Session&>(call.context).id);
    return call.answer({});
}

Result<Bytes> secure_message(Call& call) {
    if (call.context.secure) return fail(E_CMDS_INVAL);  // no envelope inside an envelope
    CS2SIM_TRY_LET(session, call.device.sessions.find(&call.context, call.request.u32("session")));
    const std::lock_guard lock(session->mutex);

    SequenceCounter sequence{};
    std::ranges::copy(call.request.bytes("sequence"), sequence.begin());
    if (!(sequence > session->sequence)) return fail(E_CMDS_SM_FAILED);
    const ByteView sealed = call.request.bytes("sealed");
    SecretBytes plain(sealed.size());
    CS2SIM_TRY_LET(size, session->channel.open(sequence, sealed, plain));
    session->sequence = sequence;

    const auto command = parse(LAYOUT_SEALED_COMMAND, ByteView(plain).first(size));
    if (!command) return fail(E_CMDS_BAD_CMD);
    const Request inner{command->u16("fc"), command->u8("sfc"), command->bytes("block")};
    session->frame = call.context.frame;
    const auto answer = call.device.scheduler.run_locked(call.device, *session, inner);
    session->frame = {};
    session->logged_on = !session->users.empty();
    call.context.logged_on_inside = session->logged_on;
    const ByteView told = answer ? ByteView(*answer) : ByteView();
    Bytes reply;
    reply.reserve(4 + told.size() + SecureChannel::kOverhead);
    compose_fitting_into(reply, LAYOUT_SEALED_ANSWER, answer ? 0u : answer.error().code, told);
    session->channel.seal(sequence, reply);
    return reply;
}

Result<Bytes> get_hsm_auth_key(Call& call) {
    CS2SIM_TRY_LET(key, call.state<HsmAuthKey>().public_key(call.context.abandonment.get()));
    return call.answer({key});
}

Result<Bytes> accept_transport(Call&) { return Bytes{}; }

}  // namespace cs2sim::cmds
