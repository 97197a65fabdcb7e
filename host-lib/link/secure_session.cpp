#include "host-lib/link/secure_session.h"

#include <boost/algorithm/string/trim.hpp>
#include <initializer_list>

#include "firmware/protocol/block.h"
#include "firmware/protocol/frame.h"
#include "firmware/protocol/functions.h"
#include "host-lib/link/device_keys.h"

namespace cs2sim::host {
namespace {

// CMDS_MECH_* that decide here (firmware-facts.md, section 3).
constexpr std::uint8_t kRsaSign = 0;
constexpr std::uint8_t kClearPassword = 1;
constexpr std::uint8_t kSha1Password = 2;
constexpr std::uint8_t kRsaCard = 3;
constexpr std::uint8_t kHmacPassword = 4;

bool is_password(std::uint8_t mechanism) {
    return mechanism == kClearPassword || mechanism == kSha1Password || mechanism == kHmacPassword;
}

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

Bytes request(std::uint8_t sfc, std::initializer_list<Value> values) {
    return compose(find_function(FC_CMDS, sfc)->request, values);
}

// An answer that does not fit its layout is the device's fault, not the caller's.
Result<Block> parse_cmds_answer(std::uint8_t sfc, ByteView answer) {
    auto block = parse(find_function(FC_CMDS, sfc)->answer, answer);
    if (!block) return fail(E_CSA_PROTOCOL);
    return block;
}

Result<void> check_proof(const SessionTranscript& transcript, ByteView proof) {
    const auto trusted = trusted_device_keys();
    if (!trusted) return fail(trusted.error());
    if (!*trusted) return {};
    const Bytes agreed = transcript.encode();
    for (const PublicKey& key : **trusted)
        if (verify_sha256(*key, agreed, proof)) return {};
    return fail(E_CSA_DEVICE_KEY);
}

}  // namespace

Result<std::unique_ptr<SecureSession>> SecureSession::open(Connection& connection) {
    const auto trusted = trusted_device_keys();
    if (!trusted) return fail(trusted.error());
    Result<std::unique_ptr<SecureSession>> session = fail(E_CMDS_BAD_MODE);
    for (const Offer& offer : kOffers) {
        if (*trusted && offer.mode != SM_MODE_DH_MA_RSA) continue;
        session = open_as(connection, offer.mode, offer.mechanism);
        if (session || !turned_down(session.error())) break;
    }
    return session;
}

Result<std::unique_ptr<SecureSession>> SecureSession::open_as(Connection& connection, std::uint8_t mode,
                                                              std::uint8_t mechanism) {
    auto agreement = KeyAgreement::start(mode);
    if (!agreement) return fail(agreement.error());
    SessionTranscript transcript;
    transcript.mode = mode;
    transcript.mechanism = mechanism;
    transcript.host_public = agreement->public_value();
    const auto answer =
        connection.execute(FC_CMDS, SFC_CMDS_OPEN_SESSION,
                           request(SFC_CMDS_OPEN_SESSION, {mode, mechanism, transcript.host_public}));
    if (!answer) return fail(answer.error());
    const auto block = parse_cmds_answer(SFC_CMDS_OPEN_SESSION, *answer);
    if (!block) return fail(block.error());
    if (block->u8("mode") != mode) return fail(E_CSA_SESSION);

    transcript.session = block->u32("session");
    std::ranges::copy(block->bytes("sequence"), transcript.sequence.begin());
    transcript.device_public = to_bytes(block->bytes("parameter"));
    CS2SIM_TRY(check_proof(transcript, block->bytes("proof")));
    const auto secret = agreement->agree(transcript.device_public);
    if (!secret) return fail(E_CSA_SESSION);
    return std::unique_ptr<SecureSession>(new SecureSession(transcript, *secret));
}

Result<Bytes> SecureSession::execute(Connection& connection, std::uint16_t fc, std::uint8_t sfc,
                                     ByteView block) {
    constexpr std::size_t kEnvelope = kRequestHeader + 4 + 16 + 3 + SecureChannel::kOverhead;
    if (block.size() > kMaxFrame - kEnvelope) return fail(E_CSA_PARAM);
    increment(sequence_);
    Bytes plain = compose(LAYOUT_SEALED_COMMAND, {fc, sfc, block});
    const Bytes sealed = channel_.seal(sequence_, plain);
    cleanse(plain.data(), plain.size());
    const auto answer = connection.execute(FC_CMDS, SFC_CMDS_SECURE_MESSAGE,
                                           request(SFC_CMDS_SECURE_MESSAGE, {id_, sequence_, sealed}));
    if (!answer) return fail(answer.error());
    const auto opened = channel_.open(sequence_, *answer);
    if (!opened) return fail(E_CSA_SESSION);
    const auto inner = parse(LAYOUT_SEALED_ANSWER, *opened);
    if (!inner) return fail(E_CSA_PROTOCOL);
    if (inner->u32("code") != 0) return fail(inner->u32("code"));
    return to_bytes(inner->bytes("block"));
}

Result<std::uint8_t> SecureSession::mechanism_for(Connection& connection, std::string_view user,
                                                  const KeySource& key) {
    const auto own = key.mechanism();
    if (own && *own != kRsaCard) return *own;
    const auto answer =
        execute(connection, FC_CMDS, SFC_CMDS_GET_USER_INFO, request(SFC_CMDS_GET_USER_INFO, {user}));
    if (!answer) return fail(answer.error());
    const auto info = parse(LAYOUT_USER, *answer);
    if (!info) return fail(E_CSA_PROTOCOL);
    const std::uint8_t registered = info->u8("mechanism");
    // A card signs like a key file: a user registered for RSA signatures may keep the key on a card.
    if (own) return registered == kRsaSign ? kRsaSign : kRsaCard;
    return registered;
}

Result<void> SecureSession::logon(Connection& connection, std::string_view user, KeySource& key,
                                  std::uint16_t challenge_length, std::optional<std::uint8_t> chosen) {
    const std::string name = boost::algorithm::trim_copy(std::string(user));
    if (name.size() > 0xFFFF) return fail(E_CMDS_BAD_NAME);
    const auto mechanism = chosen ? Result<std::uint8_t>(*chosen) : mechanism_for(connection, name, key);
    if (!mechanism) return fail(mechanism.error());
    const auto challenge = execute(connection, FC_CMDS, SFC_CMDS_GET_CHALLENGE,
                                   request(SFC_CMDS_GET_CHALLENGE, {challenge_length}));
    if (!challenge) return fail(challenge.error());
    if (challenge->size() != challenge_length) return fail(E_CSA_PROTOCOL);

    const Bytes message = logon_message(*challenge, channel_.binding(), name);
    SecretBytes response;
    if (key.mechanism()) {
        const auto signature = key.sign(name, message);
        if (!signature) return fail(signature.error());
        response = to_secret(*signature);
    } else {
        if (!is_password(*mechanism)) return fail(E_CMDS_BAD_MECH);
        const auto password = key.password();
        if (!password) return fail(password.error());
        response = password_response(*mechanism, password_token(*mechanism, *password), message);
    }
    if (response.size() > 0xFFFF) return fail(E_CMDS_BAD_TOKEN);
    Bytes block = request(SFC_CMDS_LOGON, {name, *mechanism, ByteView(response)});
    const auto answer = execute(connection, FC_CMDS, SFC_CMDS_LOGON, block);
    cleanse(block.data(), block.size());
    if (!answer) return fail(answer.error());
    return {};
}

Result<void> SecureSession::close(Connection& connection) {
    const auto answer = execute(connection, FC_CMDS, SFC_CMDS_CLOSE_SESSION, {});
    if (!answer) return fail(answer.error());
    return {};
}

}  // namespace cs2sim::host
