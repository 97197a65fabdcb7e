// State, logs, files and modes through csadm.
#include <regex>

#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

bool matches(const std::string& text, const char* pattern) {
    INFO(text);
    return std::regex_match(text, std::regex(pattern));
}

}  // namespace

TEST_CASE("state commands answer anybody") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    const auto shows = [&](const char* command) {
        const Outcome outcome = user.csadm({command});
        require_success(outcome);
        return outcome.out;
    };
    CHECK(
        matches(shows("GetBattState"),
                "Carrier Battery:   ok \\(\\d\\.\\d{3} V\\)\nExternal Battery:  ok \\(\\d\\.\\d{3} V\\)\n"));
    CHECK(matches(shows("GetTime"), "time = \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} UTC\n"));
    CHECK(shows("GetModel") == "Se-Series Gen2\n");
    CHECK(shows("ListModulesActive").find("83   CMDS         3.6.4.2      INIT_OK\n") != std::string::npos);
    CHECK(shows("ListFirmware").find("CXI") != std::string::npos);
    CHECK(shows("ListFiles").find("user.db") != std::string::npos);
    for (const char* command : {"GetInfo", "MemInfo", "Test", "GetBootLog"}) {
        INFO(command);
        CHECK_FALSE(shows(command).empty());
    }
    require_error(user.csadm({"CSLGetLoad"}), E_CMDS_SFC_DISABLED);
}

TEST_CASE("a network appliance answers the CSL commands") {
    const Simulator simulator("se-gen2-lan");
    const Way way = GENERATE(Way::mount, Way::tcp);
    const Operator user(simulator, way);
    CHECK(matches(user.csadm({"CSLGetLoad"}).out, "\\d+\\.\\d %\n"));
    CHECK(matches(user.csadm({"CSLGetStatus"}).out,
                  "uptime = \\d+ days .*\nfan speed \\[rpm\\] = \\d+\nCPU temperature \\[C\\] = \\d+\\.\\d\n"
                  "redundant power supply = OK\n"));
    CHECK(matches(user.csadm({"CSLGetVersion"}).out, "[^\n]+\n"));
    const std::string connections = user.csadm({"CSLGetConnections"}).out;
    if (way == Way::tcp)
        CHECK(matches(connections, "1 TCP 127\\.0\\.0\\.1:\\d+\n"));
    else
        CHECK(connections.empty());  // the node is no network connection
}

TEST_CASE("the clock is set by a system administrator") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    CHECK(user.admin_does({"SetTime=20320229235900", "GetTime"}).starts_with("time = 2032-02-29 23:59:0"));
    CHECK(user.admin_does({"SetTime=GMT", "GetTime"}).starts_with("time = 20"));
    require_error(user.csadm({"SetTime=GMT"}), E_CMDS_DENIED);
    require_error(user.as_admin({"SetTime=20310229235900"}), E_CSA_SYNTAX);
}

TEST_CASE("files go into flash and out of it") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    write_file(user.file("notes.txt"), std::string(700000, 'n'));
    write_file(user.file("empty.txt"), "");
    user.admin_does({"LoadFile=notes.txt", "LoadFile=" + user.file("empty.txt").string()});
    const std::string files = user.csadm({"ListFiles"}).out;
    CHECK(files.find("    700000  notes.txt\n") != std::string::npos);
    CHECK(files.find("         0  empty.txt\n") != std::string::npos);

    require_error(user.csadm({"DeleteFile=notes.txt"}), E_CMDS_DENIED);
    require_error(user.csadm({"LoadFile=notes.txt"}), E_CMDS_DENIED);
    require_error(user.as_admin({"DeleteFile=user.db"}), E_ADM_PERMISSION);
    require_error(user.as_admin({"DeleteFile=VMBK1.db"}), E_ADM_PERMISSION);
    require_error(user.as_admin({"DeleteFile=../state"}), E_OS_FILE_ILL_NAME);
    require_error(user.as_admin({"LoadFile=nowhere.txt"}), E_CSA_PARAM);
    write_file(user.file("user.db"), "x");
    require_error(user.as_admin({"LoadFile=user.db"}), E_ADM_PERMISSION);
    require_error(user.csadm({"Model=cs5", "MMCSignKey=sign.key#pw", "MakeMTC=module.out"}),
                  E_OS_MDL_NOT_SUPP);
    user.admin_does({"DeleteFile=notes.txt", "DeleteFile=FLASH\\empty.txt"});
    require_error(user.as_admin({"DeleteFile=notes.txt"}), E_OS_FILE_NO_SUCH_FILE);
}

