// Parameters: they hold for the commands to their right.
#include "tools/p11tool2/commands.h"

namespace cs2sim::tools::p11 {
namespace {

Result<void> take_attributes(TemplateText& into, const std::string& value) {
    CS2SIM_TRY_LET(parsed, TemplateText::parse(value));
    into = std::move(parsed);
    return {};
}

Result<void> lib(Shell& shell, const std::string& value) {
    shell.library = value;
    return {};
}
Result<void> slot(Shell& shell, const std::string& value) {
    CS2SIM_TRY_LET(number, parse_decimal(value));
    shell.set_slot(number);
    return {};
}
Result<void> label(Shell& shell, const std::string& value) {
    const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
    shell.label = quoted ? value.substr(1, value.size() - 2) : value;
    return {};
}
Result<void> key_attributes(Shell& shell, const std::string& value) {
    return take_attributes(shell.key_attributes, value);
}
Result<void> public_attributes(Shell& shell, const std::string& value) {
    return take_attributes(shell.public_attributes, value);
}
Result<void> private_attributes(Shell& shell, const std::string& value) {
    return take_attributes(shell.private_attributes, value);
}
Result<void> certificate_attributes(Shell& shell, const std::string& value) {
    return take_attributes(shell.certificate_attributes, value);
}

constexpr std::string_view kValues =
    "Values: CK_TRUE or CK_FALSE, numbers, names (CKO_…, CKK_…, CKM_…), 0xhex, \"text\", bare text;\n"
    "CKA_ALLOWED_MECHANISMS takes several mechanisms, apart by blanks or semicolons, templates "
    "{CKA_…=…,…}.\n";

constexpr TokenCommand kCommands[] = {
    {"Lib", "Lib=<path>", "another PKCS#11 library", true, Takes::value, lib},
    {"Slot", "Slot=<n>", "the slot; default 0", false, Takes::value, slot},
    {"Label", "Label=\"<text>\"", "label for InitToken", false, Takes::value, label},
    {"KeyAttr", "KeyAttr=CKA_…=<value>,…", "attributes of secret keys", false, Takes::value, key_attributes,
     kValues},
    {"PubKeyAttr", "PubKeyAttr=CKA_…=<value>,…", "attributes of public keys", false, Takes::value,
     public_attributes, kValues},
    {"PrvKeyAttr", "PrvKeyAttr=CKA_…=<value>,…", "attributes of private keys", false, Takes::value,
     private_attributes, kValues},
    {"CertAttr", "CertAttr=CKA_…=<value>,…", "attributes of certificates", false, Takes::value,
     certificate_attributes, kValues},
};

}  // namespace

const std::span<const TokenCommand> kParameterCommands = kCommands;

}  // namespace cs2sim::tools::p11
