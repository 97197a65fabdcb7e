#include "firmware/protocol/channel/secure_channel.h"

#include <openssl/core_names.h>

#include <algorithm>

#include "firmware/crypto/cipher.h"
#include "firmware/crypto/digest.h"
#include "firmware/crypto/kdf.h"
#include "firmware/crypto/pkey.h"
#include "firmware/crypto/require.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

constexpr std::size_t kKey = 32;
constexpr std::size_t kTag = 16;
constexpr std::string_view kHostToDevice = "cs2sim secure messaging, host to device";
constexpr std::string_view kDeviceToHost = "cs2sim secure messaging, device to host";
constexpr std::string_view kBinding = "cs2sim secure messaging, logon binding";
constexpr std::string_view kExported = "cs2sim secure messaging, key for modules";

bool is_dh(std::uint8_t mode) { return mode == SM_MODE_DH || mode == SM_MODE_DH_MA_RSA; }

Handle<EVP_PKEY> generate_dh() {
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>("ffdhe2048"), 0),
        OSSL_PARAM_construct_end()};
    EVP_PKEY* key = nullptr;
    require_openssl(context && EVP_PKEY_keygen_init(context.get()) == 1 &&
                        EVP_PKEY_CTX_set_params(context.get(), parameters) == 1 &&
                        EVP_PKEY_generate(context.get(), &key) == 1,
                    "DH key");
    return Handle<EVP_PKEY>(key);
}

// A full validation (SP 800-56A, section 5.6.2.3). The device does it for anybody, so what it costs matters:
// OpenSSL raises y to the power of Q, 2 ms of a processor; as P = 2 Q + 1, those of order Q are the squares,
// which Legendre's symbol tells in 0.1 ms.
bool is_of_the_group(const EVP_PKEY& peer) {
    const Handle<EVP_PKEY_CTX> check(
        EVP_PKEY_CTX_new_from_pkey(nullptr, const_cast<EVP_PKEY*>(&peer), nullptr));
    if (!check) return false;
    if (EVP_PKEY_get_id(&peer) != EVP_PKEY_DH) return EVP_PKEY_public_check(check.get()) == 1;
    BIGNUM *p = nullptr, *y = nullptr;
    const bool known = EVP_PKEY_get_bn_param(&peer, OSSL_PKEY_PARAM_FFC_P, &p) == 1 &&
                       EVP_PKEY_get_bn_param(&peer, OSSL_PKEY_PARAM_PUB_KEY, &y) == 1;
    const Handle<BIGNUM> prime(p), value(y);
    const Handle<BN_CTX> numbers(BN_CTX_new());
    return known && numbers && EVP_PKEY_public_check_quick(check.get()) == 1 &&
           BN_kronecker(value.get(), prime.get(), numbers.get()) == 1;
}

void pad_iso7816(SecretBytes& data) {
    data.push_back(0x80);
    data.resize((data.size() + 15) / 16 * 16);
}

bool unpad_iso7816(SecretBytes& data) {
    while (!data.empty() && data.back() == 0) data.pop_back();
    if (data.empty() || data.back() != 0x80) return false;
    data.pop_back();
    return true;
}

}  // namespace

Result<KeyAgreement> KeyAgreement::start(std::uint8_t mode) {
    KeyAgreement agreement;
    if (mode == SM_MODE_ECDH) {
        agreement.key_.reset(EVP_EC_gen("prime256v1"));
        require_openssl(agreement.key_ != nullptr, "EC key");
    } else if (is_dh(mode)) {
        agreement.key_ = generate_dh();
    } else {
        return fail(E_CMDS_BAD_MODE);
    }
    return agreement;
}

Bytes KeyAgreement::public_value() const {
    unsigned char* value = nullptr;
    const std::size_t size = EVP_PKEY_get1_encoded_public_key(key_.get(), &value);
    const Handle<unsigned char> held(value);
    require_openssl(size != 0, "public value");
    return {value, value + size};
}

