// Derivation and agreement: new keys out of old ones.
#include <algorithm>

#include "firmware/crypto/digest.h"
#include "firmware/cxi/access.h"
#include "firmware/cxi/cxi.h"
#include "firmware/cxi/handlers.h"
#include "firmware/cxi/work/agreement.h"
#include "firmware/cxi/work/cipher_job.h"
#include "firmware/cxi/work/mac.h"
#include "firmware/cxi/wrapping.h"

namespace cs2sim {
namespace {

SecretBytes joined(ByteView a, ByteView b) {
    SecretBytes out = to_secret(a);
    out.insert(out.end(), b.begin(), b.end());
    return out;
}

// What the mechanism makes of the base key's secret and the caller's data, as PKCS#11 v2.40 defines the
// mechanisms of the same names (section 2.43: XOR, concatenations; 2.15: encryption of data).
Result<SecretBytes> derive_from_secret(const LoadedKey& base, const LoadedKey* other, Mechanism mechanism,
                                       ByteView data, std::size_t length, const Abandonment* abandonment) {
    if (!base.object.is_secret()) return fail(E_CXI_KEY_TYPE);
    const ByteView secret = base.secret();
    switch (mechanism.kdf()) {
        case CXI_MECH_KDF_HASH: {
            CS2SIM_TRY_LET(hash, required_hash(mechanism));
            return to_secret(digest(hash->name, {secret, data}));
        }
        case CXI_MECH_KDF_HMAC: {
            // Of a block cipher's MAC who may decrypt with the key finds the data that give chosen bytes.
            if (mechanism.chain() != 0) return fail(E_CXI_CRYPT_MECH);
            CS2SIM_TRY_LET(mac, make_mac(base, mechanism, data, {}, abandonment));
            return to_secret(mac);
        }
        case CXI_MECH_KDF_ENC_DATA: {
            const bool ecb = mechanism.chain() == CXI_MECH_CHAIN_ECB;
            const std::size_t block = base.object.algorithm() == CXI_KEY_ALGO_DES ? 8 : 16;
            const Bytes iv(block);
            CS2SIM_TRY_LET(parameter,
                           compose(LAYOUT_CXI_CRYPT_PARAMETER, {CXI_IV_NO_GENERATE, iv, ByteView(), 0}));
            CS2SIM_TRY_LET(job,
                           CipherJob::start(base, mechanism, true, ecb ? ByteView() : ByteView(parameter)));
            CS2SIM_TRY_LET(out, job->whole(data, abandonment));
            return to_secret(out);
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
    return mechanism.kdf() == CXI_MECH_KDF_ECDH || mechanism.kdf() == CXI_MECH_KDF_ECDH_COF ||
           mechanism.kdf() == CXI_MECH_KDF_X963 || mechanism.kdf() == CXI_MECH_KDF_DH;
}

// Whether the derived key is the base key, or a part of it, whole or with bytes of the caller's. Of what a
// user's module does nothing is known.
Carries carried_by(Mechanism mechanism) {
    const bool encrypts = mechanism.kdf() == CXI_MECH_KDF_ENC_DATA && !mechanism.is_vendor();
    return mechanism.hashes_base() || encrypts ? Carries::function : Carries::bytes;
}

// Of a TRUSTED key nobody but its security officer makes one that has its bytes: that would do what the
// TRUSTED one may not, and a short one tells them by its check value. Nor of any object that has the bytes of
// one, and where that is in another group nobody at all, as its officer has no say there.
Result<void> approve_base(const CxiCall& call, const LoadedKey& base, Mechanism mechanism) {
    const KeyObject& object = base.object;
    const bool tells =
        object.is_secret() && !mechanism.is_vendor() && carried_by(mechanism) == Carries::bytes;
    if (!tells) return {};
    CS2SIM_TRY_LET(trusted, call.cxi.keys.note(DeviceKeys::NoteKind::trusted, base));
    if (!trusted.empty() && trusted != group_prefix(object.group())) return fail(E_CXI_PERMISSION_DENIED);
    if (trusted.empty() && !object.properties.flag_or(CXI_PROP_TRUSTED, false)) return {};
    return call.require(RIGHT_SECURITY_OFFICER, object.group());
}

// What two keys agree on, in the form that the mechanism gives it.
Result<SecretBytes> agreed_secret(const LoadedKey& own, Mechanism mechanism, ByteView data,
                                  std::size_t length) {
    const bool x963 = mechanism.kdf() == CXI_MECH_KDF_X963;
    const auto given = x963 ? parse(LAYOUT_CXI_X963_PARAMETER, data) : Result<Block>(fail(E_CXI_CRYPT_MECH));
    if (x963 && !given) return fail(E_CXI_CRYPT_MECH_PARA);
    auto secret = agree(own, mechanism, x963 ? given->bytes("peer") : data);
    CS2SIM_TRY(secret);
    if (mechanism.hash() == CXI_MECH_HASH_NONE) {
        // PKCS#11 3.0, ECDH1_DERIVE; v2.40, section 2.4.7, DH: what is too long loses its leading bytes.
        if ((x963 || mechanism.kdf() == CXI_MECH_KDF_DH) && secret->size() > length)
            secret->erase(secret->begin(), secret->end() - static_cast<std::ptrdiff_t>(length));
        return secret;
    }
    CS2SIM_TRY_LET(hash, required_hash(mechanism));
    if (x963) return x963_kdf(*hash, *secret, given->bytes("shared"), length);
    return to_secret(digest(hash->name, {*secret}));
}

// In certified modes two keys are put together as they are, and both are the device's alone: whoever knew
// one, or had but a few bytes of the joined key, would read the other from its check value byte by byte.
Result<void> approve_join(Cxi& cxi, const Restrictions& set, const KeyObject& base, const KeyObject& other,
                          std::size_t length) {
    const std::uint16_t modes = cxi.modes_for(base) | cxi.modes_for(other);
    const bool certified = is_certified(modes);
    if (!certified && !set.secure_derivation) return {};
    const auto sealed = [&](const KeyObject& key) {
        return is_unknown_outside(key) && key.properties.flag_or(CXI_PROP_NEVER_EXTRACTABLE, false) &&
               (!certified || key.made_in() != 0);
    };
    if (sealed(base) && sealed(other) && length == base.material.size() + other.material.size()) return {};
    CS2SIM_TRY(approve_act(modes, Act::readable_join));
    return fail(E_CXI_CRYPT_MECH);
}

// What KEY_DERIVE makes of which key, and under whose settings.
struct Derivation {
    const LoadedKey& base;
    Mechanism mechanism;
    Restrictions set;    // of the base's group and of the new key's
    Destination goes;    // the new key, as it is
    Destination leaves;  // the same, when it has shrunk or another mode comes
    std::uint32_t bits = 0;
};

// The key that CAT_BASE_AND_KEY puts behind the base: `data` names it. It gives what the base gives, by the
// same rules.
Result<SharedKey> joined_key(CxiCall& call, const Derivation& of, PropertyList& properties) {
    Cxi& cxi = call.cxi;
    SharedKey other = call.find("data");
    CS2SIM_TRY_LET(settings, cxi.config(other->object.group()));
    CS2SIM_TRY(approve_departure(call, *other, of.leaves));
    CS2SIM_TRY(approve_entry(call, *other, of.goes, CXI_KEY_TYPE_SECRET, properties));
    CS2SIM_TRY(approve_join(cxi, strictest(of.set, settings.restrictions), of.base.object, other->object,
                            of.bits / 8));
    CS2SIM_TRY(approve_base(call, *other, of.mechanism));
    CS2SIM_TRY(call.use(*other, USE_DERIVE, of.mechanism));
    CS2SIM_TRY(inherit_mode(call, other->object.made_in(), properties));
    return other;
}

Result<Bytes> derived_by_module(CxiCall& call, const LoadedKey& base, PropertyList properties,
                                const Circumstances& now, Place& place) {
    CS2SIM_TRY(call.note_uses());
    CS2SIM_TRY_LET(made, vendor_derive(call, base, properties));
    narrow_export(properties, policy_of(base.object));
    CS2SIM_TRY_LET(derived, key_of_vendor(std::move(properties), made, now));
    CS2SIM_TRY_LET(placed, place.put(derived));
    return answer_made(call, placed, derived);
}

}  // namespace

// The raw shared secret: the x coordinate of the common point, or DH's number. It is what KEY_DERIVE makes a
// key of, which under CFG_SECURE_DERIVATION is a sensitive one.
Result<Bytes> cxi_secret_agree(CxiCall& call) {
    Cxi& cxi = call.cxi;
    CS2SIM_TRY(check_flags(call.request.u32("flags"), 0));
    const LoadedKey& key = call.key("key");
    CS2SIM_TRY_LET(settings, cxi.config(key.object.group()));
    if (settings.restrictions.secure_derivation) return fail(E_CXI_CRYPT_MECH);
    CS2SIM_TRY(approve_act(cxi.modes_for(key.object), Act::raw_secret));
    CS2SIM_TRY(call.use(key, USE_DERIVE, {call.request.u32("mechanism")}));
    CS2SIM_TRY_LET(secret, agree(key, {call.request.u32("mechanism")}, call.request.bytes("peer")));
    return call.answer({ByteView(secret)});
}

// A secret key by the template's ALGO and SIZE, its first bytes taken from what the mechanism derives; of DH
// the last ones (PKCS#11 v2.40, section 2.4.7).
Result<Bytes> cxi_key_derive(CxiCall& call) {
    Cxi& cxi = call.cxi;
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, kMakeFlags));
    const Mechanism mechanism{call.request.u32("mechanism")};
    CS2SIM_TRY_LET(properties, creation_template(call.request.bytes("properties")));
    const LoadedKey& base = call.key("key");
    const std::string group(properties.text(CXI_PROP_KEY_GROUP));
    CS2SIM_TRY_LET(now, cxi.circumstances(call, group));
    now.modes |= base.object.made_in();  // which no mode tells by short keys of it and their check values
    CS2SIM_TRY_LET(of_base, cxi.config(base.object.group()));
    Derivation of{base,
                  mechanism,
                  strictest(now.restrictions, of_base.restrictions),
                  {group, call.makes_open(properties)},
                  {group, call.lays_open(properties)}};
    CS2SIM_TRY(is_agreement(mechanism) && !mechanism.is_vendor()
                   ? approve_passage(call, base.object.group(), group)
                   : approve_departure(call, base, of.leaves, carried_by(mechanism)));
    CS2SIM_TRY(approve_entry(call, base, of.goes, CXI_KEY_TYPE_SECRET, properties));
    CS2SIM_TRY(restrict_derivation(properties, of.set, base, mechanism.value));
    CS2SIM_TRY(approve_base(call, base, mechanism));
    CS2SIM_TRY(call.use(base, USE_DERIVE, mechanism));
    CS2SIM_TRY(inherit_mode(call, base.object.made_in(), properties));
    CS2SIM_TRY_LET(place, cxi.place_in(call, properties, flags));
    const std::uint32_t bits = of.bits = properties.number_or(CXI_PROP_KEY_SIZE, 0);
    if (!mechanism.is_vendor() && (bits == 0 || bits % 8 != 0 || bits > 8192))
        return fail(E_CXI_KEY_INVALID_SIZE);
    const ByteView data = call.request.bytes("data");
    SharedKey other;  // CAT_BASE_AND_KEY: `data` names it
    if (mechanism.kdf() == CXI_MECH_KDF_CAT_BASE_AND_KEY) {
        CS2SIM_TRY_LET(found, joined_key(call, of, properties));
        other = std::move(found);
    }
    if (mechanism.is_vendor()) return derived_by_module(call, base, std::move(properties), now, place);
    CS2SIM_TRY_LET(secret, is_agreement(mechanism)
                               ? agreed_secret(base, mechanism, data, bits / 8)
                               : derive_from_secret(base, other.get(), mechanism, data, bits / 8,
                                                    call.context.abandonment.get()));
    if (secret.size() < bits / 8) return fail(E_CXI_KEY_INVALID_SIZE);
    CS2SIM_TRY(call.note_uses());  // before a check value in the template tells whether it is this one
    secret.resize(bits / 8);
    if (!is_agreement(mechanism)) narrow_export(properties, policy_of(base.object));
    if (other) narrow_export(properties, policy_of(other->object));
    CS2SIM_TRY_LET(key, key_from_material(std::move(properties), CXI_KEY_TYPE_SECRET, secret, now));
    CS2SIM_TRY_LET(reference, place.put(key));
    return answer_made(call, reference, key);
}

}  // namespace cs2sim
