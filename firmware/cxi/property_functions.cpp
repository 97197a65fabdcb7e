// Properties: list keys by them, read them, change them, copy a key with others.
#include <algorithm>

#include "firmware/cxi/cxi.h"
#include "firmware/cxi/group_access.h"
#include "firmware/cxi/handlers.h"
#include "firmware/protocol/pattern.h"

namespace cs2sim {
namespace {

constexpr std::uint32_t kDefaultPage = 256;
constexpr std::uint32_t kMostPerPage = 2048;
constexpr std::size_t kMostRowBytes = 0x40000;  // of one answer

constexpr std::uint32_t kDefaultRow[] = {CXI_PROP_KEY_GROUP, CXI_PROP_KEY_NAME, CXI_PROP_KEY_ALGO,
                                         CXI_PROP_KEY_SIZE,  CXI_PROP_KEY_SPEC, CXI_PROP_KEY_TYPE};

bool is_computed(std::uint32_t id) {
    const PropertyRow* row = find_property(id);
    return row && (row->access & PROP_COMPUTED) != 0;
}

bool matches_template(const KeyObject& key, const PropertyList& filter) {
    for (const Property& wanted : filter) {
        const bool pattern = wanted.id == CXI_PROP_KEY_GROUP || wanted.id == CXI_PROP_KEY_NAME;
        const std::string_view actual = key.properties.text(wanted.id);
        if (pattern) {
            if (!matches_pattern(as_text(wanted.value), actual)) return false;
        } else if (const DefaultRow* standard = find_default(wanted.id)) {
            if (filter.number(wanted.id) != key.properties.number_or(wanted.id, standard->number))
                return false;
        } else if (!key.properties.has(wanted.id) || as_text(wanted.value) != actual) {
            return false;
        }
    }
    return true;
}

// May the caller see keys of a group? The answer is remembered for the last group asked about, as keys of
// one group stand together.
class Visibility {
public:
    explicit Visibility(Call& call) : call_(call) {}
    bool operator()(std::string_view group) {
        if (known_ && group == group_) return visible_;
        group_ = group;
        known_ = true;
        Cxi& cxi = *call_.device.cxi;
        visible_ = cxi.require(call_, group, Right::use).has_value() ||
                   cxi.require(call_, group, Right::manage).has_value();
        return visible_;
    }

private:
    Call& call_;
    std::string group_;
    bool known_ = false;
    bool visible_ = false;
};

Result<Bytes> encode_row(const KeyObject& key, const std::vector<std::uint32_t>& wanted, bool computed) {
    LoadedKey loaded;
    if (computed) {
        auto ready = load_key(key);
        if (!ready) return fail(ready.error());
        loaded = *std::move(ready);
    } else {
        loaded.object = key;
        loaded.index = key_index(key);
    }
    PropertyList row;
    for (const std::uint32_t id : wanted)
        if (const auto value = read_property(loaded, id)) row.set(id, *value);
    return compose(LAYOUT_CXI_ROW, {row.encode()});
}

Result<void> check_change(const PropertyList& before, const Property& change) {
    const PropertyRow* row = find_property(change.id);
    if (row && (row->access & PROP_CHANGEABLE) == 0) return fail(E_CXI_PROP_READONLY);
    if (row && (row->access & PROP_CONFIG) != 0) return fail(E_CXI_PROP_ABSENT);
    const auto number = change.value.size() == 4 ? static_cast<std::uint32_t>(big_endian(change.value)) : 0;
    // Once guarded, always guarded (PKCS#11 v2.40, section 4.4): policies only get narrower.
    if (change.id == CXI_PROP_KEY_EXPORT) {
        const std::uint32_t old = before.number_or(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY);
        constexpr std::uint32_t kAllow = CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN;
        if ((number & ~old & kAllow) != 0 || (old & ~number & CXI_KEY_EXPORT_DENY_BACKUP) != 0)
            return fail(E_CXI_PROP_PROTECTED);
    }
    const bool on = change.value.size() == 1 && change.value[0] != 0;
    if (change.id == CXI_PROP_SENSITIVE && !on && before.flag_or(change.id, false))
        return fail(E_CXI_PROP_PROTECTED);
    if (change.id == CXI_PROP_EXTRACTABLE && on && !before.flag_or(change.id, true))
        return fail(E_CXI_PROP_PROTECTED);
    if (change.id == CXI_PROP_WRAP_WITH_TRUSTED && !on && before.flag_or(change.id, false))
        return fail(E_CXI_PROP_PROTECTED);
    return {};
}

Result<void> apply_changes(KeyObject& object, const PropertyList& changes) {
    if (!object.properties.flag_or(CXI_PROP_MODIFIABLE, true)) return fail(E_CXI_PROP_PROTECTED);
    const PropertyList before = object.properties;
    for (const Property& change : changes) {
        CS2SIM_TRY(check_change(before, change));
        if (change.id == CXI_PROP_VALUE && object.type() < CXI_KEY_TYPE_DATA)
            return fail(E_CXI_PROP_READONLY);
        object.properties.set(change.id, change.value);
    }
    return {};
}

Result<Bytes> set_config(Call& call, std::string_view group, const PropertyList& changes) {
    Cxi& cxi = *call.device.cxi;
    if (group.empty() ? !permits(call.auth_state(), kAdministrator)
                      : !permits(group_state(call.context.users, group), kSecurityOfficer))
        return fail(E_CXI_PERMISSION_DENIED);
    if (group.size() > CXI_MAX_STR) return fail(E_CXI_INVALID_PARAM_LEN);
    for (const Property& change : changes) {
        const PropertyRow* row = find_property(change.id);
        if (!row || (row->access & PROP_CONFIG) == 0) return fail(E_CXI_PROP_ABSENT);
    }
    KeyObject none;
    none.properties.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_CONFIG);
    if (!group.empty()) none.properties.set(CXI_PROP_KEY_GROUP, group);
    const auto apply = [&](KeyObject& config) -> Result<void> {
        for (const Property& change : changes) config.properties.set(change.id, change.value);
        return {};
    };
    CS2SIM_TRY(cxi.keys.modify(key_index(group, {}, 0), apply, &none));
    call.audit(AUDIT_KEY, "CXI: configuration of group '" + std::string(group) + "' changed");
    return call.answer({call.request.bytes("key")});
}

Result<SharedKey> config_or_key(Call& call, ByteView reference) {
    Cxi& cxi = *call.device.cxi;
    if (reference.empty() || reference[0] != CXI_TAG_CONFIG) {
        auto key = cxi.key(call, reference, Right::use);
        if (!key && key.error().code == E_CXI_PERMISSION_DENIED)
            return cxi.key(call, reference, Right::manage);
        return key;
    }
    if (call.context.users.empty()) return fail(E_CXI_PERMISSION_DENIED);
    return cxi.keys.find(key_index(as_text(reference.subspan(1)), {}, 0));
}

}  // namespace

