// State, logs, files and modes through csadm.
#include <regex>
#include <sstream>

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
    CHECK(user.csadm({"CSLGetLoad"}).out == "0.0 %\n");  // of the idle device, whatever the host does
    CHECK(matches(user.csadm({"CSLGetStatus"}).out,
                  "uptime = \\d+ days .*\nfan speed \\[rpm\\] = \\d+\nCPU temperature \\[C\\] = \\d+\\.\\d\n"
                  "redundant power supply = OK\n"));
    CHECK(user.csadm({"CSLGetVersion"}).out == "CSLAN  5.1.0\n");
    simulator.steered({"appliance", "load", "97.5"});
    simulator.steered({"appliance", "uptime", "600000"});
    CHECK(user.csadm({"CSLGetLoad"}).out == "97.5 %\n");
    CHECK(user.csadm({"CSLGetStatus"}).out.starts_with("uptime = 6 days 22:40:"));
    simulator.steered({"appliance", "load", "--measured"});
    CHECK(user.csadm({"CSLGetLoad"}).out == "0.0 %\n");
    CHECK(simulator.steer({"appliance", "load", "101"}).status == 2);
    const std::string connections = user.csadm({"CSLGetConnections"}).out;
    if (way == Way::tcp)
        CHECK(matches(connections, "1 TCP 127\\.0\\.0\\.1:\\d+\n"));
    else
        CHECK(connections.empty());  // the node is no network connection
}

TEST_CASE(
    "an appliance: devices, serial number, log, configuration, trace level, clock, restart, shut-down") {
    Simulator simulator("se-gen2-lan");
    const Operator user(simulator, Way::tcp);
    const auto shows = [&](const char* command) { return user.admin_does({command}); };
    const std::string serial = shows("CSLGetSerial");
    CHECK(matches(serial, "CS2SIM[0-9A-Za-z]{8}\n"));
    CHECK(shows("CSLScanDevices") == "/dev/cs2.0  " + serial.substr(0, serial.size() - 1) + "  online\n");
    CHECK(shows("CSLListPPApps").empty());
    CHECK(shows("CSLGetLogFile").find("started [0]") != std::string::npos);
    CHECK(shows("CSLGetConfigFile") == "# appliance configuration\nport = 288\n");
    write_file(user.file("new.conf"), "port = 288\ntimeout = 30\n");
    user.admin_does({"CSLPutConfigFile=new.conf", "CSLGetConfigFile=copy.conf", "CSLSetTracelevel=3"});
    CHECK(read_file(user.file("copy.conf")) == read_file(user.file("new.conf")));
    require_error(user.as_admin({"CSLSetTracelevel=6"}), E_ADM_PARAM);
    CHECK(user.admin_does({"CSLSetTime=20320229235900", "CSLGetTime"})
              .starts_with("time = 2032-02-29 23:59:0"));
    write_file(user.file("large.conf"), std::string(70000, 'x'));
    require_error(user.as_admin({"CSLPutConfigFile=large.conf"}), E_CSA_PARAM);
    for (const char* command :
         {"CSLPutConfigFile=new.conf", "CSLSetTracelevel=1", "CSLSetTime=GMT", "CSLReboot", "CSLShutdown"})
        require_error(user.csadm({command}), E_CMDS_DENIED);
    user.admin_does({"CSLReboot"});
    require_success(user.csadm({"GetState"}));
    user.admin_does({"CSLShutdown"});
    simulator.ended();
    require_no_device(user.csadm({"GetState"}));
}

TEST_CASE("RecoverOS and Reset start the device again, and a plain card has no appliance") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    user.admin_does({"AddUser=CLERK,00000002,hmacpwd,clerks-secret"});
    const std::string users = user.users();
    for (const char* command : {"Reset", "ResetToBL", "RecoverOS"}) require_success(user.csadm({command}));
    CHECK(user.users() == users);
    for (const char* command : {"CSLGetSerial", "CSLScanDevices", "CSLGetTime", "CSLGetLogFile"})
        require_error(user.csadm({command}), E_CMDS_SFC_DISABLED);
}

