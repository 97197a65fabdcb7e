// p11tool2 as scripts know it: syntax, output, errors (pkcs11-facts.md, sections 4 and 8), and what is ours.
#include <regex>

#include "test/places.h"
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

class Fixture {
public:
    Fixture() : user_(simulator_, Way::tcp) {
        write_file(user_.file("cs_pkcs11_R3.cfg"),
                   "[Global]\nSlotCount = 3\n[CryptoServer]\nDevice = " + simulator_.device(Way::tcp) + "\n");
        user_.options.environment["CS_PKCS11_R3_CFG"] = user_.file("cs_pkcs11_R3.cfg");
    }
    // A token in slot 0, officer's PIN 12345678, user's PIN 123456.
    void add_token() {
        simulator_.steered({"token", "add", "--label", "fixture", "--so-pin", "12345678", "--pin", "123456"});
    }
    Outcome tool(std::vector<std::string> arguments) { return user_.tool("p11tool2", std::move(arguments)); }
    std::string does(std::vector<std::string> arguments) {
        const Outcome outcome = tool(std::move(arguments));
        require_success(outcome);
        CHECK(outcome.err.empty());
        return outcome.out;
    }
    // The same as the token's user.
    std::string user_does(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "LoginUser=123456");
        return does(std::move(arguments));
    }
    void fails(std::vector<std::string> arguments, const std::string& error, int status = 1) {
        const Outcome outcome = tool(std::move(arguments));
        CHECK(outcome.status == status);
        CHECK(outcome.err == error);
    }
    Outcome shell(const std::string& lines) {
        RunOptions options;
        options.folder = user_.folder();
        return run({"/bin/sh", "-euc", lines}, options);
    }
    const Simulator& simulator() const { return simulator_; }
    std::string admin() const { return "Login=ADMIN," + simulator_.admin_key().string(); }
    Operator& user() { return user_; }
    std::filesystem::path file(const std::string& name) const { return user_.file(name); }

private:
    Simulator simulator_;
    Operator user_;
};

}  // namespace

TEST_CASE("p11tool2 lists slots, and tells what slot and token say of themselves") {
    Fixture fixture;
    CHECK(fixture.does({"ListSlots"}) == "0: 00000000\n1: 00000001\n2: 00000002\n");
    CHECK(fixture.does({"listslots=status"}).starts_with("0: 00000000  not initialized  "));
    fixture.add_token();
    CHECK(fixture.does({"ListSlots=Status"}).starts_with("0: 00000000  initialized      "));

    const std::string slot = fixture.does({"Slot=1", "GetSlotInfo"});
    INFO(slot);
    const std::regex form(
        "CK_SLOT_INFO \\(slot ID: 0x00000001\\):\n\n"
        "slotDescription        : [0-9a-f]{8} [0-9a-f]{8}  [0-9a-f]{8} [0-9a-f]{8} \\|.{16}\\|\n"
        "(                         [0-9a-f]{8} [0-9a-f]{8}  [0-9a-f]{8} [0-9a-f]{8} \\|.{16}\\|\n){3}"
        "manufacturerID         : [0-9a-f]{8} [0-9a-f]{8}  [0-9a-f]{8} [0-9a-f]{8} \\|.{16}\\|\n"
        "                         [0-9a-f]{8} [0-9a-f]{8}  [0-9a-f]{8} [0-9a-f]{8} \\|.{16}\\|\n"
        "flags: 0x00000005\n"
        "CKF_TOKEN_PRESENT    : CK_TRUE\n"
        "CKF_REMOVABLE_DEVICE : CK_FALSE\n"
        "CKF_HW_SLOT          : CK_TRUE\n"
        "hardwareVersion        : [0-9]+\\.[0-9]{2}\n"
        "firmwareVersion        : [0-9]+\\.[0-9]{2}\n");
    CHECK(std::regex_match(slot, form));

    const std::string token = fixture.does({"GetTokenInfo"});
    CHECK(token.starts_with("CK_TOKEN_INFO (slot ID: 0x00000000):\n\nlabel                  : "));
    // As scripts look for it.
    CHECK(std::regex_search(token, std::regex("CKF_USER_PIN_INITIALIZED.*CK_TRUE")));
    CHECK(std::regex_search(token, std::regex("CKF_TOKEN_INITIALIZED.*CK_TRUE")));
    CHECK(fixture.does({"slot=2", "gettokeninfo"}).find("CKF_TOKEN_INITIALIZED             : CK_FALSE\n") !=
          std::string::npos);
    fixture.fails({"Slot=3", "GetSlotInfo"}, "Error 0x00000003 (CKR_SLOT_ID_INVALID)\n");
}

