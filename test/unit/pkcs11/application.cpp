#include "test/unit/pkcs11/application.h"

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "host-lib/cards/key_source.h"
#include "host-lib/link/device.h"
#include "host-lib/pkcs11/attributes.h"

namespace cs2sim {
namespace {

CK_UTF8CHAR* chars(const std::string& text) {
    return reinterpret_cast<CK_UTF8CHAR*>(const_cast<char*>(text.data()));
}

// The users of slot 0, as an operator makes them who has changed their initial PINs.
void make_token(const RunningDevice& running) {
    auto device = host::Device::open(running.socket());
    REQUIRE(device);
    auto key = host::open_key_source(running.admin_key());
    REQUIRE(key);
    REQUIRE((*device)->logon("ADMIN", **key));
    REQUIRE((*device)->execute(FC_MBK, SFC_MBK_GENERATE, {2, 32, 2, 2, "P11MBK"}));
    const struct {
        const char *name, *pin;
        std::uint32_t permission;
    } users[] = {{"SO_0000", "12345678", 0x200}, {"USR_0000", "123456", 0x2}};
    for (const auto& user : users) {
        REQUIRE((*device)->execute(FC_CMDS, SFC_CMDS_ADD_USER,
                                   {user.name, user.permission, 4, 0, "CXI_GROUP=SLOT_0000", user.pin}));
        auto own = host::Device::open(running.socket());
        REQUIRE(own);
        const auto pin = host::password_source(as_bytes(user.pin));
        REQUIRE((*own)->logon(user.name, *pin));
        REQUIRE((*own)->execute(FC_CMDS, SFC_CMDS_CHANGE_USER, {user.name, user.pin}));
    }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, Code code) {
    return out << p11::constant_name("CKR", code.value);
}

Attributes& Attributes::bytes(CK_ATTRIBUTE_TYPE type, ByteView value) {
    values_.emplace_back(type, to_bytes(value));
    return *this;
}
Attributes& Attributes::flag(CK_ATTRIBUTE_TYPE type, bool value) {
    return bytes(type, Bytes{value ? CK_TRUE : CK_FALSE});
}
Attributes& Attributes::number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
    return bytes(type, p11::ulong_bytes(value));
}

std::vector<CK_ATTRIBUTE>& Attributes::list() {
    list_.clear();
    for (auto& [type, value] : values_) list_.push_back({type, value.data(), value.size()});
    return list_;
}

Code initialize(CK_FLAGS flags) {
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = flags;
    return {C_Initialize(&arguments)};
}

Application::Application(const std::string& settings, const std::string& profile) : running_(profile) {
    make_token(running_);
    const std::string config = folder_.path() / "cs_pkcs11_R3.cfg";
    std::ofstream(config) << "[Global]\nLogpath = " << folder_.path().string()
                          << "\nLogging = 4\nSlotCount = 3\n"
                          << settings << "\n[CryptoServer]\nDevice = " << running_.socket() << "\n";
    ::setenv("CS_PKCS11_R3_CFG", config.c_str(), 1);
    REQUIRE(initialize() == Code{CKR_OK});
}

Application::~Application() {
    C_Finalize(nullptr);
    ::unsetenv("CS_PKCS11_R3_CFG");
}

void Application::set_most_failures(unsigned count) {
    auto device = host::Device::open(running_.socket());
    REQUIRE(device);
    auto key = host::open_key_source(running_.admin_key());
    REQUIRE(key);
    REQUIRE((*device)->logon("ADMIN", **key));
    REQUIRE((*device)->execute(FC_CMDS, SFC_CMDS_SET_MAX_AUTH_FAILS, {count}));
}

std::string Application::admin_logon() const { return "ADMIN," + running_.admin_key(); }

CK_SESSION_HANDLE Application::open(CK_FLAGS flags, CK_SLOT_ID slot) {
    CK_SESSION_HANDLE session = 0;
    REQUIRE(Code{C_OpenSession(slot, CKF_SERIAL_SESSION | flags, nullptr, nullptr, &session)} ==
            Code{CKR_OK});
    return session;
}

Code Application::login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const std::string& pin) {
    return {C_Login(session, user, chars(pin), pin.size())};
}

CK_SESSION_HANDLE Application::open_as_user() {
    const CK_SESSION_HANDLE session = open();
    REQUIRE(login(session, CKU_USER, "123456") == Code{CKR_OK});
    return session;
}

CK_SESSION_HANDLE Application::open_as_officer() {
    const CK_SESSION_HANDLE session = open();
    REQUIRE(login(session, CKU_SO, "12345678") == Code{CKR_OK});
    return session;
}

CK_OBJECT_HANDLE Application::generate(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type,
                                       Attributes attributes) {
    CK_MECHANISM mechanism{type, nullptr, 0};
    CK_OBJECT_HANDLE key = 0;
    REQUIRE(Code{C_GenerateKey(session, &mechanism, attributes.data(), attributes.size(), &key)} ==
            Code{CKR_OK});
    return key;
}

Application::Pair Application::generate_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type,
                                             Attributes of_public, Attributes of_private) {
    CK_MECHANISM mechanism{type, nullptr, 0};
    Pair pair{};
    REQUIRE(Code{C_GenerateKeyPair(session, &mechanism, of_public.data(), of_public.size(), of_private.data(),
                                   of_private.size(), &pair.of_public, &pair.of_private)} == Code{CKR_OK});
    return pair;
}

Application::Pair Application::rsa_pair(CK_SESSION_HANDLE session, CK_ULONG bits) {
    return generate_pair(
        session, CKM_RSA_PKCS_KEY_PAIR_GEN,
        Attributes().number(CKA_MODULUS_BITS, bits).flag(CKA_ENCRYPT, true).flag(CKA_VERIFY_RECOVER, true),
        Attributes().flag(CKA_DECRYPT, true).flag(CKA_SIGN_RECOVER, true));
}

Application::Pair Application::p256_pair(CK_SESSION_HANDLE session) {
    return generate_pair(session, CKM_EC_KEY_PAIR_GEN,
                         Attributes().bytes(CKA_EC_PARAMS, hex_bytes("06082A8648CE3D030107")), Attributes());
}

std::vector<CK_OBJECT_HANDLE> Application::find(CK_SESSION_HANDLE session, Attributes wanted) {
    REQUIRE(Code{C_FindObjectsInit(session, wanted.data(), wanted.size())} == Code{CKR_OK});
    std::vector<CK_OBJECT_HANDLE> found;
    for (CK_ULONG count = 1; count != 0;) {
        CK_OBJECT_HANDLE some[10];
        REQUIRE(Code{C_FindObjects(session, some, std::size(some), &count)} == Code{CKR_OK});
        found.insert(found.end(), some, some + count);
    }
    REQUIRE(Code{C_FindObjectsFinal(session)} == Code{CKR_OK});
    return found;
}

Bytes Application::value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    CK_ATTRIBUTE wanted{type, nullptr, 0};
    REQUIRE(Code{C_GetAttributeValue(session, object, &wanted, 1)} == Code{CKR_OK});
    Bytes out(wanted.ulValueLen);
    wanted.pValue = out.data();
    REQUIRE(Code{C_GetAttributeValue(session, object, &wanted, 1)} == Code{CKR_OK});
    return out;
}

}  // namespace cs2sim
