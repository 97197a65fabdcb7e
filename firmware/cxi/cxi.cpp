#include "firmware/cxi/cxi.h"

#include <algorithm>

#include "firmware/cmds/scheduler.h"
#include "firmware/cxi/group_access.h"

namespace cs2sim {
namespace {

constexpr std::size_t kMostConfigs = 1024;

// What a use needs of a key: the bit in USAGE, and the PKCS#11 flag that forbids it when present and false.
struct UseRow {
    Use use;
    std::uint32_t usage;
    std::uint32_t flag;
};
constexpr UseRow kUses[] = {
    {USE_SIGN, CXI_KEY_USAGE_SIGN, CXI_PROP_SIGN},
    {USE_VERIFY, CXI_KEY_USAGE_VERIFY, CXI_PROP_VERIFY},
    {USE_ENCRYPT, CXI_KEY_USAGE_ENCRYPT, CXI_PROP_ENCRYPT},
    {USE_DECRYPT, CXI_KEY_USAGE_DECRYPT, CXI_PROP_DECRYPT},
    {USE_MAC, CXI_KEY_USAGE_SIGN, CXI_PROP_SIGN},
    {USE_DERIVE, CXI_KEY_USAGE_DERIVE, CXI_PROP_DERIVE},
    {USE_WRAP, CXI_KEY_USAGE_WRAP, CXI_PROP_WRAP},
    {USE_UNWRAP, CXI_KEY_USAGE_UNWRAP, CXI_PROP_UNWRAP},
};

Result<void> allow_by_properties(const PropertyList& properties, Use use, Mechanism mechanism) {
    for (const UseRow& row : kUses)
        if (row.use == use &&
            ((properties.number_or(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL) & row.usage) == 0 ||
             !properties.flag_or(row.flag, true)))
            return fail(E_CXI_KEY_USAGE);
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
    : keys(services.smos, services.databases), seal(services.mbk), services_(services) {}

std::uint16_t Cxi::modes() const { return services_.scheduler.modes(); }

Circumstances Cxi::circumstances() const {
    return {modes(), services_.profile.des3, services_.smos.clock.milliseconds()};
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
    const auto changes = keys.changes({global, index});
    if (!changes) return fail(changes.error());
    if (held && held->changes == *changes) return held->config;
    const auto config = read_config({global, index});
    if (!config) return config;
    const std::lock_guard lock(config_mutex_);
    if (configs_.size() >= kMostConfigs) configs_.clear();
    configs_.insert_or_assign(std::string(group), HeldConfig{std::move(index), *changes, *config});
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
            settings.set(property.id, property.value);
    }
    CxiConfig config;
    config.user = settings.number_or(CXI_PROP_CFG_AUTH_USER, config.user);
    config.key_manager = settings.number_or(CXI_PROP_CFG_AUTH_KEYM, config.key_manager);
    config.plain = settings.number_or(CXI_PROP_CFG_AUTH_PLAIN, config.plain);
    config.check_validity = settings.number_or(CXI_PROP_CFG_CHECK_VALIDITY_PERIOD, 0) != 0;
    config.external_only = settings.number_or(CXI_PROP_CFG_ENFORCE_EXT_KEYS, 0) != 0;
    return config;
}

Result<void> Cxi::require(const Call& call, std::string_view group, Right right) {
    const auto settings = config(group);
    if (!settings) return fail(settings.error());
    return require_in_group(call.context, group,
                            right == Right::use ? settings->user : settings->key_manager);
}

Result<void> Cxi::require_plain(const Call& call, std::string_view group) {
    const auto settings = config(group);
    if (!settings) return fail(settings.error());
    return require_in_group(call.context, group, settings->plain);
}

Result<SharedKey> Cxi::external_key(ByteView blob) {
    CS2SIM_TRY(approve_act(modes(), Act::external_key));
    auto object = seal.open(blob);
    if (!object) return fail(object.error());
    auto loaded = load_key(*std::move(object));
    if (!loaded) return fail(loaded.error());
    loaded->external = true;
    return std::make_shared<const LoadedKey>(*std::move(loaded));
}

Result<SharedKey> Cxi::key(const Call& call, ByteView reference, Right right) {
    if (reference.empty()) return fail(E_CXI_INVALID_PARAM_LEN);
    const ByteView value = reference.subspan(1);
    Result<SharedKey> found = fail(E_CXI_INVALID_PARAM_TAG);
    if (reference[0] == CXI_TAG_INDEX) {
        found = keys.find(value);
    } else if (reference[0] == CXI_TAG_EXTERNAL) {
        found = external_key(value);
    } else if (reference[0] == CXI_TAG_NAME) {
        const auto names = PropertyList::decode(value);
        if (!names) return fail(names.error());
        const std::string_view group = names->text(CXI_PROP_KEY_GROUP);
        CS2SIM_TRY(require(call, group, right));  // before anything about the name is told
        if (names->text(CXI_PROP_KEY_NAME).empty() &&
            (!has_nameless_keys(group) || names->number_or(CXI_PROP_KEY_SPEC, 0) == 0))
            return fail(E_CXI_KEY_INVALID_NAME);
        found = keys.find(
            key_index(group, names->text(CXI_PROP_KEY_NAME), names->number_or(CXI_PROP_KEY_SPEC, 0)));
    }
    if (!found) return found;
    if ((*found)->object.type() == CXI_KEY_TYPE_CONFIG) return fail(E_CXI_INVALID_PARAM_VAL);
    CS2SIM_TRY(require(call, (*found)->object.group(), right));
    return found;
}

Result<void> Cxi::approve_object(const KeyObject& key, Use use) {
    if ((modes() & (MODE_FIPS | MODE_CC)) != 0)
        CS2SIM_TRY(approve_key(modes(), use, key.algorithm(), key.bits(),
                               key.properties.text(CXI_PROP_KEY_EC_CURVE)));
    const bool barred_des = !services_.profile.des3 && key.algorithm() == CXI_KEY_ALGO_DES;
    if (barred_des && key.is_secret()) return fail(E_CXI_KEY_INVALID_ALGO);
    return {};
}

Result<void> Cxi::allow(const LoadedKey& key, Use use, Mechanism mechanism, ByteView parameter) {
    const PropertyList& properties = key.object.properties;
    CS2SIM_TRY(allow_by_properties(properties, use, mechanism));
    if (properties.has(CXI_PROP_KEY_DATE_EXP)) {
        const auto settings = config(key.object.group());
        if (!settings) return fail(settings.error());
        if (settings->check_validity &&
            date_of(services_.smos.clock.milliseconds()) > properties.text(CXI_PROP_KEY_DATE_EXP))
            return fail(E_CXI_VALIDITY_PERIOD);
    }
    CS2SIM_TRY(approve_object(key.object, use));
    if ((modes() & (MODE_FIPS | MODE_CC)) == 0) return {};
    CS2SIM_TRY(approve_mechanism(modes(), use, key.object.algorithm(), mechanism.value));
    if (const std::uint32_t hash = mask_hash(key, mechanism, parameter); hash != 0)
        CS2SIM_TRY(approve_mechanism(modes(), use, key.object.algorithm(), hash));
    if ((modes() & MODE_FIPS) == 0 || !key.object.is_private()) return {};
    return keep_first_usage(key, use, mechanism);
}

// A stored key gets its usage written down with its first use; one that lives outside must bring it along.
Result<void> Cxi::keep_first_usage(const LoadedKey& key, Use use, Mechanism mechanism) {
    const auto usage = first_usage(use, key.object.algorithm(), mechanism.value);
    if (!usage) return {};
    if (key.object.properties.has(CXI_PROP_FIPS_KEY_USAGE_PADDING))
        return approve_usage(key.object.properties.number_or(CXI_PROP_FIPS_KEY_USAGE_PADDING, 0), *usage);
    if (key.external) return fail(E_CXI_FIPS_USAGE_NOT_SET);
    return keys.modify(key.index, [&](KeyObject& now) -> Result<void> {
        if (now.properties.has(CXI_PROP_FIPS_KEY_USAGE_PADDING))  // another session came first
            return approve_usage(now.properties.number_or(CXI_PROP_FIPS_KEY_USAGE_PADDING, 0), *usage);
        now.properties.set_number(CXI_PROP_FIPS_KEY_USAGE_PADDING, *usage);
        return {};
    });
}

Result<Place> Cxi::place_in(const Call& call, const PropertyList& names, std::uint32_t flags, Right right) {
    const std::string_view group = names.text(CXI_PROP_KEY_GROUP);
    CS2SIM_TRY(require(call, group, right));
    if (names.text(CXI_PROP_KEY_NAME).empty() &&
        (!has_nameless_keys(group) || names.number(CXI_PROP_KEY_SPEC) == 0u))
        return fail(E_CXI_KEY_INVALID_NAME);
    const Place place(*this, flags);
    if (place.has(CXI_FLAG_KEY_EXTERNAL) &&
        (place.has(CXI_FLAG_KEY_OVERWRITE) || place.has(CXI_FLAG_KEY_VOLATILE)))
        return fail(E_CXI_OVERWRITE);
    if (place.has(CXI_FLAG_KEY_OVERWRITE)) CS2SIM_TRY(approve_act(modes(), Act::overwrite));
    if (place.has(CXI_FLAG_KEY_EXTERNAL)) {
        CS2SIM_TRY(approve_act(modes(), Act::external_key));
        return place;
    }
    const auto settings = config(group);
    if (!settings) return fail(settings.error());
    if (settings->external_only) return fail(E_CXI_KEY_EXTERNAL_ONLY);
    return place;
}

Result<Bytes> Place::seal(const KeyObject& key) {
    const auto blob = cxi_.seal.seal(key);
    if (!blob) return fail(blob.error());
    Bytes reference{CXI_TAG_EXTERNAL};
    append(reference, *blob);
    return reference;
}

Result<Bytes> Place::put(KeyObject& key) {
    if (has(CXI_FLAG_KEY_EXTERNAL)) return seal(key);
    CS2SIM_TRY(cxi_.keys.insert({&key}, has(CXI_FLAG_KEY_OVERWRITE), has(CXI_FLAG_KEY_VOLATILE)));
    return index_reference(key_index(key));
}

Result<Place::Pair> Place::put(KeyObject& first, KeyObject& second) {
    if (has(CXI_FLAG_KEY_EXTERNAL)) {
        auto one = seal(first), other = seal(second);
        if (!one) return fail(one.error());
        if (!other) return fail(other.error());
        return Pair{*std::move(one), *std::move(other)};
    }
    CS2SIM_TRY(cxi_.keys.insert({&first, &second}, has(CXI_FLAG_KEY_OVERWRITE), has(CXI_FLAG_KEY_VOLATILE)));
    return Pair{index_reference(key_index(first)), index_reference(key_index(second))};
}

}  // namespace cs2sim