TEST_CASE("p11tool2's ceremony of a token: first PINs are to be changed, success is silent") {
    Fixture fixture;
    fixture.fails({"Label=T", "InitToken=11111111"}, "Error 0x00000101 (CKR_USER_NOT_LOGGED_IN)\n");
    CHECK(fixture.does({"Slot=1", fixture.admin(), "Label=\"my token\"", "InitToken=11111111"}).empty());
    fixture.fails({"Slot=1", "LoginSO=11111111", "InitPin=22222222"},
                  "Error 0x000001B8 (CKR_PIN_TOO_WEAK)\n");
    CHECK(fixture.does({"Slot=1", "LoginSO=11111111", "SetPin=11111111,12345678"}).empty());
    CHECK(fixture.does({"Slot=1", "LoginSO=12345678", "InitPIN=22222222"}).empty());
    fixture.fails({"Slot=1", "LoginUser=22222222", "GenerateKey=AES"},
                  "Error 0x000001B8 (CKR_PIN_TOO_WEAK)\n");
    CHECK(fixture.does({"Slot=1", "LoginUser=22222222", "SetPIN=22222222,12341234"}).empty());
    CHECK(fixture.does({"Slot=1", "LoginUser=12341234", "GenerateKey=AES"}).empty());
    // The first failure stops; what came before it is done.
    const Outcome stopped = fixture.tool({"Slot=1", "ListSlots", "LoginUser=wrong-pin", "ListSlots"});
    CHECK(stopped.status == 1);
    CHECK(stopped.out == "0: 00000000\n1: 00000001\n2: 00000002\n");
    CHECK(stopped.err == "Error 0x000000A0 (CKR_PIN_INCORRECT)\n");
}

