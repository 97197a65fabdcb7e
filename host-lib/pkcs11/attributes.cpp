#include "host-lib/pkcs11/attributes.h"

#include <openssl/ec.h>
#include <openssl/objects.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "firmware/crypto/der.h"
#include "firmware/crypto/openssl.h"
#include "firmware/crypto/pkey.h"
#include "host-lib/pkcs11/domain_parameters.h"

namespace cs2sim::p11 {
namespace {

constexpr std::uint8_t DATA = CLASS_DATA, CERT = CLASS_CERT, PUBLIC = CLASS_PUBLIC, PRIVATE = CLASS_PRIVATE,
                       SECRET = CLASS_SECRET, DOMAIN = CLASS_DOMAIN, KEYS = CLASS_KEYS, ALL = CLASS_ALL;
constexpr std::uint16_t CREATE = ACCESS_CREATE, GENERATE = ACCESS_GENERATE, UNWRAP = ACCESS_UNWRAP,
                        MAKE = ACCESS_MAKE, COPY = ACCESS_COPY, SET = ACCESS_SET,
                        ONLY_TRUE = ACCESS_ONLY_TRUE, ONLY_FALSE = ACCESS_ONLY_FALSE, SO = ACCESS_SO,
                        HIDDEN = ACCESS_HIDDEN, R3 = ACCESS_R3;
constexpr std::uint32_t CUSTOM(std::uint32_t number) { return CXI_PROP_CUSTOM | number; }

constexpr AttributeRow kAttributes[] = {
#define CS2SIM_P11_ATTRIBUTE(name, property, codec, classes, access) \
    {CKA_##name, property, Codec::codec, classes, access},
#include "host-lib/pkcs11/attributes.inc"
#undef CS2SIM_P11_ATTRIBUTE
};

struct ClassBitRow {
    CK_OBJECT_CLASS object_class;
    std::uint8_t bit;
};
constexpr ClassBitRow kClassBits[] = {
    {CKO_DATA, CLASS_DATA},           {CKO_CERTIFICATE, CLASS_CERT},  {CKO_PUBLIC_KEY, CLASS_PUBLIC},
    {CKO_PRIVATE_KEY, CLASS_PRIVATE}, {CKO_SECRET_KEY, CLASS_SECRET}, {CKO_DOMAIN_PARAMETERS, CLASS_DOMAIN},
};

// What an object has that does not say: objects made through CXI.
struct DefaultFlag {
    CK_ATTRIBUTE_TYPE type;
    bool value;
};
constexpr DefaultFlag kDefaultFlags[] = {
    {CKA_PRIVATE, true},
    {CKA_MODIFIABLE, true},
    {CKA_COPYABLE, true},
    {CKA_TRUSTED, false},
    {CKA_DESTROYABLE, true},
    {CKA_ALWAYS_AUTHENTICATE, false},
    {CKA_WRAP_WITH_TRUSTED, false},
    {CKA_LOCAL, false},
};

// USAGE of CXI narrows what the flags say.
struct UsageBit {
    CK_ATTRIBUTE_TYPE type;
    std::uint32_t usage;
};
constexpr UsageBit kUsageBits[] = {
    {CKA_ENCRYPT, CXI_KEY_USAGE_ENCRYPT}, {CKA_DECRYPT, CXI_KEY_USAGE_DECRYPT},
    {CKA_WRAP, CXI_KEY_USAGE_WRAP},       {CKA_UNWRAP, CXI_KEY_USAGE_UNWRAP},
    {CKA_SIGN, CXI_KEY_USAGE_SIGN},       {CKA_VERIFY, CXI_KEY_USAGE_VERIFY},
    {CKA_DERIVE, CXI_KEY_USAGE_DERIVE},
};

bool barred_by_usage(const PropertyList& properties, CK_ATTRIBUTE_TYPE type) {
    const std::uint32_t usage = properties.number_or(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL);
    return std::ranges::any_of(
        kUsageBits, [&](const UsageBit& row) { return row.type == type && (usage & row.usage) == 0; });
}

bool is_storage(std::uint8_t bits) { return (bits & (CLASS_DATA | CLASS_CERT | CLASS_DOMAIN)) != 0; }

Result<Bytes> flag_value(const PropertyList& properties, const AttributeRow& row, std::uint8_t bit) {
    if (barred_by_usage(properties, row.type)) return Bytes{CK_FALSE};
    if (properties.has(row.property))
        return Bytes{properties.flag_or(row.property, false) ? CK_TRUE : CK_FALSE};
    for (const DefaultFlag& standard : kDefaultFlags)
        if (standard.type == row.type) return Bytes{standard.value ? CK_TRUE : CK_FALSE};
    const std::uint32_t policy = properties.number_or(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY);
    if (row.type == CKA_EXTRACTABLE) return Bytes{(policy & 3) != 0 ? CK_TRUE : CK_FALSE};
    if (row.type == CKA_SENSITIVE)
        return Bytes{(policy & CXI_KEY_EXPORT_ALLOW_PLAIN) == 0 ? CK_TRUE : CK_FALSE};
    // What CXI does not forbid is allowed.
    return Bytes{(bit & CLASS_KEYS) != 0 ? CK_TRUE : CK_FALSE};
}

Bytes curve_parameters(std::string_view name) {
    const Handle<ASN1_OBJECT> object(OBJ_txt2obj(std::string(name).c_str(), 0));
    return object ? der_of(object.get(), i2d_ASN1_OBJECT) : Bytes();
}

Bytes mechanism_numbers(ByteView property) {
    Bytes out;
    for (; property.size() >= 8; property = property.subspan(8))
        append(out, ulong_bytes(big_endian(property.first(8))));
    return out;
}

// Attributes that keys of some types have.
struct SingleKind {
    CK_ATTRIBUTE_TYPE type;
    CK_KEY_TYPE key_types[3];
};
constexpr SingleKind kSingleKinds[] = {
    {CKA_MODULUS, {CKK_RSA, CKK_RSA, CKK_RSA}},
    {CKA_MODULUS_BITS, {CKK_RSA, CKK_RSA, CKK_RSA}},
    {CKA_PUBLIC_EXPONENT, {CKK_RSA, CKK_RSA, CKK_RSA}},
    {CKA_PRIVATE_EXPONENT, {CKK_RSA, CKK_RSA, CKK_RSA}},
    {CKA_PRIME_1, {CKK_RSA, CKK_RSA, CKK_RSA}},
    {CKA_PRIME_2, {CKK_RSA, CKK_RSA, CKK_RSA}},
    {CKA_EXPONENT_1, {CKK_RSA, CKK_RSA, CKK_RSA}},
    {CKA_EXPONENT_2, {CKK_RSA, CKK_RSA, CKK_RSA}},
    {CKA_COEFFICIENT, {CKK_RSA, CKK_RSA, CKK_RSA}},
    {CKA_EC_PARAMS, {CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY}},
    {CKA_EC_POINT, {CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY}},
    {CKA_PRIME, {CKK_DSA, CKK_DH, CKK_DH}},
    {CKA_SUBPRIME, {CKK_DSA, CKK_DSA, CKK_DSA}},
    {CKA_BASE, {CKK_DSA, CKK_DH, CKK_DH}},
    {CKA_PRIME_BITS, {CKK_DSA, CKK_DH, CKK_DH}},
    {CKA_SUB_PRIME_BITS, {CKK_DSA, CKK_DSA, CKK_DSA}},
    {CKA_VALUE_BITS, {CKK_DH, CKK_DH, CKK_DH}},
};

// CK_DATE: yyyymmdd, a day that there is.
bool is_day(ByteView text) {
    if (text.size() != sizeof(CK_DATE)) return false;
    if (!std::ranges::all_of(text, [](std::uint8_t c) { return c >= '0' && c <= '9'; })) return false;
    const auto number = [&](std::size_t at, std::size_t digits) {
        unsigned value = 0;
        for (std::size_t i = at; i < at + digits; ++i) value = value * 10 + (text[i] - '0');
        return value;
    };
    return std::chrono::year_month_day(std::chrono::year(static_cast<int>(number(0, 4))),
                                       std::chrono::month(number(4, 2)), std::chrono::day(number(6, 2)))
        .ok();
}

}  // namespace

bool AttributeRow::belongs_to(CK_KEY_TYPE key_type) const {
    return std::ranges::none_of(kSingleKinds, [&](const SingleKind& row) {
        return row.type == type && std::ranges::find(row.key_types, key_type) == std::end(row.key_types);
    });
}

std::span<const AttributeRow> attribute_table() { return kAttributes; }

const AttributeRow* find_attribute(CK_ATTRIBUTE_TYPE type) {
    const auto* row = std::ranges::find(kAttributes, type, &AttributeRow::type);
    return row == std::end(kAttributes) ? nullptr : row;
}

const Bytes& wanted_properties() {
    static const Bytes* const all = [] {
        std::vector<std::uint32_t> ids = {CXI_PROP_KEY_GROUP,
                                          CXI_PROP_KEY_NAME,
                                          CXI_PROP_KEY_SPEC,
                                          CXI_PROP_KEY_ALGO,
                                          CXI_PROP_KEY_SIZE,
                                          CXI_PROP_KEY_TYPE,
                                          CXI_PROP_KEY_EXPORT,
                                          CXI_PROP_KEY_UNAME,
                                          CXI_PROP_KEY_USAGE,
                                          CXI_PROP_KEY_DSA_PUBKEY,
                                          CXI_PROP_CUSTOM | CKA_KEY_TYPE,
                                          CXI_PROP_CUSTOM | CKA_CHECK_VALUE};
        for (const AttributeRow& row : kAttributes)
            if (row.property != 0) ids.push_back(row.property);
        std::ranges::sort(ids);
        ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
        auto* list = new Bytes;
        for (const std::uint32_t id : ids) append_big_endian(*list, id, 4);
        return list;
    }();
    return *all;
}

std::uint8_t class_bit(CK_OBJECT_CLASS object_class) {
    for (const ClassBitRow& row : kClassBits)
        if (row.object_class == object_class) return row.bit;
    return 0;
}

Bytes ulong_bytes(CK_ULONG number) {
    Bytes bytes(sizeof number);
    std::memcpy(bytes.data(), &number, sizeof number);
    return bytes;
}

CK_ULONG ulong_of(ByteView bytes) {
    CK_ULONG number = 0;
    std::memcpy(&number, bytes.data(), sizeof number);
    return number;
}

Bytes der_octets(ByteView content) {
    Bytes der{0x04};
    if (content.size() < 0x80) {
        der.push_back(static_cast<std::uint8_t>(content.size()));
    } else if (content.size() < 0x100) {
        der.insert(der.end(), {0x81, static_cast<std::uint8_t>(content.size())});
    } else {
        der.push_back(0x82);
        append_big_endian(der, content.size() & 0xFFFF, 2);
    }
    append(der, content);
    return der;
}

ByteView octets_content(ByteView der) {
    for (const std::size_t head : {2u, 3u, 4u})
        if (der.size() > head && der[0] == 0x04) {
            const ByteView content = der.subspan(head);
            const Bytes again = der_octets(content);
            if (std::ranges::equal(again, der)) return content;
        }
    return der;
}

ByteView point_in(ByteView given, std::string_view curve) {
    constexpr std::size_t k25519 = 32;  // which have no compressed form
    const std::string known = openssl_curve_name(curve);
    const Handle<EC_GROUP> group(known.empty() ? nullptr
                                               : EC_GROUP_new_by_curve_name(OBJ_txt2nid(known.c_str())));
    const auto coordinate =
        group ? static_cast<std::size_t>(EC_GROUP_get_degree(group.get()) + 7) / 8 : k25519;
    const bool bare = group ? given.size() == 1 + coordinate || given.size() == 1 + 2 * coordinate
                            : given.size() == coordinate;
    return bare ? given : octets_content(given);
}

Result<std::string> curve_name(ByteView parameters) {
    if (parameters.size() < 3) return fail(CKR_CURVE_NOT_SUPPORTED);
    if (parameters[0] == V_ASN1_PRINTABLESTRING && parameters[1] == parameters.size() - 2)
        return std::string(as_text(parameters.subspan(2)));
    if (parameters[0] == V_ASN1_OBJECT) {
        if (parameters[1] != parameters.size() - 2) return fail(CKR_CURVE_NOT_SUPPORTED);
        return std::string(as_text(parameters));
    }
    const unsigned char* at = parameters.data();
    const Handle<EC_GROUP> group(d2i_ECPKParameters(nullptr, &at, static_cast<long>(parameters.size())));
    if (!group || at != parameters.data() + parameters.size()) return fail(CKR_CURVE_NOT_SUPPORTED);
    const int nid = EC_GROUP_check_named_curve(group.get(), 0, nullptr);
    if (nid == NID_undef) return fail(CKR_CURVE_NOT_SUPPORTED);
    return std::string(OBJ_nid2sn(nid));
}

Result<Bytes> attribute_value(const PropertyList& properties, const AttributeRow& row, bool is_token) {
    const std::uint8_t bit = class_bit(class_of(properties));
    if ((row.classes & bit) == 0) return fail(CKR_ATTRIBUTE_TYPE_INVALID);
    const ByteView property = properties.bytes(row.property);
    const bool present = row.property != 0 && properties.has(row.property);
    const auto none = fail(CKR_ATTRIBUTE_TYPE_INVALID);
    switch (row.codec) {
        case Codec::flag:
            return flag_value(properties, row, bit);
        case Codec::number:
            if (!present) return none;
            return ulong_bytes(big_endian(property));
        case Codec::bytes:
            // Attributes of certificates and data are empty by default; MODULUS of an EC key is none at all.
            if (!present && (row.has(ACCESS_SET) || is_storage(bit))) return Bytes();
            if (!present) return none;
            return to_bytes(property);
        case Codec::object_class:
            return ulong_bytes(class_of(properties));
        case Codec::token:
            return Bytes{is_token ? CK_TRUE : CK_FALSE};
        case Codec::unique_id:
            return to_bytes(as_bytes(to_hex(property)));
        case Codec::value:
            if (bit == CLASS_PUBLIC) {
                if (!properties.has(CXI_PROP_KEY_DSA_PUBKEY)) return none;
                return to_bytes(properties.bytes(CXI_PROP_KEY_DSA_PUBKEY));
            }
            if (!is_storage(bit)) return fail(CKR_ATTRIBUTE_SENSITIVE);
            return to_bytes(property);
        case Codec::check_value: {
            // Ours where there is one: of certificates, and the empty one of keys that shall have none.
            if (properties.has(CUSTOM(CKA_CHECK_VALUE)))
                return to_bytes(properties.bytes(CUSTOM(CKA_CHECK_VALUE)));
            if (!present) return none;
            return to_bytes(property);
        }
        case Codec::key_type:
            return ulong_bytes(key_type_of(properties));
        case Codec::date:
            return to_bytes(property);
        case Codec::modulus_bits:
            if (key_type_of(properties) != CKK_RSA) return none;
            return ulong_bytes(big_endian(property));
        case Codec::component:
            if (row.type != CKA_VALUE && key_type_of(properties) != CKK_RSA) return none;
            return fail(CKR_ATTRIBUTE_SENSITIVE);
        case Codec::mechanism:
            return ulong_bytes(present ? big_endian(property) : CK_UNAVAILABLE_INFORMATION);
        case Codec::mechanisms:
            return mechanism_numbers(property);
        case Codec::curve:
            if (bit == CLASS_DOMAIN) return domain_attribute(properties, row.type);
            if (!present) return none;
            return curve_parameters(as_text(property));
        case Codec::point:
            if (!present) return none;
            return der_octets(property);
        case Codec::attributes:
            return to_bytes(property);
        case Codec::group_number:
            if (bit == CLASS_DOMAIN) return domain_attribute(properties, row.type);
            if (!present) return none;
            return to_bytes(property);
        case Codec::group_bits:
            return domain_attribute(properties, row.type);
        case Codec::value_bits:
            return none;
    }
    return none;
}

bool flag_of(const PropertyList& properties, CK_ATTRIBUTE_TYPE type) {
    const auto value = attribute_value(properties, *find_attribute(type), true);
    return value && !value->empty() && value->front() != CK_FALSE;
}

Result<Bytes> property_value(const AttributeRow& row, ByteView value) {
    const auto bad = fail(CKR_ATTRIBUTE_VALUE_INVALID);
    switch (row.codec) {
        case Codec::flag:
        case Codec::token:
            if (value.size() != 1 || value[0] > 1) return bad;
            return Bytes{value[0]};
        case Codec::number:
        case Codec::modulus_bits: {
            if (value.size() != sizeof(CK_ULONG)) return bad;
            const CK_ULONG number = ulong_of(value);
            if (number > 0xFFFFFFFF) return bad;
            Bytes out;
            append_big_endian(out, number, 4);
            return out;
        }
        case Codec::object_class:
        case Codec::key_type:
            if (value.size() != sizeof(CK_ULONG)) return bad;
            return to_bytes(value);
        case Codec::date:
            if (!value.empty() && !is_day(value)) return bad;
            return to_bytes(value);
        case Codec::mechanism:
        case Codec::mechanisms: {
            if (value.size() % sizeof(CK_MECHANISM_TYPE) != 0) return bad;
            Bytes out;
            for (; !value.empty(); value = value.subspan(sizeof(CK_ULONG)))
                append_big_endian(out, ulong_of(value.first(sizeof(CK_ULONG))), 8);
            return out;
        }
        case Codec::curve: {
            CS2SIM_TRY_LET(name, curve_name(value));
            return to_bytes(as_bytes(name));
        }
        case Codec::point:
            return to_bytes(octets_content(value));
        case Codec::group_bits:
        case Codec::value_bits:
            if (value.size() != sizeof(CK_ULONG)) return bad;
            return to_bytes(value);
        default:
            return to_bytes(value);
    }
}

}  // namespace cs2sim::p11
