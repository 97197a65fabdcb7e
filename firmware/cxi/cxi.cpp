#include "firmware/cxi/cxi.h"

#include <algorithm>

#include "firmware/cmds/scheduler.h"
#include "firmware/crypto/finite_field.h"
#include "firmware/cxi/access.h"

namespace cs2sim {
namespace {

constexpr std::size_t kMostConfigs = 1024;

// What a use needs of a key.
struct UseRow {
    Use use;
    std::uint32_t usage;
};
constexpr UseRow kUses[] = {
    {USE_SIGN, CXI_KEY_USAGE_SIGN},       {USE_VERIFY, CXI_KEY_USAGE_VERIFY},
    {USE_ENCRYPT, CXI_KEY_USAGE_ENCRYPT}, {USE_DECRYPT, CXI_KEY_USAGE_DECRYPT},
    {USE_MAC, CXI_KEY_USAGE_SIGN},        {USE_DERIVE, CXI_KEY_USAGE_DERIVE},
    {USE_WRAP, CXI_KEY_USAGE_WRAP},       {USE_UNWRAP, CXI_KEY_USAGE_UNWRAP},
};

Result<void> allow_by_properties(const PropertyList& properties, Use use, Mechanism mechanism) {
    for (const UseRow& row : kUses)
        if (row.use == use && !allows(properties, row.usage)) return fail(E_CXI_KEY_USAGE);
    if (!properties.has(CXI_PROP_KEY_MECHS)) return {};
    const ByteView allowed = properties.bytes(CXI_PROP_KEY_MECHS);
    for (ByteView rest = allowed; rest.size() >= 4; rest = rest.subspan(4)) {
        if (big_endian(rest.first(4)) == mechanism.value) return {};
    }
    return fail(E_CXI_KEY_MECH_NOT_ALLOWED);
}

// The hash in MGF1 when a parameter names it: the first field of LAYOUT_CXI_PSS_ and _OAEP_PARAMETER. As a
// mechanism with the padding of `mechanism`; 0 when there is none.
std::uint32_t mask_hash(const LoadedKey& key, Mechanism mechanism, ByteView parameter) {
    const bool masks = mechanism.pad() == CXI_MECH_PAD_PSS || mechanism.pad() == CXI_MECH_PAD_OAEP;
    if (!masks || key.object.algorithm() != CXI_KEY_ALGO_RSA || parameter.size() < 4) return 0;
    const auto hash = static_cast<std::uint32_t>(big_endian(parameter.first(4))) & CXI_MECH_HASH_MASK;
    return hash == 0 ? 0 : mechanism.pad() | hash;
}

std::uint8_t kind_of(const LoadedKey& key) {
    if (!key.pkey) return KIND_SECRET;
    if (is_rsa(*key.pkey)) return KIND_RSA;
    return is_dsa(*key.pkey) ? 0 : KIND_AGREES;
}

// Whether another key may come of the use that has the same bytes: by a derivation that only cuts or joins,
// or by a user's module, which gets them.
bool may_hand_on(const LoadedKey& key, Use use, Mechanism mechanism) {
    if (mechanism.is_vendor()) return true;
    return use == USE_DERIVE && key.object.is_secret() && !mechanism.hashes_base();
}

// Under the settings of a group; the modes have a code of their own.
std::uint32_t code_of_mixture(Separation side, Use use) {
    if (side == Separation::deriving) return E_CXI_CRYPT_MECH;
    return (use & (USE_WRAP | USE_DECRYPT)) != 0 ? E_CXI_SECURE_PROP_DECRYPT : E_CXI_SECURE_PROP_ENCRYPT;
}

}  // namespace

Bytes index_reference(ByteView index) {
    Bytes reference{CXI_TAG_INDEX};
    append(reference, index);
    return reference;
}

Result<void> check_flags(std::uint32_t flags, std::uint32_t known) {
    if ((flags & ~known) != 0) return fail(E_CXI_INVALID_FLAGS);
    return {};
}

Cxi::Cxi(Services& services)
    : keys(services.smos, services.databases,
           {services.profile.volatile_keys, std::size_t{services.profile.volatile_kib} << 10}),
      external(services.smos, services.mbk),
      services_(services) {}

std::uint16_t Cxi::modes() const { return services_.scheduler.modes(); }

Result<Circumstances> Cxi::circumstances(const CxiCall& call, std::string_view group) {
    CS2SIM_TRY_LET(settings, config(group));
    CS2SIM_TRY_LET(manages, call.has(RIGHT_MANAGE, group));
    return Circumstances{modes(),
                         services_.profile.des3,
                         services_.profile.dsa,
                         services_.smos.clock.milliseconds(),
                         settings.restrictions,
                         call.is_unknown() && !manages,
                         call.context.abandonment.get()};
}

Result<CxiConfig> Cxi::config(std::string_view group) {
    static const Bytes global = key_index({}, {}, 0);
    std::optional<HeldConfig> held;
    {
        const std::lock_guard lock(config_mutex_);
        if (const auto found = configs_.find(group); found != configs_.end()) held = found->second;
    }
    Bytes index = held ? std::move(held->index) : key_index(group, {}, 0);
    // The number first: a change that comes between makes it old, and the next command reads again.
    CS2SIM_TRY_LET(changes, keys.changes({global, index}));
    if (held && held->changes == changes) return held->config;
    const auto config = read_config({global, index});
    CS2SIM_TRY(config);
    const std::lock_guard lock(config_mutex_);
    if (configs_.size() >= kMostConfigs) configs_.clear();
    configs_.insert_or_assign(std::string(group), HeldConfig{std::move(index), changes, *config});
    return config;
}

// Of several settings of one kind the last counts: a group's own go before global ones.
Result<CxiConfig> Cxi::read_config(std::initializer_list<ByteView> indices) {
    PropertyList settings;
    for (const ByteView index : indices) {
        const auto object = keys.find(index);
        if (!object && object.error().code != E_DB_NOT_FOUND) return fail(object.error());
        if (!object) continue;
        for (const Property& property : (*object)->object.properties)
            settings.set(property.id, property.value());
    }
    CxiConfig config;
    config.user = settings.number_or(CXI_PROP_CFG_AUTH_USER, config.user);
    config.key_manager = settings.number_or(CXI_PROP_CFG_AUTH_KEYM, config.key_manager);
    config.plain = settings.number_or(CXI_PROP_CFG_AUTH_PLAIN, config.plain);
    config.check_validity = settings.number_or(CXI_PROP_CFG_CHECK_VALIDITY_PERIOD, 0) != 0;
    const auto on = [&](std::uint32_t id) { return settings.number_or(id, 0) != 0; };
    config.external_only = on(CXI_PROP_CFG_ENFORCE_EXT_KEYS);
    config.restrictions = {on(CXI_PROP_CFG_WRAP_POLICY), on(CXI_PROP_CFG_SECURE_DERIVATION),
                           on(CXI_PROP_CFG_SECURE_IMPORT), on(CXI_PROP_CFG_SECURE_RSA_COMPONENTS),
                           on(CXI_PROP_CFG_ALLOW_WEAK_DES_KEYS)};
    return config;
}

Result<SharedKey> Cxi::external_key(ByteView blob) {
    CS2SIM_TRY(approve_act(modes(), Act::external_key));
    return external.find(blob, modes());
}

Result<SharedKey> Cxi::find(ByteView reference) {
    if (reference.empty()) return fail(E_CXI_INVALID_PARAM_LEN);
    const ByteView value = reference.subspan(1);
    Result<SharedKey> found = fail(E_CXI_INVALID_PARAM_TAG);
    if (reference[0] == CXI_TAG_INDEX)
        found = keys.find(value);
    else if (reference[0] == CXI_TAG_EXTERNAL)
        found = external_key(value);
    if (found && (*found)->object.type() == CXI_KEY_TYPE_CONFIG) return fail(E_CXI_INVALID_PARAM_VAL);
    return found;
}

Result<SharedKey> Cxi::find_named(const PropertyList& names) {
    const std::string_view group = names.text(CXI_PROP_KEY_GROUP), name = names.text(CXI_PROP_KEY_NAME);
    const std::uint32_t spec = names.number_or(CXI_PROP_KEY_SPEC, 0);
    if (name.empty() && (!has_nameless_keys(group) || spec == 0)) return fail(E_CXI_KEY_INVALID_NAME);
    return keys.find(key_index(group, name, spec));
}

Result<void> Cxi::approve_object(const KeyObject& key, Use use) {
    if (const std::uint16_t now = modes_for(key); is_certified(now))
        CS2SIM_TRY(
            approve_key(now, use, key.algorithm(), key.bits(), key.properties.text(CXI_PROP_KEY_EC_CURVE)));
    const bool barred_des = !services_.profile.des3 && key.algorithm() == CXI_KEY_ALGO_DES;
    if (barred_des && key.is_secret()) return fail(E_CXI_KEY_INVALID_ALGO);
    if (!services_.profile.dsa && is_finite_field(key.algorithm())) return fail(E_CXI_KEY_INVALID_ALGO);
    return {};
}

Result<void> Cxi::approve_domain(std::uint32_t bits) {
    CS2SIM_TRY(approve_key(modes(), USE_MAKE, CXI_KEY_ALGO_DSA, bits, {}));
    if (!services_.profile.dsa) return fail(E_CXI_KEY_INVALID_ALGO);
    return {};
}

Result<bool> Cxi::allow(const LoadedKey& key, Use use, Mechanism mechanism, ByteView parameter) {
    const PropertyList& properties = key.object.properties;
    CS2SIM_TRY(allow_by_properties(properties, use, mechanism));
    if (properties.has(CXI_PROP_KEY_DATE_EXP)) {
        CS2SIM_TRY_LET(settings, config(key.object.group()));
        if (settings.check_validity &&
            date_of(services_.smos.clock.milliseconds()) > properties.text(CXI_PROP_KEY_DATE_EXP))
            return fail(E_CXI_VALIDITY_PERIOD);
    }
    CS2SIM_TRY(keep_guarding(key, use));
    CS2SIM_TRY(approve_object(key.object, use));
    const std::uint16_t now = modes_for(key.object);
    if (!is_certified(now)) return keep_roles(key, use, mechanism, false);
    if (key.pkey && is_dh(*key.pkey) && !is_in_safe_group(*key.pkey))
        CS2SIM_TRY(approve_act(now, Act::own_group));
    CS2SIM_TRY(approve_mechanism(now, use, key.object.algorithm(), mechanism.value));
    if (const std::uint32_t hash = mask_hash(key, mechanism, parameter); hash != 0)
        CS2SIM_TRY(approve_mechanism(now, use, key.object.algorithm(), hash));
    CS2SIM_TRY_LET(first, keep_roles(key, use, mechanism, false));
    CS2SIM_TRY_LET(first_usage, keep_first_usage(key, use, mechanism, false));
    return first || first_usage;
}

Result<void> Cxi::note_use(const LoadedKey& key, Use use, Mechanism mechanism) {
    CS2SIM_TRY(keep_roles(key, use, mechanism, true));
    CS2SIM_TRY(keep_first_usage(key, use, mechanism, true));
    return {};
}

// Of pairs in the group whose keys they guard, and others that hold the private half, alone: anybody brings a
// public key into another group, where its security officer would put the private half out of work.
Result<bool> Cxi::is_guarding(const LoadedKey& key) {
    if (!key.roles) return false;
    CS2SIM_TRY_LET(guards, keys.guards(key));
    if (guards.empty() || !key.pkey) return !guards.empty();
    CS2SIM_TRY_LET(holders, keys.holders(key));
    return DeviceKeys::names_any(guards, holders);
}

Result<void> Cxi::keep_trusted(const KeyObject& key) {
    if (!is_trusted_secret(key.type(), key.properties)) return {};
    CS2SIM_TRY_LET(loaded, load_key(key));
    return keys.keep_trusted(loaded);
}

Result<void> Cxi::keep_holders(const LoadedKey& key, const std::vector<Bytes>& from, std::string_view to) {
    const Bytes own = group_prefix(to);
    const bool moves = std::ranges::any_of(from, [&](const Bytes& group) { return group != own; });
    if (!moves || !key.object.is_private() || !is_rsa(*key.pkey)) return {};
    Bytes groups = own;
    for (const Bytes& group : from) append(groups, group);
    return keys.keep_holders(key, groups);
}

// What decrypts tells what was wrapped, and what encrypts tells the stream that GCM and CCM add to it: bytes
// that guard other keys do no other work, whatever USAGE says and whether the object that has them is
// TRUSTED: a copy or a backup from before it was, what was derived without a change, the private half of a
// pair.
Result<void> Cxi::keep_guarding(const LoadedKey& key, Use use) {
    constexpr std::uint16_t kOfPublicHalf = USE_VERIFY | USE_ENCRYPT;
    const std::uint8_t kind = key.roles ? kind_of(key) : std::uint8_t{0};
    const bool secret = kind == KIND_SECRET;
    if ((!secret && kind != KIND_RSA) || key.object.is_public()) return {};
    if ((use & kWraps) != 0 || (!secret && (use & kOfPublicHalf) != 0)) return {};
    CS2SIM_TRY_LET(guards, is_guarding(key));
    if (!guards) return {};
    CS2SIM_TRY(approve_act(modes_for(key.object), Act::mixed_use));
    return fail(E_CXI_KEY_USAGE);
}

// The bytes of a key keep the roles that their first use gave them: a copy, a restored or unwrapped key has
// them too.
Result<bool> Cxi::keep_roles(const LoadedKey& key, Use use, Mechanism mechanism, bool noting) {
    bool first = key.is_volatile && may_hand_on(key, use, mechanism);
    if (first && noting) CS2SIM_TRY(keys.keep_roles(key));
    if (!key.roles || (key.object.is_public() && (use & kWraps) == 0)) return first;
    const std::uint16_t now = modes_for(key.object);
    const bool certified = is_certified(now);
    std::optional<Restrictions> set;  // read when it is needed: a curve's signature is fast
    for (const SeparationRow& row : kSeparations) {
        if ((row.kinds & kind_of(key)) == 0 || ((row.uses | row.other_uses) & use) == 0) continue;
        if (!certified && !set) {
            CS2SIM_TRY_LET(settings, config(key.object.group()));
            set = settings.restrictions;
        }
        if (!certified && !((*set).*row.setting)) continue;
        const KeyRole wanted = (row.uses & use) != 0 ? row.role : ROLE_WORKS;
        CS2SIM_TRY_LET(kept, keys.role(key, row.side, wanted, noting));
        first |= kept == ROLE_OPEN;
        if (kept == wanted || kept == ROLE_OPEN) continue;
        CS2SIM_TRY(approve_act(now, Act::mixed_use));
        return fail(code_of_mixture(row.side, use));
    }
    return first;
}

// A stored key gets its usage written down with its first use; one that lives outside must bring it along.
// Copies, backups and unwrapped keys have the bytes, so that these decide.
Result<bool> Cxi::keep_first_usage(const LoadedKey& key, Use use, Mechanism mechanism, bool noting) {
    if ((modes_for(key.object) & MODE_FIPS) == 0 || !key.object.is_private()) return false;
    const auto usage = first_usage(use, key.object.algorithm(), mechanism.value);
    if (!usage) return false;
    const auto stated = key.object.properties.number(CXI_PROP_FIPS_KEY_USAGE_PADDING);
    if (!stated && key.external) return fail(E_CXI_FIPS_USAGE_NOT_SET);
    if (stated) CS2SIM_TRY(approve_usage(*stated, *usage));
    CS2SIM_TRY_LET(fixed, keys.purpose(key, *usage, noting));
    if (fixed != KeyRoles::kNoPurpose) CS2SIM_TRY(approve_usage(fixed, *usage));
    if (!noting || stated) return !stated || fixed == KeyRoles::kNoPurpose;
    CS2SIM_TRY(keys.modify(key.index, [&](KeyObject& now) -> Result<void> {
        if (now.properties.has(CXI_PROP_FIPS_KEY_USAGE_PADDING))  // another session came first
            return approve_usage(now.properties.number_or(CXI_PROP_FIPS_KEY_USAGE_PADDING, 0), *usage);
        now.properties.set_number(CXI_PROP_FIPS_KEY_USAGE_PADDING, *usage);
        return {};
    }));
    return true;
}

// What a session, or a plain connection, holds so that its volatile keys end with it.
Result<std::uint64_t> Cxi::volatile_owner(HandleTable& handles) {
    auto owner = handles.only<VolatileOwner>();
    if (!owner) owner = keys.owner();
    if (!handles.only<VolatileOwner>() && handles.put(owner) == 0) return fail(E_CXI_MALLOC);
    return owner->number();
}

Result<Place> Cxi::place_in(const CxiCall& call, const PropertyList& properties, std::uint32_t flags) {
    const std::string_view group = properties.text(CXI_PROP_KEY_GROUP);
    if (properties.text(CXI_PROP_KEY_NAME).empty() &&
        (!has_nameless_keys(group) || properties.number(CXI_PROP_KEY_SPEC) == 0u))
        return fail(E_CXI_KEY_INVALID_NAME);
    if (properties.flag_or(CXI_PROP_TRUSTED, false)) CS2SIM_TRY(call.require(RIGHT_SECURITY_OFFICER, group));
    CS2SIM_TRY(restrict_trust({}, properties));
    CS2SIM_TRY_LET(settings, config(group));
    CS2SIM_TRY(approve_purpose(modes(), settings.restrictions, usage_of(properties, true)));
    Place place(*this, flags);
    if (place.has(CXI_FLAG_KEY_UNTIL_RESTART) && !place.has(CXI_FLAG_KEY_VOLATILE))
        return fail(E_CXI_INVALID_FLAGS);
    if (place.has(CXI_FLAG_KEY_EXTERNAL) &&
        (place.has(CXI_FLAG_KEY_OVERWRITE) || place.has(CXI_FLAG_KEY_VOLATILE)))
        return fail(E_CXI_OVERWRITE);
    if (place.has(CXI_FLAG_KEY_OVERWRITE)) CS2SIM_TRY(approve_act(modes(), Act::overwrite));
    if (place.has(CXI_FLAG_KEY_EXTERNAL)) {
        CS2SIM_TRY(approve_act(modes(), Act::external_key));
        return place;
    }
    if (settings.external_only) return fail(E_CXI_KEY_EXTERNAL_ONLY);
    if (place.has(CXI_FLAG_KEY_VOLATILE) && !place.has(CXI_FLAG_KEY_UNTIL_RESTART)) {
        CS2SIM_TRY_LET(owner, volatile_owner(call.context.handles));
        place.owner_ = owner;
    }
    return place;
}

Result<Bytes> Cxi::seal_outside(const KeyObject& key) {
    CS2SIM_TRY_LET(blob, external.seal.seal(key));
    Bytes reference{CXI_TAG_EXTERNAL};
    append(reference, blob);
    return reference;
}

Result<Bytes> Place::put(KeyObject& key, Origin origin) {
    CS2SIM_TRY(cxi_.keep_trusted(key));
    if (has(CXI_FLAG_KEY_EXTERNAL)) return cxi_.seal_outside(key);
    CS2SIM_TRY(cxi_.keys.insert({&key}, has(CXI_FLAG_KEY_OVERWRITE), lifetime(origin)));
    return index_reference(key_index(key));
}

Result<Place::Pair> Place::put(KeyObject& first, KeyObject& second) {
    if (has(CXI_FLAG_KEY_EXTERNAL)) {
        auto one = cxi_.seal_outside(first), other = cxi_.seal_outside(second);
        CS2SIM_TRY(one);
        CS2SIM_TRY(other);
        return Pair{*std::move(one), *std::move(other)};
    }
    CS2SIM_TRY(cxi_.keys.insert({&first, &second}, has(CXI_FLAG_KEY_OVERWRITE), lifetime(Origin::made)));
    return Pair{index_reference(key_index(first)), index_reference(key_index(second))};
}

}  // namespace cs2sim
