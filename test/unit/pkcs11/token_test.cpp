// What is a token's own: its label, its strings, its settings, its key manager, and the vendor's functions.
#include <cstring>
#include <fstream>
#include <sstream>

#include "host-lib/cards/key_source.h"
#include "host-lib/files/user_label.h"
#include "host-lib/pkcs11/text_fields.h"
#include "test/bad_input.h"
#include "test/unit/pkcs11/calls.h"

using namespace cs2sim;

namespace {

constexpr CK_OBJECT_HANDLE kGlobal = 0x80000001, kSlot = 0x80000004, kLocal = 0x80000008;

CK_UTF8CHAR* chars(const std::string& text) {
    return reinterpret_cast<CK_UTF8CHAR*>(const_cast<char*>(text.data()));
}

std::string in_store(const std::filesystem::path& folder) {
    return "KeysExternal = true\n[KeyStorage]\nKeyStorageType = sqlite\nKeyStorageConfig = " +
           (folder / "keys.db").string();
}

CK_TOKEN_INFO token_info(CK_SLOT_ID slot) {
    CK_TOKEN_INFO info{};
    REQUIRE(Code{C_GetTokenInfo(slot, &info)} == Code{CKR_OK});
    return info;
}

std::string label_of(CK_SLOT_ID slot) {
    const CK_TOKEN_INFO info = token_info(slot);
    return std::string(p11::text_in(info.label));
}

Code init_token(CK_SLOT_ID slot, const std::string& pin, std::string label) {
    label.resize(32, ' ');
    return {C_InitToken(slot, chars(pin), pin.size(), chars(label))};
}

CK_ULONG number(Application& application, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                CK_ATTRIBUTE_TYPE type) {
    CK_ULONG value = 0;
    const Bytes bytes = application.value(session, object, type);
    REQUIRE(bytes.size() == sizeof value);
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

}  // namespace

TEST_CASE("labels of tokens in users' attributes") {
    for (const char* label : {"", "plain", "two words", "100%", "a,b={c}#~", "Schlüssel", "%41"}) {
        const std::string encoded = host::encode_label(label);
        CHECK(encoded.find_first_of(" ,={}#~") == std::string::npos);
        CHECK(host::decode_label(encoded) == label);
        CHECK(host::label_in("CXI_GROUP=SLOT_0000,LABEL=" + encoded + ",X=1") == label);
    }
    CHECK(host::shown_label("two%20words") == "two words");
    CHECK(host::shown_label("%1B[2J") == "%1B[2J");
    CHECK(host::decode_label("%") == "%");
    CHECK(host::decode_label("%4") == "%4");
    CHECK(host::decode_label("%zz") == "%zz");
    CHECK(host::label_in("CXI_GROUP=SLOT_0000").empty());
}

TEST_CASE("a token has the label that it was initialised with, whoever does it") {
    Application application;
    CHECK(label_of(0) == "CryptoServer PKCS11 Token");
    const CK_SESSION_HANDLE session = application.open(CKF_RW_SESSION, 1);
    REQUIRE(application.login(session, CKU_CS_GENERIC, application.admin_logon()) == Code{CKR_OK});
    REQUIRE(init_token(1, "so-pin-1", "my second token") == Code{CKR_OK});
    CHECK(label_of(1) == "my second token");
    REQUIRE(init_token(1, "so-pin-1", "Überraschung, = und %20") == Code{CKR_OK});
    CHECK(label_of(1) == "Überraschung, = und %20");
    REQUIRE(Code{C_CloseAllSessions(1)} == Code{CKR_OK});
    // The security officer of a token, by the PIN.
    REQUIRE(init_token(0, "12345678", "anew") == Code{CKR_OK});
    CHECK(label_of(0) == "anew");
    CHECK((token_info(0).flags & CKF_USER_PIN_INITIALIZED) == 0);
    CHECK(init_token(0, "00000000", "never") == Code{CKR_PIN_INCORRECT});
    CHECK(label_of(0) == "anew");
    REQUIRE(Code{C_Finalize(nullptr)} == Code{CKR_OK});
    REQUIRE(initialize() == Code{CKR_OK});
    CHECK(label_of(0) == "anew");
}

TEST_CASE("strings and rules are the profile's, and the configuration's where it says so") {
    {
        Application application;
        const CK_TOKEN_INFO info = token_info(0);
        CHECK(p11::text_in(info.manufacturerID) == "cs2sim project");
        CHECK(p11::text_in(info.model) == "CryptoServer");
        CHECK(info.ulMinPinLen == 4);
    }
    Application application(
        "Manufacturer = Our laboratory\nModel = Box\nTokenLabel = New\nMinPin = 6\nAttributes = r2\n"
        "ClusterNames = true\nInitialPins = false");
    const CK_TOKEN_INFO info = token_info(0);
    CHECK(p11::text_in(info.manufacturerID) == "Our laboratory");
    CHECK(p11::text_in(info.model) == "Box");
    CHECK(p11::text_in(info.label) == "New");
    CHECK(info.ulMinPinLen == 6);
    const CK_SESSION_HANDLE session = application.open_as_user();
    CK_OBJECT_HANDLE key = 0;
    CHECK(generate(session, Given(CKM_AES_KEY_GEN),
                   Attributes().number(CKA_VALUE_LEN, 16).flag(CKA_COPYABLE, true),
                   &key) == Code{CKR_ATTRIBUTE_TYPE_INVALID});
    REQUIRE(Code{C_Finalize(nullptr)} == Code{CKR_OK});
    const std::string config = application.folder() / "cluster.cfg";
    std::ofstream(config) << "ClusterNames = true\nDevice = " << application.device().port() << "\n";
    ::setenv("CS_PKCS11_R3_CFG", config.c_str(), 1);
    REQUIRE(initialize() == Code{CKR_OK});
    CK_SLOT_INFO slot{};
    REQUIRE(Code{C_GetSlotInfo(0, &slot)} == Code{CKR_OK});
    CHECK(p11::text_in(slot.slotDescription) == application.device().port() + " - CLUSTER_0000 - SLOT_0000");
}

TEST_CASE("the settings of the library, the device and the slot are objects") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    CHECK(application.find(session, Attributes().number(CKA_CLASS, CKO_CS_CONFIG)) ==
          std::vector<CK_OBJECT_HANDLE>{kGlobal, kSlot, kLocal});
    CHECK(application.find(session, Attributes()).empty());
    const Bytes path = application.value(session, kLocal, CKA_CS_CONFIG_PATH);
    CHECK(as_text(path) == (application.folder() / "cs_pkcs11_R3.cfg").string());
    CK_ATTRIBUTE hash{CKA_CFG_SLOT_BACKUP_PASS_HASH, nullptr, 0};
    for (CK_ATTRIBUTE_TYPE type = CKA_CFG_ALLOW_SLOTS; type <= CKA_CFG_ALLOW_WEAK_DES_KEYS; ++type) {
        INFO(p11::constant_name("CKA", type));
        for (const CK_OBJECT_HANDLE object : {kGlobal, kSlot}) {
            if (type == CKA_CFG_SLOT_BACKUP_PASS_HASH)
                CHECK(Code{C_GetAttributeValue(session, object, &hash, 1)} == Code{CKR_ATTRIBUTE_SENSITIVE});
            else
                CHECK(number(application, session, object, type) == (type == CKA_CFG_AUTH_KEYM_MASK ? 2 : 0));
        }
    }
    // Who may change them: the slot's officer those of the slot, an administrator all.
    const auto on = Attributes().number(CKA_CFG_SECURE_IMPORT, 1);
    CHECK(set(session, kSlot, on) == Code{CKR_FUNCTION_REJECTED});
    CHECK(set(session, kLocal, on) == Code{CKR_ACTION_PROHIBITED});
    CHECK(set(session, kSlot, Attributes().text(CKA_LABEL, "x")) == Code{CKR_ATTRIBUTE_TYPE_INVALID});
    CHECK(set(session, kSlot, Attributes().flag(CKA_CFG_SECURE_IMPORT, true)) ==
          Code{CKR_ATTRIBUTE_VALUE_INVALID});
    CHECK(Code{C_DestroyObject(session, kSlot)} == Code{CKR_OBJECT_HANDLE_INVALID});
    REQUIRE(application.login(session, CKU_CS_GENERIC, "SO_0000,12345678") == Code{CKR_OK});
    REQUIRE(set(session, kSlot, on) == Code{CKR_OK});
    CHECK(number(application, session, kSlot, CKA_CFG_SECURE_IMPORT) == 1);
    CHECK(number(application, session, kGlobal, CKA_CFG_SECURE_IMPORT) == 0);
    CHECK(set(session, kGlobal, on) == Code{CKR_FUNCTION_REJECTED});
    // It holds: a secret key comes in with its check value only.
    CK_OBJECT_HANDLE key = 0;
    Attributes plain;
    plain.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES).bytes(CKA_VALUE, Bytes(16));
    CHECK(create(session, plain, &key) == Code{CKR_TEMPLATE_INCONSISTENT});
    Attributes wrong = plain;
    CHECK(create(session, wrong.bytes(CKA_CHECK_VALUE, Bytes(3)), &key) == Code{CKR_ATTRIBUTE_VALUE_INVALID});
    CHECK(create(session, plain.bytes(CKA_CHECK_VALUE, hex_bytes("66E94B")), &key) == Code{CKR_OK});
    CK_BYTE few[2];
    CK_ATTRIBUTE wanted[] = {
        {CKA_CFG_WRAP_POLICY, few, sizeof few}, {CKA_LABEL, nullptr, 0}, {CKA_CLASS, nullptr, 0}};
    CHECK(Code{C_GetAttributeValue(session, kSlot, wanted, 3)} == Code{CKR_BUFFER_TOO_SMALL});
    CHECK(wanted[0].ulValueLen == CK_UNAVAILABLE_INFORMATION);
    CHECK(wanted[1].ulValueLen == CK_UNAVAILABLE_INFORMATION);
    CHECK(wanted[2].ulValueLen == sizeof(CK_ULONG));
    test::bad_input("calls of PKCS#11 that had to fail", 9);
}

