// Templates as users write them (reference/pkcs11-facts.md, section 4):
// CKA_LABEL="x",CKA_ID=0x525342,CKA_SIGN=CK_TRUE.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"
#include "host-lib/pkcs11/cryptoki/cryptoki.h"

namespace cs2sim::tools::p11 {

class TemplateText {
public:
    // Values: CK_TRUE, CK_FALSE, names of constants, numbers, 0xhex, "text", bare text, and of WRAP_TEMPLATE
    // and its like {CKA_…=<value>,…}; what fits the attribute's type. Errors, which leave a word for
    // take_refused_attribute(): CKR_ATTRIBUTE_TYPE_INVALID for an unknown name, CKR_ATTRIBUTE_VALUE_INVALID.
    static Result<TemplateText> parse(const std::string& text);

    Result<void> add(const std::string& name, const std::string& value);
    void set(CK_ATTRIBUTE_TYPE type, ByteView value) { values_[type] = to_secret(value); }
    void set_number(CK_ATTRIBUTE_TYPE type, CK_ULONG number);
    void set_flag(CK_ATTRIBUTE_TYPE type, bool flag);
    void add_missing(const TemplateText& standard);  // what is not there yet
    bool has(CK_ATTRIBUTE_TYPE type) const { return values_.contains(type); }
    bool empty() const { return values_.empty(); }
    auto begin() const { return values_.begin(); }
    auto end() const { return values_.end(); }

    // Views into this template, for one call.
    std::vector<CK_ATTRIBUTE> attributes() const;

private:
    Result<void> add_template(CK_ATTRIBUTE_TYPE type, const std::string& name, const std::string& value);

    std::map<CK_ATTRIBUTE_TYPE, SecretBytes> values_;  // templates: CK_ATTRIBUTE[] with views into inner_
    std::vector<std::shared_ptr<const TemplateText>> inner_;
};

// Refuses a text by its name: values may be secret (CKA_VALUE). Leaves a word for take_refused_attribute().
tl::unexpected<Error> refuse(const std::string& name, const std::string& why, std::uint32_t code);

// What a text was refused for last on this thread: "CKA_BOGUS is no attribute", "CKA_SIGN takes no such
// value", with the file and line where it stood in one. Taken once; empty when nothing was.
std::string take_refused_attribute();

// CKA_NAME as a word of its own; CKM_NAME. Errors, with a word for take_refused_attribute():
// CKR_ATTRIBUTE_TYPE_INVALID, CKR_MECHANISM_INVALID.
Result<CK_ATTRIBUTE_TYPE> attribute_named(const std::string& name);
Result<CK_MECHANISM_TYPE> mechanism_named(const std::string& name);

// A value of an attribute as ListObjects and GetAttribute print it.
std::string value_text(CK_ATTRIBUTE_TYPE type, ByteView value);

// A template file: "[Mechanism]" with CK_MECHANISM_TYPE, then "[Key]" (or "[PublicKey]", "[PrivateKey]") with
// attributes, a line each, '#' comments. Errors: E_CSA_PARAM when it cannot be read, those of add().
struct TemplateFile {
    CK_MECHANISM_TYPE mechanism = 0;
    TemplateText key, public_key, private_key;
};
Result<TemplateFile> read_template_file(const std::string& path);

}  // namespace cs2sim::tools::p11
