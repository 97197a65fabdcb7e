// Properties: list keys by them, read them, change them, copy a key with others.
#include <algorithm>

#include "firmware/cxi/access.h"
#include "firmware/cxi/authorisation.h"
#include "firmware/cxi/cxi.h"
#include "firmware/cxi/group_access.h"
#include "firmware/cxi/handlers.h"
#include "firmware/cxi/key_components.h"
#include "firmware/cxi/wrapping.h"
#include "firmware/protocol/pattern.h"

namespace cs2sim {
namespace {

constexpr std::uint32_t kDefaultPage = 256;
constexpr std::uint32_t kMostPerPage = 2048;
constexpr std::uint32_t kMostWithoutLogOn = 64;  // some hundred microseconds
constexpr std::size_t kMostRowBytes = 0x40000;   // of one answer

constexpr std::uint32_t kDefaultRow[] = {CXI_PROP_KEY_GROUP, CXI_PROP_KEY_NAME, CXI_PROP_KEY_ALGO,
                                         CXI_PROP_KEY_SIZE,  CXI_PROP_KEY_SPEC, CXI_PROP_KEY_TYPE};

bool is_computed(std::uint32_t id) {
    const PropertyRow* row = find_property(id);
    return row && (row->access & PROP_COMPUTED) != 0;
}

// All that a caller may read of a key.
PropertyList all_properties(const LoadedKey& key) {
    PropertyList out;
    for (const Property& property : key.object.properties)
        if (is_told_as_kept(key, property.id)) out.set(property.id, property.value());
    for (const DefaultRow& row : kDefaults)
        if (!out.has(row.property))
            if (const auto value = read_property(key, row.property)) out.set(row.property, *value);
    for (const PropertyRow& row : property_table())
        if ((row.access & PROP_COMPUTED) != 0)
            if (const auto value = read_property(key, row.id)) out.set(row.id, *value);
    return out;
}

bool matches_template(const KeyObject& key, const PropertyList& filter) {
    for (const Property& wanted : filter) {
        const bool pattern = wanted.id == CXI_PROP_KEY_GROUP || wanted.id == CXI_PROP_KEY_NAME;
        const std::string_view actual = key.properties.text(wanted.id);
        if (pattern) {
            if (!matches_pattern(as_text(wanted.value()), actual)) return false;
        } else if (const DefaultRow* standard = find_default(wanted.id)) {
            if (filter.number(wanted.id) != key.properties.number_or(wanted.id, standard->number))
                return false;
        } else if (!key.properties.has(wanted.id) || as_text(wanted.value()) != actual) {
            return false;
        }
    }
    return true;
}

// May the caller see an object? The answer is remembered for the last group asked about, as keys of one group
// stand together.
class Visibility {
public:
    explicit Visibility(const CxiCall& call) : call_(call) {}
    bool operator()(const KeyObject& key) {
        return in(key.group()) || call_.has(RIGHT_SEE_PUBLIC, key).value_or(false);
    }
    bool in(std::string_view group) {
        if (!known_ || group != group_) visible_ = call_.has(RIGHT_USE | RIGHT_MANAGE, group).value_or(false);
        known_ = true;
        group_ = group;
        return visible_;
    }

private:
    const CxiCall& call_;
    std::string group_;
    bool known_ = false;
    bool visible_ = false;
};

// NEVER_EXTRACTABLE and ALWAYS_SENSITIVE are true while they always were.
void keep_history(PropertyList& properties) {
    const std::uint32_t policy = properties.number_or(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY);
    if ((policy & (CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN)) != 0 &&
        properties.has(CXI_PROP_NEVER_EXTRACTABLE))
        properties.set_flag(CXI_PROP_NEVER_EXTRACTABLE, false);
    if ((policy & CXI_KEY_EXPORT_ALLOW_PLAIN) != 0 && properties.has(CXI_PROP_ALWAYS_SENSITIVE))
        properties.set_flag(CXI_PROP_ALWAYS_SENSITIVE, false);
}

// What an open object may do is not for whoever holds it to say, but where it was made as one.
bool is_bound_open(const LoadedKey& key) {
    const KeyObject& object = key.object;
    return key.external && are_open(object.properties) && (object.is_secret() || object.is_private()) &&
           !object.properties.flag_or(CXI_PROP_LOCAL, false);
}

Result<Changer> changer(const CxiCall& call, const LoadedKey& key) {
    const std::string_view group = key.object.group();
    CS2SIM_TRY_LET(uses, call.has(RIGHT_USE, key));
    CS2SIM_TRY_LET(manages, call.has(RIGHT_MANAGE, key));
    CS2SIM_TRY_LET(officer, call.has(RIGHT_SECURITY_OFFICER, group));
    CS2SIM_TRY_LET(settings, call.cxi.config(group));
    CS2SIM_TRY_LET(manages_group, call.has(RIGHT_MANAGE, group));
    return Changer{uses, manages, manages_group && settings.management_is_separate(), officer,
                   is_bound_open(key)};
}

Result<void> apply_changes(KeyObject& object, const PropertyList& changes, const Changer& who,
                           std::uint16_t modes, const Restrictions& set) {
    if (!object.properties.flag_or(CXI_PROP_MODIFIABLE, true)) return fail(E_CXI_PROP_PROTECTED);
    const PropertyList before = object.properties;
    for (const Property& change : changes) {
        CS2SIM_TRY(check_bits(change));
        CS2SIM_TRY(check_change(before, change, who));
        if (change.id == CXI_PROP_VALUE && object.type() < CXI_KEY_TYPE_DATA)
            return fail(E_CXI_PROP_READONLY);
        object.properties.set(change.id, change.value());
    }
    const std::uint32_t usage = usage_of(object.properties, true);
    if (usage != usage_of(before, true)) CS2SIM_TRY(approve_purpose(modes, set, usage));
    CS2SIM_TRY(restrict_wrapping(before, object.properties, set));
    CS2SIM_TRY(restrict_trust(before, object.properties));
    keep_history(object.properties);
    return {};
}

Result<Bytes> set_config(CxiCall& call, std::string_view group, const PropertyList& changes) {
    Cxi& cxi = call.cxi;
    if (group.size() > CXI_MAX_STR) return fail(E_CXI_INVALID_PARAM_LEN);
    CS2SIM_TRY(check_property(CXI_PROP_KEY_GROUP, as_bytes(group)));  // as every reader of it will ask
    for (const Property& change : changes) {
        const PropertyRow* row = find_property(change.id);
        if (!row || (row->access & PROP_CONFIG) == 0) return fail(E_CXI_PROP_ABSENT);
    }
    KeyObject none;
    none.properties.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_CONFIG);
    if (!group.empty()) none.properties.set(CXI_PROP_KEY_GROUP, group);
    const auto apply = [&](KeyObject& config) -> Result<void> {
        for (const Property& change : changes) config.properties.set(change.id, change.value());
        return {};
    };
    CS2SIM_TRY(cxi.keys.modify(key_index(group, {}, 0), apply, &none));
    call.audit(AUDIT_KEY, "CXI: configuration of group '" + audit_name(group) + "' changed");
    return call.answer({call.request.bytes("key")});
}

// A copy is no way to change what may not be changed: neither in one step nor by a detour.
Result<void> may_replace(const CxiCall& call, const LoadedKey& original, const KeyObject& copy) {
    if (!call.has_flag(CXI_FLAG_KEY_OVERWRITE) || (copy.name().empty() && copy.spec() == 0)) return {};
    const Bytes index = key_index(copy);
    if (index == original.index && !original.external) return fail(E_CXI_OVERWRITE);
    const auto there = call.cxi.keys.find(index);
    if (there && !(*there)->object.properties.flag_or(CXI_PROP_MODIFIABLE, true))
        return fail(E_CXI_PROP_PROTECTED);
    return {};
}

// The properties that a copy has of its own, and the check value that an import may want.
constexpr std::uint32_t kFreeInCopies[] = {CXI_PROP_KEY_GROUP,  CXI_PROP_KEY_NAME, CXI_PROP_KEY_SPEC,
                                           CXI_PROP_TOKEN,      CXI_PROP_PRIVATE,  CXI_PROP_MODIFIABLE,
                                           CXI_PROP_CHECK_VALUE};

// CHECK_VALUE in a template says what the key is expected to be; it is not kept, as it is computed.
Result<void> compare_check_value(const LoadedKey& original, PropertyList& copy, const Restrictions& set) {
    const Bytes stated = to_bytes(copy.bytes(CXI_PROP_CHECK_VALUE));
    copy.erase(CXI_PROP_CHECK_VALUE);
    if (stated.empty() || !original.object.is_secret()) return {};
    CS2SIM_TRY_LET(actual, read_property(original, CXI_PROP_CHECK_VALUE));
    if (actual == stated) return {};
    return fail(set.secure_import ? E_CXI_SECURE_PROP_CHECK_VALUE : E_CXI_PROP_COMPARE);
}

// What comes in out of a group that lacks a setting of the copy's, or is nobody's, comes in as an import
// does.
Result<void> may_enter(const CxiCall& call, const LoadedKey& original, KeyObject& copy) {
    const bool open = call.makes_open(copy.properties);
    const std::string group(copy.group());
    CS2SIM_TRY_LET(enters, approve_entry(call, original, {group, open}, copy.type(), copy.properties));
    const bool laid_open = open && !(original.external && are_open(original.object.properties));
    if (enters || laid_open) forget_origin(copy);
    CS2SIM_TRY_LET(settings, call.cxi.config(group));
    CS2SIM_TRY(compare_check_value(original, copy.properties, settings.restrictions));
    return restrict_wrapping(original.object.properties, copy.properties, settings.restrictions);
}

// What goes into another group, or is laid open, is free of its group's rights: for those who may use and
// export it.
Result<void> may_leave(const CxiCall& call, const LoadedKey& original, const KeyObject& copy) {
    return approve_departure(call, original, {copy.group(), call.lays_open(copy.properties)});
}

// A copy is a key that is made, as what its group and the mode take.
Result<void> may_be_made(const CxiCall& call, const LoadedKey& original, std::string_view group) {
    const KeyObject& object = original.object;
    if (object.type() >= CXI_KEY_TYPE_DATA) return {};
    CS2SIM_TRY(call.cxi.approve_object(object, object.is_public() ? USE_VERIFY : USE_MAKE));
    CS2SIM_TRY_LET(now, call.cxi.circumstances(call, group));
    return approve_components(original, now);
}

// Who has no right in a group sees what is open to all, and is led past the rest. Of an identifier or label
// there are few, so that they are looked for first.
Result<DeviceKeys::Page> list_open(Cxi& cxi, const PropertyList& filter, ByteView from, std::size_t limit,
                                   const std::function<bool(const KeyObject&)>& wanted) {
    constexpr std::size_t kScan = 1024;  // some milliseconds
    const std::string_view group = filter.text(CXI_PROP_KEY_GROUP);
    if (!filter.bytes(CXI_PROP_ID).empty() || !filter.bytes(CXI_PROP_KEY_LABEL).empty()) {
        CS2SIM_TRY_LET(page, cxi.keys.list_group(group, filter, from, limit, wanted, kScan));
        if (!page.more || page.keys.size() == limit) return page;
    }
    PropertyList open;
    open.set_flag(CXI_PROP_PRIVATE, false);
    return cxi.keys.list_group(group, open, from, limit, wanted, kScan);
}

}  // namespace