TEST_CASE("objects that all may see are deleted by who may manage keys, wherever they are kept") {
    const ScratchFolder outside;
    const bool stored = GENERATE(false, true);
    Application application(stored ? in_store(outside.path()) : "");
    const CK_SESSION_HANDLE session = application.open_as_user();
    Attributes data;
    data.number(CKA_CLASS, CKO_DATA).flag(CKA_TOKEN, true).text(CKA_LABEL, "open").text(CKA_VALUE, "value");
    CK_OBJECT_HANDLE made = 0;
    REQUIRE(Code{C_CreateObject(session, data.data(), data.size(), &made)} == Code{CKR_OK});
    REQUIRE(Code{C_Logout(session)} == Code{CKR_OK});
    const Attributes open = Attributes().text(CKA_LABEL, "open");
    const auto seen = application.find(session, open);
    REQUIRE(seen.size() == 1);
    CHECK(Code{C_DestroyObject(session, seen[0])} == Code{CKR_USER_NOT_LOGGED_IN});
    REQUIRE(application.login(session, CKU_SO, "12345678") == Code{CKR_OK});
    CHECK(Code{C_DestroyObject(session, seen[0])} == Code{CKR_FUNCTION_REJECTED});
    REQUIRE(Code{C_Logout(session)} == Code{CKR_OK});
    REQUIRE(application.find(session, open).size() == 1);
    REQUIRE(application.login(session, CKU_USER, "123456") == Code{CKR_OK});
    CHECK(Code{C_DestroyObject(session, application.find(session, open).at(0))} == Code{CKR_OK});
    CHECK(application.find(session, open).empty());
    test::bad_input("calls of PKCS#11 that had to fail", 2);
}

