#include "test/unit/cmds/host.h"

#include <algorithm>
#include <stdexcept>

#include "test/unit/answers.h"

namespace cs2sim {
namespace {

PrivateKey new_rsa() {
    auto key = generate_rsa(2048);
    REQUIRE(key);
    return std::move(*key);
}

// As REQUIRE, for callers in threads: Catch2's macros are for one thread.
void must(bool condition) {
    if (!condition) throw std::logic_error("the device's answer cannot be understood");
}

Result<void> without_value(const Result<Bytes>& result) {
    if (!result) return fail(result.error());
    return {};
}

}  // namespace

const PrivateKey& admin_key() {
    static const PrivateKey key = new_rsa();
    return key;
}

const PrivateKey& other_key() {
    static const PrivateKey key = new_rsa();
    return key;
}

Profile profile_named(std::string_view name) {
    auto profile = load_profile(name);
    REQUIRE(profile);
    return *profile;
}

void Simulated::boot(Profile profile) {
    profile_ = profile;
    auto booted = SimulatedDevice::boot({state(), std::move(profile), public_key_der(*admin_key())});
    REQUIRE(code_of(booted) == 0);
    device_ = std::move(*booted);
}

Caller::Caller(Simulated& simulated, Reach reach)
    : profile_(simulated.profile()), conversation_(simulated.device().converse(reach, "test")) {}

Result<Bytes> Caller::frame(ByteView bytes) {
    const Reply reply = conversation_->transact(bytes);
    must(reply.action == Reply::Action::send);
    const auto block = parse_answer(reply.frame);
    const auto noted = [&](Result<Bytes> answer) {
        if (const auto request = parse_request(bytes))
            test::note_answer(request->fc, request->sfc, code_of(answer));
        return answer;
    };
    if (!block) return noted(fail(block.error()));
    return noted(to_bytes(*block));
}

Result<Bytes> Caller::plain(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
    recorder_.add(fc, sfc, block);
    return frame(request_frame(fc, sfc, block));
}

Result<Bytes> Caller::plain(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values) {
    return plain(fc, sfc, compose(find_function(fc, sfc)->request, values).value());
}

Result<void> Caller::open_session() {
    SessionKind kind{profile_.session_modes.front(), profile_.session_mechanisms.back()};
    return open_session(kind);
}

Result<void> Caller::open_session(SessionKind kind) {
    const auto agreement = KeyAgreement::start(kind.mode);
    must(agreement.has_value());
    SessionTranscript transcript;
    transcript.mode = kind.mode;
    transcript.mechanism = kind.mechanism;
    transcript.host_public = agreement->public_value();
    const auto answer =
        plain(FC_CMDS, SFC_CMDS_OPEN_SESSION, {kind.mode, kind.mechanism, transcript.host_public});
    if (!answer) return fail(answer.error());
    const auto block = parse(find_function(FC_CMDS, SFC_CMDS_OPEN_SESSION)->answer, *answer);
    must(block.has_value());
    transcript.session = block->u32("session");
    std::ranges::copy(block->bytes("sequence"), transcript.sequence.begin());
    transcript.device_public = to_bytes(block->bytes("parameter"));
    const auto secret = agreement->agree(transcript.device_public);
    must(secret.has_value());
    session_ = Open{transcript.session, transcript.sequence,
                    SecureChannel(SecureChannel::Side::host, transcript, *secret)};
    return {};
}

Result<Bytes> Caller::call(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
    if (!session_) return plain(fc, sfc, block);
    recorder_.add(fc, sfc, block);
    const auto opened = sealed(compose(LAYOUT_SEALED_COMMAND, {fc, sfc, block}).value());
    if (!opened) return opened;
    const auto inner = parse(LAYOUT_SEALED_ANSWER, *opened);
    must(inner.has_value());
    Result<Bytes> inside = to_bytes(inner->bytes("block"));
    if (inner->u32("code") != 0) inside = fail(inner->u32("code"));
    test::note_answer(fc, sfc, code_of(inside));
    return inside;
}

Result<Bytes> Caller::sealed(ByteView command) {
    increment(session_->sequence);
    Bytes envelope = to_bytes(command);
    session_->channel.seal(session_->sequence, envelope);
    last_envelope_ = request_frame(FC_CMDS, SFC_CMDS_SECURE_MESSAGE,
                                   compose(find_function(FC_CMDS, SFC_CMDS_SECURE_MESSAGE)->request,
                                           {session_->id, session_->sequence, envelope})
                                       .value());
    const auto answer = frame(last_envelope_);
    if (!answer) return answer;
    Bytes opened(answer->size());
    const auto size = session_->channel.open(session_->sequence, *answer, opened);
    must(size.has_value());
    opened.resize(*size);
    return opened;
}

Result<Bytes> Caller::call(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values) {
    return call(fc, sfc, compose(find_function(fc, sfc)->request, values).value());
}

Result<Bytes> Caller::challenge(std::uint16_t length) { return cmds(SFC_CMDS_GET_CHALLENGE, {length}); }

Result<void> Caller::answer_challenge(std::string_view user, std::uint8_t mechanism, ByteView response) {
    return without_value(cmds(SFC_CMDS_LOGON, {user, mechanism, response}));
}

Result<void> Caller::logon(std::string_view user, const EVP_PKEY& key, std::uint8_t mechanism) {
    const auto given = challenge(challenge_length());
    if (!given) return fail(given.error());
    const Bytes binding = session_ ? session_->channel.binding() : Bytes();
    const auto signature = sign_sha256(key, logon_message(*given, binding, user));
    must(signature.has_value());
    return answer_challenge(user, mechanism, *signature);
}

Result<void> Caller::logon(std::string_view user, std::string_view password, std::uint8_t mechanism) {
    const auto given = challenge(challenge_length());
    if (!given) return fail(given.error());
    const Bytes binding = session_ ? session_->channel.binding() : Bytes();
    const SecretBytes token = password_token(mechanism, as_bytes(password));
    return answer_challenge(user, mechanism,
                            password_response(mechanism, token, logon_message(*given, binding, user)));
}

Caller& Caller::as_admin() {
    REQUIRE(code_of(open_session()) == 0);
    REQUIRE(code_of(logon("ADMIN", *admin_key())) == 0);
    return *this;
}

Result<void> Caller::add_user(std::string_view name, std::uint32_t permission, std::string_view password,
                              std::uint8_t flags, std::string_view attributes) {
    return without_value(
        cmds(SFC_CMDS_ADD_USER, {name, permission, MECH_HMAC_PWD, flags, attributes, password}));
}

Result<void> Caller::add_user(std::string_view name, std::uint32_t permission, const EVP_PKEY& key,
                              std::uint8_t mechanism) {
    return without_value(
        cmds(SFC_CMDS_ADD_USER, {name, permission, mechanism, std::uint8_t{0}, "", public_key_der(key)}));
}

}  // namespace cs2sim
