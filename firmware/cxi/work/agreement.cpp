#include "firmware/cxi/work/agreement.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>

#include "firmware/crypto/cipher.h"
#include "firmware/crypto/finite_field.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

constexpr std::size_t kBlock = 16;

// A peer's public key: SubjectPublicKeyInfo, or the bare point (X25519: the bare key; DH: the public value).
Result<PublicKey> peer_key(const LoadedKey& own, ByteView peer) {
    if (auto key = public_key_from_der(peer)) return key;
    if (is_dh(*own.pkey)) return dh_public_key(*own.pkey, peer);
    const std::string curve(own.object.properties.text(CXI_PROP_KEY_EC_CURVE));
    if (is_ec(*own.pkey)) return ec_public_key(curve, peer);
    Handle<EVP_PKEY> raw(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_get_id(own.pkey.get()), nullptr, peer.data(), peer.size()));
    if (!raw) return fail(E_ECA_BAD_POINT);
    return raw;
}

struct Ecies {
    const HashRow* kdf = nullptr;
    const HashRow* mac = nullptr;
    std::size_t key_bytes = 0;  // 0: XOR
    std::size_t mac_bytes = 0;
    ByteView shared1, shared2;
};

Result<Ecies> read_ecies(const LoadedKey& key, Mechanism mechanism, ByteView parameter) {
    if (!key.pkey || !is_ec(*key.pkey)) return fail(E_CXI_KEY_TYPE);
    if (mechanism.chain() != 0 || mechanism.pad() != 0 || mechanism.kdf() != 0) return fail(E_CXI_CRYPT_MECH);
    const auto given = parse(LAYOUT_CXI_ECIES_PARAMETER, parameter);
    if (!given) return fail(E_CXI_CRYPT_MECH_PARA);
    Ecies out{find_hash(mechanism.hash()), find_hash(given->u32("mac")), given->u16("keybits") / 8u,
              given->u16("macbytes"),      given->bytes("shared1"),      given->bytes("shared2")};
    const bool cipher_fits =
        out.key_bytes == 0 || out.key_bytes == 16 || out.key_bytes == 24 || out.key_bytes == 32;
    constexpr std::size_t kMostShared = 64 * 1024;  // hashed once, with the text
    if (out.shared2.size() > kMostShared) return fail(E_CXI_CRYPT_MECH_PARA);
    if (!out.kdf || !out.mac || !cipher_fits || out.mac_bytes < 4 || out.mac_bytes > out.mac->size)
        return fail(E_CXI_CRYPT_MECH_PARA);
    return out;
}

// The two keys: of the cipher, as long as the text when it is XOR, and of the MAC.
struct EciesKeys {
    SecretBytes bytes;
    std::size_t first = 0;
    ByteView cipher() const { return ByteView(bytes).first(first); }
    ByteView mac() const { return ByteView(bytes).subspan(first); }
};

Result<EciesKeys> ecies_keys(const Ecies& ecies, ByteView secret, std::size_t text_size) {
    const std::size_t first = ecies.key_bytes == 0 ? text_size : ecies.key_bytes;
    CS2SIM_TRY_LET(bytes, x963_kdf(*ecies.kdf, secret, ecies.shared1, first + ecies.mac->size));
    return EciesKeys{std::move(bytes), first};
}

SecretBytes exclusive_or(ByteView text, ByteView key) {
    SecretBytes out = to_secret(text);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] ^= key[i];
    return out;
}

Bytes ecies_mac(const Ecies& ecies, const EciesKeys& keys, ByteView text) {
    Bytes message = to_bytes(text), mac(EVP_MAX_MD_SIZE);
    append(message, ecies.shared2);
    HMAC(hash_method(*ecies.mac), keys.mac().data(), static_cast<int>(keys.mac().size()), message.data(),
         message.size(), mac.data(), nullptr);
    mac.resize(ecies.mac_bytes);
    return mac;
}

std::string cipher_name(const Ecies& ecies) { return "AES-" + std::to_string(ecies.key_bytes * 8) + "-CBC"; }

}  // namespace

