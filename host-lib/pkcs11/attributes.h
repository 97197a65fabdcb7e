// The table of attributes and the codecs between attribute values and CXI properties.
#pragma once

#include <optional>
#include <span>

#include "firmware/protocol/cxi/property_list.h"
#include "host-lib/pkcs11/cryptoki/key_types.h"
#include "host-lib/pkcs11/errors.h"

namespace cs2sim::p11 {

// Classes of objects, a bit each.
enum ClassBit : std::uint8_t {
    CLASS_DATA = 0x01,
    CLASS_CERT = 0x02,
    CLASS_PUBLIC = 0x04,
    CLASS_PRIVATE = 0x08,
    CLASS_SECRET = 0x10,
    CLASS_DOMAIN = 0x20,
    CLASS_KEYS = CLASS_PUBLIC | CLASS_PRIVATE | CLASS_SECRET,
    CLASS_ALL = 0x3F,
};

enum AttributeAccess : std::uint16_t {
    ACCESS_CREATE = 0x001,
    ACCESS_GENERATE = 0x002,
    ACCESS_UNWRAP = 0x004,
    ACCESS_MAKE = ACCESS_CREATE | ACCESS_GENERATE | ACCESS_UNWRAP,
    ACCESS_COPY = 0x008,
    ACCESS_SET = 0x010,
    ACCESS_ONLY_TRUE = 0x020,
    ACCESS_ONLY_FALSE = 0x040,
    ACCESS_SO = 0x080,
    ACCESS_HIDDEN = 0x100,
    ACCESS_R3 = 0x200,
};

enum class Codec : std::uint8_t {
    flag,          // CK_BBOOL
    number,        // CK_ULONG of a four-byte number
    bytes,         // as they are
    object_class,  // CKO of TYPE
    token,         // whether it is a token object: not read from the property
    unique_id,     // hexadecimal
    value,         // VALUE of storage objects; of keys only by export
    check_value,   // three bytes
    key_type,      // CKK of ALGO, SIZE and curve
    date,          // CK_DATE
    modulus_bits,  // SIZE of RSA keys
    component,     // of private keys, only by export
    mechanism,     // CK_ULONG of an eight-byte number
    mechanisms,    // CK_MECHANISM_TYPE[] of the same
    curve,         // EC parameters in DER
    point,         // EC point in a DER OCTET STRING
    attributes,    // CK_ATTRIBUTE[]: as Template::encode() writes it
    group_number,  // of the group of DSA and DH keys
    group_bits,    // how long P and Q of domain parameters are
    value_bits,    // how long a DH key's private value is to be at least: the device makes it long enough
};

struct AttributeRow {
    CK_ATTRIBUTE_TYPE type;
    std::uint32_t property;
    Codec codec;
    std::uint8_t classes;
    std::uint16_t access;
    bool has(AttributeAccess bit) const { return (access & bit) != 0; }
    // Whether keys of that type have it: MODULUS is RSA's, PRIME is DSA's and DH's.
    bool belongs_to(CK_KEY_TYPE key_type) const;
};

std::span<const AttributeRow> attribute_table();
const AttributeRow* find_attribute(CK_ATTRIBUTE_TYPE type);  // null when unknown

// The properties that attributes are made of, as KEY_LIST and KEY_PROP_GET take them.
const Bytes& wanted_properties();

std::uint8_t class_bit(CK_OBJECT_CLASS object_class);  // 0 for classes that this library has not

// The value of a readable attribute. Errors: CKR_ATTRIBUTE_TYPE_INVALID when the object has none of it;
// CKR_ATTRIBUTE_SENSITIVE for what only export gives.
Result<Bytes> attribute_value(const PropertyList& properties, const AttributeRow& row, bool is_token);

// What an attribute value is as a property. Error: CKR_ATTRIBUTE_VALUE_INVALID, CKR_CURVE_NOT_SUPPORTED.
Result<Bytes> property_value(const AttributeRow& row, ByteView value);

// CK_ULONG as its bytes in memory, and back.
// Whether a flag of an object is on, as attribute_value() tells.
bool flag_of(const PropertyList& properties, CK_ATTRIBUTE_TYPE type);

Bytes ulong_bytes(CK_ULONG number);
CK_ULONG ulong_of(ByteView bytes);  // `bytes` has the size of one

// A curve's name as CXI takes it, of EC parameters in DER: an object identifier, a PrintableString with the
// name, or explicit parameters of a known curve. Error: CKR_CURVE_NOT_SUPPORTED.
Result<std::string> curve_name(ByteView parameters);

// DER OCTET STRING around `content`, and its content; the latter also takes the bare content.
Bytes der_octets(ByteView content);
ByteView octets_content(ByteView der);

// The point in what callers give as it is or in a DER OCTET STRING (PKCS#11 3.0, section 2.3.16). Its length
// says which, as the bytes alone may be read both ways: `curve` is the CXI's or OpenSSL's name.
ByteView point_in(ByteView given, std::string_view curve);

}  // namespace cs2sim::p11