TEST_CASE("the audit log tells who did what, and no secret") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.make_mbk();
    user.admin_does({"AddUser=CLERK,00000002,hmacpwd,clerks-secret", "BackupDatabase=user.db"});
    require_error(user.csadm({"LogonPass=CLERK,wrong-secret"}), E_CMDS_AUTH_FAILED);
    const std::string log = user.admin_does({"GetAuditLog"});
    INFO(log);
    for (const char* word : {"CLERK", "ADMIN", "user.db", "TESTMBK"})
        CHECK(log.find(word) != std::string::npos);
    for (const char* secret : {"clerks-secret", "wrong-secret"}) CHECK(log.find(secret) == std::string::npos);

    require_error(user.csadm({"ClearAuditLog"}), E_CMDS_DENIED);
    user.admin_does({"ClearAuditLog"});
    CHECK(user.admin_does({"GetAuditLog"}).find("CLERK") == std::string::npos);
    user.admin_does({"SetAuditConfig=5,1,100000,7F00073F"});
    CHECK(user.admin_does({"GetAuditConfig"}) ==
          "files   = 5\nrotate  = 1\nsize    = 100000\nclasses = 7F00073F\n");
}

TEST_CASE("the audit log rotates, and a kill takes nothing of it") {
    Simulator simulator;
    const Operator user(simulator, Way::mount);
    user.admin_does({"AddUser=CLERK,00000002,hmacpwd,clerks-secret", "SetAuditConfig=2,1,1000,7F0007FF"});
    const auto log = [&] { return user.csadm({"GetAuditLog"}).out; };
    for (int i = 0; i < 40; ++i)
        require_error(user.csadm({"LogonPass=CLERK,wrong-secret"}), E_CMDS_AUTH_FAILED);
    user.admin_does({"AddUser=LAST,00000002,hmacpwd,last-secret"});
    const std::string before = log();
    CHECK(before.size() <= 2000);
    CHECK(before.find("audit settings changed") == std::string::npos);  // rotated away
    CHECK(before.ends_with("[ADMIN] add user LAST\n"));
    CHECK(names_in(simulator.state() / "audit").size() == 2);
    simulator.kill();
    simulator.start();
    CHECK(log().find("[ADMIN] add user LAST\n") != std::string::npos);
    CHECK(log().ends_with("cs2sim device started, profile se-gen2\n"));
}

TEST_CASE("modes and restarts") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    const auto mode = [&] {
        const std::string state = user.csadm({"GetState"}).out;
        return state.substr(0, state.find('\n'));
    };
    require_error(user.csadm({"SetAdminMode=1"}), E_CMDS_DENIED);
    user.admin_does({"SetAdminMode=1"});
    CHECK(mode() == "mode      = Administration-Only Mode");
    user.admin_does({"SetAdminMode=0"});
    CHECK(mode() == "mode      = Operational Mode");

    user.admin_does({"SetStartupMode=1", "Restart", "GetStartupMode"});
    CHECK(mode() == "mode      = Administration-Only Mode");
    user.admin_does({"SetStartupMode=0", "Restart", "GetState"});
    CHECK(mode() == "mode      = Operational Mode");
    require_error(user.as_admin({"SetStartupMode=2"}), E_CMDS_BAD_MODE);

    user.admin_does({"AddUser=CLERK,00000002,hmacpwd,clerks-secret"});
    const std::string users = user.users();
    require_success(user.csadm({"ResetToBL"}));
    CHECK(mode() == "mode      = Bootloader Mode");
    require_error(user.csadm({"ListUsers"}), E_CMDS_BAD_FC);
    require_success(user.csadm({"StartOS"}));
    CHECK(mode() == "mode      = Operational Mode");
    CHECK(user.users() == users);

    // A restart ends the session of the run that asked for it.
    require_error(user.as_admin({"Restart", "SetAdminMode=1"}), E_CMDS_DENIED);
    require_error(user.as_admin({"ResetAlarm"}), E_OS_SENS_NO_ALARM);

    require_error(user.csadm({"Clear"}), E_CMDS_DENIED);
    user.make_mbk();
    user.admin_does({"Clear"});
    CHECK(user.users().find("CLERK") == std::string::npos);
    CHECK(user.users().find("ADMIN       22000000    RSA sign") != std::string::npos);
    CHECK(user.admin_does({"MBKListKeys"}).find("TESTMBK") == std::string::npos);
}
