#include "firmware/cxi/policy.h"

#include <algorithm>

#include "firmware/crypto/finite_field.h"
#include "firmware/cxi/cxi_rules.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

constexpr std::uint32_t kAllow = CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN;

// The PKCS#11 flags beside the bits of USAGE: a use needs both.
struct UsageFlag {
    std::uint32_t flag;
    std::uint32_t usage;
};
constexpr UsageFlag kUsageFlags[] = {
    {CXI_PROP_ENCRYPT, CXI_KEY_USAGE_ENCRYPT}, {CXI_PROP_DECRYPT, CXI_KEY_USAGE_DECRYPT},
    {CXI_PROP_WRAP, CXI_KEY_USAGE_WRAP},       {CXI_PROP_UNWRAP, CXI_KEY_USAGE_UNWRAP},
    {CXI_PROP_SIGN, CXI_KEY_USAGE_SIGN},       {CXI_PROP_VERIFY, CXI_KEY_USAGE_VERIFY},
    {CXI_PROP_DERIVE, CXI_KEY_USAGE_DERIVE},
};

constexpr std::uint32_t kCutting[] = {
    CXI_MECH_KDF_ENC_DATA,          CXI_MECH_KDF_XOR_BASE_AND_DATA,    CXI_MECH_KDF_CAT_BASE_AND_DATA,
    CXI_MECH_KDF_CAT_DATA_AND_BASE, CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY,
};

// In `guards` of a noted policy. A note from before those of mechanisms and date has neither: what it lists,
// it states. 16 was one of a form before.
enum NotedGuard : std::uint8_t {
    kWithTrusted = 1,
    kStatesMechanisms = 2,
    kStatesExpiry = 4,
    kStatesHome = 8,  // its 8 bytes stand behind the mechanisms
    kMadeInFips = 32,
    kMadeInCc = 64,
    kStatesHomes = 128,  // several, and behind them how many, a byte
};
constexpr std::size_t kHomeBytes = 8;  // of group_prefix()
constexpr std::size_t kMostHomes = 64;

template <class T>
std::optional<T> stated(bool is, T value) {
    return is ? std::optional<T>(std::move(value)) : std::nullopt;
}

std::vector<std::uint32_t> numbers_in(ByteView list) {
    std::vector<std::uint32_t> numbers;
    for (; list.size() >= 4; list = list.subspan(4))
        numbers.push_back(static_cast<std::uint32_t>(big_endian(list.first(4))));
    return numbers;
}

Bytes list_of(const std::vector<std::uint32_t>& numbers) {
    Bytes list;
    for (const std::uint32_t number : numbers) append(list, big_endian_bytes<4>(number));
    return list;
}

bool has_all(const std::vector<std::uint32_t>& list, const std::vector<std::uint32_t>& wanted) {
    return std::ranges::all_of(
        wanted, [&](std::uint32_t number) { return std::ranges::find(list, number) != list.end(); });
}

enum class Widening : std::uint8_t { manager, separate_manager, never, officer };

// How a change of a property compares with what was, for properties that say what a key may do.
struct PolicyRow {
    std::uint32_t property;
    Widening widening;
    bool (*widens)(const PropertyList& before, const Property& change);
};

bool turned_on(const PropertyList& before, const Property& change) {
    return change.value()[0] != 0 && !before.flag_or(change.id, true);
}
bool turned_off(const PropertyList& before, const Property& change) {
    return change.value()[0] == 0 && before.flag_or(change.id, false);
}
bool turned(const PropertyList& before, const Property& change) {
    return (change.value()[0] != 0) != before.flag_or(change.id, false);
}
std::uint32_t number_of(const Property& change) {
    return static_cast<std::uint32_t>(big_endian(change.value()));
}
bool more_usage(const PropertyList& before, const Property& change) {
    return (number_of(change) & ~before.number_or(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL)) != 0;
}
bool more_export(const PropertyList& before, const Property& change) {
    const std::uint32_t had = before.number_or(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY);
    return narrower_export(number_of(change), had) != number_of(change);
}
bool more_mechanisms(const PropertyList& before, const Property& change) {
    return before.has(CXI_PROP_KEY_MECHS) &&
           !has_all(numbers_in(before.bytes(CXI_PROP_KEY_MECHS)), numbers_in(change.value()));
}
bool later(const PropertyList& before, const Property& change) {
    return before.has(CXI_PROP_KEY_DATE_EXP) && as_text(change.value()) > before.text(CXI_PROP_KEY_DATE_EXP);
}

