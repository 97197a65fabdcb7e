// Derivation and agreement: new keys out of old ones.
#include <openssl/core_names.h>

#include "firmware/crypto/digest.h"
#include "firmware/cxi/cxi.h"
#include "firmware/cxi/handlers.h"
#include "firmware/cxi/work/cipher_job.h"
#include "firmware/cxi/work/mac.h"

namespace cs2sim {
namespace {

// A peer's public key: SubjectPublicKeyInfo, or the bare point (X25519: the bare key).
Result<PublicKey> peer_key(const LoadedKey& own, ByteView peer) {
    if (auto key = public_key_from_der(peer)) return key;
    const std::string curve(own.object.properties.text(CXI_PROP_KEY_EC_CURVE));
    if (is_ec(*own.pkey)) return ec_public_key(curve, peer);
    Handle<EVP_PKEY> raw(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_get_id(own.pkey.get()), nullptr, peer.data(), peer.size()));
    if (!raw) return fail(E_ECA_BAD_POINT);
    return raw;
}

Result<SecretBytes> agree(const LoadedKey& own, ByteView peer) {
    if (!own.object.is_private() || is_rsa(*own.pkey)) return fail(E_CXI_KEY_TYPE);
    const auto other = peer_key(own, peer);
    if (!other) return fail(other.error());
    return ecdh(*own.pkey, **other);
}

SecretBytes joined(ByteView a, ByteView b) {
    SecretBytes out = to_secret(a);
    out.insert(out.end(), b.begin(), b.end());
    return out;
}

Result<SecretBytes> tls12_prf(const LoadedKey& base, Mechanism mechanism, ByteView seed, std::size_t length) {
    const auto hash = required_hash(mechanism);
    if (!hash) return fail(hash.error());
    const Handle<EVP_KDF> method(EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr));
    const Handle<EVP_KDF_CTX> context(method ? EVP_KDF_CTX_new(method.get()) : nullptr);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>((*hash)->name), 0),
        OSSL_PARAM_construct_octet_string(
            OSSL_KDF_PARAM_SECRET, const_cast<std::uint8_t*>(base.secret().data()), base.secret().size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, const_cast<std::uint8_t*>(seed.data()),
                                          seed.size()),
        OSSL_PARAM_construct_end()};
    SecretBytes out(length);
    if (!context || EVP_KDF_derive(context.get(), out.data(), out.size(), parameters) != 1)
        return fail(E_CXI_CRYPT_MECH_PARA);
    return out;
}

// What the mechanism makes of the base key's secret and the caller's data, as PKCS#11 v2.40 defines the
// mechanisms of the same names (section 2.43: XOR, concatenations; 2.15: encryption of data).
Result<SecretBytes> derive_from_secret(const LoadedKey& base, const LoadedKey* other, Mechanism mechanism,
                                       ByteView data, std::size_t length) {
    if (!base.object.is_secret()) return fail(E_CXI_KEY_TYPE);
    const ByteView secret = base.secret();
    switch (mechanism.kdf()) {
        case CXI_MECH_KDF_HASH: {
            const auto hash = required_hash(mechanism);
            if (!hash) return fail(hash.error());
            return to_secret(digest((*hash)->name, {secret, data}));
        }
        case CXI_MECH_KDF_HMAC: {
            const auto mac = make_mac(base, mechanism, data);
            if (!mac) return fail(mac.error());
            return to_secret(*mac);
        }
        case CXI_MECH_KDF_ENC_DATA: {
            const bool ecb = mechanism.chain() == CXI_MECH_CHAIN_ECB;
            const std::size_t block = base.object.algorithm() == CXI_KEY_ALGO_DES ? 8 : 16;
            const Bytes iv(block);
            const Bytes parameter =
                compose(LAYOUT_CXI_CRYPT_PARAMETER, {CXI_IV_NO_GENERATE, iv, ByteView(), 0});
            const auto job = CipherJob::start(base, mechanism, true, ecb ? ByteView() : ByteView(parameter));
            if (!job) return fail(job.error());
            const auto out = (*job)->whole(data);
            if (!out) return fail(out.error());
            return to_secret(*out);
        }
        case CXI_MECH_KDF_XOR_BASE_AND_DATA: {
            SecretBytes out = to_secret(secret.first(std::min(secret.size(), data.size())));
            for (std::size_t i = 0; i < out.size(); ++i) out[i] ^= data[i];
            return out;
        }
        case CXI_MECH_KDF_CAT_BASE_AND_DATA:
            return joined(secret, data);
        case CXI_MECH_KDF_CAT_DATA_AND_BASE:
            return joined(data, secret);
        case CXI_MECH_KDF_CAT_BASE_AND_KEY:
            if (!other->object.is_secret()) return fail(E_CXI_KEY_TYPE);
            return joined(secret, other->secret());
        case CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY: {  // `data`: the first bit, a multiple of 8
            if (data.size() != 4) return fail(E_CXI_CRYPT_MECH_PARA);
            const std::size_t bit = big_endian(data);
            if (bit % 8 != 0 || bit / 8 >= secret.size()) return fail(E_CXI_CRYPT_MECH_PARA);
            return to_secret(secret.subspan(bit / 8));
        }
        case CXI_MECH_KDF_TLS12_PRF:
            return tls12_prf(base, mechanism, data, length);
        default:
            return fail(E_CXI_CRYPT_MECH);
    }
}