TEST_CASE("the boot log has the lines of a start, one a module, each with date and time") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    const std::string log = user.csadm({"GetBootLog"}).out;
    INFO(log);
    std::istringstream lines(log);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count)
        CHECK(matches(line, "\\d\\d\\.\\d\\d\\.\\d\\d \\d\\d:\\d\\d:\\d\\d .+"));
    CHECK(count >= 20);
    for (const char* part : {"started [0]\n", "CPU clock: 24000000\n", "sensor controller: 2.0.0.42 [0/0]\n",
                             "loaded from flash: adm.msc ", "loaded from flash: cmds.msc "})
        CHECK(log.find(part) != std::string::npos);
    require_success(user.csadm({"Restart"}));
    CHECK(user.csadm({"GetBootLog"}).out.size() == log.size());  // of the last start alone
    // The boot loader starts no operating system and loads none of its modules.
    require_success(user.csadm({"ResetToBL"}));
    const std::string loader = user.csadm({"GetBootLog"}).out;
    INFO(loader);
    CHECK(loader.find("cs2sim boot loader 5.01.4.4 started [0]\n") != std::string::npos);
    CHECK(loader.find("operating system") == std::string::npos);
    CHECK(loader.find("loaded from flash") == std::string::npos);
    require_success(user.csadm({"StartOS"}));
    CHECK(user.csadm({"GetBootLog"}).out.size() == log.size());
}

TEST_CASE(
    "GetHSMAuthKey is RSA-4096, and files of several, parted by empty lines, check the device at logon") {
    const Simulator simulator;
    const Simulator second;
    const Operator user(simulator, Way::tcp);
    const std::string key = user.csadm({"GetHSMAuthKey"}).out;
    CHECK(key.size() > 1500);
    const std::string other = Operator(second, Way::tcp).csadm({"GetHSMAuthKey"}).out;
    write_file(user.file("keys"), other + "\n" + key);
    write_file(user.file("wrong"), other);
    write_file(user.file("rubbish"), "no key");
    Operator careful(simulator, Way::tcp);
    const auto checked_by = [&](const char* file) {
        careful.options.environment["CS_AUTH_KEYS"] = user.file(file).string();
        return careful.as_admin({"ShowAuthState"});
    };
    require_success(checked_by("keys"));
    require_error(checked_by("wrong"), E_CSA_DEVICE_KEY);
    require_error(checked_by("rubbish"), E_CSA_DEVICE_KEYS);
    require_error(checked_by("nowhere"), E_CSA_DEVICE_KEYS);
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
    user.admin_does({"DeleteFile=notes.txt", "DeleteFile=FLASH\\empty.txt"});
    require_error(user.as_admin({"DeleteFile=notes.txt"}), E_OS_FILE_NO_SUCH_FILE);
}