Result<PropertyList> row_of(const KeyObject& key, const std::vector<std::uint32_t>& wanted) {
    LoadedKey loaded;
    if (std::ranges::any_of(wanted, is_computed)) {
        CS2SIM_TRY_LET(ready, load_key(key));
        loaded = std::move(ready);
    } else {
        loaded.object = key;
        loaded.index = key_index(key);
    }
    PropertyList row;
    for (const std::uint32_t id : wanted)
        if (const auto value = read_property(loaded, id)) row.set(id, *value);
    return row;
}

Result<Bytes> told_of(const CxiCall& call, const KeyObject& made) {
    constexpr std::size_t kMostTold = 0x4000;  // beside a blob in one answer
    if (!call.has_flag(CXI_FLAG_KEY_TOLD)) return Bytes();
    CS2SIM_TRY_LET(loaded, load_key(made));
    Bytes properties = all_properties(loaded).encode();
    if (properties.size() > kMostTold) properties.clear();
    return properties;
}

Result<Bytes> answer_made(const CxiCall& call, ByteView reference, const KeyObject& made) {
    CS2SIM_TRY_LET(told, told_of(call, made));
    return call.answer({reference, told});
}

bool Decodings::suffice(const KeyObject& key, const std::vector<std::uint32_t>& wanted) {
    const bool decodes = (key.is_private() || key.is_public()) && std::ranges::any_of(wanted, is_computed);
    if (unbounded_ || !decodes) return true;
    if (left_ == 0) return false;
    --left_;
    return true;
}

