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