Result<Bytes> cxi_key_list(Call& call) {
    Cxi& cxi = *call.device.cxi;
    const auto filter = PropertyList::decode(call.request.bytes("template"));
    if (!filter) return fail(filter.error());
    auto wanted = decode_property_ids(call.request.bytes("wanted"));
    if (!wanted) return fail(wanted.error());
    if (wanted->empty()) wanted->assign(std::begin(kDefaultRow), std::end(kDefaultRow));
    std::uint32_t limit = call.request.u32("limit");
    if (limit == 0) limit = kDefaultPage;
    if (limit > kMostPerPage) limit = kMostPerPage;

    if (call.context.users.empty()) return fail(E_CXI_PERMISSION_DENIED);
    Visibility visible(call);
    const bool one_group = filter->has(CXI_PROP_KEY_GROUP) && !is_pattern(filter->text(CXI_PROP_KEY_GROUP));
    if (one_group && !visible(filter->text(CXI_PROP_KEY_GROUP))) return fail(E_CXI_PERMISSION_DENIED);
    const auto wanted_key = [&](const KeyObject& key) {
        return key.type() != CXI_KEY_TYPE_CONFIG && visible(key.group()) && matches_template(key, *filter);
    };
    const ByteView from = call.request.bytes("cursor");
    const auto page =
        one_group ? cxi.keys.list_group(filter->text(CXI_PROP_KEY_GROUP), *filter, from, limit, wanted_key)
                  : cxi.keys.list({}, from, limit, wanted_key);
    if (!page) return fail(page.error());

    const bool computed = std::ranges::any_of(*wanted, is_computed);
    Bytes rows;
    Bytes cursor = page->cursor;
    bool more = page->more;
    for (std::size_t i = 0; i < page->keys.size(); ++i) {
        const auto row = encode_row(page->keys[i].key, *wanted, computed);
        if (!row) return fail(row.error());
        if (i > 0 && rows.size() + row->size() > kMostRowBytes) {
            cursor = page->keys[i - 1].cursor;
            more = true;
            break;
        }
        append(rows, *row);
    }
    return call.answer({more ? 1 : 0, cursor, rows});
}