Result<Bytes> cxi_key_list(CxiCall& call) {
    Cxi& cxi = call.cxi;
    CS2SIM_TRY_LET(filter, PropertyList::decode(call.request.bytes("template")));
    CS2SIM_TRY_LET(wanted, decode_property_ids(call.request.bytes("wanted")));
    if (wanted.empty()) wanted.assign(std::begin(kDefaultRow), std::end(kDefaultRow));
    std::uint32_t limit = call.request.u32("limit");
    if (limit == 0) limit = kDefaultPage;
    limit = std::min(limit, call.context.users.empty() ? kMostWithoutLogOn : kMostPerPage);

    Visibility visible(call);
    const std::string_view group = filter.text(CXI_PROP_KEY_GROUP);
    const bool one_group = filter.has(CXI_PROP_KEY_GROUP) && !is_pattern(group);
    const auto wanted_key = [&](const KeyObject& key) {
        return key.type() != CXI_KEY_TYPE_CONFIG && visible(key) && matches_template(key, filter);
    };
    CS2SIM_TRY_LET(from, cxi.cursors.open(call.request.bytes("cursor")));
    const auto listed = [&]() -> Result<DeviceKeys::Page> {
        if (!one_group) return cxi.keys.list({}, from, limit, wanted_key);
        if (!visible.in(group)) return list_open(cxi, filter, from, limit, wanted_key);
        return cxi.keys.list_group(group, filter, from, limit, wanted_key);
    };
    CS2SIM_TRY_LET(page, listed());

    Bytes rows;
    Bytes place = page.cursor;
    bool more = page.more;
    Decodings decodings(call);
    for (std::size_t i = 0; i < page.keys.size(); ++i) {
        Bytes row;
        const bool may_decode = decodings.suffice(page.keys[i].key, wanted);
        if (may_decode) {
            CS2SIM_TRY_LET(properties, row_of(page.keys[i].key, wanted));
            CS2SIM_TRY(compose_into(row, LAYOUT_CXI_ROW, {properties.encode()}));
        }
        if (!may_decode || (i > 0 && rows.size() + row.size() > kMostRowBytes)) {
            place = page.keys[i - 1].cursor;
            more = true;
            break;
        }
        append(rows, row);
    }
    const Bytes cursor = more ? cxi.cursors.next(call.request.bytes("cursor"), place) : Bytes();
    return call.answer({more ? 1 : 0, cursor, rows});
}

