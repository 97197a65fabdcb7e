// cs2sim battery|alarm|clock|mode|mbk|fault on a running device, and what its users see of it.
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string shown(const Operator& user, const char* command) {
    const Outcome outcome = user.csadm({command});
    require_success(outcome);
    return outcome.out;
}

constexpr const char* kFull = "Carrier Battery:   ok (3.108 V)\nExternal Battery:  ok (3.586 V)\n";

}  // namespace

TEST_CASE("batteries are drained and replaced one by one") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    CHECK(simulator.steered({"battery", "show"}) == kFull);
    CHECK(simulator.steered({"battery", "drain", "carrier"}) ==
          "Carrier Battery:   low (2.000 V)\nExternal Battery:  ok (3.586 V)\n");
    CHECK(shown(user, "GetBattState") == simulator.steered({"battery", "show"}));
    CHECK(simulator.steered({"battery", "replace"}) == kFull);
    CHECK(simulator.steered({"battery", "drain", "external"}) ==
          "Carrier Battery:   ok (3.108 V)\nExternal Battery:  low (2.000 V)\n");
    CHECK(contains(shown(user, "GetState"), "alarm     = OFF"));
    CHECK(contains(simulator.steered({"battery", "drain", "both"}), "alarm: batteries"));
    CHECK(contains(shown(user, "GetState"), "alarm     = ON"));
    require_error(user.as_admin({"ListUsers"}), E_DB_BAD_MKEY);
    CHECK(simulator.steer({"battery", "drain", "none"}).status != 0);
    CHECK(simulator.steer({"battery", "shelve", "--months", "0"}).status != 0);
}

TEST_CASE("G20: two years on a shelf, and the way back: reset, factory state, MBK, restore") {
    Simulator simulator;
    const Operator user(simulator, Way::mount);
    user.make_mbk();
    user.admin_does({"AddUser=CLERK,00000002,hmacpwd,clerks-secret", "BackupDatabase=user.db"});
    CHECK(simulator.steered({"battery", "shelve", "--months", "18"}) ==
          "Carrier Battery:   ok (3.108 V)\nExternal Battery:  low (2.000 V)\n");
    user.admin_does({"MBKListKeys"});
    const std::string empty = simulator.steered({"battery", "shelve", "--months", "6"});
    CHECK(contains(empty, "Carrier Battery:   low"));
    CHECK(contains(empty, "alarm: batteries"));
    require_error(user.csadm({"ListUsers"}), E_DB_BAD_MKEY);

    // Neither a restart nor a new process ends an alarm; a reset does, and what is erased stays erased.
    require_success(user.csadm({"Restart"}));
    CHECK(contains(shown(user, "GetState"), "alarm     = ON"));
    simulator.kill();
    simulator.start();
    CHECK(contains(shown(user, "GetState"), "alarm     = ON"));
    CHECK(simulator.steered({"alarm", "reset"}) == "alarm: off\n");
    require_error(user.csadm({"ListUsers"}), E_DB_BAD_MKEY);
    CHECK(contains(shown(user, "GetInfo"), "master key  = erased"));

    if (GENERATE(false, true)) {
        simulator.stop();
        simulator.start();
    } else {
        require_success(user.csadm({"Restart"}));
    }
    CHECK(user.users() ==
          "Name       Permission   Mechanism      Attributes\n"
          "ADMIN       22000000    RSA sign\n");
    require_error(user.as_admin({"RestoreDatabase=user.db"}), E_ADM_BACKUP_MAC);  // the factory's MBK is new
    user.import_mbk_of(user);
    user.admin_does({"RestoreDatabase=user.db"});
    CHECK(contains(user.users(), "CLERK"));
    require_success(user.csadm({"LogonPass=CLERK,clerks-secret", "ListUsers"}));
}