constexpr PolicyRow kPolicyRows[] = {
    {CXI_PROP_KEY_EXPORT, Widening::separate_manager, more_export},
    {CXI_PROP_KEY_USAGE, Widening::manager, more_usage},
    {CXI_PROP_KEY_MECHS, Widening::manager, more_mechanisms},
    {CXI_PROP_KEY_DATE_EXP, Widening::manager, later},
    {CXI_PROP_ENCRYPT, Widening::manager, turned_on},
    {CXI_PROP_DECRYPT, Widening::manager, turned_on},
    {CXI_PROP_WRAP, Widening::manager, turned_on},
    {CXI_PROP_UNWRAP, Widening::manager, turned_on},
    {CXI_PROP_SIGN, Widening::manager, turned_on},
    {CXI_PROP_SIGN_RECOVER, Widening::manager, turned_on},
    {CXI_PROP_VERIFY, Widening::manager, turned_on},
    {CXI_PROP_VERIFY_RECOVER, Widening::manager, turned_on},
    {CXI_PROP_DERIVE, Widening::manager, turned_on},
    {CXI_PROP_SENSITIVE, Widening::never, turned_off},
    {CXI_PROP_WRAP_WITH_TRUSTED, Widening::never, turned_off},
    {CXI_PROP_EXTRACTABLE, Widening::never, turned_on},
    {CXI_PROP_TRUSTED, Widening::officer, turned},
};

Result<void> may_widen(Widening widening, const Changer& who) {
    switch (widening) {
        case Widening::manager:
            if (!who.manages) return fail(E_CXI_PERMISSION_DENIED);
            return {};
        case Widening::officer:
            if (!who.is_officer) return fail(E_CXI_PERMISSION_DENIED);
            return {};
        case Widening::separate_manager:
            if (!who.only_manages) return fail(E_CXI_PROP_PROTECTED);
            return {};
        default:
            return fail(E_CXI_PROP_PROTECTED);
    }
}

// Weak and semi-weak keys of DES without their parity bits (SP 800-67 rev. 2, section 3.3.2).
constexpr std::uint8_t kWeakDes[][8] = {
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00}, {0xFE, 0xFE, 0xFE, 0xFE, 0xFE, 0xFE, 0xFE, 0xFE},
    {0x1E, 0x1E, 0x1E, 0x1E, 0x0E, 0x0E, 0x0E, 0x0E}, {0xE0, 0xE0, 0xE0, 0xE0, 0xF0, 0xF0, 0xF0, 0xF0},
    {0x00, 0xFE, 0x00, 0xFE, 0x00, 0xFE, 0x00, 0xFE}, {0xFE, 0x00, 0xFE, 0x00, 0xFE, 0x00, 0xFE, 0x00},
    {0x1E, 0xE0, 0x1E, 0xE0, 0x0E, 0xF0, 0x0E, 0xF0}, {0xE0, 0x1E, 0xE0, 0x1E, 0xF0, 0x0E, 0xF0, 0x0E},
    {0x00, 0xE0, 0x00, 0xE0, 0x00, 0xF0, 0x00, 0xF0}, {0xE0, 0x00, 0xE0, 0x00, 0xF0, 0x00, 0xF0, 0x00},
    {0x1E, 0xFE, 0x1E, 0xFE, 0x0E, 0xFE, 0x0E, 0xFE}, {0xFE, 0x1E, 0xFE, 0x1E, 0xFE, 0x0E, 0xFE, 0x0E},
    {0x00, 0x1E, 0x00, 0x1E, 0x00, 0x0E, 0x00, 0x0E}, {0x1E, 0x00, 0x1E, 0x00, 0x0E, 0x00, 0x0E, 0x00},
    {0xE0, 0xFE, 0xE0, 0xFE, 0xF0, 0xFE, 0xF0, 0xFE}, {0xFE, 0xE0, 0xFE, 0xE0, 0xFE, 0xF0, 0xFE, 0xF0},
};

}  // namespace

std::uint32_t narrower_export(std::uint32_t asked, std::uint32_t had) {
    return ((asked | had) & CXI_KEY_EXPORT_DENY_BACKUP) | (asked & had & kAllow);
}

Restrictions strictest(const Restrictions& one, const Restrictions& other) {
    return {one.wrap_policy || other.wrap_policy, one.secure_derivation || other.secure_derivation,
            one.secure_import || other.secure_import, one.secure_rsa || other.secure_rsa,
            one.weak_des && other.weak_des};
}