Result<Bytes> cxi_key_prop_get(CxiCall& call) {
    CS2SIM_TRY_LET(wanted, decode_property_ids(call.request.bytes("wanted")));
    const ByteView reference = call.request.bytes("key");
    CS2SIM_TRY_LET(key, reference[0] == CXI_TAG_CONFIG
                            ? call.cxi.keys.find(key_index(as_text(reference.subspan(1)), {}, 0))
                            : Result<SharedKey>(call.find("key")));
    if (wanted.empty()) return call.answer({all_properties(*key).encode()});
    PropertyList out;
    for (const std::uint32_t id : wanted) {
        CS2SIM_TRY_LET(value, read_property(*key, id));
        out.set(id, value);
    }
    return call.answer({out.encode()});
}

Result<Bytes> cxi_key_prop_set(CxiCall& call) {
    Cxi& cxi = call.cxi;
    CS2SIM_TRY_LET(changes, PropertyList::decode(call.request.bytes("properties")));
    const ByteView reference = call.request.bytes("key");
    if (!reference.empty() && reference[0] == CXI_TAG_CONFIG)
        return set_config(call, as_text(reference.subspan(1)), changes);

    const LoadedKey& key = call.key("key");
    CS2SIM_TRY_LET(who, changer(call, key));
    CS2SIM_TRY_LET(now, cxi.circumstances(call, key.object.group()));
    const auto apply = [&](KeyObject& object) {
        return apply_changes(object, changes, who, now.modes, now.restrictions);
    };
    if (key.external) {
        KeyObject changed = key.object;
        CS2SIM_TRY(apply(changed));
        // What is open stays so, and small.
        if (call.opens(key.object.properties) && !call.opens(changed.properties)) return fail(E_CXI_PROP_LEN);
        CS2SIM_TRY(cxi.keep_trusted(changed));
        CS2SIM_TRY_LET(made, cxi.seal_outside(changed));
        return call.answer({made});
    }
    if (is_trusted_secret(key.object.type(), changes))
        CS2SIM_TRY(cxi.keys.modify_noted(
            DeviceKeys::NoteKind::trusted, key.index, [&](KeyObject& object, Bytes& note) -> Result<void> {
                CS2SIM_TRY(apply(object));
                CS2SIM_TRY_LET(groups, DeviceKeys::with_groups(note, group_prefix(object.group())));
                note = std::move(groups);
                return {};
            }));
    else
        CS2SIM_TRY(cxi.keys.modify(key.index, apply));
    return call.answer({index_reference(key.index)});
}