TEST_CASE("alarms are raised and reset, by tampering and by temperature") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    CHECK(simulator.steered({"alarm", "show"}) == "alarm: off\n");
    require_error(simulator.steer({"alarm", "reset"}), E_OS_SENS_NO_ALARM);
    CHECK(simulator.steered({"alarm", "temperature", "66"}) == "alarm: off\n");
    CHECK(contains(shown(user, "GetState"), "temp      = 66.0 [C]"));
    CHECK(simulator.steered({"alarm", "temperature", "66.5"}) == "alarm: temperature\n");
    CHECK(contains(shown(user, "GetInfo"), "alarm       = temperature out of range\n"));
    require_error(user.csadm({"ListUsers"}), E_DB_BAD_MKEY);
    CHECK(simulator.steered({"alarm", "reset"}) == "alarm: off\n");
    CHECK(contains(shown(user, "GetState"), "temp      = 30.0 [C]"));
    CHECK(simulator.steered({"alarm", "raise", "tamper"}) == "alarm: tamper\n");
    CHECK(simulator.steered({"alarm", "show"}) == "alarm: tamper\n");
    CHECK(contains(shown(user, "GetInfo"), "alarm       = tampering\n"));
    CHECK(contains(shown(user, "GetAuditLog"), "alarm: tamper"));
    CHECK(simulator.steer({"alarm", "raise", "sun"}).status != 0);
    CHECK(simulator.steer({"alarm", "temperature", "201"}).status != 0);
    CHECK(simulator.steer({"alarm", "temperature", "hot"}).status != 0);
}

TEST_CASE("an alarm ends what runs: sessions, an open backup") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    user.make_mbk();
    simulator.steered({"fault", "add", "--function", "ADM.BACKUP_READ", "--do", "alarm=tamper"});
    require_error(user.as_admin({"BackupDatabase=user.db"}), E_CMDS_ALARM);
    CHECK_FALSE(std::filesystem::exists(user.file("user.db")));
    simulator.steered({"alarm", "reset"});
    require_error(user.as_admin({"ListUsers"}), E_DB_BAD_MKEY);
}

TEST_CASE("the clock is set and moved, survives a restart, and refuses what no clock shows") {
    Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    CHECK(simulator.steered({"clock", "set", "2031-05-06 07:08:09"}).starts_with("2031-05-06 07:08:"));
    CHECK(shown(user, "GetTime").starts_with("time = 2031-05-06 07:08:"));
    CHECK(simulator.steered({"clock", "move", "--", "-86400"}).starts_with("2031-05-05 07:08:"));
    simulator.stop();
    simulator.start();
    CHECK(simulator.steered({"clock", "show"}).starts_with("2031-05-05 07:"));
    require_error(simulator.steer({"clock", "set", "1969-12-31 23:59:59"}), E_OS_RTC_PARAM);
    require_error(simulator.steer({"clock", "move", "4000000000"}), E_OS_RTC_PARAM);
    CHECK(simulator.steer({"clock", "set", "tomorrow"}).status != 0);
    CHECK(simulator.steered({"clock", "show"}).starts_with("2031-05-05 07:"));
}

TEST_CASE("stats count the commands of each function") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    require_success(user.csadm({"GetBattState"}));
    require_success(user.csadm({"GetBattState"}));
    const std::string stats = simulator.steered({"stats"});
    std::istringstream lines(stats);
    std::string line, found;
    while (std::getline(lines, line))
        if (line.starts_with("ADM.GET_BATT_STATE ")) found = line;
    INFO(stats);
    std::istringstream row(found);
    std::string name;
    unsigned calls = 0, refused = 1, failed = 1;
    row >> name >> calls >> refused >> failed;
    CHECK(calls == 2);
    CHECK(refused == 0);
    CHECK(failed == 0);
}

