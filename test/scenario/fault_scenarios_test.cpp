// The scenario library and fault rules, through the real binaries.
#include <sstream>

#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

constexpr int kMismatch = 99;

Outcome cs2sim_tool(std::vector<std::string> arguments, const std::filesystem::path& folder = "/") {
    arguments.insert(arguments.begin(), built_program("cs2sim"));
    RunOptions options;
    options.folder = folder;
    return run(arguments, options);
}

// What a scenario's demo has to end with, and what its report has to show.
struct Expected {
    const char* name;
    bool fails;        // the demo's last command
    const char* says;  // somewhere on stderr
};
constexpr Expected kExpected[] = {
    {"challenge-length", true, "illegal challenge length requested"},
    {"clock-back", false, "rule hits  0"},
    {"fips-error-state", true, "Error B0830041"},
    {"network-cut", true, "Error B9010005"},
    {"p11-initial-pin", false, "1 x CKR_PIN_TOO_WEAK"},
    {"p11-one-device-down", true, "1 x CKR_DEVICE_ERROR"},
    {"p11-pin-locked", true, "1 x CKR_PIN_LOCKED"},
    {"p11-restart-in-operation", true, "1 x CKR_DEVICE_ERROR"},
    {"p11-restart", false, "rule hits  1"},
    {"p11-second-login", false, "1 x CKR_USER_ALREADY_LOGGED_IN"},
    {"p11-session-expiry", true, "CKR_SESSION_HANDLE_INVALID"},
    {"p11-slow-device", true, " x CKR_DEVICE_ERROR"},
    {"p11-tcp-cut", true, "1 x CKR_DEVICE_ERROR"},
    {"p11-token-full", true, "1 x CKR_DEVICE_MEMORY"},
    {"reset-under-load", true, "Error B0830072"},
    {"restore-disk-full", true, "Error B0880003"},
    {"restore-interrupted", true, "Error B0880007"},
    {"session-expiry", true, "Error B0830022"},
    {"shelf-two-years", true, "Error B0830032"},
    {"user-locked", true, "Error B0830038"},
    {"wrong-mbk", true, "Error B087002A"},
};

}  // namespace

TEST_CASE("every scenario does to its demo what it says") {
    const Outcome listed = cs2sim_tool({"scenario", "list"});
    require_success(listed);
    std::istringstream lines(listed.out);
    std::vector<std::string> names;
    for (std::string line; std::getline(lines, line);) names.push_back(line.substr(0, line.find(' ')));
    std::vector<std::string> expected;
    for (const Expected& row : kExpected) expected.emplace_back(row.name);
    REQUIRE(names == expected);

    for (const Expected& row : kExpected) {
#ifdef __SANITIZE_ADDRESS__  // a sanitized library does not load into other people's programs
        if (std::string_view(row.name).starts_with("p11-")) continue;
#endif
        const Outcome outcome = cs2sim_tool({"scenario", "run", row.name});
        INFO(row.name << "\n" << outcome.out << outcome.err);
        CHECK((outcome.status != 0) == row.fails);
        CHECK(outcome.status != kMismatch);
        CHECK(outcome.err.find(row.says) != std::string::npos);
        CHECK(outcome.err.find("mismatch") == std::string::npos);
    }
}

TEST_CASE("a scenario runs a user's own command: its status, or a mismatch") {
    const Folder folder;
    write_file(folder / "restore.sh", R"(set -e
test -n "$CRYPTOSERVER"
csadm LogonSign=ADMIN,$CS2SIM_ADMIN_KEY Key=a.key,b.key MBKGenerateKey=AES,32,2,2,MINE BackupDatabase=user.db
csadm LogonSign=ADMIN,$CS2SIM_ADMIN_KEY RestoreDatabase=user.db || exit 7
)");
    const Outcome met =
        cs2sim_tool({"scenario", "run", "wrong-mbk", "--", "/bin/sh", "restore.sh"}, folder.path());
    INFO(met.out << met.err);
    CHECK(met.status == 7);
    CHECK(met.err.find("answered   1 x B087002A") != std::string::npos);
    CHECK(std::filesystem::exists(folder / "user.db"));

    const Outcome unmet = cs2sim_tool({"scenario", "run", "wrong-mbk", "--", "/bin/true"});
    CHECK(unmet.status == kMismatch);
    CHECK(unmet.err.find("mismatch   expected, never answered: B087002A") != std::string::npos);

    CHECK(cs2sim_tool({"scenario", "run", "no-such"}).status == 98);
}