Result<Bytes> cxi_key_prop_get(Call& call) {
    const auto wanted = decode_property_ids(call.request.bytes("wanted"));
    if (!wanted) return fail(wanted.error());
    const auto key = config_or_key(call, call.request.bytes("key"));
    if (!key) return fail(key.error());
    PropertyList out;
    for (const std::uint32_t id : *wanted) {
        const auto value = read_property(**key, id);
        if (!value) return fail(value.error());
        out.set(id, *value);
    }
    if (wanted->empty()) {
        for (const Property& property : (*key)->object.properties)
            if (const auto value = read_property(**key, property.id)) out.set(property.id, *value);
        for (const DefaultRow& row : kDefaults)
            if (const auto value = read_property(**key, row.property)) out.set(row.property, *value);
        for (const PropertyRow& row : property_table())
            if ((row.access & PROP_COMPUTED) != 0)
                if (const auto value = read_property(**key, row.id)) out.set(row.id, *value);
    }
    return call.answer({out.encode()});
}

Result<Bytes> cxi_key_prop_set(Call& call) {
    Cxi& cxi = *call.device.cxi;
    const auto changes = PropertyList::decode(call.request.bytes("properties"));
    if (!changes) return fail(changes.error());
    const ByteView reference = call.request.bytes("key");
    if (!reference.empty() && reference[0] == CXI_TAG_CONFIG)
        return set_config(call, as_text(reference.subspan(1)), *changes);

    const auto key = cxi.key(call, reference, Right::manage);
    if (!key) return fail(key.error());
    const auto apply = [&](KeyObject& object) { return apply_changes(object, *changes); };
    if ((*key)->external) {
        KeyObject changed = (*key)->object;
        CS2SIM_TRY(apply(changed));
        auto place = cxi.place_in(call, changed.properties, CXI_FLAG_KEY_EXTERNAL);
        if (!place) return fail(place.error());
        const auto made = place->put(changed);
        if (!made) return fail(made.error());
        return call.answer({*made});
    }
    CS2SIM_TRY(cxi.keys.modify((*key)->index, apply));
    return call.answer({index_reference((*key)->index)});
}

// The copy has the original's properties but for those in the template; policies may only get narrower, and a
// copy out of a group needs the right to export.
Result<Bytes> cxi_obj_copy(Call& call) {
    Cxi& cxi = *call.device.cxi;
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, CXI_FLAG_KEY_OVERWRITE | CXI_FLAG_KEY_EXTERNAL | CXI_FLAG_KEY_VOLATILE));
    const auto changes = creation_template(call.request.bytes("properties"));
    if (!changes) return fail(changes.error());
    const auto key = cxi.key(call, call.request.bytes("key"), Right::manage);
    if (!key) return fail(key.error());
    KeyObject copy = (*key)->object;
    for (const Property& change : *changes) {
        const bool names = change.id == CXI_PROP_KEY_GROUP || change.id == CXI_PROP_KEY_NAME ||
                           change.id == CXI_PROP_KEY_SPEC || change.id == CXI_PROP_TOKEN ||
                           change.id == CXI_PROP_PRIVATE || change.id == CXI_PROP_MODIFIABLE;
        if (!names) CS2SIM_TRY(check_change((*key)->object.properties, change));
        if (change.id == CXI_PROP_VALUE) return fail(E_CXI_PROP_READONLY);
        copy.properties.set(change.id, change.value);
    }
    // A copy outside is as good as a backup.
    if ((flags & CXI_FLAG_KEY_EXTERNAL) != 0 &&
        ((*key)->object.export_policy() & CXI_KEY_EXPORT_DENY_BACKUP) != 0)
        return fail(E_CXI_KEY_EXPORT_DENIED);
    const bool leaves_group = copy.group() != (*key)->object.group();
    if (leaves_group && !copy.is_public() && (copy.export_policy() & CXI_KEY_EXPORT_ALLOW) == 0)
        return fail(E_CXI_KEY_EXPORT_DENIED);
    // A copy of a numbered object gets a number of its own.
    if (copy.name().empty() && !changes->has(CXI_PROP_KEY_SPEC)) copy.properties.erase(CXI_PROP_KEY_SPEC);
    auto place = cxi.place_in(call, copy.properties, flags);
    if (!place) return fail(place.error());
    const auto reference = place->put(copy);
    if (!reference) return fail(reference.error());
    return call.answer({*reference});
}

}  // namespace cs2sim