Result<SecretBytes> KeyAgreement::agree(ByteView peer_public_value) const {
    const Handle<EVP_PKEY> peer(EVP_PKEY_new());
    if (!peer || EVP_PKEY_copy_parameters(peer.get(), key_.get()) != 1 ||
        EVP_PKEY_set1_encoded_public_key(peer.get(), peer_public_value.data(), peer_public_value.size()) != 1)
        return fail(E_CMDS_SM_DH_BAD_PARAM);
    if (!is_of_the_group(*peer)) return fail(E_CMDS_SM_DH_BAD_PARAM);
    auto secret = ecdh(*key_, *peer, Peer::checked);
    if (!secret) return fail(E_CMDS_SM_DH_BAD_PARAM);
    return secret;
}

namespace {

// As v2. Longer than 65,535 bytes none is that came in a block; of such a one the length is cut.
void append_counted(Bytes& out, ByteView bytes) {
    append_big_endian(out, bytes.size() & 0xFFFF, 2);
    append(out, bytes);
}

}  // namespace

Bytes SessionTranscript::encode() const {
    Bytes out = compose_fitting(LAYOUT_SESSION_TRANSCRIPT, session, mode, mechanism, sequence);
    for (const Bytes* value : {&host_public, &device_public}) append_counted(out, *value);
    return out;
}

// One direction's keys. With GCM the cipher context keeps its key schedule between messages.
struct SecureChannel::Direction {
    SecretBytes cipher_key;
    SecretBytes mac_key;
    Handle<EVP_CIPHER_CTX> gcm;

    Direction(ByteView keys, std::uint8_t mechanism, bool sending)
        : cipher_key(to_secret(keys.first(kKey))), mac_key(to_secret(keys.subspan(kKey, kKey))) {
        if (mechanism != SM_MECH_AES_GCM) return;
        gcm.reset(EVP_CIPHER_CTX_new());
        require_openssl(gcm && EVP_CipherInit_ex(gcm.get(), EVP_aes_256_gcm(), nullptr, cipher_key.data(),
                                                 nullptr, sending ? 1 : 0) == 1,
                        "AES-256-GCM key");
    }

    // The counter never repeats under one key, so it serves as nonce (GCM) and, encrypted, as IV (CBC;
    // SP 800-38A, appendix C).
    void start_gcm(const SequenceCounter& sequence) const {
        int written = 0;
        require_openssl(
            EVP_CipherInit_ex(gcm.get(), nullptr, nullptr, nullptr, sequence.data() + 4, -1) == 1 &&
                EVP_CipherUpdate(gcm.get(), nullptr, &written, sequence.data(),
                                 static_cast<int>(sequence.size())) == 1,
            "nonce");
    }
    void seal_gcm(const SequenceCounter& sequence, Bytes& message, std::size_t from) const {
        const std::size_t size = message.size() - from;
        message.resize(message.size() + kTag);
        std::uint8_t *text = message.data() + from, *tag = text + size;
        int written = 0;
        start_gcm(sequence);
        require_openssl(
            (size == 0 || EVP_CipherUpdate(gcm.get(), text, &written, text, static_cast<int>(size)) == 1) &&
                EVP_CipherFinal_ex(gcm.get(), tag, &written) == 1 &&
                EVP_CIPHER_CTX_ctrl(gcm.get(), EVP_CTRL_AEAD_GET_TAG, kTag, tag) == 1,
            "seal");
    }
    bool open_gcm(const SequenceCounter& sequence, ByteView text, ByteView tag, std::uint8_t* plain) const {
        int written = 0;
        std::uint8_t nothing = 0;
        start_gcm(sequence);
        require_openssl((text.empty() || EVP_CipherUpdate(gcm.get(), plain, &written, text.data(),
                                                          static_cast<int>(text.size())) == 1) &&
                            EVP_CIPHER_CTX_ctrl(gcm.get(), EVP_CTRL_AEAD_SET_TAG, kTag,
                                                const_cast<std::uint8_t*>(tag.data())) == 1,
                        "open");
        if (EVP_CipherFinal_ex(gcm.get(), &nothing, &written) == 1) return true;
        cleanse(plain, text.size());
        return false;
    }
    std::array<std::uint8_t, 16> cbc_iv(const SequenceCounter& sequence) const {
        return aes_cmac(mac_key, {as_bytes("iv"), sequence});
    }
    ByteView cut_tag(const std::array<std::uint8_t, 16>& tag, std::uint8_t mechanism) const {
        return ByteView(tag).first(mechanism == SM_MECH_AES ? 8 : kTag);
    }
};

