// Keys on the move: backup and restore under the MBK, import and export, wrap and unwrap.
#include "firmware/cxi/cxi.h"
#include "firmware/cxi/handlers.h"
#include "firmware/cxi/work/cipher_job.h"

namespace cs2sim {
namespace {

constexpr std::uint32_t kPlaceFlags = CXI_FLAG_KEY_OVERWRITE | CXI_FLAG_KEY_EXTERNAL | CXI_FLAG_KEY_VOLATILE;

// A template that names the key: what it states must be so.
Result<void> compare_names(const PropertyList& expected, const KeyObject& key) {
    for (const Property& property : expected) {
        const bool same = property.id == CXI_PROP_KEY_SPEC
                              ? expected.number(CXI_PROP_KEY_SPEC) == key.spec()
                              : as_text(property.value) == key.properties.text(property.id);
        if (!same) return fail(E_CXI_PROP_COMPARE);
    }
    return {};
}

// Encrypts a key's material: AES in an authenticated or padded mode, key wrap, or RSA for secret keys.
Result<Bytes> wrap_material(Call& call, const LoadedKey& wrapping, Mechanism mechanism, ByteView parameter,
                            const LoadedKey& key) {
    CS2SIM_TRY(call.device.cxi->allow(wrapping, USE_WRAP, mechanism, parameter));
    const PropertyList& properties = key.object.properties;
    if ((key.object.export_policy() & (CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN)) == 0 ||
        !properties.flag_or(CXI_PROP_EXTRACTABLE, true))
        return fail(E_CXI_KEY_EXPORT_DENIED);
    if (properties.flag_or(CXI_PROP_WRAP_WITH_TRUSTED, false) &&
        !wrapping.object.properties.flag_or(CXI_PROP_TRUSTED, false))
        return fail(E_CXI_KEY_EXPORT_DENIED);
    if (!key.object.is_secret() && !key.object.is_private()) return fail(E_CXI_KEY_TYPE);
    if (wrapping.pkey) {
        if (!key.object.is_secret()) return fail(E_CXI_KEY_TYPE);
        return rsa_encrypt(wrapping, mechanism, parameter, key.secret());
    }
    const auto job = CipherJob::start(wrapping, mechanism, true, parameter);
    if (!job) return fail(job.error());
    return (*job)->whole(key.secret());
}

Result<SecretBytes> unwrap_material(Call& call, const LoadedKey& wrapping, Mechanism mechanism,
                                    ByteView parameter, ByteView wrapped) {
    CS2SIM_TRY(call.device.cxi->allow(wrapping, USE_UNWRAP, mechanism, parameter));
    if (wrapping.pkey) return rsa_decrypt(wrapping, mechanism, parameter, wrapped);
    const auto job = CipherJob::start(wrapping, mechanism, false, parameter);
    if (!job) return fail(job.error());
    auto plain = (*job)->whole(wrapped);
    if (!plain) return fail(plain.error());
    SecretBytes out = to_secret(*plain);
    cleanse(plain->data(), plain->size());
    return out;
}

// TYPE in the template, or what ALGO makes it.
std::uint32_t type_of(const PropertyList& properties) {
    const std::uint32_t algorithm = properties.number_or(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RAW);
    return properties.number_or(CXI_PROP_KEY_TYPE,
                                algorithm <= CXI_KEY_ALGO_AES ? CXI_KEY_TYPE_SECRET : CXI_KEY_TYPE_PRIVATE);
}

std::uint32_t class_of(std::uint32_t type) {
    const std::uint32_t plain = type & CXI_KEY_TYPE_MASK & ~CXI_KEY_TYPE_PLAINTEXT;
    return plain >= CXI_KEY_TYPE_PRIVATE_ONLY && plain <= CXI_KEY_TYPE_PRIVATE_FULL ? CXI_KEY_TYPE_PRIVATE
                                                                                    : plain;
}

Result<Bytes> unwrap_and_place(Call& call, ByteView parameter, ByteView wrapped, std::uint32_t type) {
    Cxi& cxi = *call.device.cxi;
    auto properties = creation_template(call.request.bytes("properties"));
    if (!properties) return fail(properties.error());
    const auto wrapping = cxi.key(call, call.request.bytes("wrapping"), Right::use);
    if (!wrapping) return fail(wrapping.error());
    auto place = cxi.place_in(call, *properties, call.request.u32("flags"));
    if (!place) return fail(place.error());
    const auto material =
        unwrap_material(call, **wrapping, {call.request.u32("mechanism")}, parameter, wrapped);
    if (!material) return fail(material.error());
    if (type == 0) type = type_of(*properties);
    auto key = key_from_material(*std::move(properties), class_of(type), *material, cxi.circumstances());
    if (!key) return fail(key.error());
    const auto reference = place->put(*key);
    if (!reference) return fail(reference.error());
    return call.answer({*reference});
}

}  // namespace

Result<Bytes> cxi_key_backup(Call& call) {
    Cxi& cxi = *call.device.cxi;
    const auto key = cxi.key(call, call.request.bytes("key"), Right::use);
    if (!key) return fail(key.error());
    if ((*key)->external) return fail(E_CXI_INTERNAL_INPUT_ONLY);
    if (((*key)->object.export_policy() & CXI_KEY_EXPORT_DENY_BACKUP) != 0)
        return fail(E_CXI_KEY_EXPORT_DENIED);
    const auto blob = cxi.seal.seal((*key)->object);
    if (!blob) return fail(blob.error());
    call.audit(AUDIT_KEY, "CXI: key backed up: " + std::string((*key)->object.group()) + "/" +
                              std::string((*key)->object.name()));
    return call.answer({*blob});
}

Result<Bytes> cxi_key_restore(Call& call) {
    Cxi& cxi = *call.device.cxi;
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, CXI_FLAG_KEY_OVERWRITE | CXI_FLAG_KEY_VOLATILE));
    const auto expected = PropertyList::decode(call.request.bytes("properties"));
    if (!expected) return fail(expected.error());
    auto key = cxi.seal.open(call.request.bytes("blob"));
    if (!key) return fail(key.error());
    CS2SIM_TRY(compare_names(*expected, *key));
    auto place = cxi.place_in(call, key->properties, flags, Right::use);
    if (!place) return fail(place.error());
    CS2SIM_TRY(cxi.approve_object(*key, key->is_public() ? USE_VERIFY : USE_MAKE));
    CS2SIM_TRY(load_key(*key));  // what cannot be used is not stored
    const auto reference = place->put(*key);
    if (!reference) return fail(reference.error());
    call.audit(AUDIT_KEY, "CXI: key restored: " + std::string(key->group()) + "/" + std::string(key->name()));
    return call.answer({*reference});
}

