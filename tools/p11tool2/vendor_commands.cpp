// What needs the vendor's functions (CS_…) and configuration objects (pkcs11-facts.md, sections 5 and 6).
#include <cstdio>

#include "host-lib/files/host_file.h"
#include "host-lib/pkcs11/attributes.h"
#include "host-lib/pkcs11/config_objects.h"
#include "host-lib/pkcs11/cryptoki/names.h"
#include "tools/p11tool2/commands.h"
#include "tools/session/print.h"

namespace cs2sim::tools::p11 {
namespace {

using cs2sim::p11::kSlotConfig;
using cs2sim::p11::ulong_bytes;
using cs2sim::p11::ulong_of;

constexpr std::size_t kMostBlob = 1 << 20;

// file,<selection>: the one object selected, as a blob under the MBK.
Result<void> backup_object(Shell& shell, const std::string& value) {
    const auto words = split_list(value, 2);
    if (words.size() < 2) return fail(E_CSA_ARGUMENTS);
    CS2SIM_TRY_LET(wanted, TemplateText::parse(words[1]));
    CS2SIM_TRY_LET(vendor, shell.vendor_functions());
    std::vector<CK_OBJECT_HANDLE> found;
    CS2SIM_TRY(shell.for_each_object(wanted, [&](CK_OBJECT_HANDLE object) -> Result<void> {
        found.push_back(object);
        return {};
    }));
    if (found.size() != 1) return fail(CKR_OBJECT_HANDLE_INVALID);
    CK_BYTE* blob = nullptr;
    CK_ULONG length = 0;
    CS2SIM_TRY(shell.check(vendor->CS_BackupObject(*shell.session(), found[0], &blob, &length)));
    if (!host::replace_host_file(words[0], ByteView(blob, length), 0600)) return fail(E_CSA_BACKUP_WRITE);
    return {};
}

Result<void> restore_object(Shell& shell, const std::string& value) {
    auto blob = host::read_host_input(value, kMostBlob);
    if (!blob) return fail(E_CSA_BACKUP_FILE);
    CS2SIM_TRY_LET(vendor, shell.vendor_functions());
    CS2SIM_TRY_LET(session, shell.session());
    CK_OBJECT_HANDLE object = 0;
    return shell.check(vendor->CS_RestoreObject(session, blob->data(), blob->size(), &object));
}

// The token is made anew, so that its keys and users are gone, and then its security officer goes too.
Result<void> delete_token(Shell& shell, const std::string&) {
    CS2SIM_TRY_LET(vendor, shell.vendor_functions());
    CS2SIM_TRY_LET(session, shell.session());
    SecretBytes pin(16);
    CS2SIM_TRY(shell.check((*shell.functions())->C_GenerateRandom(session, pin.data(), pin.size())));
    CS2SIM_TRY(shell.init_token(to_secret(as_bytes(to_hex(pin))), ""));
    char officer[24];
    std::snprintf(officer, sizeof officer, "SO_%04lu", shell.slot());
    return shell.check(vendor->CS_DeleteUser(session, reinterpret_cast<CK_UTF8CHAR*>(officer),
                                             std::char_traits<char>::length(officer)));
}

Result<void> get_config(Shell& shell, const std::string& value) {
    CS2SIM_TRY_LET(type, attribute_named(value));
    CS2SIM_TRY_LET(session, shell.session());
    Bytes content(256);
    CK_ATTRIBUTE wanted{type, content.data(), content.size()};
    CS2SIM_TRY(shell.check((*shell.functions())->C_GetAttributeValue(session, kSlotConfig, &wanted, 1)));
    content.resize(wanted.ulValueLen);
    if (content.size() == sizeof(CK_ULONG))
        print("%s: 0x%08lX\n", value.c_str(), ulong_of(content));
    else
        print("%s: 0x%s\n", value.c_str(), to_hex(content).c_str());
    return {};
}

// CKA_CFG_…=<number>
Result<void> set_config(Shell& shell, const std::string& value) {
    const std::size_t equals = value.find('=');
    if (equals == std::string::npos) return fail(E_CSA_SYNTAX);
    CS2SIM_TRY_LET(type, attribute_named(value.substr(0, equals)));
    const std::string text = value.substr(equals + 1);
    char* end = nullptr;
    const CK_ULONG number = std::strtoul(text.c_str(), &end, 0);
    if (text.empty() || *end != '\0') return fail(E_CSA_SYNTAX);
    CS2SIM_TRY_LET(session, shell.session());
    Bytes bytes = ulong_bytes(number);
    CK_ATTRIBUTE change{type, bytes.data(), bytes.size()};
    return shell.check((*shell.functions())->C_SetAttributeValue(session, kSlotConfig, &change, 1));
}

Result<void> recrypt_external_keys(Shell& shell, const std::string&) {
    CS2SIM_TRY_LET(vendor, shell.vendor_functions());
    CS2SIM_TRY_LET(session, shell.session());
    CK_ULONG count = 0;
    const auto done = shell.check(vendor->CS_RecryptExternalKeys(session, &count));
    print("%lu keys sealed anew\n", count);  // of a run that failed, too; the log has the MBKs' hashes
    return done;
}

constexpr std::string_view kSettings[] = {
    "CKA_CFG_ALLOW_SLOTS",      "CKA_CFG_CHECK_VALIDITY_PERIOD", "CKA_CFG_AUTH_PLAIN_MASK",
    "CKA_CFG_WRAP_POLICY",      "CKA_CFG_AUTH_KEYM_MASK",        "CKA_CFG_SECURE_DERIVATION",
    "CKA_CFG_SECURE_IMPORT",    "CKA_CFG_SECURE_RSA_COMPONENTS", "CKA_CFG_P11R2_BACKWARDS_COMPATIBLE",
    "CKA_CFG_ENFORCE_BLINDING", "CKA_CFG_SECURE_SLOT_BACKUP",    "CKA_CFG_SLOT_BACKUP_PASS_HASH",
    "CKA_CFG_ENFORCE_EXT_KEYS", "CKA_CFG_ALLOW_WEAK_DES_KEYS"};

constexpr ValueWords kOfSettings{
    "setting", [] { return std::vector<std::string_view>(std::begin(kSettings), std::end(kSettings)); }};

constexpr TokenCommand kCommands[] = {
    {"BackupObject", "BackupObject=<file>,<selection>", "the object selected, as a blob under the MBK", true,
     Takes::value, backup_object},
    {"RestoreObject", "RestoreObject=<file>", "takes such a blob in again", true, Takes::value,
     restore_object},
    {"GetConfig",
     "GetConfig=<setting>",
     "a setting of the slot",
     true,
     Takes::value,
     get_config,
     "",
     {kOfSettings}},
    {"SetConfig",
     "SetConfig=<setting>=<number>",
     "changes one, by the security officer",
     true,
     Takes::value,
     set_config,
     "",
     {kOfSettings}},
    {"RecryptExternalKeys", "RecryptExternalKeys",
     "seals the keys of the external store under the MBK of today", true, Takes::nothing,
     recrypt_external_keys},
    {"DeleteToken", "DeleteToken", "the token with its keys and users, by an administrator", true,
     Takes::nothing, delete_token},
};

}  // namespace

const std::span<const TokenCommand> kVendorCommands = kCommands;

}  // namespace cs2sim::tools::p11