TEST_CASE("MakeMTC writes a container that LoadFile takes once its key is known, and no other") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    std::string info = {'\xA3', '\x07', '\x55', '\x2E', '\xD3', '\x44', '\xD5', '\xBA'};
    info +=
        std::string("erp\0\0\0\0\0\0\0\0\0", 12) + std::string("\0\0\1\1\0\1\6\0", 8) + "A module of our own";
    info.resize(60);
    write_file(user.file("erp.v1.so"), std::string(1001, 'c') + info + "end");
    require_success(user.csadm({"GenKey=sign.key#pw,2048,S", "GenKey=other.key,2048,O"}));
    const Outcome made = user.csadm({"MMCSignKey=sign.key#pw", "MakeMTC=erp.v1.so"});
    require_success(made);
    CHECK(made.out ==
          "erp.v1.so:\n        building MMC ...\n        OK\n        building MTC ...\n        OK\n");
    const std::string container = read_file(user.file("erp.mtc"));
    CHECK(container.starts_with("MTCH"));
    CHECK(container.size() % 4 == 0);

    require_error(user.as_admin({"LoadFile=erp.mtc"}), E_ADM_SIGNATURE);
    user.admin_does({"LoadAltMdlSigKey=sign.key", "LoadFile=erp.mtc"});
    for (const char* command : {"ListFirmware", "ListModulesActive"})
        CHECK(user.csadm({command}).out.find("101  erp          0.1.6.0      LOADED\n") != std::string::npos);

    const auto refused = [&](std::size_t at, std::uint32_t code) {
        INFO("byte " << at);
        std::string changed = container;
        changed[at] = static_cast<char>(changed[at] ^ 0x41);
        write_file(user.file("bad.mtc"), changed);
        require_error(user.as_admin({"LoadFile=bad.mtc"}), code);
    };
    refused(0, E_ADM_MTC_MAGIC);
    refused(7, E_ADM_MTC_LENGTH);
    refused(8, E_ADM_MTC_VERSION);
    refused(12, E_ADM_MTC_VERSION);
    refused(23, E_ADM_MTC_VERSION);
    refused(container.size() - 1, E_ADM_MMC_LENGTH);  // its fill
    refused(24, E_ADM_MMC_MAGIC);
    refused(31, E_ADM_MMC_LENGTH);
    refused(32, E_ADM_MMC_VERSION);
    refused(36, E_ADM_MMC_INFO);
    refused(118, E_ADM_MMC_TYPE);
    refused(96, E_ADM_MMC_HASH);
    refused(128, E_ADM_MMC_HASH);
    refused(128 + 1064, E_ADM_SIGNATURE_BLOCK);
    refused(128 + 1064 + 20, E_ADM_SIGNATURE);
    for (std::size_t size = 0; size < container.size(); size += 97) {
        write_file(user.file("bad.mtc"), container.substr(0, size));
        require_error(user.as_admin({"LoadFile=bad.mtc"}), size < 24 ? E_ADM_MTC_MAGIC : E_ADM_MTC_LENGTH);
    }
    require_success(user.csadm({"MMCSignKey=other.key", "MakeMTC=erp.v1.so"}));
    require_error(user.as_admin({"LoadFile=erp.mtc"}), E_ADM_SIGNATURE);
    CHECK(user.csadm({"ListFiles"}).out.find("bad.mtc") == std::string::npos);
    user.admin_does({"DeleteFile=erp.mtc"});
    CHECK(user.csadm({"ListFirmware"}).out.find("erp") == std::string::npos);

    // Of a card's: refused when they come, signed by a key that the device knows.
    std::filesystem::copy_file(user.file("erp.v1.so"), user.file("erp.v1.out"));
    for (const char* model : {"Model=cs5", "Model=c50"}) {
        require_success(user.csadm({model, "MMCSignKey=sign.key#pw", "MakeMTC=erp.v1.out"}));
        require_error(user.as_admin({"LoadFile=erp.mtc"}), E_ADM_MMC_TYPE);
        CHECK(user.csadm({"ListFiles"}).out.find("erp.mtc") == std::string::npos);
    }

    write_file(user.file("junk.out"), "no module");
    const Outcome junk = user.csadm({"Model=cs5", "MMCSignKey=other.key", "MakeMTC=junk.out"});
    require_error(junk, E_CSA_CONTAINER_INFO);
    CHECK(junk.out.empty());
    require_error(user.csadm({"MMCSignKey=other.key", "MakeMTC=erp.v1.out"}), E_CSA_SYNTAX);
    require_error(user.csadm({"Model=cs5", "MakeMTC=erp.v1.out"}), E_CSA_SYNTAX);
    // An unknown model is refused for whatever image, an EC key before anything is said to be built.
    std::filesystem::copy_file(user.file("erp.v1.out"), user.file("erp.so"));
    for (const char* image : {"MakeMTC=erp.v1.out", "MakeMTC=erp.so"}) {
        const Outcome unknown = user.csadm({"Model=cs6", "MMCSignKey=other.key", image});
        CHECK(unknown.status == 2);
        CHECK(unknown.out.empty());
        CHECK(
            unknown.err.starts_with("csadm: Model= has no 'cs6', did you mean cs5?; it is one of cs5 c50\n"));
    }
    require_success(user.csadm({"MMCSignKey=other.key", "MakeMTC=erp.so"}));
    require_success(user.csadm({"KeyType=EC", "GenKey=ec.key,E"}));
    const Outcome by_ec = user.csadm({"Model=cs5", "MMCSignKey=ec.key", "MakeMTC=erp.v1.out"});
    require_error(by_ec, E_CSA_KEY_TYPE);
    CHECK(by_ec.out.empty());
}