TEST_CASE("a key manager makes and deletes keys where the slot's settings say so, a user uses them") {
    const ScratchFolder outside;
    const bool stored = GENERATE(false, true);
    Application application(stored ? in_store(outside.path()) : "");
    CK_SESSION_HANDLE session = application.open();
    REQUIRE(application.login(session, CKU_CS_GENERIC, application.admin_logon()) == Code{CKR_OK});
    {
        auto device = host::Device::open(application.device().socket());
        auto admin = host::open_key_source(application.device().admin_key());
        REQUIRE((*device)->logon("ADMIN", **admin));
        REQUIRE((*device)->execute(FC_CMDS, SFC_CMDS_ADD_USER,
                                   {"KM_0000", 0x20, 4, 0, "CXI_GROUP=SLOT_0000", "km-pin-1"}));
    }
    REQUIRE(application.login(session, CKU_CS_GENERIC, "SO_0000,12345678") == Code{CKR_OK});
    REQUIRE(set(session, kSlot, Attributes().number(CKA_CFG_AUTH_KEYM_MASK, 0x20)) == Code{CKR_OK});
    REQUIRE(Code{C_Logout(session)} == Code{CKR_OK});

    const Attributes aes = Attributes().number(CKA_VALUE_LEN, 16).flag(CKA_TOKEN, true).text(CKA_LABEL, "k");
    CK_OBJECT_HANDLE key = 0;
    REQUIRE(application.login(session, CKU_USER, "123456") == Code{CKR_OK});
    CHECK(generate(session, Given(CKM_AES_KEY_GEN), aes, &key) == Code{CKR_FUNCTION_REJECTED});
    REQUIRE(Code{C_Logout(session)} == Code{CKR_OK});

    REQUIRE(application.login(session, CKU_CS_GENERIC, "KM_0000,km-pin-1") == Code{CKR_OK});
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN), aes, &key) == Code{CKR_OK});
    Bytes out;
    CHECK(encrypt(session, Given(CKM_AES_ECB), key, Bytes(16), out) == Code{CKR_FUNCTION_REJECTED});
    REQUIRE(Code{C_Logout(session)} == Code{CKR_OK});

    REQUIRE(application.login(session, CKU_USER, "123456") == Code{CKR_OK});
    const auto found = application.find(session, Attributes().text(CKA_LABEL, "k"));
    REQUIRE(found.size() == 1);
    CHECK(encrypt(session, Given(CKM_AES_ECB), found[0], Bytes(16), out) == Code{CKR_OK});
    CHECK(Code{C_DestroyObject(session, found[0])} == Code{CKR_FUNCTION_REJECTED});
    // Together they may do both.
    REQUIRE(application.login(session, CKU_CS_GENERIC, "KM_0000,km-pin-1") == Code{CKR_OK});
    CHECK(Code{C_DestroyObject(session, found[0])} == Code{CKR_OK});
    test::bad_input("calls of PKCS#11 that had to fail", 3);
}