TEST_CASE("p11tool2 ends with 2 when it is called wrongly, 3 when no device answers, and says what about") {
    Fixture fixture;
    const std::string usage = describe(E_CSA_SYNTAX), number = describe(E_CSA_ARGUMENTS);
    CHECK(fixture.tool({}).status == 2);
    fixture.fails(
        {"NoSuchCommand"},
        "p11tool2: unknown command 'NoSuchCommand'; p11tool2 Help lists them\n" + describe(E_CSA_COMMAND), 2);
    fixture.fails(
        {"ListObject"},
        "p11tool2: unknown command 'ListObject', did you mean ListObjects?; p11tool2 Help lists them\n" +
            describe(E_CSA_COMMAND),
        2);
    fixture.fails({"Help=bogus"},
                  "p11tool2: unknown command 'bogus'; p11tool2 Help lists them\n" + describe(E_CSA_COMMAND),
                  2);
    fixture.fails({"Login=ADMIN"}, "p11tool2: usage: Login=<user>,<key file>|<password>|ask\n" + number, 2);
    fixture.fails({"Login"}, "p11tool2: usage: Login=<user>,<key file>|<password>|ask\n" + number, 2);
    // What takes no value is not done as if there were none: GetSlotInfo=1 is not of slot 1.
    for (const char* word : {"GetSlotInfo", "GetTokenInfo", "GetInfo", "ListMechanisms", "GetSessionInfo",
                             "Logout", "RecryptExternalKeys", "DeleteToken", "Test"})
        fixture.fails({std::string(word) + "=1"}, "p11tool2: usage: " + std::string(word) + "\n" + number, 2);
    fixture.fails({"ListSlots=1"}, "p11tool2: usage: ListSlots[=Status]\n" + usage, 2);
    fixture.fails({"Slot=x"}, "p11tool2: usage: Slot=<n>\n" + usage, 2);
    const std::string no_type = "Error 0x00000012 (CKR_ATTRIBUTE_TYPE_INVALID)\n";
    for (const char* word : {"KeyAttr=CKA_BOGUS=1", "ListObjects=CKA_BOGUS=1", "GetConfig=CKA_BOGUS",
                             "GetAttribute=CKA_BOGUS,CKA_LABEL=x", "SetConfig=CKA_BOGUS=1"})
        fixture.fails({word}, "p11tool2: 'CKA_BOGUS' is no attribute\n" + no_type, 2);
    // Values may be secret, and are not told.
    fixture.fails(
        {"KeyAttr=CKA_VALUE=0x12345"},
        "p11tool2: 'CKA_VALUE' takes no such value\nError 0x00000013 (CKR_ATTRIBUTE_VALUE_INVALID)\n", 2);
    fixture.fails({"GetMechanismInfo=CKM_BOGUS"},
                  "p11tool2: 'CKM_BOGUS' is no mechanism\nError 0x00000070 (CKR_MECHANISM_INVALID)\n", 2);
    for (const auto& [word, kind, meant] :
         {std::tuple{"GenerateKey=AEZ,128", "AEZ", "AES"}, {"GenerateKeyPair=RAS", "RAS", "RSA"}})
        fixture.fails({word},
                      "p11tool2: " + std::string(word).substr(std::string(word).find('=') + 1) +
                          ": No such file or directory\np11tool2: '" + kind +
                          "' is no kind of key, did you mean " + meant + "?\n" + describe(E_CSA_PARAM),
                      2);
    write_file(fixture.file("bad.template"),
               "[Mechanism]\nCK_MECHANISM_TYPE=CKM_AES_KEY_GEN\n[Key]\nCKA_NO=1\n");
    fixture.fails({"GenerateKey=bad.template"},
                  "p11tool2: bad.template, line 4: 'CKA_NO' is no attribute\n" + no_type, 2);
    const std::string failed = "Error 0x00000006 (CKR_FUNCTION_FAILED)\n";
    fixture.user().options.environment["CS_PKCS11_R3_CFG"] = "/nowhere.cfg";
    fixture.fails({"ListSlots"},
                  "p11tool2: CS_PKCS11_R3_CFG=/nowhere.cfg: No such file or directory\n" + failed);
    write_file(fixture.file("dead.cfg"),
               "[CryptoServer]\nDevice = " + std::to_string(free_port()) + "@127.0.0.1\n");
    fixture.user().options.environment["CS_PKCS11_R3_CFG"] = fixture.file("dead.cfg");
    CHECK(fixture.tool({"LoginUser=123456", "ListObjects"}).status == 3);
}