SecureChannel::SecureChannel(Side side, const SessionTranscript& transcript, ByteView shared_secret)
    : mechanism_(transcript.mechanism) {
    const Bytes context = transcript.encode();
    const auto direction = [&](std::string_view label, bool sending) {
        return std::make_unique<Direction>(derive_key(shared_secret, label, context, 2 * kKey), mechanism_,
                                           sending);
    };
    const bool host = side == Side::host;
    sending_ = direction(host ? kHostToDevice : kDeviceToHost, true);
    receiving_ = direction(host ? kDeviceToHost : kHostToDevice, false);
    const SecretBytes binding = derive_key(shared_secret, kBinding, context, 32);
    binding_.assign(binding.begin(), binding.end());
    exported_key_ = derive_key(shared_secret, kExported, context, kKey);
}

SecureChannel::~SecureChannel() = default;
SecureChannel::SecureChannel(SecureChannel&&) noexcept = default;
SecureChannel& SecureChannel::operator=(SecureChannel&&) noexcept = default;

void SecureChannel::seal(const SequenceCounter& sequence, Bytes& message, std::size_t from) {
    if (mechanism_ == SM_MECH_AES_GCM) return sending_->seal_gcm(sequence, message, from);
    SecretBytes padded = to_secret(ByteView(message).subspan(from));
    pad_iso7816(padded);
    const SecretBytes text =
        encrypt_blocks("AES-256-CBC", sending_->cipher_key, sending_->cbc_iv(sequence), padded).value();
    cleanse(message.data() + from, message.size() - from);
    message.resize(from);
    append(message, text);
    append(message, sending_->cut_tag(aes_cmac(sending_->mac_key, {sequence, text}), mechanism_));
}

Result<std::size_t> SecureChannel::open(const SequenceCounter& sequence, ByteView sealed,
                                        std::span<std::uint8_t> plain) {
    const std::size_t tag_size = mechanism_ == SM_MECH_AES ? 8 : kTag;
    if (sealed.size() < tag_size) return fail(E_CMDS_SM_FAILED);
    const ByteView text = sealed.first(sealed.size() - tag_size);
    const ByteView tag = sealed.last(tag_size);
    if (mechanism_ == SM_MECH_AES_GCM) {
        if (!receiving_->open_gcm(sequence, text, tag, plain.data())) return fail(E_CMDS_SM_FAILED);
        return text.size();
    }
    const auto expected = aes_cmac(receiving_->mac_key, {sequence, text});
    if (!equal_in_constant_time(receiving_->cut_tag(expected, mechanism_), tag))
        return fail(E_CMDS_SM_FAILED);
    auto opened = decrypt_blocks("AES-256-CBC", receiving_->cipher_key, receiving_->cbc_iv(sequence), text);
    if (!opened || !unpad_iso7816(*opened)) return fail(E_CMDS_SM_FAILED);
    std::ranges::copy(*opened, plain.begin());
    return opened->size();
}

Bytes logon_message(ByteView challenge, ByteView binding, std::string_view user) {
    Bytes message;
    for (const ByteView part : {as_bytes("cs2sim logon"), challenge, binding, as_bytes(user)})
        append_counted(message, part);
    return message;
}

SecretBytes password_token(std::uint8_t mechanism, ByteView password) {
    if (mechanism != MECH_SHA1_PWD) return to_secret(password);
    return to_secret(digest("SHA1", {password}));
}

SecretBytes password_response(std::uint8_t mechanism, ByteView token, ByteView message) {
    switch (mechanism) {
        case 2:
            return to_secret(digest("SHA1", {token, message}));
        case 4:
            return to_secret(hmac_sha256(token, {message}));
        default:
            return to_secret(token);
    }
}

}  // namespace cs2sim