std::uint32_t usage_of(const PropertyList& properties, bool stated) {
    const std::uint32_t said = properties.number_or(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL);
    const bool says = said != CXI_KEY_USAGE_ALL;
    std::uint32_t usage = stated && !says ? 0 : said;
    for (const UsageFlag& row : kUsageFlags) {
        if (!properties.has(row.flag)) continue;
        const bool on = properties.flag_or(row.flag, true) && (said & row.usage) != 0;
        usage = on ? usage | row.usage : usage & ~row.usage;
    }
    return usage;
}

bool allows(const PropertyList& properties, std::uint32_t usage) {
    if ((properties.number_or(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL) & usage) == 0) return false;
    const auto* row = std::ranges::find(kUsageFlags, usage, &UsageFlag::usage);
    return row == std::end(kUsageFlags) || properties.flag_or(row->flag, true);
}

KeyPolicy policy_of(const KeyObject& key) {
    const PropertyList& properties = key.properties;
    return {
        key.algorithm(),
        key.type(),
        key.export_policy(),
        usage_of(properties),
        properties.flag_or(CXI_PROP_SENSITIVE, false),
        properties.flag_or(CXI_PROP_EXTRACTABLE, true),
        properties.flag_or(CXI_PROP_WRAP_WITH_TRUSTED, false),
        stated(properties.has(CXI_PROP_KEY_MECHS), numbers_in(properties.bytes(CXI_PROP_KEY_MECHS))),
        stated(properties.has(CXI_PROP_KEY_DATE_EXP), std::string(properties.text(CXI_PROP_KEY_DATE_EXP))),
        {},
        key.made_in()};
}

Result<Bytes> encode_policy(const KeyPolicy& policy) {
    Bytes mechanisms = list_of(policy.mechanisms.value_or(std::vector<std::uint32_t>()));
    if (policy.homes.size() > kMostHomes) return fail(E_DB_NO_SPACE);
    for (const Bytes& home : policy.homes) append(mechanisms, home);
    const bool several = policy.homes.size() > 1;
    if (several) mechanisms.push_back(static_cast<std::uint8_t>(policy.homes.size()));
    return compose(
        LAYOUT_CXI_KEY_POLICY,
        {policy.algorithm, policy.type, policy.export_policy, policy.usage, policy.sensitive ? 1 : 0,
         policy.extractable ? 1 : 0,
         (policy.wrap_with_trusted ? kWithTrusted : 0) | (policy.mechanisms ? kStatesMechanisms : 0) |
             (policy.expires ? kStatesExpiry : 0) | (policy.homes.size() == 1 ? kStatesHome : 0) |
             (several ? kStatesHomes : 0) | ((policy.made_in & MODE_FIPS) != 0 ? kMadeInFips : 0) |
             ((policy.made_in & MODE_CC) != 0 ? kMadeInCc : 0),
         policy.expires.value_or(""), mechanisms});
}

KeyPolicy decode_policy(ByteView note) {
    const auto parsed = parse(LAYOUT_CXI_KEY_POLICY, note);
    if (!parsed) return {};
    const std::uint8_t guards = parsed->u8("guards");
    ByteView mechanisms = parsed->bytes("mechanisms");
    std::size_t count = (guards & kStatesHome) != 0 ? 1 : 0;
    if ((guards & kStatesHomes) != 0 && !mechanisms.empty()) {
        count = mechanisms.back();
        mechanisms = mechanisms.first(mechanisms.size() - 1);
    }
    std::vector<Bytes> homes;
    if (mechanisms.size() >= count * kHomeBytes) {
        for (ByteView rest = mechanisms.last(count * kHomeBytes); !rest.empty();
             rest = rest.subspan(kHomeBytes))
            homes.push_back(to_bytes(rest.first(kHomeBytes)));
        mechanisms = mechanisms.first(mechanisms.size() - count * kHomeBytes);
    }
    const std::string_view expires = parsed->text("expires");
    return {parsed->u32("algorithm"),
            parsed->u32("type"),
            parsed->u32("export"),
            parsed->u32("usage"),
            parsed->u8("sensitive") != 0,
            parsed->u8("extractable") != 0,
            (guards & kWithTrusted) != 0,
            stated((guards & kStatesMechanisms) != 0 || !mechanisms.empty(), numbers_in(mechanisms)),
            stated((guards & kStatesExpiry) != 0 || !expires.empty(), std::string(expires)),
            std::move(homes),
            static_cast<std::uint16_t>(((guards & kMadeInFips) != 0 ? MODE_FIPS : 0) |
                                       ((guards & kMadeInCc) != 0 ? MODE_CC : 0))};
}

