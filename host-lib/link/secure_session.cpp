#include "host-lib/link/secure_session.h"

#include <boost/algorithm/string/trim.hpp>
#include <cstring>
#include <initializer_list>

#include "firmware/protocol/block.h"
#include "firmware/protocol/frame.h"
#include "firmware/protocol/functions.h"
#include "host-lib/link/device_keys.h"

namespace cs2sim::host {
namespace {

struct Offer {
    std::uint8_t mode;
    std::uint8_t mechanism;
};
constexpr Offer kOffers[] = {
    {SM_MODE_ECDH, SM_MECH_AES_GCM},      {SM_MODE_ECDH, SM_MECH_AES_CMAC},
    {SM_MODE_DH, SM_MECH_AES_CMAC},       {SM_MODE_DH, SM_MECH_AES},
    {SM_MODE_DH_MA_RSA, SM_MECH_AES_GCM}, {SM_MODE_DH_MA_RSA, SM_MECH_AES_CMAC},
};

// Answers by which a device turns an offer down, so that the next one is worth a try.
bool turned_down(Error error) {
    switch (error.code) {
        case E_CMDS_BAD_MODE:
        case E_CMDS_BAD_SM_MODE:
        case E_CMDS_BAD_MECH:
        case E_CMDS_BAD_MECH_FIPS:
        case E_CMDS_BAD_MECH_CC:
        case E_CMDS_CC_SM_MA:
            return true;
        default:
            return false;
    }
}

// What a sealed command has around it, at most.
constexpr std::size_t kEnvelope = kRequestHeader + 4 + 16 + 3 + SecureChannel::kOverhead;

// Error: E_CSA_PARAM when a value does not fit its field.
Result<void> compose_request(Bytes& out, std::uint8_t sfc, std::initializer_list<Value> values) {
    if (!compose_into(out, find_function(FC_CMDS, sfc)->request, values)) return fail(E_CSA_PARAM);
    return {};
}
Result<Bytes> request(std::uint8_t sfc, std::initializer_list<Value> values) {
    Bytes block;
    CS2SIM_TRY(compose_request(block, sfc, values));
    return block;
}

// An answer that does not fit its layout is the device's fault, not the caller's.
Result<Block> parse_cmds_answer(std::uint8_t sfc, ByteView answer) {
    auto block = parse(find_function(FC_CMDS, sfc)->answer, answer);
    if (!block) return fail(E_CSA_PROTOCOL);
    return block;
}

Result<void> check_proof(const SessionTranscript& transcript, ByteView proof) {
    CS2SIM_TRY_LET(trusted, trusted_device_keys());
    if (!trusted) return {};
    const Bytes agreed = transcript.encode();
    for (const PublicKey& key : *trusted)
        if (verify_sha256(*key, agreed, proof)) return {};
    return fail(E_CSA_DEVICE_KEY);
}

}  // namespace

bool is_session_gone(std::uint32_t code) {
    return code == E_CMDS_SM_EXPIRED || code == E_CMDS_SM_ID || code == E_CMDS_SM_SESS_CLOSED;
}

Result<std::unique_ptr<SecureSession>> SecureSession::open(DeviceConnection& connection) {
    CS2SIM_TRY_LET(trusted, trusted_device_keys());
    Result<std::unique_ptr<SecureSession>> session = fail(E_CMDS_BAD_MODE);
    for (const Offer& offer : kOffers) {
        if (trusted && offer.mode != SM_MODE_DH_MA_RSA) continue;
        session = open_as(connection, offer.mode, offer.mechanism);
        if (session || !turned_down(session.error())) break;
    }
    return session;
}

Result<std::unique_ptr<SecureSession>> SecureSession::open_as(DeviceConnection& connection, std::uint8_t mode,
                                                              std::uint8_t mechanism) {
    CS2SIM_TRY_LET(agreement, KeyAgreement::start(mode));
    SessionTranscript transcript;
    transcript.mode = mode;
    transcript.mechanism = mechanism;
    transcript.host_public = agreement.public_value();
    CS2SIM_TRY_LET(opening, request(SFC_CMDS_OPEN_SESSION, {mode, mechanism, transcript.host_public}));
    CS2SIM_TRY_LET(answer, connection.execute(FC_CMDS, SFC_CMDS_OPEN_SESSION, opening));
    CS2SIM_TRY_LET(block, parse_cmds_answer(SFC_CMDS_OPEN_SESSION, answer));
    if (block.u8("mode") != mode) return fail(E_CSA_SESSION);

    transcript.session = block.u32("session");
    std::ranges::copy(block.bytes("sequence"), transcript.sequence.begin());
    transcript.device_public = to_bytes(block.bytes("parameter"));
    CS2SIM_TRY(check_proof(transcript, block.bytes("proof")));
    const auto secret = agreement.agree(transcript.device_public);
    if (!secret) return fail(E_CSA_SESSION);
    return std::unique_ptr<SecureSession>(new SecureSession(transcript, *secret));
}

Result<Bytes> SecureSession::execute(DeviceConnection& connection, std::uint16_t fc, std::uint8_t sfc,
                                     ByteView block) {
    if (block.size() > kMaxFrame - kEnvelope) return fail(E_CSA_PARAM);
    increment(sequence_);
    CS2SIM_TRY(enclose(fc, sfc, block));
    CS2SIM_TRY_LET(answer, connection.exchange(FC_CMDS, SFC_CMDS_SECURE_MESSAGE, envelope_));
    Bytes opened(answer.size());
    const auto size = channel_.open(sequence_, answer, opened);
    if (!size) return fail(E_CSA_SESSION);
    opened.resize(*size);
    const auto inner = parse(LAYOUT_SEALED_ANSWER, opened);
    if (!inner) return fail(E_CSA_PROTOCOL);
    if (inner->u32("code") != 0) return fail(inner->u32("code"));
    // Nothing of it is left behind the end, where no caller cleanses.
    const ByteView told = inner->bytes("block");
    const std::size_t length = told.size();
    std::memmove(opened.data(), told.data(), length);
    cleanse(opened.data() + length, opened.size() - length);
    opened.resize(length);
    return opened;
}

// The command is sealed where it stands in the envelope, whose memory is kept: new pages for each long
// command would cost more than sealing it.
Result<void> SecureSession::enclose(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
    envelope_.clear();
    envelope_.reserve(kEnvelope + block.size());
    CS2SIM_TRY(compose_request(envelope_, SFC_CMDS_SECURE_MESSAGE, {id_, sequence_, ByteView()}));
    const std::size_t head = envelope_.size();
    compose_fitting_into(envelope_, LAYOUT_SEALED_COMMAND, fc, sfc, block);
    channel_.seal(sequence_, envelope_, head);
    return {};
}

Result<std::uint8_t> SecureSession::mechanism_for(DeviceConnection& connection, std::string_view user,
                                                  const KeySource& key) {
    const auto own = key.mechanism();
    if (own && *own != MECH_RSA_SC) return *own;
    CS2SIM_TRY_LET(asked, request(SFC_CMDS_GET_USER_INFO, {user}));
    CS2SIM_TRY_LET(answer, execute(connection, FC_CMDS, SFC_CMDS_GET_USER_INFO, asked));
    const auto info = parse(LAYOUT_USER, answer);
    if (!info) return fail(E_CSA_PROTOCOL);
    const std::uint8_t registered = info->u8("mechanism");
    // A card signs like a key file: a user registered for RSA signatures may keep the key on a card.
    if (own) return registered == MECH_RSA_SIGN ? MECH_RSA_SIGN : MECH_RSA_SC;
    return registered;
}

Result<void> SecureSession::logon(DeviceConnection& connection, std::string_view user, KeySource& key,
                                  std::uint16_t challenge_length, std::optional<std::uint8_t> chosen) {
    const std::string name = boost::algorithm::trim_copy(std::string(user));
    if (name.size() > 0xFFFF) return fail(E_CMDS_BAD_NAME);
    CS2SIM_TRY_LET(mechanism, chosen ? Result<std::uint8_t>(*chosen) : mechanism_for(connection, name, key));
    CS2SIM_TRY_LET(asked, request(SFC_CMDS_GET_CHALLENGE, {challenge_length}));
    CS2SIM_TRY_LET(challenge, execute(connection, FC_CMDS, SFC_CMDS_GET_CHALLENGE, asked));
    if (challenge.size() != challenge_length) return fail(E_CSA_PROTOCOL);

    const Bytes message = logon_message(challenge, channel_.binding(), name);
    SecretBytes response;
    if (key.mechanism()) {
        CS2SIM_TRY_LET(signature, key.sign(name, message));
        response = to_secret(signature);
    } else {
        if (!is_password_mechanism(mechanism)) return fail(E_CMDS_BAD_MECH);
        CS2SIM_TRY_LET(password, key.password());
        response = password_response(mechanism, password_token(mechanism, password), message);
    }
    if (response.size() > 0xFFFF) return fail(E_CMDS_BAD_TOKEN);
    CS2SIM_TRY_LET(block, request(SFC_CMDS_LOGON, {name, mechanism, ByteView(response)}));
    const auto answer = execute(connection, FC_CMDS, SFC_CMDS_LOGON, block);
    cleanse(block.data(), block.size());
    CS2SIM_TRY(answer);
    return {};
}

Result<void> SecureSession::close(DeviceConnection& connection) {
    CS2SIM_TRY(execute(connection, FC_CMDS, SFC_CMDS_CLOSE_SESSION, {}));
    return {};
}

}  // namespace cs2sim::host
