// Templates: the attributes that a caller gives, checked, and turned into properties.
#pragma once

#include <map>
#include <optional>

#include "firmware/crypto/secret.h"
#include "host-lib/pkcs11/attributes.h"

namespace cs2sim::p11 {

// How deep templates may stand in templates, when they are made and when they are read: a template that is an
// object's attribute is at the first level. Other programs may have stored deeper ones.
inline constexpr unsigned kMostTemplateDepth = 4;

class Template {
public:
    // Errors: CKR_ARGUMENTS_BAD (no array, a null pointer where a length is not zero, more than anybody
    // needs), CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID (a length that does not fit the type),
    // CKR_TEMPLATE_INCONSISTENT (given twice with different values). `r3`: attributes beyond the R2 set are
    // known.
    static Result<Template> read(const CK_ATTRIBUTE* attributes, CK_ULONG count, bool r3 = true);

    bool has(CK_ATTRIBUTE_TYPE type) const { return values_.contains(type); }
    ByteView bytes(CK_ATTRIBUTE_TYPE type) const;
    std::optional<CK_ULONG> number(CK_ATTRIBUTE_TYPE type) const;
    bool flag(CK_ATTRIBUTE_TYPE type, bool otherwise) const;

    void set(CK_ATTRIBUTE_TYPE type, ByteView value) { values_[type] = to_secret(value); }
    void set_number(CK_ATTRIBUTE_TYPE type, CK_ULONG number) { set(type, ulong_bytes(number)); }
    void set_flag(CK_ATTRIBUTE_TYPE type, bool flag) { set(type, Bytes{flag ? CK_TRUE : CK_FALSE}); }
    void erase(CK_ATTRIBUTE_TYPE type) { values_.erase(type); }

    // As properties and values of array attributes hold it: type (8 bytes), length (4), value.
    Bytes encode() const;
    static Template decode(ByteView encoded);  // that encode() made

    // Adds the attributes of another one. Error: CKR_TEMPLATE_INCONSISTENT when one has another value here.
    Result<void> join(const Template& other);

    bool empty() const { return values_.empty(); }
    auto begin() const { return values_.begin(); }
    auto end() const { return values_.end(); }

private:
    static Result<Template> read_at(const CK_ATTRIBUTE* attributes, CK_ULONG count, bool r3, unsigned depth);
    std::map<CK_ATTRIBUTE_TYPE, SecretBytes> values_;
};

// Whether C_CreateObject, C_GenerateKey(Pair), or C_UnwrapKey and C_DeriveKey make the object.
enum class Making : std::uint16_t {
    create = ACCESS_CREATE,
    generate = ACCESS_GENERATE,
    unwrap = ACCESS_UNWRAP
};

// For whom an object is made.
struct Maker {
    bool so = false;         // the SO is logged on
    bool certified = false;  // FIPS or CC mode: a key that handles keys does nothing else
};

// The properties of a new object of that class and key type: the template's, and the defaults for what it
// does not say. Errors: CKR_TEMPLATE_INCONSISTENT (an attribute that objects of
// the class have not, or cannot have; another CLASS or KEY_TYPE), CKR_ATTRIBUTE_READ_ONLY (made by the device
// only, or TRUSTED by a user), CKR_ATTRIBUTE_VALUE_INVALID.
Result<PropertyList> new_properties(const Template& given, CK_OBJECT_CLASS object_class, CK_KEY_TYPE key_type,
                                    Making how, const Maker& maker);

// Whether a key that was unwrapped or derived is what its template asked for: the device makes it no more
// than what it came from was. Error: CKR_TEMPLATE_INCONSISTENT.
Result<void> check_guards(const Template& given, const PropertyList& made);

// Changes of an object that is there, for C_SetAttributeValue (ACCESS_SET) and C_CopyObject (ACCESS_COPY).
// Errors: as above; CKR_ATTRIBUTE_READ_ONLY for what may not be changed, or not in that direction.
Result<PropertyList> changed_properties(const Template& given, const PropertyList& before,
                                        AttributeAccess how, bool so);

// Whether the object has all of these values. Values that only export gives match nothing.
bool matches(const Template& wanted, const PropertyList& properties, bool is_token);

}  // namespace cs2sim::p11
