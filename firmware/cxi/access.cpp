#include "firmware/cxi/access.h"

#include <algorithm>
#include <span>

#include "firmware/cxi/cxi.h"
#include "firmware/cxi/group_access.h"
#include "firmware/cxi/make_key.h"
#include "firmware/cxi/work/portion.h"
#include "firmware/protocol/group_patterns.h"
#include "firmware/protocol/pattern.h"

namespace cs2sim {
namespace {

bool is_public(const KeyObject& object) { return !object.properties.flag_or(CXI_PROP_PRIVATE, true); }

bool has_no_secret(const KeyObject& object) {
    return object.is_public() || (object.type() >= CXI_KEY_TYPE_DATA && object.type() != CXI_KEY_TYPE_CONFIG);
}

// That there is nothing at an index, the settings of a group, or a record that is damaged.
bool tells_what_is_there(std::uint32_t code) {
    constexpr std::uint32_t kTelling[] = {E_DB_NOT_FOUND, E_DB_REC_CRC, E_CXI_INVALID_PARAM_VAL,
                                          E_CXI_KEY_INVALID_COMP, E_CXI_KEY_BLOB_FORMAT};
    return std::ranges::find(kTelling, code) != std::end(kTelling);
}

}  // namespace

bool tells_of_key(std::uint32_t code) {
    constexpr std::uint32_t kTelling[] = {E_CXI_CRYPT_SIGN_VERIFY, E_CXI_CRYPT_PADDING,
                                          E_AES_TAG_VERIFICATION, E_AES_KEYWRAP};
    return std::ranges::find(kTelling, code) != std::end(kTelling);
}

Result<std::string_view> group_in(ByteView elements) {
    std::string_view group;
    bool found = false;
    while (!elements.empty()) {
        if (elements.size() < 8) return fail(E_CXI_PROP_TAG);
        const std::uint64_t id = big_endian(elements.first(4)), length = big_endian(elements.subspan(4, 4));
        elements = elements.subspan(8);
        if (length > elements.size()) return fail(E_CXI_PROP_LEN);
        if (id == CXI_PROP_KEY_GROUP) {
            if (found) return fail(E_CXI_PROP_EXISTS);
            if (length > CXI_MAX_STR) return fail(E_CXI_PROP_LEN);
            found = true;
            group = as_text(elements.first(length));
        }
        elements = elements.subspan(length);
    }
    return group;
}

SharedKey CxiCall::find(BytesName field) const {
    for (std::size_t i = 0; i < count_; ++i)
        if (named_[i].field.text() == field.text()) return named_[i].key;
    return nullptr;
}

void CxiCall::audit_key(std::string_view what, const KeyObject& key) const {
    audit(AUDIT_KEY,
          "CXI: " + std::string(what) + ": " + audit_name(key.group()) + "/" + audit_name(key.name()));
}

void CxiCall::choose_log() {
    if (!context.users.empty() || function.audit_class != AUDIT_KEY) return;
    const bool places = std::ranges::any_of(request.fields(),
                                            [](const Block::Field& field) { return field.name == "flags"; });
    const auto named = std::span(named_).first(count_);
    const bool of_outside =
        std::ranges::all_of(named, [](const Named& each) { return each.key && each.key->external; });
    const bool stays_outside = places ? has_flag(CXI_FLAG_KEY_EXTERNAL) : !named.empty();
    if (of_outside && stays_outside) keep_out_of_log();
}

Result<void> CxiCall::bound_work() const {
    if (!is_unknown() || count_ == 0) return {};
    constexpr std::string_view kWorkedOn[] = {"data", "wrapped", "blob", "peer"};
    Mechanism mechanism;
    ByteView parameter;
    std::size_t bytes = 0;
    bool works = false;
    for (const Block::Field& field : request.fields()) {
        if (field.name == "mechanism") mechanism.value = static_cast<std::uint32_t>(field.number);
        if (field.name == "parameter") parameter = field.bytes;
        if (std::ranges::find(kWorkedOn, field.name) == std::end(kWorkedOn)) continue;
        works = true;
        bytes += field.bytes.size();
    }
    if (!works || mechanism.is_vendor()) return {};
    for (const Named& each : std::span(named_).first(count_))
        CS2SIM_TRY(bound_open_work(*each.key, mechanism, parameter, bytes + parameter.size()));
    return {};
}

Result<void> CxiCall::use(const LoadedKey& key, Use use, Mechanism mechanism, ByteView parameter,
                          std::uint32_t uses) {
    CS2SIM_TRY_LET(first, cxi.use(key, use, mechanism, parameter, uses));
    if (first) first_uses_.push_back({&key, nullptr, use, mechanism});
    return {};
}

Result<void> CxiCall::go_on(SharedKey key, Use use, Mechanism mechanism) {
    CS2SIM_TRY_LET(first, cxi.allow(*key, use, mechanism));
    const LoadedKey* const at = key.get();
    if (first) first_uses_.push_back({at, std::move(key), use, mechanism});
    return {};
}

Result<void> CxiCall::note_uses() {
    for (const FirstUse& first : first_uses_)
        CS2SIM_TRY(cxi.note_use(*first.key, first.use, first.mechanism));
    first_uses_.clear();
    return {};
}

Result<bool> CxiCall::has(std::uint16_t rights, std::string_view group) const {
    if (group.size() > CXI_MAX_STR) return fail(E_CXI_INVALID_PARAM_LEN);
    if ((rights & RIGHT_LOGGED_ON) != 0 && !context.users.empty()) return true;
    if ((rights & RIGHT_CONFIGURE) != 0)
        rights |= group.empty() ? RIGHT_ADMINISTRATOR : RIGHT_SECURITY_OFFICER;
    if ((rights & RIGHT_ADMINISTRATOR) != 0 && permits(auth_state(), kAdministrator)) return true;
    const std::uint32_t state = group_state(context.users, group, device.profile.group_expressions);
    if ((rights & (RIGHT_SECURITY_OFFICER | RIGHT_NOTE)) != 0 && permits(state, kSecurityOfficer))
        return true;
    if ((rights & (RIGHT_USE | RIGHT_MANAGE | RIGHT_PLAIN | RIGHT_NOTE)) == 0) return false;
    CS2SIM_TRY_LET(settings, cxi.config(group));
    if ((rights & RIGHT_PLAIN) != 0 && permits(state, settings.plain)) return true;
    if ((rights & RIGHT_NOTE) != 0 && !is_unknown()) rights |= RIGHT_USE | RIGHT_MANAGE;
    return ((rights & RIGHT_USE) != 0 && permits(state, settings.user)) ||
           ((rights & RIGHT_MANAGE) != 0 && permits(state, settings.key_manager));
}

Result<bool> CxiCall::has(std::uint16_t rights, const KeyObject& object) const {
    if (is_public(object) &&
        ((rights & RIGHT_SEE_PUBLIC) != 0 || ((rights & RIGHT_USE_PUBLIC) != 0 && has_no_secret(object))))
        return true;
    return has(rights, object.group());
}

bool are_open(const PropertyList& properties) {
    return !properties.flag_or(CXI_PROP_PRIVATE, true) && !properties.flag_or(CXI_PROP_TOKEN, true) &&
           properties.number_or(CXI_PROP_MADE_IN_MODE, 0) == 0 &&
           has_nameless_keys(properties.text(CXI_PROP_KEY_GROUP));
}

// Large ones would be memory of the device that nobody answers for, as long as a chained command works with
// them.
bool CxiCall::opens(const PropertyList& properties) const {
    constexpr std::size_t kMostBytes = 4096;
    std::size_t bytes = 0;
    for (const Property& property : properties)
        if (property.id != CXI_PROP_VALUE) bytes += property.value().size();
    return bytes <= kMostBytes && are_open(properties) && !is_certified(cxi.modes());
}

bool CxiCall::lays_open(const PropertyList& properties) const {
    return has_flag(CXI_FLAG_KEY_EXTERNAL) && are_open(properties);
}

Result<bool> CxiCall::has(std::uint16_t rights, const LoadedKey& key) const {
    if ((rights & (RIGHT_USE | RIGHT_MANAGE)) != 0 && key.external && works_without_logon(key) &&
        opens(key.object.properties)) {
        // Nobody may fill the database with a group's notes, or do one half of what these keep apart.
        CS2SIM_TRY_LET(settings, cxi.config(key.object.group()));
        if (!settings.restrictions.wrap_policy && !settings.restrictions.secure_derivation) return true;
        CS2SIM_TRY_LET(known, has(RIGHT_NOTE, key.object.group()));
        if (known) return true;
    }
    return has(rights, key.object);
}

Result<void> CxiCall::require(std::uint16_t rights, std::string_view group) const {
    CS2SIM_TRY_LET(allowed, has(rights, group));
    if (!allowed) return fail(E_CXI_PERMISSION_DENIED);
    return {};
}

bool CxiCall::applies(When when) const {
    const auto beyond_public = [&] {
        return (request.u32("type") & CXI_KEY_TYPE_MASK & ~CXI_KEY_TYPE_PLAINTEXT) != CXI_KEY_TYPE_PUBLIC;
    };
    switch (when) {
        case When::secret_leaves:
            return beyond_public();
        case When::wrapped:
            return beyond_public() && !request.bytes("wrapping").empty();
        case When::in_clear:
            return beyond_public() && request.bytes("wrapping").empty();
        case When::joins_keys:
            return (request.u32("mechanism") & CXI_MECH_KDF_MASK) == CXI_MECH_KDF_CAT_BASE_AND_KEY;
        default:
            return true;
    }
}

// Whether the caller could use or manage keys of the group that the index is of: one that their attributes
// name, or that an object there tells. Who could not is refused, whether a key is there or not.
bool CxiCall::knows_group_of(ByteView index) const {
    constexpr std::size_t kPrefix = 8;  // of group_prefix()
    if (index.size() != CXI_INDEX_LENGTH) return true;
    const Bytes prefix = to_bytes(index.first(kPrefix));
    std::vector<std::string> groups{""};
    for (const LoggedOnUser& user : context.users)
        for (const std::string_view name : group_patterns(user.attributes)) {
            const bool all = name == (device.profile.group_expressions ? ".*" : "*");
            if (all && has(RIGHT_USE | RIGHT_MANAGE, std::string_view()).value_or(false)) return true;
            groups.emplace_back(name);
        }
    const auto witness = cxi.keys.list(prefix, {}, 1, [](const KeyObject&) { return true; });
    if (witness && !witness->keys.empty()) groups.emplace_back(witness->keys.front().key.group());
    return std::ranges::any_of(groups, [&](const std::string& group) {
        return group_prefix(group) == prefix && has(RIGHT_USE | RIGHT_MANAGE, group).value_or(false);
    });
}

Result<void> CxiCall::allow(const AccessRow& row, const SharedKey& key) {
    const KeyObject& object = key->object;
    const bool secret = row.when == When::secret_leaves || row.when == When::in_clear;
    if (secret && object.type() >= CXI_KEY_TYPE_DATA) return {};  // which has none
    CS2SIM_TRY_LET(allowed, has(row.rights, *key));
    if (!allowed) return fail(E_CXI_PERMISSION_DENIED);
    if (find(row.field) == nullptr && count_ < named_.size()) named_[count_++] = {row.field, key};
    return {};
}

Result<void> CxiCall::ask_key(const AccessRow& row, ByteView reference) {
    if (reference.empty()) {
        if (row.names == Names::key_if_any) return {};
        return fail(E_CXI_INVALID_PARAM_LEN);
    }
    if (row.names == Names::key_or_config && reference[0] == CXI_TAG_CONFIG) return {};
    if (reference[0] == CXI_TAG_NAME) return ask_named(row, reference.subspan(1));
    SharedKey key = find(row.field);
    if (!key) {
        auto found = cxi.find(reference);
        if (!found && reference[0] == CXI_TAG_INDEX && tells_what_is_there(found.error().code) &&
            !knows_group_of(reference.subspan(1)))
            return fail(E_CXI_PERMISSION_DENIED);
        CS2SIM_TRY(found);
        key = *std::move(found);
    }
    return allow(row, key);
}

// The group is named: what the caller may do there is told before anything about the name is.
Result<void> CxiCall::ask_named(const AccessRow& row, ByteView names) {
    CS2SIM_TRY_LET(group, group_in(names));
    CS2SIM_TRY_LET(allowed, has(row.rights, group));
    constexpr std::uint16_t kPublic = RIGHT_SEE_PUBLIC | RIGHT_USE_PUBLIC;
    if (!allowed && (row.rights & kPublic) == 0) return fail(E_CXI_PERMISSION_DENIED);
    CS2SIM_TRY_LET(list, PropertyList::decode(names));
    auto key = cxi.find_named(list);
    if (!key && !allowed) return fail(E_CXI_PERMISSION_DENIED);
    CS2SIM_TRY(key);
    return allow(row, *key);
}

// The key that a copy is made of, which an earlier row named; null where there is no copy.
SharedKey CxiCall::copied_by(const AccessRow& row) const {
    return row.names == Names::copied ? find("key") : nullptr;
}

// What the template makes: all of the object, or of a copy what differs from `key`.
Result<PropertyList> CxiCall::made_by(const AccessRow& row, ByteView elements) const {
    CS2SIM_TRY_LET(stated, PropertyList::decode(elements));
    const SharedKey source = copied_by(row);
    if (!source) return stated;
    PropertyList all = source->object.properties;
    for (const Property& property : stated) all.set(property.id, property.value());
    return all;
}

// An open object that the caller keeps outside, and that costs no search for primes. Who works in the group
// makes keys by that right only.
bool CxiCall::makes_open(const AccessRow& row, std::string_view group, ByteView elements) const {
    if ((row.rights & RIGHT_MAKE_OPEN) == 0 || !has_flag(CXI_FLAG_KEY_EXTERNAL)) return false;
    const auto works = has(RIGHT_USE, group);
    if (!works || *works) return false;
    const auto made = made_by(row, elements);
    if (!made || !opens(*made)) return false;
    const std::uint32_t algorithm = made->number_or(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RAW);
    return row.names != Names::generated || !(algorithm == CXI_KEY_ALGO_RSA || is_finite_field(algorithm));
}

Result<void> CxiCall::ask_template(const AccessRow& row, ByteView elements) {
    CS2SIM_TRY_LET(stated, group_in(elements));
    const SharedKey source = copied_by(row);
    const std::string_view group = stated.empty() && source ? source->object.group() : stated;
    if (makes_open(row, group, elements)) return {};
    if (row.names != Names::listed) return require(row.rights, group);
    if (group.empty() || is_pattern(group)) return require(RIGHT_LOGGED_ON, {});
    if (has_nameless_keys(group)) return {};  // what a token shows without log-on: the list itself asks
    return require(row.rights, group);
}

Result<void> CxiCall::ask(const AccessRow& row) {
    if (!applies(row.when)) return {};
    const ByteView value = request.bytes(row.field);
    switch (row.names) {
        case Names::group:
            return require(row.rights, as_text(value));
        case Names::key:
        case Names::key_if_any:
        case Names::key_or_config:
            return ask_key(row, value);
        case Names::key_name:
            return ask_named(row, value);
        case Names::config:
            if (value.empty() || value[0] != CXI_TAG_CONFIG) return {};
            return require(row.rights, as_text(value.subspan(1)));
        case Names::made:
        case Names::generated:
        case Names::copied:
        case Names::listed:
            return ask_template(row, value);
        case Names::sealed: {
            CS2SIM_TRY_LET(group, sealed_group(value));
            return require(row.rights, group);
        }
    }
    return fail(E_CXI_INTERNAL);
}

}  // namespace cs2sim