TEST_CASE("the vendor's functions, in their list") {
    Application application;
    CS_FUNCTION_LIST* list = nullptr;
    CHECK(Code{CS_GetFunctionListCS(nullptr)} == Code{CKR_ARGUMENTS_BAD});
    REQUIRE(Code{CS_GetFunctionListCS(&list)} == Code{CKR_OK});
    CHECK(list->CS_BackupObject == CS_BackupObject);
    CHECK(list->CS_AgreeSecret == CS_AgreeSecret);
    const CK_SESSION_HANDLE session = application.open_as_user();
    CS_SESSION_INFO info{};
    REQUIRE(Code{CS_GetSessionInfo(session, &info)} == Code{CKR_OK});
    CHECK((info.slotID == 0 && info.authState == 2));
    CHECK(p11::text_in(info.device) == std::string_view(application.device().socket()).substr(0, 64));

    CK_OBJECT_HANDLE key = 0, back = 0;
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN),
                     Attributes().number(CKA_VALUE_LEN, 16).flag(CKA_TOKEN, true).text(CKA_LABEL, "kept"),
                     &key) == Code{CKR_OK});
    const Bytes check = application.value(session, key, CKA_CHECK_VALUE);
    CK_BYTE_PTR blob = nullptr;
    CK_ULONG length = 0;
    REQUIRE(Code{CS_BackupObject(session, key, &blob, &length)} == Code{CKR_OK});
    const Bytes kept = to_bytes({blob, length});
    CHECK(CS_BackupObject(session, key, nullptr, &length) == CKR_ARGUMENTS_BAD);
    CHECK(Code{CS_BackupObject(session, 9999, &blob, &length)} == Code{CKR_OBJECT_HANDLE_INVALID});
    REQUIRE(Code{C_DestroyObject(session, key)} == Code{CKR_OK});
    Bytes copy = kept;
    REQUIRE(Code{CS_RestoreObject(session, copy.data(), copy.size(), &back)} == Code{CKR_OK});
    CHECK(application.value(session, back, CKA_CHECK_VALUE) == check);
    CHECK(application.find(session, Attributes().text(CKA_LABEL, "kept")) ==
          std::vector<CK_OBJECT_HANDLE>{back});
    copy[copy.size() - 1] ^= 1;
    CHECK(Code{CS_RestoreObject(session, copy.data(), copy.size(), &back)} == Code{CKR_WRAPPED_KEY_INVALID});
    CK_ULONG count = 0;
    CHECK(Code{CS_RecryptExternalKeys(session, &count)} == Code{CKR_FUNCTION_NOT_SUPPORTED});

    const auto pair = application.generate_pair(
        session, CKM_EC_KEY_PAIR_GEN, Attributes().bytes(CKA_EC_PARAMS, hex_bytes("06082A8648CE3D030107")),
        Attributes().flag(CKA_DERIVE, true));
    Bytes point = application.value(session, pair.of_public, CKA_EC_POINT);
    CK_ECDH1_DERIVE_PARAMS parameters{CKD_NULL, 0, nullptr, point.size(), point.data()};
    CK_BYTE_PTR secret = nullptr;
    REQUIRE(Code{CS_AgreeSecret(session, Given(CKM_ECDH1_DERIVE, parameters), pair.of_private, &secret,
                                &length)} == Code{CKR_OK});
    CHECK(length == 32);
    const Bytes agreed = to_bytes({secret, length});
    Attributes readable_key = readable(CKK_GENERIC_SECRET);
    REQUIRE(derive(session, Given(CKM_ECDH1_DERIVE, parameters), pair.of_private, readable_key, &key) ==
            Code{CKR_OK});
    CHECK(application.value(session, key, CKA_VALUE) == agreed);

    CHECK(Code{CS_BackupUser(session, chars("USR_0000"), 8, &blob, &length)} == Code{CKR_FUNCTION_REJECTED});
    CHECK(Code{CS_DeleteUser(session, chars("USR_0000"), 8)} == Code{CKR_FUNCTION_REJECTED});
    REQUIRE(application.login(session, CKU_CS_GENERIC, application.admin_logon()) == Code{CKR_OK});
    REQUIRE(Code{CS_BackupUser(session, chars("SO_0000"), 7, &blob, &length)} == Code{CKR_OK});
    Bytes user = to_bytes({blob, length});
    REQUIRE(Code{CS_DeleteUser(session, chars("SO_0000"), 7)} == Code{CKR_OK});
    CHECK((token_info(0).flags & CKF_TOKEN_INITIALIZED) == 0);
    REQUIRE(Code{CS_RestoreUser(session, user.data(), user.size())} == Code{CKR_OK});
    CHECK((token_info(0).flags & CKF_TOKEN_INITIALIZED) != 0);
    test::bad_input("calls of PKCS#11 that had to fail", 7);
}

