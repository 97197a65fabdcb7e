#include "host-lib/pkcs11/templates.h"

#include <algorithm>
#include <cstring>

#include "host-lib/pkcs11/mechanisms.h"

namespace cs2sim::p11 {
namespace {

constexpr CK_ULONG kMostAttributes = 1024;
constexpr CK_ULONG kMostBytes = 1 << 20;
constexpr std::size_t kCheckValue = 3;

std::uint32_t property_of(CK_ATTRIBUTE_TYPE type) { return find_attribute(type)->property; }

bool length_fits(Codec codec, std::size_t length) {
    switch (codec) {
        case Codec::flag:
        case Codec::token:
            return length == sizeof(CK_BBOOL);
        case Codec::number:
        case Codec::modulus_bits:
        case Codec::object_class:
        case Codec::key_type:
        case Codec::mechanism:
        case Codec::group_bits:
        case Codec::value_bits:
            return length == sizeof(CK_ULONG);
        case Codec::mechanisms:
            return length % sizeof(CK_ULONG) == 0;
        case Codec::date:
            return length == 0 || length == sizeof(CK_DATE);
        case Codec::attributes:
            return length % sizeof(CK_ATTRIBUTE) == 0;
        default:
            return true;
    }
}

// What a new object has when its template does not say, by attribute and class. Usages: what keys of the type
// are mostly for (pkcs11-facts.md, section 8: RSA pairs sign and verify). OUR CHOICE where no source gives
// one.
struct StandardFlag {
    CK_ATTRIBUTE_TYPE type;
    std::uint8_t on;   // classes in which it is true
    std::uint8_t off;  // and in which it is false
};
constexpr std::uint8_t kPrivateSecret = CLASS_PRIVATE | CLASS_SECRET;
constexpr StandardFlag kStandardFlags[] = {
    {CKA_PRIVATE, kPrivateSecret, CLASS_DATA | CLASS_CERT | CLASS_PUBLIC | CLASS_DOMAIN},
    {CKA_MODIFIABLE, CLASS_ALL, 0},
    {CKA_COPYABLE, CLASS_ALL, 0},
    {CKA_DESTROYABLE, CLASS_ALL, 0},
    {CKA_SENSITIVE, kPrivateSecret, 0},
    {CKA_EXTRACTABLE, 0, kPrivateSecret},
    {CKA_TRUSTED, 0, CLASS_CERT | CLASS_PUBLIC | CLASS_SECRET},
    {CKA_SIGN, kPrivateSecret, 0},
    {CKA_VERIFY, CLASS_PUBLIC | CLASS_SECRET, 0},
    {CKA_ENCRYPT, CLASS_SECRET, CLASS_PUBLIC},
    {CKA_DECRYPT, CLASS_SECRET, CLASS_PRIVATE},
    {CKA_WRAP, 0, CLASS_PUBLIC | CLASS_SECRET},
    {CKA_UNWRAP, 0, kPrivateSecret},
    {CKA_SIGN_RECOVER, 0, CLASS_PRIVATE},
    {CKA_VERIFY_RECOVER, 0, CLASS_PUBLIC},
    {CKA_DERIVE, 0, CLASS_KEYS},
    {CKA_ALWAYS_AUTHENTICATE, 0, CLASS_PRIVATE},
    {CKA_WRAP_WITH_TRUSTED, 0, kPrivateSecret},
};

bool is_work(CK_ATTRIBUTE_TYPE type) {
    return type == CKA_ENCRYPT || type == CKA_DECRYPT || type == CKA_SIGN || type == CKA_VERIFY;
}

// Certified modes have no key that handles keys and does other work: there, the one makes the defaults of the
// other false.
void add_standard_flags(PropertyList& properties, std::uint8_t bit, bool certified) {
    const bool handles_keys =
        properties.flag_or(CXI_PROP_WRAP, false) || properties.flag_or(CXI_PROP_UNWRAP, false);
    for (const StandardFlag& row : kStandardFlags) {
        const std::uint32_t id = property_of(row.type);
        if (((row.on | row.off) & bit) == 0 || properties.has(id)) continue;
        const bool barred = certified && handles_keys && is_work(row.type);
        properties.set_flag(id, (row.on & bit) != 0 && !barred);
    }
}

// The export policy that SENSITIVE and EXTRACTABLE say (pkcs11-facts.md, section 5).
void set_export_policy(PropertyList& properties) {
    const bool extractable = properties.flag_or(CXI_PROP_EXTRACTABLE, false);
    const bool sensitive = properties.flag_or(CXI_PROP_SENSITIVE, true);
    std::uint32_t policy = CXI_KEY_EXPORT_DENY;
    if (extractable)
        policy = sensitive ? CXI_KEY_EXPORT_ALLOW : CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN;
    properties.set_number(CXI_PROP_KEY_EXPORT, policy);
}

// The last moment of a day, as DATE_EXP has it.
void set_expiry(PropertyList& properties) {
    const ByteView end = properties.bytes(property_of(CKA_END_DATE));
    if (end.size() == sizeof(CK_DATE))
        properties.set(CXI_PROP_KEY_DATE_EXP, std::string(as_text(end.subspan(2))) + "235959");
}

// ALLOWED_MECHANISMS also in CXI's numbers, so that the device keeps to them, whoever uses the key.
void set_mechanisms(PropertyList& properties) {
    const ByteView listed = properties.bytes(property_of(CKA_ALLOWED_MECHANISMS));
    if (listed.empty()) return;
    Bytes numbers;
    for (ByteView rest = listed; rest.size() >= 8; rest = rest.subspan(8))
        for (const std::uint32_t number : device_mechanisms(big_endian(rest.first(8))))
            append_big_endian(numbers, number, 4);
    properties.set(CXI_PROP_KEY_MECHS, numbers);
}

// Attributes that say what key it is, and its components: they go other ways than properties.
bool is_description(Codec codec) {
    return codec == Codec::object_class || codec == Codec::key_type || codec == Codec::token ||
           codec == Codec::value || codec == Codec::component || codec == Codec::point ||
           codec == Codec::check_value || codec == Codec::unique_id || codec == Codec::group_bits ||
           codec == Codec::value_bits;
}

bool is_on(Codec codec, ByteView value) {
    return codec == Codec::flag && value.size() == 1 && value[0] != CK_FALSE;
}

Result<void> put(PropertyList& properties, const AttributeRow& row, ByteView value) {
    CS2SIM_TRY_LET(encoded, property_value(row, value));
    properties.set(row.property, encoded);
    return {};
}

}  // namespace

Result<Template> Template::read(const CK_ATTRIBUTE* attributes, CK_ULONG count, bool r3) {
    return read_at(attributes, count, r3, 0);
}

Result<Template> Template::read_at(const CK_ATTRIBUTE* attributes, CK_ULONG count, bool r3, unsigned depth) {
    if ((!attributes && count != 0) || count > kMostAttributes) return fail(CKR_ARGUMENTS_BAD);
    Template read;
    for (CK_ULONG i = 0; i < count; ++i) {
        const CK_ATTRIBUTE& given = attributes[i];
        const AttributeRow* row = find_attribute(given.type);
        if (!row || (!r3 && row->has(ACCESS_R3))) return fail(CKR_ATTRIBUTE_TYPE_INVALID);
        if (!given.pValue && given.ulValueLen != 0) return fail(CKR_ARGUMENTS_BAD);
        if (given.ulValueLen > kMostBytes || !length_fits(row->codec, given.ulValueLen))
            return fail(CKR_ATTRIBUTE_VALUE_INVALID);
        if ((row->codec == Codec::flag || row->codec == Codec::token) && given.pValue &&
            *static_cast<const CK_BBOOL*>(given.pValue) > CK_TRUE)
            return fail(CKR_ATTRIBUTE_VALUE_INVALID);
        Bytes nested;
        ByteView value(static_cast<const std::uint8_t*>(given.pValue), given.ulValueLen);
        if (row->codec == Codec::attributes) {
            if (depth == kMostTemplateDepth) return fail(CKR_ATTRIBUTE_VALUE_INVALID);
            CS2SIM_TRY_LET(inner, read_at(static_cast<const CK_ATTRIBUTE*>(given.pValue),
                                          given.ulValueLen / sizeof(CK_ATTRIBUTE), r3, depth + 1));
            nested = inner.encode();
            if (nested.size() > kMostBytes) return fail(CKR_ATTRIBUTE_VALUE_INVALID);
            value = nested;
        }
        if (read.has(given.type) && !std::ranges::equal(read.bytes(given.type), value))
            return fail(CKR_TEMPLATE_INCONSISTENT);
        read.set(given.type, value);
    }
    return read;
}

Bytes Template::encode() const {
    Bytes encoded;
    for (const auto& [type, value] : values_) {
        append_big_endian(encoded, type, 8);
        append_big_endian(encoded, value.size(), 4);
        append(encoded, value);
    }
    return encoded;
}

Template Template::decode(ByteView encoded) {
    constexpr std::size_t kHead = 12;
    Template out;
    while (encoded.size() >= kHead) {
        const CK_ATTRIBUTE_TYPE type = big_endian(encoded.first(8));
        const std::size_t length = big_endian(encoded.subspan(8, 4));
        encoded = encoded.subspan(kHead);
        if (length > encoded.size() || !find_attribute(type)) break;  // none of ours
        out.set(type, encoded.first(length));
        encoded = encoded.subspan(length);
    }
    return out;
}

Result<void> Template::join(const Template& other) {
    for (const auto& [type, value] : other) {
        if (has(type) && !std::ranges::equal(bytes(type), value)) return fail(CKR_TEMPLATE_INCONSISTENT);
        set(type, value);
    }
    return {};
}

ByteView Template::bytes(CK_ATTRIBUTE_TYPE type) const {
    const auto found = values_.find(type);
    return found == values_.end() ? ByteView() : ByteView(found->second);
}

std::optional<CK_ULONG> Template::number(CK_ATTRIBUTE_TYPE type) const {
    const ByteView value = bytes(type);
    if (value.size() != sizeof(CK_ULONG)) return std::nullopt;
    return ulong_of(value);
}

bool Template::flag(CK_ATTRIBUTE_TYPE type, bool otherwise) const {
    const ByteView value = bytes(type);
    return value.size() == 1 ? value[0] != CK_FALSE : otherwise;
}

namespace {

// "This attribute may only be set to CK_TRUE when CKA_PRIVATE is also CK_TRUE" (PKCS#11 3.0, section 4.9).
Result<void> check_authentication(const PropertyList& properties) {
    const bool open_to_all = !properties.flag_or(CXI_PROP_PRIVATE, true);
    if (open_to_all && properties.flag_or(CXI_PROP_ALWAYS_AUTHENTICATE, false))
        return fail(CKR_TEMPLATE_INCONSISTENT);
    return {};
}

}  // namespace

Result<PropertyList> new_properties(const Template& given, CK_OBJECT_CLASS object_class, CK_KEY_TYPE key_type,
                                    Making how, const Maker& maker) {
    const std::uint8_t bit = class_bit(object_class);
    if (given.number(CKA_CLASS).value_or(object_class) != object_class)
        return fail(CKR_TEMPLATE_INCONSISTENT);
    const bool is_key = (bit & CLASS_KEYS) != 0;
    if (is_key && given.number(CKA_KEY_TYPE).value_or(key_type) != key_type)
        return fail(CKR_TEMPLATE_INCONSISTENT);
    PropertyList properties;
    for (const auto& [type, value] : given) {
        const AttributeRow& row = *find_attribute(type);
        if ((row.classes & bit) == 0) {
            if (row.codec == Codec::flag && !is_on(row.codec, value))
                continue;  // what it cannot have, it has not
            return fail(CKR_TEMPLATE_INCONSISTENT);
        }
        if (is_key && (!row.belongs_to(key_type) || (type == CKA_VALUE && bit == CLASS_PUBLIC &&
                                                     key_type != CKK_DSA && key_type != CKK_DH)))
            return fail(CKR_TEMPLATE_INCONSISTENT);
        if ((row.access & static_cast<std::uint16_t>(how)) == 0)
            return fail((row.access & ACCESS_MAKE) == 0 ? CKR_ATTRIBUTE_READ_ONLY
                                                        : CKR_TEMPLATE_INCONSISTENT);
        if (row.has(ACCESS_SO) && is_on(row.codec, value) && !maker.so) return fail(CKR_ATTRIBUTE_READ_ONLY);
        if (type == CKA_CHECK_VALUE && bit == CLASS_SECRET) {
            if (!value.empty() && value.size() != kCheckValue) return fail(CKR_ATTRIBUTE_VALUE_INVALID);
            // The device compares it with its own; with an empty one the key shall tell none.
            properties.set(value.empty() ? CXI_PROP_CUSTOM | CKA_CHECK_VALUE : +CXI_PROP_CHECK_VALUE, value);
        }
        if (is_description(row.codec) || type == CKA_VALUE_LEN) continue;
        if ((type == CKA_MODULUS || (type == CKA_PUBLIC_EXPONENT && how == Making::create))) continue;
        CS2SIM_TRY(put(properties, row, value));
    }
    add_standard_flags(properties, bit, maker.certified);
    CS2SIM_TRY(check_authentication(properties));
    set_mechanisms(properties);
    if ((bit & kPrivateSecret) != 0) set_export_policy(properties);
    set_expiry(properties);
    return properties;
}

Result<void> check_guards(const Template& given, const PropertyList& made) {
    for (const auto& [type, value] : given) {
        const AttributeRow& row = *find_attribute(type);
        const bool guard = row.has(ACCESS_ONLY_TRUE) || row.has(ACCESS_ONLY_FALSE);
        if (!guard || row.codec != Codec::flag || (row.classes & class_bit(class_of(made))) == 0) continue;
        if (is_on(row.codec, value) != flag_of(made, type)) return fail(CKR_TEMPLATE_INCONSISTENT);
    }
    return {};
}

Result<PropertyList> changed_properties(const Template& given, const PropertyList& before,
                                        AttributeAccess how, bool so) {
    const std::uint8_t bit = class_bit(class_of(before));
    PropertyList changes;
    for (const auto& [type, value] : given) {
        const AttributeRow& row = *find_attribute(type);
        if ((row.classes & bit) == 0) return fail(CKR_TEMPLATE_INCONSISTENT);
        const auto old = attribute_value(before, row, true);
        const bool same = old && std::ranges::equal(*old, value);
        if (row.codec == Codec::token && how == ACCESS_COPY) continue;
        if (same && how == ACCESS_COPY) continue;  // a copy may repeat what it has anyway
        if (!row.has(how)) return fail(CKR_ATTRIBUTE_READ_ONLY);
        if (row.has(ACCESS_SO) && is_on(row.codec, value) && !so) return fail(CKR_ATTRIBUTE_READ_ONLY);
        if (!same && row.has(ACCESS_ONLY_TRUE) && !is_on(row.codec, value))
            return fail(CKR_ATTRIBUTE_READ_ONLY);
        if (!same && row.has(ACCESS_ONLY_FALSE) && is_on(row.codec, value))
            return fail(CKR_ATTRIBUTE_READ_ONLY);
        CS2SIM_TRY(put(changes, row, value));
    }
    PropertyList after = before;
    for (const Property& change : changes) after.set(change.id, change.value());
    CS2SIM_TRY(check_authentication(after));
    if (changes.has(CXI_PROP_SENSITIVE) || changes.has(CXI_PROP_EXTRACTABLE)) {
        set_export_policy(after);
        changes.set_number(CXI_PROP_KEY_EXPORT, after.number_or(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY));
    }
    set_expiry(changes);
    return changes;
}

bool matches(const Template& wanted, const PropertyList& properties, bool is_token) {
    for (const auto& [type, value] : wanted) {
        const auto actual = attribute_value(properties, *find_attribute(type), is_token);
        if (!actual || !std::ranges::equal(*actual, value)) return false;
    }
    return true;
}

}  // namespace cs2sim::p11