TEST_CASE("p11tool2 says which file it cannot read or write, and why: B906… is of keys and backups") {
    Fixture fixture;
    fixture.add_token();
    fixture.user_does(
        {"KeyAttr=CKA_LABEL=k", "GenerateKey=AES", "PubKeyAttr=CKA_LABEL=ec", "GenerateKeyPair=EC"});
    std::filesystem::create_directory(fixture.file("folder"));
    require_success(fixture.shell(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -subj /CN=test -out cert.pem 2>&1\n"
        "mkfifo pipe"));
    fixture.user_does({"CertAttr=CKA_LABEL=c", "ImportCert=cert.pem"});
    struct Row {
        std::string command, behind;
        std::uint32_t code;
    };
    for (const Row& row : {Row{"LoginUser=file:", "", E_CSA_PARAM},
                           {"LoginSO=file:", "", E_CSA_PARAM},
                           {"LoginKM=file:", "", E_CSA_PARAM},
                           {"Login=ADMIN,file:", "", E_CSA_PARAM},
                           {"InitToken=file:", "", E_CSA_PARAM},
                           {"InitPIN=file:", "", E_CSA_PARAM},
                           {"SetPIN=file:", ",file:none", E_CSA_PARAM},
                           {"SetPIN=123456,file:", "", E_CSA_PARAM},
                           {"GenerateKey=", "", E_CSA_PARAM},
                           {"GenerateKeyPair=", "", E_CSA_PARAM},
                           {"ImportCert=", "", E_CSA_PARAM},
                           {"ImportP12=", ",password", E_CSA_KEY_OPEN},
                           {"RestoreObject=", "", E_CSA_BACKUP_FILE}})
        for (const auto& [file, why] : {std::pair{"none", "No such file or directory"},
                                        {"none/none", "No such file or directory"},
                                        {"cert.pem/none", "Not a directory"},
                                        {"folder", "Is a directory"}}) {
            INFO(row.command << file << row.behind);
            fixture.fails({row.command + file + row.behind},
                          "p11tool2: " + std::string(file) + ": " + why + "\n" + describe(row.code));
        }
    for (const Row& row : {Row{"ExportCert=", ",CKA_LABEL=c", E_CSA_PARAM},
                           {"ExportPublicKey=", ",CKA_LABEL=ec", E_CSA_KEY_WRITE},
                           {"BackupObject=", ",CKA_LABEL=k", E_CSA_BACKUP_WRITE}})
        for (const auto& [file, why] : {std::pair{"none/none", "No such file or directory"},
                                        {"cert.pem/none", "Not a directory"},
                                        {"folder", "Is a directory"}}) {
            INFO(row.command << file << row.behind);
            fixture.fails({"LoginUser=123456", row.command + file + row.behind},
                          "p11tool2: " + std::string(file) + ": " + why + "\n" + describe(row.code));
        }
    // A named pipe may never be written to; one of a shell is read.
    CHECK(fixture.tool({"LoginUser=file:pipe"}).status == 1);
    const std::string tool = built_program("p11tool2");
    require_success(
        fixture.shell("CS_PKCS11_R3_CFG=$PWD/cs_pkcs11_R3.cfg\nexport CS_PKCS11_R3_CFG\n"
                      "echo 123456 | " +
                      tool + " LoginUser=file:/dev/stdin ListObjects"));
    // What is there and holds something else.
    fixture.fails({"LoginUser=123456", "ImportCert=key.pem"},
                  "p11tool2: key.pem: no certificate, neither DER nor PEM\n" + describe(E_CSA_PARAM));
    fixture.fails({"LoginUser=123456", "ImportP12=key.pem,x"}, describe(E_CSA_KEY_FORMAT));
}

TEST_CASE("p11tool2 says that a key file is not there, and not what stands in its place") {
    Fixture fixture;
    fixture.fails({"Login=ADMIN,geheim.key", "InitToken=12345678"},
                  "p11tool2: ADMIN logs on with a key, and what stands behind the comma is no file\n" +
                      describe(E_CMDS_BAD_MECH));
}

TEST_CASE("p11tool2 asks for PINs without echo, and reads them of a file") {
    Fixture fixture;
    fixture.user().options.terminal_input = "11111111\n11111111\n";
    const Outcome asked = fixture.tool({fixture.admin(), "Label=T", "InitToken=ask"});
    require_success(asked);
    CHECK(asked.out.find("Enter SO PIN:") != std::string::npos);
    CHECK(asked.out.find("Repeat SO PIN:") != std::string::npos);
    CHECK(asked.out.find("11111111") == std::string::npos);
    fixture.user().options.terminal_input = "11111111\n12345678\n12345679\n";
    const Outcome unlike = fixture.tool({"LoginSO=11111111", "SetPIN=ask,ask"});
    CHECK(unlike.status == 1);
    fixture.user().options.terminal_input.clear();
    write_file(fixture.file("old.pin"), "11111111\n");
    write_file(fixture.file("new.pin"), "12345678\nno part of it\n");
    CHECK(fixture.does({"LoginSO=file:old.pin", "SetPIN=file:old.pin,file:new.pin"}).empty());
    CHECK(fixture.does({"LoginSO=12345678"}).empty());
}

