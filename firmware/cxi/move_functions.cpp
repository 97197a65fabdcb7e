// Keys on the move: backup and restore under the MBK, import and export, wrap and unwrap.
#include "firmware/cxi/access.h"
#include "firmware/cxi/authorisation.h"
#include "firmware/cxi/cxi.h"
#include "firmware/cxi/handlers.h"
#include "firmware/cxi/key_components.h"
#include "firmware/cxi/noted_policies.h"
#include "firmware/cxi/work/cipher_job.h"
#include "firmware/cxi/wrapping.h"

namespace cs2sim {
namespace {

// A template that names the key: what it states must be so.
Result<void> compare_names(const PropertyList& expected, const KeyObject& key) {
    for (const Property& property : expected) {
        const bool same = property.id == CXI_PROP_KEY_SPEC
                              ? expected.number(CXI_PROP_KEY_SPEC) == key.spec()
                              : as_text(property.value()) == key.properties.text(property.id);
        if (!same) return fail(E_CXI_PROP_COMPARE);
    }
    return {};
}

// A key that only TRUSTED ones wrap, or that a certified mode made, goes by what nobody changes or reads
// without the key: a changed bit would make it another one, whose bytes and limits the device does not know.
// Nor does its wrapping key, whatever object has these bytes, unwrap without authentication from then on: the
// lengths, paddings and unwrapped keys that come of chosen blobs tell what it would decrypt. GCM and CCM wrap
// none, as who chooses the IV may have had it unwrapped before. Mechanisms of users' modules are theirs to
// judge.
bool is_to_guard(const LoadedKey& wrapping, const KeyObject& key) {
    // A TRUSTED key of no certified mode wraps one of it, which has roles in none but these.
    return key.properties.flag_or(CXI_PROP_WRAP_WITH_TRUSTED, false) ||
           (key.made_in() != 0 && wrapping.object.made_in() == 0);
}

// Nor does it wrap by what it would never unwrap: who wrapped so would have lost the key.
Result<void> move_beside_guarded(Cxi& cxi, const Move& move) {
    const LoadedKey& wrapping = move.wrapping;
    if (move.mechanism.is_vendor() || is_authenticated(wrapping, move.mechanism, move.parameter)) return {};
    CS2SIM_TRY_LET(guards, cxi.is_guarding(wrapping));
    if (!guards) return {};
    return fail(has_short_tag(wrapping, move.mechanism, move.parameter) ? E_CXI_CRYPT_MECH_PARA
                                                                        : E_CXI_CRYPT_MECH);
}

// Where nothing proves that a wrapped key is whole, its length, its padding and its form alone can tell that
// it is none: one code for them all. A weak DES key is a key.
std::uint32_t code_of_unwrapped(const Move& move, std::uint32_t type, std::uint32_t code) {
    if (move.wrapping.pkey || is_authenticated(move.wrapping, move.mechanism, move.parameter)) return code;
    const bool no_key = code == E_CXI_CRYPT_DATA_LEN || code == E_CXI_CRYPT_PADDING ||
                        code == E_CXI_KEY_INVALID_SIZE ||
                        (code == E_CXI_KEY_INVALID_COMP && type != CXI_KEY_TYPE_SECRET);
    return no_key ? std::uint32_t{E_CXI_KEY_BLOB_FORMAT} : code;
}

// Bytes around the key in what CBC wraps (the vendor's CK_WRAP_PARAMS), and what is left of the parameter for
// the cipher. That they are compared at unwrapping is OUR ASSUMPTION.
struct Frame {
    Bytes parameter;
    Bytes prefix, postfix;
};

// A parameter that CFG_WRAP_POLICY of either group bars.
Result<void> barred_by_policy(CxiCall& call, const Move& move) {
    for (const std::string_view group : {move.wrapping.object.group(), move.group}) {
        CS2SIM_TRY_LET(settings, call.cxi.config(group));
        if (settings.restrictions.wrap_policy) return fail(E_CXI_CRYPT_MECH_PARA);
    }
    return {};
}

// Whoever chooses where a key begins within a block learns it byte by byte, from what known keys become under
// the same frame: CFG_WRAP_POLICY bars that, and FIPS and CC modes bar CBC altogether.
Result<Frame> frame_of(CxiCall& call, const Move& move) {
    const Mechanism mechanism = move.mechanism;
    const auto given = parse(LAYOUT_CXI_FRAME_PARAMETER, move.parameter);
    const bool framed = given && move.wrapping.object.is_secret() && !mechanism.is_vendor() &&
                        mechanism.chain() == CXI_MECH_CHAIN_CBC && mechanism.pad() == CXI_MECH_PAD_NONE;
    if (!framed) return Frame{to_bytes(move.parameter), {}, {}};
    CS2SIM_TRY(barred_by_policy(call, move));
    CS2SIM_TRY_LET(of_cipher,
                   compose(LAYOUT_CXI_CRYPT_PARAMETER, {given->u8("source"), given->bytes("iv"),
                                                        given->bytes("associated"), given->u16("tagbits")}));
    return Frame{std::move(of_cipher), to_bytes(given->bytes("prefix")), to_bytes(given->bytes("postfix"))};
}

SecretBytes framed(const Frame& frame, ByteView key) {
    SecretBytes out = to_secret(frame.prefix);
    out.insert(out.end(), key.begin(), key.end());
    out.insert(out.end(), frame.postfix.begin(), frame.postfix.end());
    return out;
}

// Error: E_CXI_CRYPT_PADDING when the frame is another one.
Result<SecretBytes> unframed(const Frame& frame, ByteView plain) {
    const std::size_t before = frame.prefix.size(), after = frame.postfix.size();
    if (plain.size() < before + after) return fail(E_CXI_CRYPT_PADDING);
    if (!equal_in_constant_time(plain.first(before), frame.prefix) ||
        !equal_in_constant_time(plain.last(after), frame.postfix))
        return fail(E_CXI_CRYPT_PADDING);
    return to_secret(plain.subspan(before, plain.size() - before - after));
}

// Where a mode or CFG_WRAP_POLICY of either group says so.
Result<void> approve_tag(CxiCall& call, const Move& move) {
    if (!has_short_tag(move.wrapping, move.mechanism, move.parameter)) return {};
    CS2SIM_TRY(approve_act(move.modes, Act::short_tag));
    return barred_by_policy(call, move);
}

Result<Bytes> encrypted(CxiCall& call, const Move& move, const Frame& frame, const LoadedKey& key) {
    if (move.wrapping.pkey) return rsa_encrypt(move.wrapping, move.mechanism, move.parameter, key.secret());
    CS2SIM_TRY_LET(job, CipherJob::start(move.wrapping, move.mechanism, true, frame.parameter));
    return job->whole(framed(frame, key.secret()), call.context.abandonment.get());
}

// Encrypts a key's material: AES in an authenticated or padded mode, key wrap, or RSA for secret keys. What
// is refused leaves no note; what is answered was noted before.
Result<Bytes> wrap_material(CxiCall& call, const LoadedKey& wrapping, Mechanism mechanism, ByteView parameter,
                            const LoadedKey& key) {
    const std::uint16_t modes = call.cxi.modes_for(wrapping.object) | key.object.made_in();
    const bool open = key.external && call.opens(key.object.properties);
    const Move move{modes, wrapping, key.object.group(), open, USE_WRAP, mechanism, parameter};
    CS2SIM_TRY(approve_move(call, move));
    CS2SIM_TRY(call.cxi.allow(wrapping, USE_WRAP, mechanism, parameter));
    CS2SIM_TRY(approve_mechanism(modes, USE_WRAP, wrapping.object.algorithm(), mechanism.value));
    CS2SIM_TRY(approve_tag(call, move));
    // The answer has no room for it: nobody could open what was wrapped.
    if (!wrapping.pkey && !mechanism.is_vendor() && makes_iv(parameter)) return fail(E_CXI_CRYPT_MECH_PARA);
    CS2SIM_TRY_LET(frame, frame_of(call, move));
    CS2SIM_TRY(may_move(key.object));
    const PropertyList& properties = key.object.properties;
    if ((key.object.export_policy() & (CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN)) == 0 ||
        !properties.flag_or(CXI_PROP_EXTRACTABLE, true))
        return fail(E_CXI_KEY_EXPORT_DENIED);
    if (!key.object.is_secret() && (!key.object.is_private() || wrapping.pkey)) return fail(E_CXI_KEY_TYPE);
    if (properties.flag_or(CXI_PROP_WRAP_WITH_TRUSTED, false) &&
        !is_trusted_for(wrapping, key.object.group()))
        return fail(E_CXI_KEY_EXPORT_DENIED);
    const bool guards = is_to_guard(wrapping, key.object) && !mechanism.is_vendor();
    if (guards) CS2SIM_TRY(approve_wrap_mechanism(USE_WRAP, wrapping.pkey != nullptr, mechanism.value));
    CS2SIM_TRY(move_beside_guarded(call.cxi, move));
    // Both keys work, and what arrives on another device has no KAK: so the one that leaves needs its KAK's
    // leave as well.
    if (!key.object.is_public()) CS2SIM_TRY(call.cxi.spend(key));
    CS2SIM_TRY(call.use(wrapping, USE_WRAP, mechanism, parameter));
    const auto note = [&]() -> Result<void> {
        CS2SIM_TRY(note_policy(call.cxi, key));
        CS2SIM_TRY(call.cxi.keep_trusted(key.object));
        CS2SIM_TRY(call.note_uses());
        return guards ? call.cxi.keys.keep_guards(wrapping) : Result<void>();
    };
    if (mechanism.is_vendor()) {
        CS2SIM_TRY(note());
        CS2SIM_TRY_LET(wrapped, vendor_wrap(call, wrapping, parameter, key));
        return Bytes(wrapped.made.begin(), wrapped.made.end());
    }
    CS2SIM_TRY_LET(wrapped, encrypted(call, move, frame, key));
    CS2SIM_TRY(note());
    return wrapped;
}

Result<SecretBytes> unwrap_material(CxiCall& call, const Move& move, ByteView wrapped) {
    const LoadedKey& wrapping = move.wrapping;
    CS2SIM_TRY(call.use(wrapping, USE_UNWRAP, move.mechanism, move.parameter));
    CS2SIM_TRY(move_beside_guarded(call.cxi, move));
    CS2SIM_TRY(approve_tag(call, move));
    if (wrapping.pkey) return rsa_decrypt(wrapping, move.mechanism, move.parameter, wrapped);
    CS2SIM_TRY_LET(frame, frame_of(call, move));
    CS2SIM_TRY_LET(job, CipherJob::start(wrapping, move.mechanism, false, frame.parameter));
    CS2SIM_TRY_LET(plain, job->whole(wrapped, call.context.abandonment.get()));
    auto out = unframed(frame, plain);
    cleanse(plain.data(), plain.size());
    return out;
}

// TYPE in the template, or what ALGO makes it.
std::uint32_t type_of(const PropertyList& properties) {
    const std::uint32_t algorithm = properties.number_or(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RAW);
    return properties.number_or(CXI_PROP_KEY_TYPE,
                                algorithm <= CXI_KEY_ALGO_AES || is_custom_algorithm(algorithm)
                                    ? CXI_KEY_TYPE_SECRET
                                    : CXI_KEY_TYPE_PRIVATE);
}

std::uint32_t class_of(std::uint32_t type) {
    const std::uint32_t plain = type & CXI_KEY_TYPE_MASK & ~CXI_KEY_TYPE_PLAINTEXT;
    return plain >= CXI_KEY_TYPE_PRIVATE_ONLY && plain <= CXI_KEY_TYPE_PRIVATE_FULL ? CXI_KEY_TYPE_PRIVATE
                                                                                    : plain;
}

Result<Bytes> unwrap_and_place(CxiCall& call, ByteView parameter, ByteView wrapped, std::uint32_t type) {
    Cxi& cxi = call.cxi;
    CS2SIM_TRY_LET(properties, creation_template(call.request.bytes("properties")));
    const LoadedKey& wrapping = call.key("wrapping");
    const Mechanism mechanism{call.request.u32("mechanism")};
    if (type == 0) type = type_of(properties);
    const std::string group(properties.text(CXI_PROP_KEY_GROUP));
    CS2SIM_TRY_LET(now, cxi.circumstances(call, group));
    CS2SIM_TRY_LET(of_wrapping, cxi.config(wrapping.object.group()));
    CS2SIM_TRY_LET(place, cxi.place_in(call, properties, call.request.u32("flags")));
    const bool open = call.makes_open(properties), laid_open = call.lays_open(properties);
    const Move move{cxi.modes_for(wrapping.object), wrapping, group, open, USE_UNWRAP, mechanism, parameter};
    CS2SIM_TRY(approve_move(call, move));
    CS2SIM_TRY(inherit_mode(call, wrapping.object.made_in(), properties));
    now.restrictions = strictest(now.restrictions, of_wrapping.restrictions);
    CS2SIM_TRY(restrict_import(properties, now.restrictions, class_of(type) == CXI_KEY_TYPE_SECRET));
    const auto told = [&](Error error) { return fail(code_of_unwrapped(move, class_of(type), error.code)); };
    SecretBytes came;
    const auto made = [&]() -> Result<KeyObject> {
        if (mechanism.is_vendor()) {
            CS2SIM_TRY(call.use(wrapping, USE_UNWRAP, mechanism, parameter));
            CS2SIM_TRY(call.note_uses());
            CS2SIM_TRY_LET(unwrapped, vendor_unwrap(call, wrapping, parameter, wrapped, properties));
            came = to_secret(unwrapped.made);
            return key_of_vendor(std::move(properties), unwrapped, now);
        }
        auto material = unwrap_material(call, move, wrapped);
        if (material || tells_of_key(material.error().code)) CS2SIM_TRY(call.note_uses());
        CS2SIM_TRY(material);
        came = *std::move(material);
        return key_from_material(std::move(properties), class_of(type), came, now);
    };
    auto key = made();
    if (!key) return told(key.error());
    CS2SIM_TRY(bind_policy(cxi, *key, laid_open, came, is_authenticated(wrapping, mechanism, parameter)));
    CS2SIM_TRY(cxi.settle(*key));
    CS2SIM_TRY_LET(reference, place.put(*key));
    return answer_made(call, reference, *key);
}

// The sealed form of an open object, which anybody may have made and holds, is no backup of a key of the
// group.
Result<void> let_in_open(const CxiCall& call, LoadedKey sealed, KeyObject& key) {
    sealed.external = true;
    const std::string group(key.group());
    CS2SIM_TRY_LET(enters, approve_entry(call, sealed, {group, false}, key.type(), key.properties));
    if (enters) forget_origin(key);
    return {};
}

// The other way: a stored key may say what an open object says, and what the device seals of it is one, with
// which whoever holds it works. It is laid open, and as a copy that is, nobody's to widen.
Result<void> let_out_open(const CxiCall& call, const LoadedKey& key, KeyObject& sealed) {
    const Destination to{key.object.group(), are_open(key.object.properties)};
    if (!departs(key, to)) return {};
    CS2SIM_TRY(approve_departure(call, key, to));
    forget_origin(sealed);
    return {};
}

}  // namespace

Result<Bytes> cxi_key_backup(CxiCall& call) {
    Cxi& cxi = call.cxi;
    const LoadedKey& key = call.key("key");
    if (key.external) return fail(E_CXI_INTERNAL_INPUT_ONLY);
    CS2SIM_TRY(may_move(key.object));
    if ((key.object.export_policy() & CXI_KEY_EXPORT_DENY_BACKUP) != 0) return fail(E_CXI_KEY_EXPORT_DENIED);
    KeyObject sealed = key.object;
    CS2SIM_TRY(let_out_open(call, key, sealed));
    CS2SIM_TRY(cxi.keys.keep_roles(key));
    CS2SIM_TRY_LET(blob, cxi.external.seal.seal(sealed));
    call.audit_key("key backed up", key.object);
    return call.answer({blob});
}

Result<Bytes> cxi_key_restore(CxiCall& call) {
    Cxi& cxi = call.cxi;
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, kPlaceFlags & ~std::uint32_t{CXI_FLAG_KEY_EXTERNAL}));
    CS2SIM_TRY_LET(expected, PropertyList::decode(call.request.bytes("properties")));
    CS2SIM_TRY_LET(key, cxi.external.seal.open(call.request.bytes("blob")));
    CS2SIM_TRY(compare_names(expected, key));
    CS2SIM_TRY_LET(place, cxi.place_in(call, key.properties, flags));
    CS2SIM_TRY(cxi.approve_object(key, key.is_public() ? USE_VERIFY : USE_MAKE));
    CS2SIM_TRY_LET(loaded, load_key(key));  // what cannot be used is not stored
    CS2SIM_TRY_LET(now, cxi.circumstances(call, key.group()));
    CS2SIM_TRY(approve_components(loaded, now));
    CS2SIM_TRY(let_in_open(call, std::move(loaded), key));
    CS2SIM_TRY(cxi.settle(key));
    CS2SIM_TRY_LET(reference, place.put(key));
    call.audit_key("key restored", key);
    return call.answer({reference});
}

