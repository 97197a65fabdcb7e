// Who may do what: authentication states and sessions.
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

constexpr const char* kSystem = "LogonPass=SYSADM,system-secret";
constexpr const char* kUsers = "LogonPass=USERADM,users-secret";

// An MBK, a system administrator (02000000) and a user administrator (10000000), each with a password.
void prepare(const Operator& user) {
    user.make_mbk();
    user.admin_does(
        {"AddUser=SYSADM,02000000,hmacpwd,system-secret", "AddUser=USERADM,10000000,hmacpwd,users-secret"});
}

bool backed_up(const Operator& user, const char* database) {
    return std::filesystem::exists(user.file(database));
}

}  // namespace

TEST_CASE("G3: user.db needs 12000000, CXIKEY.db only 02000000") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    prepare(user);

    require_error(user.csadm({"BackupDatabase=user.db"}), E_CMDS_DENIED);
    require_error(user.csadm({kSystem, "BackupDatabase=user.db"}), E_CMDS_DENIED);  // 10000000 is missing
    require_error(user.csadm({kUsers, "BackupDatabase=user.db"}), E_CMDS_DENIED);
    require_error(user.csadm({kUsers, "BackupDatabase=CXIKEY.db"}), E_CMDS_DENIED);
    CHECK_FALSE(backed_up(user, "user.db"));
    CHECK_FALSE(backed_up(user, "CXIKEY.db"));

    require_success(user.csadm({kSystem, "BackupDatabase=CXIKEY.db"}));
    require_success(user.csadm({kSystem, kUsers, "BackupDatabase=user.db"}));
    CHECK(backed_up(user, "CXIKEY.db"));

    require_error(user.csadm({kSystem, "RestoreDatabase=user.db"}), E_CMDS_DENIED);
    require_success(user.csadm({kSystem, kUsers, "RestoreDatabase=user.db"}));
}

TEST_CASE("G4: the states of the session's users add up nibble by nibble") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    prepare(user);
    user.admin_does({"AddUser=HALF1,01000000,hmacpwd,half-secret",
                     "AddUser=HALF2,01000000,hmacpwd,half-secret",
                     "AddUser=LOW,00FFFFFF,hmacpwd,low-secret"});

    const Outcome both = user.csadm({kSystem, kUsers, "ShowAuthState"});
    require_success(both);
    CHECK(both.out == "state = 12000000\nuser  = SYSADM   02000000\nuser  = USERADM  10000000\n");

    constexpr const char* kHalf1 = "LogonPass=HALF1,half-secret";
    constexpr const char* kHalf2 = "LogonPass=HALF2,half-secret";
    require_error(user.csadm({kHalf1, "BackupDatabase=CXIKEY.db"}), E_CMDS_DENIED);
    require_success(user.csadm({kHalf1, kHalf2, "BackupDatabase=CXIKEY.db"}));
    // Nibbles below do not carry into the one that counts.
    require_error(user.csadm({"LogonPass=LOW,low-secret", kHalf1, "BackupDatabase=CXIKEY.db"}),
                  E_CMDS_DENIED);
}

TEST_CASE("G7: the first failure stops the rest and ends the session") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    prepare(user);

    const Outcome outcome = user.csadm({kSystem, "BackupDatabase=user.db", "BackupDatabase=CXIKEY.db"});
    require_error(outcome, E_CMDS_DENIED);
    CHECK(outcome.err == describe(E_CMDS_DENIED));
    CHECK(outcome.out.empty());
    CHECK_FALSE(backed_up(user, "CXIKEY.db"));

    const Outcome later = user.csadm({"ShowAuthState"});
    require_success(later);
    CHECK(later.out == "state = 00000000\n");
}

TEST_CASE("G8: logons come after Dev= and before the commands that need them") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    prepare(user);
    const std::string dev = "Dev=" + user.options.environment.at("CRYPTOSERVER");

    require_success(user.csadm({dev, kSystem, "BackupDatabase=CXIKEY.db"}));
    std::filesystem::remove(user.file("CXIKEY.db"));
    require_error(user.csadm({dev, "BackupDatabase=CXIKEY.db", kSystem}), E_CMDS_DENIED);
    require_error(user.csadm({kSystem, dev, "BackupDatabase=CXIKEY.db"}), E_CMDS_DENIED);
    require_error(user.csadm({dev, kSystem, "Logoff", "BackupDatabase=CXIKEY.db"}), E_CMDS_DENIED);
    CHECK_FALSE(backed_up(user, "CXIKEY.db"));
}

TEST_CASE("a logon that fails gives its code, and nothing behind it runs") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    prepare(user);
    const std::string key = simulator.admin_key();
    const auto refused = [&](const std::string& logon, std::uint32_t code) {
        INFO(logon);
        const Outcome outcome = user.csadm({logon, "BackupDatabase=CXIKEY.db"});
        require_error(outcome, code);
        CHECK_FALSE(backed_up(user, "CXIKEY.db"));
    };
    refused("LogonPass=NOBODY,secret", E_CMDS_NO_USER);
    refused("LogonSign=NOBODY," + key, E_CMDS_NO_USER);
    refused("LogonPass=SYSADM,System-secret", E_CMDS_AUTH_FAILED);
    refused("LogonPass=SYSADM,", E_CMDS_AUTH_FAILED);
    refused("LogonSign=SYSADM," + key, E_CMDS_BAD_MECH);
    refused("LogonSign=ADMIN,nowhere.key", E_CSA_KEY_OPEN);
    refused("LogonPass=SYSADM,ask", E_CSA_KEY_PASSWORD);  // no terminal

    CHECK(user.users().find("SYSADM      02000000    HMAC passwd    Z[2]I[1]") != std::string::npos);
    require_success(user.csadm({kSystem, "BackupDatabase=CXIKEY.db"}));
    CHECK(user.users().find("SYSADM      02000000    HMAC passwd    Z[0]I[1]") != std::string::npos);
}

TEST_CASE("ask reads a password from the terminal, without echo") {
    const Simulator simulator;
    Operator user(simulator, Way::mount);
    prepare(user);
    user.options.terminal_input = "system-secret\n";
    const Outcome outcome = user.csadm({"LogonPass=SYSADM,ask", "ShowAuthState"});
    require_success(outcome);
    CHECK(outcome.out.find("state = 02000000") != std::string::npos);
    CHECK(outcome.out.find("Password of SYSADM: ") != std::string::npos);
    CHECK(outcome.out.find("system-secret") == std::string::npos);  // what the terminal showed is in it too

    user.options.terminal_input = "wrong-secret\n";
    require_error(user.csadm({"LogonPass=SYSADM,ask", "ShowAuthState"}), E_CMDS_AUTH_FAILED);
}