// The copy has the original's properties but for those in the template; policies may only get narrower, and a
// copy out of a group needs the right to export.
Result<Bytes> cxi_obj_copy(CxiCall& call) {
    Cxi& cxi = call.cxi;
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, kMakeFlags));
    CS2SIM_TRY_LET(changes, creation_template(call.request.bytes("properties")));
    const LoadedKey& key = call.key("key");
    CS2SIM_TRY(may_move(key.object));
    KeyObject copy = key.object;
    CS2SIM_TRY(cxi.settle(copy));
    CS2SIM_TRY_LET(who, changer(call, key));
    for (const Property& change : changes) {
        const bool free = std::ranges::find(kFreeInCopies, change.id) != std::end(kFreeInCopies);
        if (!free) CS2SIM_TRY(check_change(key.object.properties, change, who));
        if (change.id == CXI_PROP_VALUE) return fail(E_CXI_PROP_READONLY);
        copy.properties.set(change.id, change.value());
    }
    keep_history(copy.properties);
    // A copy outside is as good as a backup.
    if (call.has_flag(CXI_FLAG_KEY_EXTERNAL) &&
        (key.object.export_policy() & CXI_KEY_EXPORT_DENY_BACKUP) != 0)
        return fail(E_CXI_KEY_EXPORT_DENIED);
    CS2SIM_TRY(may_leave(call, key, copy));
    CS2SIM_TRY(may_be_made(call, key, copy.group()));
    CS2SIM_TRY(may_enter(call, key, copy));
    // A copy of a numbered object gets a number of its own.
    if (copy.name().empty() && !changes.has(CXI_PROP_KEY_SPEC)) copy.properties.erase(CXI_PROP_KEY_SPEC);
    CS2SIM_TRY_LET(place, cxi.place_in(call, copy.properties, flags));
    CS2SIM_TRY(may_replace(call, key, copy));
    if (!place.is_volatile()) CS2SIM_TRY(cxi.keys.keep_roles(key));
    CS2SIM_TRY(cxi.keep_trusted(key.object));
    CS2SIM_TRY(cxi.keep_holders(key, {group_prefix(key.object.group())}, copy.group()));
    CS2SIM_TRY_LET(reference, place.put(copy));
    return answer_made(call, reference, copy);
}

}  // namespace cs2sim