TEST_CASE("modes are switched, and end with a restart") {
    Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    const auto set = [&](const char* mode) { return simulator.steered({"mode", "set", mode}); };
    CHECK(simulator.steered({"mode", "show"}) == "mode: operational\n");
    CHECK(set("admin") == "mode: admin\n");
    CHECK(shown(user, "GetState").starts_with("\nmode      = Administration-Only Mode\n"));
    CHECK(set("maintenance") == "mode: maintenance\n");
    CHECK(shown(user, "GetState").starts_with("\nmode      = Maintenance Mode\n"));
    CHECK(set("bootloader") == "mode: bootloader\n");
    require_error(user.as_admin({"ListUsers"}), E_CMDS_BAD_FC);
    CHECK(set("operational") == "mode: operational\n");
    CHECK(set("fips") == "mode: operational fips\n");
    CHECK(contains(shown(user, "GetState"), "FIPS mode = ON\n"));
    CHECK(set("fips-error") == "mode: operational fips fips-error\n");
    require_error(user.as_admin({"ListUsers"}), E_CMDS_AUTH_FIPS_ESTATE);
    CHECK(set("cc") == "mode: operational cc\n");
    CHECK(set("cc-error") == "mode: operational cc cc-error\n");
    require_error(user.as_admin({"ListUsers"}), E_CMDS_AUTH_CC_ESTATE);
    CHECK(simulator.steer({"mode", "set", "holiday"}).status != 0);
    require_success(user.csadm({"Restart"}));
    CHECK(simulator.steered({"mode", "show"}) == "mode: operational\n");
    require_success(user.as_admin({"ListUsers"}));
}

TEST_CASE("G12: another MBK lies in slot 3 all of a sudden") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.make_mbk();
    user.admin_does({"BackupDatabase=user.db"});
    const std::string before = user.admin_does({"MBKListKeys"});
    CHECK(simulator.steered({"mbk", "flip"}).empty());
    const std::string after = user.admin_does({"MBKListKeys"});
    CHECK(contains(after, "FLIPPED"));
    CHECK(after != before);
    require_error(user.as_admin({"RestoreDatabase=user.db"}), E_ADM_BACKUP_MAC);
    user.import_mbk_of(user);
    const std::string hash = before.substr(before.size() - 34);
    CHECK(user.admin_does({"MBKListKeys"}).ends_with(hash));
    user.admin_does({"RestoreDatabase=user.db"});
}

TEST_CASE("G5: cards are made, put into a reader, listed, taken out and thrown away") {
    const Simulator simulator;
    const auto card = [&](std::vector<std::string> words) {
        words.insert(words.begin(), "card");
        words.insert(words.end(), {"--state", simulator.state()});
        return simulator.steer(std::move(words));
    };
    const auto listed = [&] { return card({"list"}).out; };
    CHECK(listed().empty());
    require_success(card({"new", "anna", "--user", "ADMIN", "--pin", "4711"}));
    require_success(card({"new", "bert"}));
    CHECK(card({"new", "anna"}).status == 1);
    CHECK(card({"new", "carl", "--pin", "1"}).status == 1);
    CHECK(listed() ==
          "anna             in no reader, key, 0 MBK shares, 3 tries left, of ADMIN\n"
          "bert             in no reader, key, 0 MBK shares, 3 tries left\n");
    require_success(card({"insert", "--queue", "bert,anna", "--reader", "USB1"}));
    CHECK(contains(listed(), "anna             USB1 #2, key"));
    CHECK(contains(listed(), "bert             USB1 #1, key"));
    require_error(card({"insert", "nobody"}), E_SIM_CARD);
    require_success(card({"remove", "--reader", "USB1"}));
    CHECK(contains(listed(), "anna             in no reader"));
    require_success(card({"delete", "anna"}));
    require_error(card({"delete", "anna"}), E_SIM_CARD);
    CHECK_FALSE(contains(listed(), "anna"));
}

TEST_CASE("what steers a simulator that does not run says so") {
    Simulator simulator;
    simulator.stop();
    for (const auto& words : std::vector<std::vector<std::string>>{{"battery", "show"},
                                                                   {"alarm", "raise", "tamper"},
                                                                   {"clock", "show"},
                                                                   {"mode", "show"},
                                                                   {"mbk", "flip"},
                                                                   {"fault", "list"},
                                                                   {"trace"}}) {
        INFO(words[0]);
        const Outcome outcome = simulator.steer(words);
        require_no_device(outcome);
        CHECK(contains(outcome.err, "no instance runs on " + simulator.state().string()));
    }
}
