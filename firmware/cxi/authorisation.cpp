#include "firmware/cxi/authorisation.h"

#include "firmware/cxi/cxi.h"
#include "firmware/cxi/work/signature.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

struct ProtocolRow {
    std::uint8_t protocol;
    std::uint8_t components;
    std::uint32_t mechanism;
    unsigned least_bits;
};
constexpr ProtocolRow kProtocols[] = {
    {CXI_KRAD_PKCS1, CXI_KRAD_RSA, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256, 2048},
    {CXI_KRAD_PSS, CXI_KRAD_RSA, CXI_MECH_PAD_PSS | CXI_MECH_HASH_SHA256, 2048},
    {CXI_KRAD_ECDSA, CXI_KRAD_EC, CXI_MECH_FORMAT_ASN1 | CXI_MECH_HASH_SHA256, 256},
};

// What needs no KAK's leave: the work of a public half, also of a private key's.
bool is_public_work(const LoadedKey& key, Use use) {
    return key.object.is_public() || (key.pkey && (use & (USE_VERIFY | USE_ENCRYPT | USE_WRAP)) != 0);
}

Result<void> check_state(const Authorisation& now, std::uint32_t most_failures) {
    if (!now.bound()) return fail(E_CXI_CC_KEY_NOT_INITIALISED);
    if (most_failures != 0 && now.failures >= most_failures) return fail(E_CXI_CC_KEY_BLOCKED);
    return {};
}

Result<void> take_uses(KeyObject& key, std::uint32_t uses, std::uint32_t most_failures) {
    const Authorisation now = authorisation_of(key);
    CS2SIM_TRY(check_state(now, most_failures));
    if (now.uses == CXI_AUTH_NO_LIMIT) return {};
    if (now.uses < uses) return fail(E_CXI_CC_KEY_NOT_AUTHORISED);
    set_uses(key, now.uses - uses);
    return {};
}

// The KAK that bytes of a key were bound to, as it is noted (DeviceKeys::NoteKind::kak): the two properties.
Bytes kak_note(const Authorisation& of) {
    PropertyList properties;
    properties.set(CXI_PROP_CC_KRAD, of.krad);
    properties.set_flag(CXI_PROP_CC_ASSIGNED, of.assigned);
    return properties.encode();
}

Result<void> bind_noted(KeyObject& key, ByteView note) {
    CS2SIM_TRY_LET(properties, PropertyList::decode(note));
    bind_authorisation(key, properties.bytes(CXI_PROP_CC_KRAD),
                       properties.flag_or(CXI_PROP_CC_ASSIGNED, false));
    return {};
}

bool signed_by(const AuthorisationKey& kak, ByteView data, ByteView signature) {
    LoadedKey verifier;
    verifier.object.properties.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_PUBLIC);
    if (EVP_PKEY_up_ref(kak.key.get()) != 1) return false;
    verifier.pkey.reset(kak.key.get());
    verifier.contexts = std::make_shared<ReadyContexts<EVP_PKEY_CTX>>();
    return check_signature(verifier, {kak.mechanism, true, {}, data}, signature).has_value();
}

}  // namespace

Result<AuthorisationKey> decode_krad(ByteView krad) {
    const auto parsed = parse(LAYOUT_CXI_KRAD, krad);
    if (!parsed || parsed->u8("form") != CXI_KRAD_FORM) return fail(E_CXI_KEY_INVALID_TOKEN);
    for (const ProtocolRow& row : kProtocols) {
        if (row.protocol != parsed->u8("protocol") || row.components != parsed->u8("components")) continue;
        auto key = row.components == CXI_KRAD_RSA
                       ? rsa_public_key(parsed->bytes("first"), parsed->bytes("second"))
                       : ec_public_key(parsed->text("first"), parsed->bytes("second"));
        if (!key || key_bits(**key) > 16384) return fail(E_CXI_KEY_INVALID_TOKEN);
        if (key_bits(**key) < row.least_bits) return fail(E_CXI_CC_KEY_SIZE);
        const Handle<EVP_PKEY_CTX> check(EVP_PKEY_CTX_new_from_pkey(nullptr, key->get(), nullptr));
        if (!check || EVP_PKEY_public_check_quick(check.get()) != 1) return fail(E_CXI_KEY_INVALID_TOKEN);
        return AuthorisationKey{*std::move(key), {row.mechanism}};
    }
    return fail(E_CXI_KEY_INVALID_TOKEN);
}