TEST_CASE("G17: B0830063 meets a restore three ways") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.make_mbk();
    user.admin_does({"BackupDatabase=user.db"});

    // A host tool that asks for a length which its firmware does not know.
    require_error(user.csadm({"ChallengeLength=8", user.admin_logon(), "RestoreDatabase=user.db"}),
                  E_CMDS_CHALLENGE_LEN);
    // A rule, armed on the running device. (A raw frame: nodes_test.cpp.)
    require_success(simulator.steer(
        {"fault", "add", "--function", "CMDS.GET_CHALLENGE", "--nth", "1", "--do", "error=B0830063"}));
    require_error(user.as_admin({"RestoreDatabase=user.db"}), E_CMDS_CHALLENGE_LEN);
    CHECK(user.admin_does({"RestoreDatabase=user.db"}).empty());
    const Outcome log = simulator.steer({"fault", "log"});
    CHECK(log.out.find("error=B0830063") != std::string::npos);
    CHECK(log.out.find("CMDS.GET_CHALLENGE 008301 length=16") != std::string::npos);
}

TEST_CASE("rules are armed, listed and taken away on a running device") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    const Folder folder;
    write_file(folder / "rules.toml", R"([[rule]]
function = "ADM.GET_STATE"
nth = 2
do = "error=OS.FILE_CORR"

[[rule]]
user = "ADMIN"
probability = 0.5
seed = 3
do = "delay=1-2"
)");
    const Outcome added = simulator.steer({"fault", "add", folder / "rules.toml"});
    require_success(added);
    CHECK(added.out ==
          "1  function=ADM.GET_STATE nth=2 times=1 do=error=B0000519\n"
          "2  user=ADMIN probability=0.5 seed=3 do=delay=1-2\n");
    require_success(user.csadm({"GetState"}));
    require_error(user.csadm({"GetState"}), E_OS_FILE_CORR);
    require_success(simulator.steer({"fault", "remove", "2"}));
    CHECK(simulator.steer({"fault", "list"}).out ==
          "1  function=ADM.GET_STATE nth=2 times=1 do=error=B0000519  (2 matches, 1 hits)\n");
    require_error(simulator.steer({"fault", "remove", "2"}), E_SIM_NO_RULE);
    require_success(simulator.steer({"fault", "clear"}));
    CHECK(simulator.steer({"fault", "list"}).out.empty());

    const Outcome refused = simulator.steer({"fault", "add", "--function", "ADM.FLY", "--do", "drop"});
    require_error(refused, E_SIM_RULE);
    CHECK(refused.err.find("there is no function 'ADM.FLY'") != std::string::npos);
}

TEST_CASE("a crash before the commit leaves nothing of a restore, after it everything") {
    const bool after = GENERATE(false, true);
    Simulator simulator;
    const Operator user(simulator, Way::tcp);
    user.make_mbk();
    user.admin_does(
        {"AddUser=BACK,00000002,hmacpwd,a-password", "BackupDatabase=user.db", "DeleteUser=BACK"});
    require_success(simulator.steer({"fault", "add", "--function", "ADM.RESTORE_COMMIT", "--do",
                                     after ? "crash-after-commit" : "crash-before-commit"}));
    require_error(user.as_admin({"RestoreDatabase=user.db"}), E_CSA_CLOSED);
    simulator.start();
    CHECK((user.users().find("BACK ") != std::string::npos) == after);
}