Result<SecretBytes> agree(const LoadedKey& own, Mechanism mechanism, ByteView peer) {
    if (!own.object.is_private() || is_rsa(*own.pkey) || is_dsa(*own.pkey)) return fail(E_CXI_KEY_TYPE);
    const bool dh = mechanism.kdf() == CXI_MECH_KDF_DH;
    if (mechanism.kdf() != 0 && dh != is_dh(*own.pkey)) return fail(E_CXI_KEY_TYPE);
    CS2SIM_TRY_LET(other, peer_key(own, peer));
    if (!is_dh(*own.pkey)) return ecdh(*own.pkey, *other);
    return dh_agree(*own.pkey, *other, (mechanism.value & CXI_MECH_FORMAT_KEEP_LEAD_ZERO) != 0);
}

Result<SecretBytes> x963_kdf(const HashRow& hash, ByteView secret, ByteView shared, std::size_t length) {
    // SharedInfo is hashed anew for each digest of output.
    constexpr std::size_t kMostShared = 256, kMostBytes = 64 * 1024 + EVP_MAX_MD_SIZE;
    if (shared.size() > kMostShared || length > kMostBytes) return fail(E_CXI_CRYPT_MECH_PARA);
    const Handle<EVP_KDF> method(EVP_KDF_fetch(nullptr, "X963KDF", nullptr));
    const Handle<EVP_KDF_CTX> context(method ? EVP_KDF_CTX_new(method.get()) : nullptr);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(hash.name), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<std::uint8_t*>(secret.data()),
                                          secret.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, const_cast<std::uint8_t*>(shared.data()),
                                          shared.size()),
        OSSL_PARAM_construct_end()};
    SecretBytes out(length);
    if (!context || EVP_KDF_derive(context.get(), out.data(), out.size(), parameters) != 1)
        return fail(E_CXI_CRYPT_MECH_PARA);
    return out;
}

Result<Bytes> ecies_encrypt(const LoadedKey& key, Mechanism mechanism, ByteView parameter, ByteView data) {
    CS2SIM_TRY_LET(ecies, read_ecies(key, mechanism, parameter));
    CS2SIM_TRY_LET(ephemeral, generate_ec(ec_curve(*key.pkey)));
    CS2SIM_TRY_LET(secret, ecdh(*ephemeral, *key.pkey));
    CS2SIM_TRY_LET(keys, ecies_keys(ecies, secret, data.size()));
    SecretBytes text;
    if (ecies.key_bytes == 0) {
        text = exclusive_or(data, keys.cipher());
    } else {
        SecretBytes padded = to_secret(data);
        const std::size_t pad = kBlock - data.size() % kBlock;
        padded.insert(padded.end(), pad, static_cast<std::uint8_t>(pad));
        CS2SIM_TRY_LET(encrypted, encrypt_blocks(cipher_name(ecies), keys.cipher(), Bytes(kBlock), padded));
        text = std::move(encrypted);
    }
    Bytes out = ec_point(*ephemeral);
    append(out, text);
    append(out, ecies_mac(ecies, keys, text));
    return out;
}

Result<SecretBytes> ecies_decrypt(const LoadedKey& key, Mechanism mechanism, ByteView parameter,
                                  ByteView data) {
    CS2SIM_TRY_LET(ecies, read_ecies(key, mechanism, parameter));
    const std::size_t point = ec_point(*key.pkey).size();
    if (data.size() < point + ecies.mac_bytes) return fail(E_CXI_CRYPT_DATA_LEN);
    const ByteView text = data.subspan(point, data.size() - point - ecies.mac_bytes);
    if (ecies.key_bytes != 0 && (text.empty() || text.size() % kBlock != 0))
        return fail(E_CXI_CRYPT_DATA_LEN);
    const auto secret = agree(key, Mechanism{}, data.first(point));
    if (!secret)
        return fail(secret.error().code == E_ECA_BAD_POINT ? E_CXI_CRYPT_PADDING : secret.error().code);
    CS2SIM_TRY_LET(keys, ecies_keys(ecies, *secret, text.size()));
    if (!equal_in_constant_time(ecies_mac(ecies, keys, text), data.last(ecies.mac_bytes)))
        return fail(E_CXI_CRYPT_PADDING);
    if (ecies.key_bytes == 0) return exclusive_or(text, keys.cipher());
    auto plain = decrypt_blocks(cipher_name(ecies), keys.cipher(), Bytes(kBlock), text);
    CS2SIM_TRY(plain);
    const std::size_t pad = plain->back();
    if (pad == 0 || pad > kBlock) return fail(E_CXI_CRYPT_PADDING);
    plain->resize(plain->size() - pad);
    return plain;
}

}  // namespace cs2sim