TEST_CASE("the log begins with what the library is, and names keys that nobody knows") {
    Application application("NoSuchKey = 1\nCustomMechanisms = { CKM_DES3_MAC CKM_NO_SUCH CKR_CANCEL }");
    std::ifstream file(application.folder() / "cs_pkcs11_R3.log");
    std::ostringstream text;
    text << file.rdbuf();
    for (const std::string& line :
         {std::string("| I: cs2sim PKCS#11 Library R3 version 6.5.0.0"),
          "| I: Configfile: " + (application.folder() / "cs_pkcs11_R3.cfg").string(),
          "| I: Device " + application.device().socket(),
          std::string("| W: unknown key, or value out of range, in the configuration: NoSuchKey"),
          std::string("| W: CustomMechanisms: no mechanism CKM_NO_SUCH"),
          std::string("| W: CustomMechanisms: no mechanism CKR_CANCEL")})
        CHECK(text.str().find(line) != std::string::npos);
    CHECK(text.str().find("123456") == std::string::npos);
    CHECK(text.str().find("CKM_DES3_MAC") == std::string::npos);
    // Named, it is a module's, whatever the library could do itself.
    CK_MECHANISM_INFO info{};
    REQUIRE(Code{C_GetMechanismInfo(0, CKM_DES3_MAC, &info)} == Code{CKR_OK});
    CHECK((info.flags & (CKF_SIGN | CKF_DERIVE)) == (CKF_SIGN | CKF_DERIVE));
}
