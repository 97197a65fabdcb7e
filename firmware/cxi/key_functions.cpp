// Keys come and go: generate, open, create, delete, wipe a group.
#include "firmware/cmds/scheduler.h"
#include "firmware/cxi/access.h"
#include "firmware/cxi/cxi.h"
#include "firmware/cxi/finite_field_keys.h"
#include "firmware/cxi/group_access.h"
#include "firmware/cxi/handlers.h"

namespace cs2sim {
namespace {

Result<PropertyList> template_of_new(const CxiCall& call) {
    CS2SIM_TRY(check_flags(call.request.u32("flags"), kMakeFlags));
    return creation_template(call.request.bytes("properties"));
}

Result<KeyObject> generated_by_module(CxiCall& call, PropertyList properties, const Circumstances& now) {
    CS2SIM_TRY_LET(made, vendor_generate(call, properties));
    return key_of_vendor(std::move(properties), made, now);
}

Result<Bytes> generate_by(CxiCall& call, PropertyList properties) {
    Cxi& cxi = call.cxi;
    CS2SIM_TRY_LET(place, cxi.place_in(call, properties, call.request.u32("flags")));
    CS2SIM_TRY_LET(now, cxi.circumstances(call, properties.text(CXI_PROP_KEY_GROUP)));
    const Mechanism mechanism{call.request.u32("mechanism")};
    CS2SIM_TRY_LET(key, mechanism.is_vendor() ? generated_by_module(call, std::move(properties), now)
                                              : generate_key(std::move(properties), mechanism, now));
    const auto origin = mechanism.is_vendor() ? Place::Origin::elsewhere : Place::Origin::made;
    CS2SIM_TRY_LET(reference, place.put(key, origin));
    call.audit_key("key generated", key);
    return answer_made(call, reference, key);
}

}  // namespace

Result<Bytes> cxi_not_supported(CxiCall&) { return fail(E_CXI_NOT_SUPPORTED); }

Result<Bytes> cxi_get_info(CxiCall& call) {
    CS2SIM_TRY_LET(count, call.cxi.keys.count());
    const std::uint16_t modes = call.cxi.modes();
    const bool fips = (modes & MODE_FIPS) != 0;
    const bool cc = (modes & MODE_CC) != 0;
    return call.answer({find_module(FC_CXI)->version, fips ? 1 : 0, cc ? 1 : 0, count});
}

Result<Bytes> cxi_key_init(CxiCall& call) {
    Cxi& cxi = call.cxi;
    const std::string_view group = call.request.text("group");
    if (group.size() > CXI_MAX_STR) return fail(E_CXI_INVALID_PARAM_LEN);
    CS2SIM_TRY_LET(count, cxi.keys.erase_group(group));
    call.audit(AUDIT_KEY,
               "CXI: " + std::to_string(count) + " keys of group '" + audit_name(group) + "' erased");
    return call.answer({count});
}

Result<Bytes> cxi_key_generate(CxiCall& call) {
    CS2SIM_TRY_LET(properties, template_of_new(call));
    return generate_by(call, std::move(properties));
}

// In a group that is there already.
Result<Bytes> cxi_key_dsa_xgen(CxiCall& call) {
    CS2SIM_TRY_LET(properties, template_of_new(call));
    if (properties.number_or(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_DSA) != CXI_KEY_ALGO_DSA)
        return fail(E_CXI_KEY_INVALID_ALGO);
    properties.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_DSA);
    if (!properties.has(CXI_PROP_KEY_DSA_P)) return fail(E_CXI_KEY_MISSING_COMP);
    return generate_by(call, std::move(properties));
}

// Whoever has no key here may not let the device search.
Result<Bytes> cxi_key_dsa_pqgen(CxiCall& call) {
    CS2SIM_TRY(call.require(RIGHT_LOGGED_ON, {}));
    CS2SIM_TRY(call.cxi.approve_domain(call.request.u32("pbits")));
    CS2SIM_TRY_LET(group, generate_dsa_parameters(call.request.u32("pbits"), call.request.u32("qbits"),
                                                  call.context.abandonment.get()));
    return call.answer({group.p, group.q});
}

Result<Bytes> cxi_key_dsa_ggen(CxiCall& call) {
    CS2SIM_TRY(call.require(RIGHT_LOGGED_ON, {}));
    const ByteView p = call.request.bytes("p");
    if (p.size() > 384) return fail(E_CXI_KEY_INVALID_SIZE);  // 3072 bits
    CS2SIM_TRY(call.cxi.approve_domain(static_cast<std::uint32_t>(p.size() * 8)));
    CS2SIM_TRY_LET(generator, generate_generator(p, call.request.bytes("q")));
    return call.answer({generator});
}