// Public halves go out as they are; everything else by the key's export policy, in clear or wrapped.
Result<Bytes> cxi_key_export(CxiCall& call) {
    Cxi& cxi = call.cxi;
    const LoadedKey& key = call.key("key");
    const KeyObject& object = key.object;
    const std::uint32_t type = call.request.u32("type");
    if ((type & 0x00FF0000) > 0x00010000) return fail(E_CXI_NOT_SUPPORTED);  // Microsoft's blobs
    if (class_of(type) == CXI_KEY_TYPE_PUBLIC) {
        if (!key.pkey) return fail(E_CXI_KEY_TYPE);
        return call.answer({public_key_der(*key.pkey)});
    }
    if (object.type() >= CXI_KEY_TYPE_DATA) return call.answer({object.properties.bytes(CXI_PROP_VALUE)});
    if (class_of(type) != class_of(object.type())) return fail(E_CXI_KEY_TYPE);
    if (const SharedKey wrapping = call.find("wrapping")) {
        CS2SIM_TRY_LET(wrapped, wrap_material(call, *wrapping, {call.request.u32("mechanism")},
                                              call.request.bytes("parameter"), key));
        return call.answer({wrapped});
    }
    CS2SIM_TRY(approve_act(cxi.modes_for(object), Act::plain_export));
    CS2SIM_TRY(may_move(object));
    if (!leaves_in_clear(object.properties)) return fail(E_CXI_KEY_EXPORT_DENIED);
    CS2SIM_TRY_LET(trusted, cxi.keys.note(DeviceKeys::NoteKind::trusted, key));
    if (!trusted.empty()) return fail(E_CXI_KEY_EXPORT_DENIED);  // a TRUSTED key has these bytes
    CS2SIM_TRY(cxi.spend(key));
    CS2SIM_TRY(cxi.keys.keep_roles(key));
    call.audit_key("key exported in clear", object);
    return call.answer({ByteView(object.material)});
}

