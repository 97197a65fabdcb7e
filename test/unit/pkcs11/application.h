// An application that uses the PKCS#11 library, linked into the test, with a device in the same process.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "host-lib/pkcs11/cryptoki/names.h"
#include "test/hostile/pkcs11_exports.h"
#include "test/unit/link/running_device.h"

namespace cs2sim {

// A CKR with its name, so that a failing check tells it.
struct Code {
    CK_RV value;
    friend bool operator==(Code, Code) = default;
};
std::ostream& operator<<(std::ostream& out, Code code);

// Attributes of a template, with values of their own.
class Attributes {
public:
    Attributes& flag(CK_ATTRIBUTE_TYPE type, bool value);
    Attributes& number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
    Attributes& bytes(CK_ATTRIBUTE_TYPE type, ByteView value);
    Attributes& text(CK_ATTRIBUTE_TYPE type, std::string_view value) { return bytes(type, as_bytes(value)); }
    CK_ATTRIBUTE* data() { return list().data(); }
    CK_ULONG size() { return values_.size(); }

private:
    std::vector<CK_ATTRIBUTE>& list();
    std::vector<std::pair<CK_ATTRIBUTE_TYPE, Bytes>> values_;
    std::vector<CK_ATTRIBUTE> list_;
};

// A device with a token in slot 0 (SO PIN 12345678, user PIN 123456, neither initial), the library
// initialised.
class Application {
public:
    // `settings`: further lines of the configuration file.
    explicit Application(const std::string& settings = "", const std::string& profile = "se-gen2");
    ~Application();

    CK_SESSION_HANDLE open(CK_FLAGS flags = CKF_RW_SESSION, CK_SLOT_ID slot = 0);
    CK_SESSION_HANDLE open_as_user();
    CK_SESSION_HANDLE open_as_officer();
    Code login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const std::string& pin);
    std::string admin_logon() const;  // for CKU_CS_GENERIC

    CK_OBJECT_HANDLE generate(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, Attributes attributes);
    struct Pair {
        CK_OBJECT_HANDLE of_public, of_private;
    };
    Pair generate_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, Attributes of_public,
                       Attributes of_private);
    Pair rsa_pair(CK_SESSION_HANDLE session, CK_ULONG bits = 2048);
    Pair p256_pair(CK_SESSION_HANDLE session);
    std::vector<CK_OBJECT_HANDLE> find(CK_SESSION_HANDLE session, Attributes wanted);
    Bytes value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);

    void set_most_failures(unsigned count);  // wrong PINs in a row, as csadm SetMaxAuthFails

    RunningDevice& device() { return running_; }
    const std::filesystem::path& folder() const { return folder_.path(); }

private:
    RunningDevice running_;
    ScratchFolder folder_;
};

Code initialize(CK_FLAGS flags = CKF_OS_LOCKING_OK);

}  // namespace cs2sim