TEST_CASE("p11tool2 makes keys by words, attributes and template files, and lists a block an object") {
    Fixture fixture;
    fixture.add_token();
    write_file(fixture.file("aes.txt"),
               "[Mechanism]\nCK_MECHANISM_TYPE = CKM_AES_KEY_GEN  # a comment\n\n[Key]\nCKA_TOKEN = CK_TRUE\n"
               "CKA_LABEL = \"of a file\"\nCKA_VALUE_LEN = 16\nCKA_ID = 0x0A0B\n");
    CHECK(fixture
              .user_does({"GenerateKey=aes.txt", "KeyAttr=CKA_LABEL=\"with, comma\",CKA_ID=P12",
                          "GenerateKey=AES", "PubKeyAttr=CKA_LABEL=\"x\",CKA_ID=0x525342",
                          "PrvKeyAttr=CKA_LABEL=\"x\",CKA_ID=0x525342", "GenerateKeyPair=RSA"})
              .empty());
    const std::string listed = fixture.user_does({"ListObjects"});
    INFO(listed);
    const std::string secret = "CKO_SECRET_KEY\n  CKA_LABEL        : ";
    CHECK(std::regex_search(
        listed, std::regex("CKO_SECRET_KEY\n  CKA_LABEL        : \"of a file\"\n  CKA_ID           : 0x0A0B\n"
                           "  CKA_KEY_TYPE     : CKK_AES\n  CKA_VALUE_LEN    : 16\n  size             : 128\n"
                           "  handle           : 0x[0-9A-F]{8}\n\n")));
    CHECK(listed.find("\"with, comma\"\n  CKA_ID           : 0x503132\n") != std::string::npos);
    CHECK(std::regex_search(
        listed, std::regex("CKO_PRIVATE_KEY\n  CKA_LABEL        : \"x\"\n  CKA_ID           : 0x525342\n"
                           "  CKA_KEY_TYPE     : CKK_RSA\n  size             : 2048\n")));
    CHECK(fixture.user_does({"ListObjects=CKA_CLASS=CKO_SECRET_KEY,CKA_ID=P12"}).find("of a file") ==
          std::string::npos);
    // Ours: curves, selection, attributes, copies, deletion, export.
    CHECK(
        fixture
            .user_does({"PubKeyAttr=CKA_LABEL=ec", "PrvKeyAttr=CKA_LABEL=ec", "GenerateKeyPair=EC,NIST-P384",
                        "PubKeyAttr=CKA_LABEL=ed", "PrvKeyAttr=CKA_LABEL=ed", "GenerateKeyPair=ED25519"})
            .empty());
    CHECK(fixture.user_does({"ListObjects=CKA_LABEL=ec"}).find("  size             : 384\n") !=
          std::string::npos);
    CHECK(std::regex_match(
        fixture.user_does({"GetAttribute=CKA_SENSITIVE,CKA_LABEL=ec,CKA_CLASS=CKO_PRIVATE_KEY"}),
        std::regex("0x[0-9A-F]{8}: CK_TRUE\n")));
    // What an object does not have or does not tell is an error, as everywhere.
    fixture.fails({"LoginUser=123456", "GetAttribute=CKA_VALUE,CKA_LABEL=ec,CKA_CLASS=CKO_PRIVATE_KEY"},
                  "Error 0x00000011 (CKR_ATTRIBUTE_SENSITIVE)\n");
    fixture.fails({"LoginUser=123456", "GetAttribute=CKA_MODULUS,CKA_LABEL=ec,CKA_CLASS=CKO_PUBLIC_KEY"},
                  "Error 0x00000012 (CKR_ATTRIBUTE_TYPE_INVALID)\n");
    fixture.fails({"KeyAttr=CKA_WRAP_TEMPLATE=0x00"},
                  "p11tool2: 'CKA_WRAP_TEMPLATE' takes no such value\n"
                  "Error 0x00000013 (CKR_ATTRIBUTE_VALUE_INVALID)\n",
                  2);
    fixture.user_does(
        {"KeyAttr=CKA_LABEL=listed,CKA_ALLOWED_MECHANISMS=CKM_AES_GCM CKM_AES_CBC", "GenerateKey=AES"});
    CHECK(std::regex_match(fixture.user_does({"GetAttribute=CKA_ALLOWED_MECHANISMS,CKA_LABEL=listed"}),
                           std::regex("0x[0-9A-F]{8}: CKM_AES_GCM CKM_AES_CBC\n")));
    const std::string within = "{CKA_SENSITIVE=CK_TRUE,CKA_LABEL=\"of, within\",CKA_KEY_TYPE=CKK_AES}",
                      told = "{CKA_LABEL=\"of, within\",CKA_KEY_TYPE=CKK_AES,CKA_SENSITIVE=CK_TRUE}";
    fixture.user_does({"KeyAttr=CKA_LABEL=moves,CKA_WRAP_TEMPLATE=" + within + ",CKA_UNWRAP_TEMPLATE=" +
                           within + ",CKA_DERIVE_TEMPLATE={CKA_LABEL=x,CKA_DERIVE_TEMPLATE=" + within + "}",
                       "GenerateKey=AES"});
    for (const char* name : {"CKA_WRAP_TEMPLATE", "CKA_UNWRAP_TEMPLATE"})
        CHECK(fixture.user_does({"GetAttribute=" + std::string(name) + ",CKA_LABEL=moves"})
                  .ends_with(": " + told + "\n"));
    CHECK(fixture.user_does({"GetAttribute=CKA_DERIVE_TEMPLATE,CKA_LABEL=moves"})
              .ends_with(": {CKA_LABEL=\"x\",CKA_DERIVE_TEMPLATE=" + told + "}\n"));
    CHECK(fixture.user_does({"GetAttribute=CKA_WRAP_TEMPLATE,CKA_LABEL=listed"}).ends_with(": {}\n"));
    CHECK(fixture.user_does({"ListObjects=CKA_LABEL=moves"})
              .find("  CKA_WRAP_TEMPLATE: " + told + "\n  CKA_UNWRAP_TEMPLATE: " + told +
                    "\n  CKA_DERIVE_TEMPLATE: {") != std::string::npos);
    CHECK(fixture.user_does({"ListObjects=CKA_LABEL=listed"}).find("TEMPLATE") == std::string::npos);
    CHECK(fixture
              .user_does({"KeyAttr=CKA_LABEL=renamed", "SetAttribute=CKA_LABEL=\"of a file\"",
                          "KeyAttr=CKA_LABEL=copy", "CopyObject=CKA_LABEL=renamed",
                          "DeleteObject=CKA_LABEL=renamed"})
              .empty());
    CHECK(fixture.user_does({"ListObjects=CKA_LABEL=renamed"}).empty());
    CHECK(fixture.user_does({"ListObjects=CKA_LABEL=copy"}).find("CKA_ID           : 0x0A0B") !=
          std::string::npos);
    CHECK(fixture.user_does({"ExportPublicKey=ec.der,CKA_LABEL=ec", "ExportPublicKey=rsa.der,CKA_LABEL=x"})
              .empty());
    const Outcome read = fixture.shell(
        "openssl pkey -pubin -inform der -in ec.der -noout -text | head -n 1\n"
        "openssl pkey -pubin -inform der -in rsa.der -noout -text | head -n 1\n");
    CHECK(read.out == "Public-Key: (384 bit)\nPublic-Key: (2048 bit)\n");
    fixture.fails({"LoginUser=123456", "DeleteObject=CKA_LABEL=nothing"},
                  "Error 0x00000082 (CKR_OBJECT_HANDLE_INVALID)\n");
    fixture.fails({"LoginUser=123456", "DeleteObject="},
                  "p11tool2: usage: DeleteObject=<selection>\n" + describe(E_CSA_SYNTAX), 2);
    fixture.fails({"LoginUser=123456", "GenerateKeyPair=EC,no-curve"},
                  "Error 0x00000140 (CKR_CURVE_NOT_SUPPORTED)\n");
}