Authorisation authorisation_of(const KeyObject& key) {
    const PropertyList& properties = key.properties;
    return {properties.bytes(CXI_PROP_CC_KRAD), properties.flag_or(CXI_PROP_CC_ASSIGNED, false),
            properties.number_or(CXI_PROP_CC_AUTH_FAIL_COUNTER, 0),
            properties.number_or(CXI_PROP_CC_AUTH_COUNTER, 0)};
}

void bind_authorisation(KeyObject& key, ByteView krad, bool assigned) {
    key.properties.set(CXI_PROP_CC_KRAD, krad);
    key.properties.set_flag(CXI_PROP_CC_ASSIGNED, assigned);
    set_failures(key, 0);
    set_uses(key, 0);
}

void set_failures(KeyObject& key, std::uint32_t failures) {
    key.properties.set_number(CXI_PROP_CC_AUTH_FAIL_COUNTER, failures);
}

void set_uses(KeyObject& key, std::uint32_t uses) {
    key.properties.set_number(CXI_PROP_CC_AUTH_COUNTER, uses);
}

Result<void> may_move(const KeyObject& key) {
    if (authorisation_of(key).assigned) return fail(E_CXI_CC_ASSIGNED_KEY_EXPORT);
    return {};
}

Result<bool> Cxi::use(const LoadedKey& key, Use use, Mechanism mechanism, ByteView parameter,
                      std::uint32_t uses) {
    CS2SIM_TRY_LET(first, allow(key, use, mechanism, parameter));
    if (!is_public_work(key, use)) CS2SIM_TRY(spend(key, uses));
    return first;
}

Result<void> Cxi::spend(const LoadedKey& key, std::uint32_t uses) {
    if (!services_.profile.key_authorisation || key.object.is_public()) return {};
    const Authorisation now = authorisation_of(key.object);
    if (key.is_volatile && !now.bound()) {
        CS2SIM_TRY_LET(note, keys.note(DeviceKeys::NoteKind::kak, key));
        if (note.empty()) return {};  // else it was copied before its original was bound
    }
    const std::uint32_t most = services_.profile.max_key_auth_fails;
    if (!now.bound() || now.uses == CXI_AUTH_NO_LIMIT) return check_state(now, most);
    if (key.external) return fail(E_CXI_CC_KEY_NOT_AUTHORISED);  // a count outside could be played back
    return keys.modify(key.index, [&](KeyObject& object) { return take_uses(object, uses, most); });
}

// The first KAK of a key's bytes stays: whoever could bind another, to the key or to a copy or a backup from
// before, would need none. What is assigned once is so with every copy.
Result<void> Cxi::bind_kak(const LoadedKey& key, ByteView krad, bool assigned) {
    CS2SIM_TRY(decode_krad(krad));
    const auto bind = [&](KeyObject& object, Bytes& note) -> Result<void> {
        if (authorisation_of(object).bound()) return fail(E_CXI_CC_KEY_ALREADY_INITIALISED);
        KeyObject noted;
        if (!note.empty()) CS2SIM_TRY(bind_noted(noted, note));
        const Authorisation first = authorisation_of(noted);
        if (first.bound() && as_text(first.krad) != as_text(krad))
            return fail(E_CXI_CC_KEY_ALREADY_INITIALISED);
        bind_authorisation(object, krad, assigned || first.assigned);
        note = kak_note(authorisation_of(object));
        return {};
    };
    return keys.modify_noted(DeviceKeys::NoteKind::kak, key.index, bind);
}