void narrow_export(PropertyList& properties, const KeyPolicy& bound) {
    const std::uint32_t asked = properties.number_or(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY);
    properties.set_number(CXI_PROP_KEY_EXPORT, narrower_export(asked, bound.export_policy));
    if (bound.sensitive) properties.set_flag(CXI_PROP_SENSITIVE, true);
    if (bound.wrap_with_trusted) properties.set_flag(CXI_PROP_WRAP_WITH_TRUSTED, true);
    if (!bound.extractable) properties.set_flag(CXI_PROP_EXTRACTABLE, false);
    keep_to_mode(properties, bound.made_in);
}

void keep_to_mode(PropertyList& properties, std::uint16_t made_in) {
    if (made_in != 0)
        properties.set_number(CXI_PROP_MADE_IN_MODE,
                              properties.number_or(CXI_PROP_MADE_IN_MODE, 0) | made_in);
}

void narrow_all(PropertyList& properties, const KeyPolicy& bound) {
    narrow_export(properties, bound);
    const std::uint32_t asked = properties.number_or(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL);
    if ((asked & bound.usage) != asked) properties.set_number(CXI_PROP_KEY_USAGE, asked & bound.usage);
    if (bound.mechanisms) {
        std::vector<std::uint32_t> kept = *bound.mechanisms;
        if (properties.has(CXI_PROP_KEY_MECHS))
            std::erase_if(kept, [wanted = numbers_in(properties.bytes(CXI_PROP_KEY_MECHS))](
                                    std::uint32_t each) { return !has_all(wanted, {each}); });
        properties.set(CXI_PROP_KEY_MECHS, list_of(kept));
    }
    if (bound.expires &&
        (!properties.has(CXI_PROP_KEY_DATE_EXP) || properties.text(CXI_PROP_KEY_DATE_EXP) > *bound.expires))
        properties.set(CXI_PROP_KEY_DATE_EXP, *bound.expires);
}

Result<void> check_bits(const Property& given) {
    constexpr std::uint32_t kKnown = kAllow | CXI_KEY_EXPORT_DENY_BACKUP;
    const bool unknown = given.id == CXI_PROP_KEY_EXPORT && (number_of(given) & ~kKnown) != 0;
    return unknown ? Result<void>(fail(E_CXI_PROP_VAL)) : Result<void>();
}

Result<void> check_change(const PropertyList& before, const Property& change, const Changer& who) {
    const PropertyRow* row = find_property(change.id);
    if (row && (row->access & PROP_CHANGEABLE) == 0) return fail(E_CXI_PROP_READONLY);
    if (row && (row->access & PROP_CONFIG) != 0) return fail(E_CXI_PROP_ABSENT);
    const auto* policy = std::ranges::find(kPolicyRows, change.id, &PolicyRow::property);
    if (policy == std::end(kPolicyRows)) return may_widen(Widening::manager, who);
    // An officer who neither uses nor manages the key could else put it out of use.
    const bool own = who.uses || who.manages || (policy->widening == Widening::officer && who.is_officer);
    if (!policy->widens(before, change)) return own ? Result<void>() : fail(E_CXI_PERMISSION_DENIED);
    if (who.never_widens && policy->widening != Widening::officer) return fail(E_CXI_PROP_PROTECTED);
    const bool officers = before.flag_or(CXI_PROP_TRUSTED, false) && policy->widening != Widening::never;
    return may_widen(officers ? Widening::officer : policy->widening, who);
}

bool stays_in_group(const PropertyList& properties) {
    return properties.flag_or(CXI_PROP_WRAP_WITH_TRUSTED, false) ||
           !properties.flag_or(CXI_PROP_EXTRACTABLE, true);
}

bool is_trusted_secret(std::uint32_t type, const PropertyList& properties) {
    return type == CXI_KEY_TYPE_SECRET && properties.flag_or(CXI_PROP_TRUSTED, false);
}

bool leaves_in_clear(const PropertyList& properties) {
    const std::uint32_t policy = properties.number_or(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY);
    return (policy & CXI_KEY_EXPORT_ALLOW_PLAIN) != 0 && properties.flag_or(CXI_PROP_EXTRACTABLE, true) &&
           !properties.flag_or(CXI_PROP_SENSITIVE, false);
}

Result<void> restrict_trust(const PropertyList& before, const PropertyList& after) {
    const auto betrays = [](const PropertyList& properties) {
        const std::uint32_t type = properties.number_or(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_SECRET);
        const bool has_secret = type != CXI_KEY_TYPE_PUBLIC && type < CXI_KEY_TYPE_DATA;
        return properties.flag_or(CXI_PROP_TRUSTED, false) && has_secret && leaves_in_clear(properties);
    };
    return betrays(after) && !betrays(before) ? Result<void>(fail(E_CXI_PERMISSION_DENIED)) : Result<void>();
}