TEST_CASE("a script in a container is checked as modules are, and runs") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    const std::string script =
        "--[[module\n[module]\nname = \"scrp\"\nid = 0x101\nversion = \"1.2.3.4\"\n[functions]\n"
        "0 = { name = \"ONE\" }\n]]\nreturn { ONE = function() return 'one' end }\n";
    write_file(user.file("scrp.lua"), script);
    require_success(user.csadm({"GenKey=sign.key,2048,S"}));
    require_success(user.csadm({"MMCSignKey=sign.key", "MakeMTC=scrp.lua"}));
    require_error(user.as_admin({"LoadFile=scrp.mtc"}), E_ADM_SIGNATURE);
    user.admin_does({"LoadAltMdlSigKey=sign.key", "LoadFile=scrp.mtc"});
    const std::string container = read_file(user.file("scrp.mtc"));
    const auto refused = [&](std::size_t at, std::uint32_t code) {
        std::string changed = container;
        changed[at] = static_cast<char>(changed[at] ^ 0x41);
        write_file(user.file("bad.mtc"), changed);
        require_error(user.as_admin({"LoadFile=bad.mtc"}), code);
    };
    refused(116, E_ADM_MMC_TYPE);
    refused(container.find("return"), E_ADM_MMC_HASH);
    user.admin_does({"Restart"});
    CHECK(user.csadm({"ListModulesActive"}).out.find("101  scrp         1.2.3.4      INIT_OK\n") !=
          std::string::npos);
    const std::string boot_log = user.csadm({"GetBootLog"}).out;
    CHECK(boot_log.find("loaded from flash: scrp.mtc 1.2.3.4\n") != std::string::npos);

    // What changed in flash since, a start finds: a byte of the image, of the signature, an end that is
    // missing.
    const std::filesystem::path stored = simulator.state() / "flash/files/scrp.mtc";
    const auto start_refuses = [&](const std::string& content, std::uint32_t code) {
        write_file(stored, content);
        user.admin_does({"Restart"});
        CHECK(user.csadm({"GetBootLog"}).out.find("module scrp.mtc not started: " + hex_code(code) + "\n") !=
              std::string::npos);
        for (const char* command : {"ListFirmware", "ListModulesActive"})
            CHECK(user.csadm({command}).out.find("101  scrp         1.2.3.4      INIT_FAILED\n") !=
                  std::string::npos);
    };
    std::string changed = container;
    changed[container.find("return") + 12] ^= 1;
    start_refuses(changed, E_OS_MDL_CORRUPT);
    changed = container;
    changed[container.size() - 40] ^= 1;
    start_refuses(changed, E_OS_MDL_MSC_VERIFY_FAILED);
    start_refuses(container.substr(0, 200), E_OS_MDL_MTC_INV);
    // Whole, signed by a key that is not there: as if that had been removed since.
    write_file(user.file("scrp.lua"), script + "-- changed\n");
    require_success(user.csadm({"GenKey=other.key,2048,S"}));
    require_success(user.csadm({"MMCSignKey=other.key", "MakeMTC=scrp.lua"}));
    const std::string strange = read_file(user.file("scrp.mtc"));
    start_refuses(strange, E_OS_MDL_MSC_VERIFY_FAILED);
    std::filesystem::rename(stored, stored.parent_path() / "other.mtc");
    user.admin_does({"Restart"});
    CHECK(user.csadm({"GetBootLog"})
              .out.find("module other.mtc not started: " + hex_code(E_OS_MDL_MSC_VERIFY_FAILED)) !=
          std::string::npos);
    user.admin_does({"DeleteFile=other.mtc"});
    // What was loaded starts again, though its key is gone since.
    write_file(stored, container);
    user.admin_does({"DeleteFile=mdlsigalt.key", "Restart"});
    CHECK(user.csadm({"ListModulesActive"}).out.find("101  scrp         1.2.3.4      INIT_OK\n") !=
          std::string::npos);
    // Another load is another container, and one of a deleted file is nobody's.
    user.admin_does({"LoadAltMdlSigKey=other.key", "LoadFile=scrp.mtc", "Restart"});
    CHECK(user.csadm({"ListModulesActive"}).out.find("101  scrp         1.2.3.4      INIT_OK\n") !=
          std::string::npos);
    start_refuses(container, E_OS_MDL_MSC_VERIFY_FAILED);
    user.admin_does({"DeleteFile=scrp.mtc"});
    CHECK(user.csadm({"ListModulesActive"}).out.find("scrp") == std::string::npos);

    write_file(user.file("bad.lua"), "return {}\n");
    const Outcome bad = user.csadm({"MMCSignKey=sign.key", "MakeMTC=bad.lua"});
    require_error(bad, E_CSA_CONTAINER_INFO);
    CHECK(bad.out.empty());
}

