// What certified modes bar, and challenges of another generation's length.
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

struct Certified {
    const char* profile;
    const char* shown;
    std::uint32_t error;
};

}  // namespace

TEST_CASE("G14: database backup and restore are barred under FIPS and CC firmware") {
    const auto mode = GENERATE(Certified{"se-gen2-fips", "FIPS", E_CMDS_FIPS_BLOCKED},
                               Certified{"cse-fips", "FIPS", E_CMDS_FIPS_BLOCKED},
                               Certified{"cp5", "CC", E_CMDS_CC_BLOCKED});
    INFO(mode.profile);
    const Simulator simulator(mode.profile);
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));

    const Outcome state = user.csadm({"GetState"});
    require_success(state);
    INFO(state.out);
    CHECK(state.out.find(mode.shown) != std::string::npos);

    user.make_mbk();
    for (const char* database : {"user.db", "CXIKEY.db"}) {
        require_error(user.as_admin({"BackupDatabase=" + std::string(database)}), mode.error);
        CHECK_FALSE(std::filesystem::exists(user.file(database)));
    }
    const Simulator plain;
    const Operator elsewhere(plain, Way::mount);
    elsewhere.import_mbk_of(user);
    elsewhere.admin_does({"BackupDatabase=user.db"});
    const std::string before = user.users();
    require_error(user.as_admin({"RestoreDatabase=" + elsewhere.file("user.db").string()}), mode.error);
    CHECK(user.users() == before);
}

TEST_CASE("G17: B0830063 meets an operator whose tool asks for a challenge that the firmware does not make") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.make_mbk();
    user.admin_does({"BackupDatabase=user.db"});
    const std::string before = user.users();
    for (const char* length : {"0", "8", "17", "65535"}) {
        const Outcome outcome = user.csadm(
            {"ChallengeLength=" + std::string(length), user.admin_logon(), "RestoreDatabase=user.db"});
        INFO(length << "\n" << outcome.out);
        CHECK(outcome.err ==
              "Error B0830063\n"
              "CryptoServer module CMDS, Command scheduler\n"
              "illegal challenge length requested\n");
        CHECK(outcome.status != 0);
        CHECK(outcome.out.empty());
    }
    CHECK(user.users() == before);
    require_success(user.csadm({"ChallengeLength=16", user.admin_logon(), "RestoreDatabase=user.db"}));
    require_success(user.csadm({"ChallengeLength=32", user.admin_logon(), "RestoreDatabase=user.db"}));
}