Result<Bytes> cxi_key_import(CxiCall& call) {
    Cxi& cxi = call.cxi;
    CS2SIM_TRY(check_flags(call.request.u32("flags"), kMakeFlags));
    const std::uint32_t type = call.request.u32("type");
    if ((type & 0x00FF0000) > 0x00010000) return fail(E_CXI_NOT_SUPPORTED);
    const ByteView blob = call.request.bytes("blob");
    if (!call.request.bytes("wrapping").empty())
        return unwrap_and_place(call, call.request.bytes("parameter"), blob, type);

    CS2SIM_TRY_LET(properties, creation_template(call.request.bytes("properties")));
    CS2SIM_TRY_LET(now, cxi.circumstances(call, properties.text(CXI_PROP_KEY_GROUP)));
    CS2SIM_TRY_LET(place, cxi.place_in(call, properties, call.request.u32("flags")));
    if (class_of(type) != CXI_KEY_TYPE_PUBLIC) {
        CS2SIM_TRY(approve_act(cxi.modes(), Act::plain_import));
        CS2SIM_TRY(restrict_import(properties, now.restrictions, class_of(type) == CXI_KEY_TYPE_SECRET));
    }
    if (class_of(type) != CXI_KEY_TYPE_PUBLIC && class_of(type) != CXI_KEY_TYPE_PRIVATE &&
        class_of(type) != CXI_KEY_TYPE_SECRET)
        return fail(E_CXI_KEY_TYPE);
    CS2SIM_TRY_LET(key, key_from_material(std::move(properties), class_of(type), blob, now));
    CS2SIM_TRY_LET(reference, place.put(key));
    return answer_made(call, reference, key);
}

Result<Bytes> cxi_key_wrap(CxiCall& call) {
    CS2SIM_TRY_LET(wrapped, wrap_material(call, call.key("wrapping"), {call.request.u32("mechanism")},
                                          call.request.bytes("parameter"), call.key("key")));
    return call.answer({wrapped});
}

Result<Bytes> cxi_key_unwrap(CxiCall& call) {
    CS2SIM_TRY(check_flags(call.request.u32("flags"), kMakeFlags));
    return unwrap_and_place(call, call.request.bytes("parameter"), call.request.bytes("wrapped"), 0);
}

}  // namespace cs2sim