Result<void> Cxi::may_authorise(const LoadedKey& key) const {
    return check_state(authorisation_of(key.object), services_.profile.max_key_auth_fails);
}

Result<void> Cxi::authorise(const LoadedKey& key, ByteView data, ByteView signature, std::uint32_t uses) {
    CS2SIM_TRY(may_authorise(key));
    const auto kak = decode_krad(authorisation_of(key.object).krad);
    if (!kak) return fail(E_CXI_CC_KRAD_INTEGRITY_FAILED);
    const bool good = signed_by(*kak, data, signature);
    const std::uint32_t most = services_.profile.max_key_auth_fails;
    std::uint32_t failures = 0;
    CS2SIM_TRY(keys.modify(key.index, [&](KeyObject& object) -> Result<void> {
        const Authorisation now = authorisation_of(object);
        CS2SIM_TRY(check_state(now, most));  // another caller's failures may have locked it meanwhile
        failures = good ? 0 : now.failures + 1;
        set_failures(object, failures);
        if (good) set_uses(object, uses);
        return {};
    }));
    CS2SIM_TRY(note_failures(key, failures));
    return good ? Result<void>() : fail(E_CXI_CC_KEY_AUTH_FAILED);
}

Result<void> Cxi::unblock(const LoadedKey& key) {
    const std::uint32_t most = services_.profile.max_key_auth_fails;
    CS2SIM_TRY(keys.modify(key.index, [&](KeyObject& object) -> Result<void> {
        const auto state = check_state(authorisation_of(object), most);
        if (state) return fail(E_CXI_CC_KEY_NOT_BLOCKED);
        if (state.error().code != E_CXI_CC_KEY_BLOCKED) return state;
        set_failures(object, 0);
        set_uses(object, 0);
        return {};
    }));
    return note_failures(key, 0);
}

// Beside the property, so that a key that is deleted and restored is as locked as it was.
Result<void> Cxi::note_failures(const LoadedKey& key, std::uint32_t failures) {
    CS2SIM_TRY_LET(note, keys.note(DeviceKeys::NoteKind::failures, key));
    if (failures == 0 && note.empty()) return {};
    return keys.change_note(DeviceKeys::NoteKind::failures, key, [&](ByteView) -> Result<Bytes> {
        return failures == 0 ? Bytes() : Bytes{static_cast<std::uint8_t>(failures)};
    });
}

// Binds the KAK that is noted of these bytes. A bound key that comes from elsewhere is noted.
Result<void> Cxi::bind_again(KeyObject& key, const LoadedKey& loaded) {
    CS2SIM_TRY_LET(note, keys.note(DeviceKeys::NoteKind::kak, loaded));
    const Authorisation now = authorisation_of(key);
    if (note.empty() && !now.bound()) return {};
    if (note.empty())
        return keys.change_note(DeviceKeys::NoteKind::kak, loaded, [&](ByteView before) -> Result<Bytes> {
            return before.empty() ? kak_note(now) : to_bytes(before);
        });
    const std::uint32_t failures = now.failures;
    CS2SIM_TRY(bind_noted(key, note));
    set_failures(key, failures);
    return {};
}

Result<void> Cxi::settle(KeyObject& key) {
    if (!key.is_private() && !key.is_secret()) return {};
    if (!authorisation_of(key).bound() && !services_.profile.key_authorisation) return {};
    CS2SIM_TRY_LET(loaded, load_key(key));
    CS2SIM_TRY(bind_again(key, loaded));
    if (!authorisation_of(key).bound()) return {};
    CS2SIM_TRY_LET(note, keys.note(DeviceKeys::NoteKind::failures, loaded));
    set_uses(key, 0);
    if (!note.empty()) set_failures(key, note.front());
    return {};
}

}  // namespace cs2sim
