// Errors in words: what, where and why; exit statuses; near names; words that hold two commands.
#include "test/scenario/clerk.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

void says(const Outcome& outcome, const std::string& text) {
    INFO(outcome.err);
    CHECK(outcome.err.find(text) != std::string::npos);
}

}  // namespace

TEST_CASE("exit statuses: 1 refused by the device, 2 called wrongly, 3 no device") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    for (const char* tool : {"csadm", "cxitool"}) {
        INFO(tool);
        CHECK(user.tool(tool, {"ShowAuthState"}).status == 0);
        CHECK(user.tool(tool, {"LogonPass=NOBODY,secret"}).status == 1);
        CHECK(user.tool(tool, {"NoSuchCommand"}).status == 2);
        CHECK(user.tool(tool, {"LogonPass"}).status == 2);
        CHECK(user.tool(tool, {}).status == 2);
        for (const char* no_specifier : {"Dev=", "Dev=bogus@@", "Dev=99999", "Dev=PCI:x"})
            CHECK(user.tool(tool, {no_specifier, "ShowAuthState"}).status == 2);
        CHECK(user.tool(tool, {"Dev=1@127.0.0.1", "ShowAuthState"}).status == 3);
        CHECK(user.tool(tool, {"Dev=/dev/no_such_device", "ShowAuthState"}).status == 3);
        for (const char* help : {"Help", "--help", "-h"}) {
            const Outcome shown = user.tool(tool, {help});
            CHECK(shown.status == 0);
            CHECK(shown.out.find("Help=<command>") != std::string::npos);
        }
        for (const char* version : {"Version", "--version"}) {
            const Outcome shown = user.tool(tool, {version});
            CHECK(shown.status == 0);
            CHECK(shown.out.starts_with(std::string(tool) + " = 0."));
        }
    }
    CHECK(user.tool("cs2sim", {"no-such-command"}).status == 2);
    CHECK(user.tool("cs2sim", {"start", "--no-such-option"}).status == 2);
    for (const char* word : {"--help", "-h", "--version"}) CHECK(user.tool("cs2sim", {word}).status == 0);
}

TEST_CASE("the three lines name errors of every side as the field does") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    CHECK(user.as_admin({"BackupDatabase=VMBK1.db"}).err ==
          "Error B0870027\nCryptoServer module ADM\nMBK database may not leave the device\n");
    CHECK(user.csadm({"Dev=1@127.0.0.1", "GetState"}).err ==
          "csadm: device 1@127.0.0.1: cannot connect to device: Connection refused\n"
          "Error B901306F\nCryptoServer module API LINUX\ncannot connect to device: Connection refused\n");
    CHECK(user.csadm({"Dev=no.such.host.invalid", "GetState"})
              .err.ends_with("Error B9010004\nCryptoServer module API LINUX\nunknown host\n"));
    CHECK(user.csadm({"LogonSign=ADMIN,nowhere.key"}).err ==
          "csadm: nowhere.key: No such file or directory\n"
          "Error B9061003\nCryptoServer module API\nkey file cannot be opened\n");
    CHECK(user.as_admin({"RestoreDatabase=nowhere.db"}).err ==
          "csadm: nowhere.db: No such file or directory\n"
          "Error B906F003\nCryptoServer module API\nbackup file missing\n");
    CHECK(user.as_admin({"Key=nowhere.key", "MBKImportKey=3"}).err ==
          "csadm: nowhere.key: No such file or directory\n"
          "Error B9069005\nCryptoServer module API\nkey share cannot be opened\n");
}

TEST_CASE("a misspelt command or word is told what was meant") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    add_clerk(user);
    says(user.csadm({"GetSate"}), "unknown command 'GetSate', did you mean GetState?");
    says(user.csadm({"ListUser s"}), "did you mean ListUsers?");
    says(user.csadm({"xyzzy"}), "unknown command 'xyzzy'; csadm Help lists them");
    says(user.as_admin({"AddUser=X,2,hmacpw,secret"}), "AddUser= has no 'hmacpw', did you mean hmacpwd?");
    write_file(user.file("data"), "signed");
    require_success(cxitool(user, {"Group=A", "Name=k", "GenerateKey=RSA,2048"}));
    const Outcome hash = cxitool(user, {"Group=A", "Name=k", "Hash=SHA265", "Sign=data"});
    require_error(hash, E_CSA_SYNTAX);
    says(hash, "Hash= has no 'SHA265', did you mean SHA256?; it is one of SHA1 ");
    says(cxitool(user, {"Group=A", "Name=k", "GenerateKey=EAS,128"}),
         "Algo= has no 'EAS', did you mean AES?");
    says(cxitool(user, {"Group=A", "Name=k", "Pad=OEAP", "Encrypt=data"}), "did you mean OAEP?");
}