TEST_CASE("p11tool2 takes PKCS#12 files and certificates in, and gives certificates out") {
    Fixture fixture;
    fixture.add_token();
    require_success(fixture.shell(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -subj /CN=test -days 30 -out "
        "cert.pem 2>/dev/null\n"
        "openssl pkcs12 -export -inkey key.pem -in cert.pem -passout pass:secret -out all.p12\n"
        "openssl x509 -in cert.pem -outform der -out cert.der"));
    CHECK(fixture
              .user_does({"PrvKeyAttr=CKA_LABEL=\"imported\"", "PubKeyAttr=CKA_LABEL=\"imported\"",
                          "CertAttr=CKA_LABEL=\"imported\"", "ImportP12=all.p12,secret"})
              .empty());
    const std::string listed = fixture.user_does({"ListObjects=CKA_LABEL=imported"});
    for (const char* kind : {"CKO_PRIVATE_KEY\n", "CKO_PUBLIC_KEY\n", "CKO_CERTIFICATE\n"})
        CHECK(listed.find(kind) != std::string::npos);
    CHECK(fixture
              .user_does({"CertAttr=CKA_LABEL=\"alone\"", "ImportCert=cert.pem",
                          "ExportCert=back.der,CKA_LABEL=alone"})
              .empty());
    CHECK(read_file(fixture.file("back.der")) == read_file(fixture.file("cert.der")));
    fixture.fails({"LoginUser=123456", "ImportP12=all.p12,wrong"}, describe(E_CSA_KEY_PASSWORD));
    fixture.fails({"LoginUser=123456", "ImportCert=/nowhere"},
                  "p11tool2: /nowhere: No such file or directory\n" + describe(E_CSA_PARAM));
}