// Public halves go out as they are; everything else by the key's export policy, in clear or wrapped.
Result<Bytes> cxi_key_export(Call& call) {
    Cxi& cxi = *call.device.cxi;
    const auto key = cxi.key(call, call.request.bytes("key"), Right::use);
    if (!key) return fail(key.error());
    const KeyObject& object = (*key)->object;
    const std::uint32_t type = call.request.u32("type");
    if ((type & 0x00FF0000) > 0x00010000) return fail(E_CXI_NOT_SUPPORTED);  // Microsoft's blobs
    if (class_of(type) == CXI_KEY_TYPE_PUBLIC) {
        if (!(*key)->pkey) return fail(E_CXI_KEY_TYPE);
        return call.answer({public_key_der(*(*key)->pkey)});
    }
    if (object.type() >= CXI_KEY_TYPE_DATA) return call.answer({object.properties.bytes(CXI_PROP_VALUE)});
    if (class_of(type) != class_of(object.type())) return fail(E_CXI_KEY_TYPE);
    CS2SIM_TRY(cxi.require(call, object.group(), Right::manage));
    const ByteView reference = call.request.bytes("wrapping");
    if (!reference.empty()) {
        const auto wrapping = cxi.key(call, reference, Right::use);
        if (!wrapping) return fail(wrapping.error());
        const auto wrapped = wrap_material(call, **wrapping, {call.request.u32("mechanism")},
                                           call.request.bytes("parameter"), **key);
        if (!wrapped) return fail(wrapped.error());
        return call.answer({*wrapped});
    }
    CS2SIM_TRY(approve_act(cxi.modes(), Act::plain_export));
    if ((object.export_policy() & CXI_KEY_EXPORT_ALLOW_PLAIN) == 0 ||
        !object.properties.flag_or(CXI_PROP_EXTRACTABLE, true) ||
        object.properties.flag_or(CXI_PROP_SENSITIVE, false))
        return fail(E_CXI_KEY_EXPORT_DENIED);
    CS2SIM_TRY(cxi.require_plain(call, object.group()));
    call.audit(AUDIT_KEY, "CXI: key exported in clear: " + std::string(object.group()) + "/" +
                              std::string(object.name()));
    return call.answer({ByteView(object.material)});
}

Result<Bytes> cxi_key_import(Call& call) {
    Cxi& cxi = *call.device.cxi;
    CS2SIM_TRY(check_flags(call.request.u32("flags"), kPlaceFlags));
    const std::uint32_t type = call.request.u32("type");
    if ((type & 0x00FF0000) > 0x00010000) return fail(E_CXI_NOT_SUPPORTED);
    const ByteView blob = call.request.bytes("blob");
    if (!call.request.bytes("wrapping").empty())
        return unwrap_and_place(call, call.request.bytes("parameter"), blob, type);

    auto properties = creation_template(call.request.bytes("properties"));
    if (!properties) return fail(properties.error());
    const std::string group(properties->text(CXI_PROP_KEY_GROUP));
    auto place = cxi.place_in(call, *properties, call.request.u32("flags"));
    if (!place) return fail(place.error());
    if (class_of(type) != CXI_KEY_TYPE_PUBLIC) {
        CS2SIM_TRY(approve_act(cxi.modes(), Act::plain_import));
        CS2SIM_TRY(cxi.require_plain(call, group));
    }
    if (class_of(type) != CXI_KEY_TYPE_PUBLIC && class_of(type) != CXI_KEY_TYPE_PRIVATE &&
        class_of(type) != CXI_KEY_TYPE_SECRET)
        return fail(E_CXI_KEY_TYPE);
    auto key = key_from_material(*std::move(properties), class_of(type), blob, cxi.circumstances());
    if (!key) return fail(key.error());
    const auto reference = place->put(*key);
    if (!reference) return fail(reference.error());
    return call.answer({*reference});
}

Result<Bytes> cxi_key_wrap(Call& call) {
    Cxi& cxi = *call.device.cxi;
    const auto key = cxi.key(call, call.request.bytes("key"), Right::manage);
    if (!key) return fail(key.error());
    const auto wrapping = cxi.key(call, call.request.bytes("wrapping"), Right::use);
    if (!wrapping) return fail(wrapping.error());
    const auto wrapped = wrap_material(call, **wrapping, {call.request.u32("mechanism")},
                                       call.request.bytes("parameter"), **key);
    if (!wrapped) return fail(wrapped.error());
    return call.answer({*wrapped});
}

Result<Bytes> cxi_key_unwrap(Call& call) {
    CS2SIM_TRY(check_flags(call.request.u32("flags"), kPlaceFlags));
    return unwrap_and_place(call, call.request.bytes("parameter"), call.request.bytes("wrapped"), 0);
}

}  // namespace cs2sim