Result<void> approve_purpose(std::uint16_t modes, const Restrictions& set, std::uint32_t usage) {
    const auto both = [&](std::uint32_t one, std::uint32_t other) {
        return (usage & one) != 0 && (usage & other) != 0;
    };
    const bool reads = both(CXI_KEY_USAGE_WRAP, CXI_KEY_USAGE_DECRYPT);
    const bool chooses = both(CXI_KEY_USAGE_UNWRAP, CXI_KEY_USAGE_ENCRYPT);
    if (!reads && !chooses) return {};
    CS2SIM_TRY(approve_act(modes, Act::mixed_use));
    if (set.wrap_policy) return fail(reads ? E_CXI_SECURE_PROP_DECRYPT : E_CXI_SECURE_PROP_ENCRYPT);
    return {};
}

Result<void> restrict_wrapping(const PropertyList& before, const PropertyList& after,
                               const Restrictions& set) {
    const auto wraps = [](const PropertyList& properties) { return allows(properties, CXI_KEY_USAGE_WRAP); };
    const bool stands = after.flag_or(CXI_PROP_LOCAL, false) || after.flag_or(CXI_PROP_TRUSTED, false);
    if (!set.secure_import || stands || wraps(before) || !wraps(after)) return {};
    return fail(E_CXI_SECURE_PROP_WRAP);
}

Result<void> restrict_import(PropertyList& properties, const Restrictions& set, bool secret) {
    if (!set.secure_import) return {};
    if ((usage_of(properties, true) & CXI_KEY_USAGE_WRAP) != 0) return fail(E_CXI_SECURE_PROP_WRAP);
    properties.set_number(CXI_PROP_KEY_USAGE, properties.number_or(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL) &
                                                  ~std::uint32_t{CXI_KEY_USAGE_WRAP});
    if (secret && properties.bytes(CXI_PROP_CHECK_VALUE).empty()) return fail(E_CXI_SECURE_PROP_CHECK_VALUE);
    return {};
}

Result<void> restrict_derivation(PropertyList& properties, const Restrictions& set, const LoadedKey& base,
                                 std::uint32_t mechanism) {
    if (!set.secure_derivation) return {};
    if (std::ranges::find(kCutting, mechanism & CXI_MECH_KDF_MASK) != std::end(kCutting))
        return fail(E_CXI_CRYPT_MECH);
    // RFC 2104, section 2: of a key that is longer than the hash's block, HMAC takes the hash.
    constexpr std::size_t kShortestBlock = 64;
    if ((mechanism & CXI_MECH_KDF_MASK) == CXI_MECH_KDF_HASH && base.secret().size() > kShortestBlock)
        return fail(E_CXI_CRYPT_MECH);
    if (base.pkey && is_dh(*base.pkey) && !is_in_safe_group(*base.pkey)) return fail(E_CXI_CRYPT_MECH);
    if (!base.object.properties.flag_or(CXI_PROP_ALWAYS_SENSITIVE, false))
        return fail(E_CXI_SECURE_PROP_ALWAYS_SENSITIVE_FALSE);
    if (!properties.flag_or(CXI_PROP_SENSITIVE, true)) return fail(E_CXI_SECURE_PROP_SENSITIVE_FALSE);
    constexpr std::uint32_t kLeastBits = 112;
    if (properties.number_or(CXI_PROP_KEY_SIZE, kLeastBits) < kLeastBits) return fail(E_CXI_KEY_INVALID_SIZE);
    properties.set_flag(CXI_PROP_SENSITIVE, true);
    return {};
}

bool is_unknown_outside(const KeyObject& key) {
    return key.properties.flag_or(CXI_PROP_LOCAL, false) &&
           key.properties.flag_or(CXI_PROP_ALWAYS_SENSITIVE, false);
}

bool is_weak_des(ByteView key) {
    Bytes bare = to_bytes(key);
    for (std::uint8_t& byte : bare) byte &= 0xFE;
    bool weak = false;
    for (ByteView rest = bare; rest.size() >= 8; rest = rest.subspan(8)) {
        weak |= std::ranges::any_of(kWeakDes, [&](const std::uint8_t(&known)[8]) {
            return std::ranges::equal(known, rest.first(8));
        });
        weak |= rest.size() >= 16 && std::ranges::equal(rest.first(8), rest.subspan(8, 8));
    }
    cleanse(bare.data(), bare.size());
    return weak;
}

}  // namespace cs2sim
