// One run of p11tool2, or of `cs2sim token`: the PKCS#11 library, the slot, and one session that its commands
// share.
#pragma once

#include <string>
#include <vector>

#include "host-lib/pkcs11/cryptoki/cryptoki.h"
#include "tools/session/terminal.h"
#include "tools/token/template_text.h"

namespace cs2sim::tools::p11 {

// Errors are CKR numbers, or device and host-library codes.
class Shell {
public:
    Shell() = default;
    ~Shell();  // ends the session and the library
    Shell(const Shell&) = delete;
    Shell& operator=(const Shell&) = delete;

    std::string library;  // Lib=; empty: libcs_pkcs11_R3.so beside this program
    std::string label;    // Label=
    TemplateText key_attributes, public_attributes, private_attributes, certificate_attributes;

    void set_slot(CK_SLOT_ID slot);
    CK_SLOT_ID slot() const { return slot_; }

    // The library, loaded and initialised at the first call. Errors: CKR_FUNCTION_FAILED when it cannot be
    // loaded.
    Result<CK_FUNCTION_LIST*> functions();
    // The vendor's functions beside them. Error: CKR_FUNCTION_NOT_SUPPORTED for a library without them.
    Result<CS_FUNCTION_LIST*> vendor_functions();
    // A read-write session with the slot, opened at the first call.
    Result<CK_SESSION_HANDLE> session();
    // The error of a call: for CKR_DEVICE_ERROR the device's own code, when the session knows it.
    Result<void> check(CK_RV code);

    // A PIN as an argument gives it: "ask" asks with `prompt` (and "Repeat " in front of its name when
    // `again`), "file:PATH" is the first line of a file or a shell's pipe, everything else is the PIN. Error:
    // E_CSA_PARAM for a file that cannot be read, which refused_file() has the words for.
    Result<SecretBytes> pin(const std::string& text, const std::string& prompt, bool again = false);

    Result<void> login(CK_USER_TYPE user, SecretBytes secret);
    // USER,secret as C_Login takes it for CKU_CS_GENERIC.
    Result<void> login_device_user(const std::string& user, ByteView secret);
    Result<void> logout();
    // `label` is cut or filled with blanks to 32 bytes.
    Result<void> init_token(SecretBytes so_pin, const std::string& label);
    Result<void> init_pin(SecretBytes pin);
    Result<void> set_pin(SecretBytes before, SecretBytes after);

    // The objects of the slot with these attributes, a bounded number at a time.
    Result<void> for_each_object(const TemplateText& wanted,
                                 const std::function<Result<void>(CK_OBJECT_HANDLE)>& work);
    // The value of an attribute. Errors: CKR_ATTRIBUTE_TYPE_INVALID when the object has none,
    // CKR_ATTRIBUTE_SENSITIVE when it does not tell it.
    Result<SecretBytes> attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
    // The same, empty instead of these two errors.
    Result<SecretBytes> value(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
    // The value as value_text() writes it, templates (WRAP_TEMPLATE, …) as {CKA_LABEL="x",CKA_SIGN=CK_TRUE}.
    // Errors: those of attribute().
    Result<std::string> attribute_text(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);

    void close_session();  // the next session() opens another

private:
    CK_SLOT_ID slot_ = 0;
    void* loaded_ = nullptr;
    CK_FUNCTION_LIST* functions_ = nullptr;
    CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
    host::Terminal terminal_ = controlling_terminal();
};

// Whether an object has no such attribute, or does not tell it: the two errors of Shell::attribute().
bool is_untold(Error error);

// libcs_pkcs11_R3.so of this build or installation; its bare name when it is not where this program is.
std::string own_library();

// "Error 0x000001B8 (CKR_PIN_TOO_WEAK)", and for device codes what csadm prints.
std::string failure_text(std::uint32_t code);

}  // namespace cs2sim::tools::p11