TEST_CASE("who names a file that cannot be read or written is told which one and why") {
    const Simulator simulator("se-gen2-lan");
    const Operator user(simulator, Way::tcp);
    require_success(user.csadm({"GenKey=sign.key,2048,S"}));
    const std::string absent = "no.such: No such file or directory\n" + describe(E_CSA_PARAM);
    CHECK(user.as_admin({"LoadFile=no.such"}).err == "csadm: " + absent);
    CHECK(user.as_admin({"CSLPutConfigFile=no.such"}).err == "csadm: " + absent);
    CHECK(user.csadm({"Model=cs5", "MMCSignKey=sign.key", "MakeMTC=no.such"}).err == "csadm: " + absent);
    CHECK(user.as_admin({"LoadFile=" + std::string(60000, 'a')}).err.size() < 1200);  // not all of it
    for (const char* command : {"CSLGetLogFile", "CSLGetConfigFile"})
        CHECK(user.csadm({std::string(command) + "=/nowhere/log"}).err ==
              "csadm: /nowhere/log: No such file or directory\n" + describe(E_CSA_PARAM));
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
    user.admin_does({"SetAuditConfig=5,1,100000,7F00073F"});  // as earlier versions took it
    const std::string settings = user.admin_does({"GetAuditConfig"});
    CHECK(settings == "Files=5,Rotate=1,Size=100000,Events=0x7F00073F\n");
    CHECK(user.admin_does({"SetAuditConfig=Events=0x0100073F", "GetAuditConfig"}) ==
          "Files=5,Rotate=1,Size=100000,Events=0x0100073F\n");
    CHECK(user.admin_does({"SetAuditConfig=files=3, Size=1000", "GetAuditConfig"}) ==
          "Files=3,Rotate=1,Size=1000,Events=0x0100073F\n");
    user.admin_does({"SetAuditConfig=" + settings.substr(0, settings.size() - 1)});
    CHECK(user.admin_does({"GetAuditConfig"}) == settings);
    for (const char* bad : {"Events=", "Color=1", "5,1", "Events=0x0100073F,", "Rotate=2"})
        require_error(user.as_admin({std::string("SetAuditConfig=") + bad}), E_CSA_SYNTAX);
    require_error(user.as_admin({"SetAuditConfig=Files=11"}), E_OS_AUDIT_CFG_RANGE);
    CHECK(user.admin_does({"GetAuditConfig"}) == settings);
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
        return state.substr(1, state.find('\n', 1) - 1);
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
    const std::filesystem::path factory_key = simulator.state() / "flash/files/mdlsig.key";
    write_file(factory_key, "whose modules it takes");
    write_file(user.file("notes.txt"), "a user's");
    user.admin_does({"LoadFile=notes.txt"});
    user.admin_does({"Clear"});
    CHECK(read_file(factory_key) == "whose modules it takes");
    CHECK(user.csadm({"ListFiles"}).out.find("notes.txt") == std::string::npos);
    CHECK(user.users().find("CLERK") == std::string::npos);
    CHECK(user.users().find("ADMIN       22000000    RSA sign") != std::string::npos);
    CHECK(user.admin_does({"MBKListKeys"}).find("TESTMBK") == std::string::npos);
}