TEST_CASE("a CXI_GROUP that looks like a regular expression is told to be a pattern") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    for (const char* group : {"SLOT_.*", "(A|B)", "[AB]", "^A$", "A.+"}) {
        const Outcome added = user.as_admin(
            {"AddUser=R,2{CXI_GROUP=" + std::string(group) + "},hmacpwd,a-secret", "DeleteUser=R"});
        require_success(added);
        says(added, "CXI_GROUP=" + std::string(group) + " looks like a regular expression, but is a pattern");
    }
    for (const char* group : {"SLOT_*", "A?", "key.group", "*"})
        CHECK(user.as_admin(
                      {"AddUser=P,2{CXI_GROUP=" + std::string(group) + "},hmacpwd,a-secret", "DeleteUser=P"})
                  .err.empty());
}

TEST_CASE("a list of commands in one word is refused with words, not ignored") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    user.make_mbk();
    const Outcome refused = user.as_admin({"Key=s1.key#one,s2.key#two;MBKImportKey=3"});
    require_error(refused, E_CSA_SYNTAX);
    CHECK(refused.status == 2);
    says(refused, "one word holds MBKImportKey too: write commands apart by blanks, not by ';'");
    user.admin_does({"AddUser=SEMI,00000002,hmacpwd,a;b=c;secret"});  // a password may hold one
    require_success(user.csadm({"LogonPass=SEMI,a;b=c;secret"}));
}

TEST_CASE("an empty Dev= is told of itself, and the device of the environment is not blamed") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    CHECK(user.csadm({"Dev=", "GetState"}).err ==
          "csadm: Dev= names no device\n" + describe(E_CSA_DEVICE_NAME));
    CHECK(user.csadm({"Dev=bogus@@", "GetState"}).err ==
          "csadm: device bogus@@: device specifier not understood\n" + describe(E_CSA_DEVICE_NAME));
}

TEST_CASE("a line of csadm without a command says so") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    const std::string nothing = "csadm: no command: parameters alone do nothing\n";
    CHECK(user.csadm({"Timeout=1000"}).err == nothing);
    CHECK(user.csadm({"Key=a.key"}).err == nothing);
    const Outcome logon = user.as_admin({});
    require_success(logon);
    CHECK(logon.err == "csadm: logged on, and no command follows: the session ends here\n");
    for (const char* command : {"ShowAuthState", "Logoff", "Help", "Version"}) {
        INFO(command);
        CHECK(user.as_admin({command}).err.empty());
    }
}

TEST_CASE("ranges and lists are told in words") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    const auto told = [&](const std::vector<std::string>& words, const std::string& why, int status) {
        const Outcome outcome = user.as_admin(words);
        INFO(words.back() << '\n' << outcome.err);
        CHECK(outcome.status == status);
        CHECK(outcome.err.starts_with("csadm: " + why + "\n"));
    };
    told({"SetMaxAuthFails=999999"}, "SetMaxAuthFails= is a number from 0 to 255, not '999999'", 2);
    told({"SetAdminMode=on"}, "SetAdminMode= is a number from 0 to 255, not 'on'", 2);
    told({"SetTime=noon"}, "'noon' is no time: GMT, LOCAL or YYYYMMDDhhmmss", 2);
    told({"SetAuditConfig=Files=many"}, "Files= is a number from 0 to 4294967295, not 'many'", 2);
    told({"SetAuditConfig=Events=all"}, "Events= is a hexadecimal number, not 'all'", 2);
    told({"MBKGenerateKey=AEX,32,2,2,N"},
         "MBKGenerateKey= has no 'AEX', did you mean AES?; it is one of AES DES", 2);
    told({"MBKGenerateKey=AES,32,two,2,N"}, "<n> of MBKGenerateKey= is a number from 0 to 255, not 'two'", 2);
    told({"AddUser=U,admin,hmacpwd,secret"},
         "'admin' is no permission: eight hexadecimal nibbles, and {ATTRIBUTE=VALUE,...} behind", 2);
    told({"AddUser=U,2,hmacpwd,abc"}, "a password has 4 to 255 characters", 1);
    require_success(user.as_admin({"AddUser=U,2,hmacpwd,abcd"}));
    told({"ChangeUser=U,abc"}, "a password has 4 to 255 characters", 1);
    told({"GenKey=x.key,100,O"}, "an RSA key has 1024 to 8192 bits, a multiple of 8, not '100'", 1);
    told(
        {"KeyType=EC", "GenKey=x.key,nocurve,O"},
        "'nocurve' is no curve; curves are secp192r1, secp224r1, secp256r1, secp384r1, secp521r1, secp256k1, "
        "brainpoolP192r1, brainpoolP192t1, brainpoolP224r1, brainpoolP224t1, brainpoolP256r1, "
        "brainpoolP256t1, "
        "brainpoolP320r1, brainpoolP320t1, brainpoolP384r1, brainpoolP384t1, brainpoolP512r1, "
        "brainpoolP512t1",
        1);
    told({"KeyType=ECC", "GenKey=x.key,O"},
         "KeyType= has no 'ECC', did you mean EC?; it is one of RSA EC ECDSA", 2);
    CHECK_FALSE(std::filesystem::exists(user.file("x.key")));
}