bool is_agreement(Mechanism mechanism) {
    return mechanism.kdf() == CXI_MECH_KDF_ECDH || mechanism.kdf() == CXI_MECH_KDF_ECDH_COF;
}

// Policies and guards of derived keys are never wider than those of what they are made of.
void inherit_policy(PropertyList& properties, const KeyObject& base) {
    const std::uint32_t asked = properties.number_or(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY);
    const std::uint32_t had = base.export_policy();
    const std::uint32_t deny = (asked | had) & CXI_KEY_EXPORT_DENY_BACKUP;
    const std::uint32_t allow = asked & had & (CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN);
    properties.set_number(CXI_PROP_KEY_EXPORT, deny | allow);
    for (const std::uint32_t guard : {CXI_PROP_SENSITIVE, CXI_PROP_WRAP_WITH_TRUSTED})
        if (base.properties.flag_or(guard, false)) properties.set_flag(guard, true);
    if (!base.properties.flag_or(CXI_PROP_EXTRACTABLE, true))
        properties.set_flag(CXI_PROP_EXTRACTABLE, false);
}

}  // namespace

// The raw shared secret, the x coordinate of the common point.
Result<Bytes> cxi_secret_agree(Call& call) {
    Cxi& cxi = *call.device.cxi;
    CS2SIM_TRY(check_flags(call.request.u32("flags"), 0));
    const auto key = cxi.key(call, call.request.bytes("key"), Right::use);
    if (!key) return fail(key.error());
    CS2SIM_TRY(cxi.allow(**key, USE_DERIVE, {call.request.u32("mechanism")}));
    const auto secret = agree(**key, call.request.bytes("peer"));
    if (!secret) return fail(secret.error());
    return call.answer({ByteView(*secret)});
}

// A secret key by the template's ALGO and SIZE, its first bytes taken from what the mechanism derives.
Result<Bytes> cxi_key_derive(Call& call) {
    Cxi& cxi = *call.device.cxi;
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, CXI_FLAG_KEY_OVERWRITE | CXI_FLAG_KEY_EXTERNAL | CXI_FLAG_KEY_VOLATILE));
    const Mechanism mechanism{call.request.u32("mechanism")};
    auto properties = creation_template(call.request.bytes("properties"));
    if (!properties) return fail(properties.error());
    const auto base = cxi.key(call, call.request.bytes("key"), Right::use);
    if (!base) return fail(base.error());
    CS2SIM_TRY(cxi.allow(**base, USE_DERIVE, mechanism));
    auto place = cxi.place_in(call, *properties, flags);
    if (!place) return fail(place.error());
    const std::uint32_t bits = properties->number_or(CXI_PROP_KEY_SIZE, 0);
    if (bits == 0 || bits % 8 != 0 || bits > 8192) return fail(E_CXI_KEY_INVALID_SIZE);
    const ByteView data = call.request.bytes("data");
    SharedKey other;  // CAT_BASE_AND_KEY: `data` names it
    if (mechanism.kdf() == CXI_MECH_KDF_CAT_BASE_AND_KEY) {
        const auto found = cxi.key(call, data, Right::use);
        if (!found) return fail(found.error());
        other = *found;
        CS2SIM_TRY(cxi.allow(*other, USE_DERIVE, mechanism));
    }
    auto secret = is_agreement(mechanism)
                      ? agree(**base, data)
                      : derive_from_secret(**base, other.get(), mechanism, data, bits / 8);
    if (!secret) return fail(secret.error());
    if (is_agreement(mechanism) && mechanism.hash() != CXI_MECH_HASH_NONE) {
        const auto hash = required_hash(mechanism);
        if (!hash) return fail(hash.error());
        *secret = to_secret(digest((*hash)->name, {*secret}));
    }
    if (secret->size() < bits / 8) return fail(E_CXI_KEY_INVALID_SIZE);
    secret->resize(bits / 8);
    if (!is_agreement(mechanism)) inherit_policy(*properties, (*base)->object);
    if (other) inherit_policy(*properties, other->object);
    auto key = key_from_material(*std::move(properties), CXI_KEY_TYPE_SECRET, *secret, cxi.circumstances());
    if (!key) return fail(key.error());
    const auto reference = place->put(*key);
    if (!reference) return fail(reference.error());
    return call.answer({*reference});
}

}  // namespace cs2sim
