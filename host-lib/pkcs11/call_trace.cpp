#include "host-lib/pkcs11/call_trace.h"

#include <cstdio>
#include <utility>

#include "firmware/protocol/terminal_text.h"
#include "host-lib/pkcs11/attributes.h"
#include "host-lib/pkcs11/cryptoki/names.h"

namespace cs2sim::p11 {
namespace {

constexpr CK_ULONG kMostAttributes = 64;  // of a call, that are told one by one

std::string length_text(CK_ULONG length) { return std::to_string(length) + " bytes"; }

std::string hexadecimal(CK_ULONG number) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%lX", number);
    return text;
}

const char* flag_text(CK_BYTE flag) { return flag != CK_FALSE ? "CK_TRUE" : "CK_FALSE"; }

// The value of an attribute that is no secret and can be read at a glance; else its length.
std::string value_text(const CK_ATTRIBUTE& attribute) {
    const AttributeRow* row = find_attribute(attribute.type);
    const auto* bytes = static_cast<const CK_BYTE*>(attribute.pValue);
    const CK_ULONG length = attribute.ulValueLen;
    if (!row || !bytes) return length_text(length);
    const bool flag = row->codec == Codec::flag || row->codec == Codec::token;
    if (flag && length == sizeof(CK_BBOOL)) return flag_text(*bytes);
    if (length == sizeof(CK_ULONG)) {
        const CK_ULONG number = ulong_of({bytes, length});
        if (row->codec == Codec::object_class) return constant_name("CKO", number);
        if (row->codec == Codec::key_type) return constant_name("CKK", number);
        if (row->codec == Codec::number || row->codec == Codec::modulus_bits) return std::to_string(number);
    }
    if (attribute.type == CKA_LABEL && length <= 64)
        return '"' + terminal_text({reinterpret_cast<const char*>(bytes), length}) + '"';
    return length_text(length);
}

bool is_secret_name(std::string_view name) { return name.ends_with("pin"); }

bool is_written_in_hex(std::string_view name) { return name == "flags" || name == "user"; }

}  // namespace

std::string_view ArgumentText::next_name() {
    waiting_ = {};
    bytes_ = nullptr;
    attributes_ = nullptr;
    is_template_ = false;
    while (names_.starts_with(' ') || names_.starts_with(',')) names_.remove_prefix(1);
    const std::string_view name = names_.substr(0, names_.find(','));
    names_.remove_prefix(name.size());
    return name;
}

void ArgumentText::tell(std::string_view name, std::string_view value) {
    if (!text_.empty()) text_ += ", ";
    text_.append(name).append(" = ").append(value);
}

std::string ArgumentText::template_text(const CK_ATTRIBUTE* attributes, CK_ULONG count) const {
    if (!attributes || count > kMostAttributes) return std::to_string(count) + " attributes";
    std::string text;
    for (CK_ULONG i = 0; i < count; ++i) {
        text += (i == 0 ? "" : ", ") + constant_name("CKA", attributes[i].type);
        if (!gives_values()) text += " = " + value_text(attributes[i]);
    }
    return '{' + text + '}';
}

void ArgumentText::add(CK_ULONG number) {
    const std::string_view of = waiting_;
    const CK_BYTE* bytes = bytes_;
    const CK_ATTRIBUTE* attributes = attributes_;
    const bool is_template = is_template_;
    const std::string_view name = next_name();
    if (of.empty())
        tell(name, is_written_in_hex(name) ? hexadecimal(number) : std::to_string(number));
    else if (is_template)
        tell(of, template_text(attributes, number));
    else if (is_secret_name(of))
        tell(of, bytes ? "***" : "none");
    else
        tell(of, (bytes || number == 0 ? "" : "nowhere, ") + length_text(number));
}

void ArgumentText::add(CK_BYTE flag) { tell(next_name(), flag_text(flag)); }

void ArgumentText::add(CK_BYTE* bytes) {
    waiting_ = next_name();
    bytes_ = bytes;
}

void ArgumentText::add(CK_ULONG* number) {
    const std::string_view of = waiting_;
    const bool somewhere = bytes_ != nullptr;
    next_name();
    if (of.empty()) return;
    tell(of, somewhere && number ? "room for " + length_text(*number) : "length wanted");
}

void ArgumentText::add(CK_MECHANISM* mechanism) {
    const std::string_view name = next_name();
    if (!mechanism) return tell(name, "none");
    std::string text = constant_name("CKM", mechanism->mechanism);
    if (mechanism->ulParameterLen != 0)
        text += " with a parameter of " + length_text(mechanism->ulParameterLen);
    tell(name, text);
}

void ArgumentText::add(CK_ATTRIBUTE* attributes) {
    waiting_ = next_name();
    attributes_ = attributes;
    is_template_ = true;
}

}  // namespace cs2sim::p11