TEST_CASE("p11tool2 backs objects up and restores them, changes settings of the slot, deletes the token") {
    Fixture fixture;
    fixture.add_token();
    fixture.user_does({"KeyAttr=CKA_LABEL=kept", "GenerateKey=AES"});
    CHECK(fixture
              .user_does({"BackupObject=kept.blob,CKA_LABEL=kept", "DeleteObject=CKA_LABEL=kept",
                          "RestoreObject=kept.blob"})
              .empty());
    CHECK(fixture.user_does({"ListObjects=CKA_LABEL=kept"}).starts_with("CKO_SECRET_KEY\n"));
    const Outcome strange = fixture.tool({"LoginUser=123456", "RestoreObject=cs_pkcs11_R3.cfg"});
    CHECK(strange.status == 1);
    CHECK(fixture.does({"LoginSO=12345678", "SetConfig=CKA_CFG_CHECK_VALIDITY_PERIOD=1",
                        "GetConfig=CKA_CFG_CHECK_VALIDITY_PERIOD"}) ==
          "CKA_CFG_CHECK_VALIDITY_PERIOD: 0x00000001\n");
    const Outcome by_user = fixture.tool({"LoginUser=123456", "SetConfig=CKA_CFG_CHECK_VALIDITY_PERIOD=0"});
    CHECK(by_user.status == 1);
    CHECK(fixture.tool({"LoginUser=123456", "DeleteToken"}).status == 1);
    CHECK(fixture.does({fixture.admin(), "DeleteToken"}).empty());
    CHECK(fixture.does({"ListSlots=Status"}).starts_with("0: 00000000  not initialized  "));
    CHECK(fixture.user().users().find("_0000") == std::string::npos);
}