// Two objects, the private one by its own template and the public one by the other.
Result<Bytes> cxi_key_pair_gen(CxiCall& call) {
    Cxi& cxi = call.cxi;
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, kMakeFlags));
    CS2SIM_TRY_LET(of_public, creation_template(call.request.bytes("public")));
    CS2SIM_TRY_LET(of_private, creation_template(call.request.bytes("private")));
    share_group(of_public, of_private);
    CS2SIM_TRY_LET(place, cxi.place_in(call, of_private, flags));
    CS2SIM_TRY(cxi.place_in(call, of_public, flags));
    CS2SIM_TRY_LET(now, cxi.circumstances(call, of_private.text(CXI_PROP_KEY_GROUP)));
    CS2SIM_TRY_LET(private_key, generate_key(std::move(of_private), {call.request.u32("mechanism")}, now));
    if (!private_key.is_private()) return fail(E_CXI_KEY_INVALID_ALGO);
    of_public.erase(CXI_PROP_KEY_RSA_EXP);
    CS2SIM_TRY_LET(public_key, public_half(std::move(of_public), private_key, now));
    const bool numbered = private_key.name().empty() && private_key.spec() == 0;  // each gets its own
    const bool same_place = public_key.group() == private_key.group() &&
                            public_key.name() == private_key.name() &&
                            public_key.spec() == private_key.spec();
    if (same_place && !numbered) return fail(E_CXI_KEY_INVALID_NAME);

    CS2SIM_TRY_LET(placed, place.put(private_key, public_key));
    call.audit_key("key pair generated", private_key);
    Bytes told;
    for (const KeyObject* key : {&public_key, &private_key}) {
        CS2SIM_TRY_LET(properties, told_of(call, *key));
        if (call.has_flag(CXI_FLAG_KEY_TOLD))
            CS2SIM_TRY(compose_into(told, LAYOUT_CXI_BULK_ENTRY, {properties}));
    }
    return call.answer({placed.second, placed.first, told});
}

Result<Bytes> cxi_key_open(CxiCall& call) {
    CS2SIM_TRY(check_flags(call.request.u32("flags"), 0));
    return call.answer({index_reference(call.key("properties").index)});
}

Result<Bytes> cxi_key_delete(CxiCall& call) {
    Cxi& cxi = call.cxi;
    const LoadedKey& key = call.key("key");
    if (key.external) return fail(E_CXI_INTERNAL_INPUT_ONLY);
    CS2SIM_TRY(vendor_destroy(call, key));
    CS2SIM_TRY(cxi.keys.erase(key.index));
    call.audit_key("key deleted", key.object);
    return call.answer({});
}

// PKCS#11 objects by template: certificates, data, and secret keys whose VALUE is given in clear.
Result<Bytes> cxi_obj_create(CxiCall& call) {
    Cxi& cxi = call.cxi;
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, kMakeFlags));
    CS2SIM_TRY_LET(properties, creation_template(call.request.bytes("properties")));
    CS2SIM_TRY_LET(place, cxi.place_in(call, properties, flags));
    CS2SIM_TRY_LET(now, cxi.circumstances(call, properties.text(CXI_PROP_KEY_GROUP)));
    const bool secret = properties.number(CXI_PROP_KEY_TYPE) == CXI_KEY_TYPE_SECRET;
    Result<KeyObject> object = fail(E_CXI_KEY_MISSING_COMP);
    if (!secret) {
        object = storage_object(std::move(properties), now);
    } else if (properties.has(CXI_PROP_VALUE)) {
        CS2SIM_TRY(approve_act(now.modes, Act::plain_import));
        CS2SIM_TRY(call.require(RIGHT_PLAIN, properties.text(CXI_PROP_KEY_GROUP)));
        CS2SIM_TRY(restrict_import(properties, now.restrictions, true));
        SecretBytes value = to_secret(properties.bytes(CXI_PROP_VALUE));
        properties.erase(CXI_PROP_VALUE);
        object = key_from_material(std::move(properties), CXI_KEY_TYPE_SECRET, value, now);
    }
    CS2SIM_TRY(object);
    CS2SIM_TRY_LET(reference, place.put(*object));
    return answer_made(call, reference, *object);
}

Result<Bytes> cxi_p11_permissions(CxiCall& call) {
    const std::string_view group = call.request.text("group");
    if (group.size() > CXI_MAX_STR) return fail(E_CXI_INVALID_PARAM_LEN);
    return call.answer({group_state(call.context.users, group, call.device.profile.group_expressions)});
}

Result<Bytes> cxi_p11_profile(CxiCall& call) {
    const Profile& profile = call.device.profile;
    const std::uint16_t modes = call.cxi.modes();
    return call.answer(
        {(modes & MODE_FIPS) != 0 ? 1 : 0, (modes & MODE_CC) != 0 ? 1 : 0, profile.des3 ? 1 : 0,
         profile.dsa ? 1 : 0, profile.p11_initial_pins ? 1 : 0, profile.p11_min_pin,
         profile.p11_cluster_names ? 1 : 0, profile.p11_attributes == "all" ? 1 : 0, profile.p11_min_rsa_bits,
         profile.p11_max_rsa_bits, profile.p11_manufacturer, profile.p11_model, profile.p11_label});
}

Result<Bytes> cxi_p11_events(CxiCall& call) {
    const auto news = call.device.scheduler.slot_events().since(call.request.u32("after"));
    Bytes slots;
    for (const std::uint16_t slot : news.slots) append_big_endian(slots, slot, 2);
    return call.answer({news.count, slots});
}

}  // namespace cs2sim