TEST_CASE("p11tool2's own commands: library, mechanisms, session, Test, another library") {
    Fixture fixture;
    fixture.add_token();
    CHECK(fixture.does({"GetInfo"}).starts_with("CK_INFO:\n\ncryptokiVersion        : 3.00\n"));
    CHECK(fixture.does({"ListMechanisms"}).find("00000040  CKM_SHA256_RSA_PKCS\n") != std::string::npos);
    CHECK(fixture.does({"GetMechanismInfo=CKM_AES_GCM"}).starts_with("CKM_AES_GCM (0x00001087):\n\n"));
    CHECK(fixture.user_does({"GetSessionInfo"}).find("state                  : CKS_RW_USER_FUNCTIONS\n") !=
          std::string::npos);
    CHECK(fixture.user_does({"Test"}) ==
          "random         : ok\ndigest SHA-256 : ok\nAES-256 CBC    : ok\nRSA-2048 sign  : ok\nEC P-256 sign "
          " : ok\n");
    const std::string old = bin_folder().parent_path() / "lib" / "libcs_pkcs11_R2.so";
    CHECK(fixture.does({"Lib=" + old, "GetInfo"}).starts_with("CK_INFO:\n\ncryptokiVersion        : 2.40\n"));
    CHECK(fixture.tool({"Lib=/nowhere.so", "GetInfo"})
              .err.ends_with("Error 0x00000006 (CKR_FUNCTION_FAILED)\n"));
    const std::string help = fixture.does({"Help"});
    for (const char* word : {"--help", "-h", "help"}) CHECK(fixture.does({word}) == help);
    CHECK(fixture.does({"Version"}).starts_with("p11tool2 = "));
    CHECK(fixture.does({"--version"}) == fixture.does({"Version"}));
    CHECK(help.find("  GetTokenInfo\n") != std::string::npos);
    CHECK(help.find("  ListMechanisms  (cs2sim's own)\n") != std::string::npos);
    CHECK(fixture.does({"Help=ImportP12"}).starts_with("  ImportP12=<file>,<password>|ask\n"));
    // Every setting that Help names is one.
    const std::string settings = fixture.does({"Help=GetConfig"});
    const std::regex name("(?:CKA_CFG_)?([A-Z0-9_]{8,})(,|\n)");
    int count = 0;
    for (std::sregex_iterator at(settings.begin(), settings.end(), name), end; at != end; ++at, ++count) {
        const std::string setting = (*at)[1].str();
        INFO(setting);
        if (setting == "SLOT_BACKUP_PASS_HASH")  // which nobody reads
            fixture.fails({"LoginUser=123456", "GetConfig=CKA_CFG_" + setting},
                          "Error 0x00000011 (CKR_ATTRIBUTE_SENSITIVE)\n");
        else
            CHECK(fixture.user_does({"GetConfig=CKA_CFG_" + setting}).starts_with("CKA_CFG_"));
    }
    CHECK(count == 14);
}

TEST_CASE("p11tool2 logs a device user on by smartcard, which counts wrong PINs") {
    Fixture fixture;
    fixture.add_token();
    fixture.user().options.environment["CS2SIM_CARDS"] = fixture.simulator().state() / "cards";
    const auto card = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "card");
        require_success(fixture.user().tool("cs2sim", std::move(arguments)));
    };
    card({"new", "A", "--user", "CardUser", "--pin", "111111"});
    card({"insert", "A", "--ask-pin"});
    fixture.user().admin_does({"AddUser=CardUser,00000002{CXI_GROUP=SLOT_0000},rsasc,:cs2:cjo:USB0#111111"});
    const std::string reader = "Login=CardUser,:cs2:cjo:USB0#";
    CHECK(fixture.does({reader + "111111", "GenerateKey=AES"}).empty());
    for (int tries = 0; tries < 3; ++tries)
        fixture.fails({reader + "222222"}, "Error 0x000000A0 (CKR_PIN_INCORRECT)\n");
    fixture.fails({reader + "111111"}, "Error 0x000000A4 (CKR_PIN_LOCKED)\n");
}

TEST_CASE("KeyInfo names the mechanism by which PKCS#11 made a key, once") {
    Fixture fixture;
    fixture.add_token();
    fixture.user_does({"GenerateKey=AES"});
    const Outcome told =
        fixture.user().tool("cxitool", {"LogonPass=USR_0000,123456", "Group=SLOT_0000", "Spec=1", "KeyInfo"});
    require_success(told);
    CHECK(told.out.find("Gen Mechanism : CKM_AES_KEY_GEN\n") != std::string::npos);
    CHECK(told.out.find("Custom 358") == std::string::npos);
    CHECK(told.out.find("Gen Mechanism") == told.out.rfind("Gen Mechanism"));
}
