// The tools themselves: help, finding the device, grammar.
#include <regex>

#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

TEST_CASE("G1: Help lists the commands, Help=<command> explains one") {
    const Folder folder;
    const RunOptions anywhere{folder.path(), {{"CRYPTOSERVER", ""}, {"CRYPTOSEVER", ""}}};
    const std::string csadm = built_program("csadm");

    const Outcome list = run({csadm, "Help"}, anywhere);
    require_success(list);
    for (const char* command :
         {"BackupDatabase", "RestoreDatabase", "GetState", "ListUsers", "AddUser", "ChangeUser", "DeleteUser",
          "LogonSign", "LogonPass", "Logoff", "ShowAuthState", "GenKey", "MBKGenerateKey", "MBKImportKey",
          "MBKListKeys", "Dev", "ChallengeLength"}) {
        INFO(command);
        CHECK(list.out.find("\n  " + std::string(command) + " ") != std::string::npos);
    }

    const Outcome one = run({csadm, "help=backupdatabase"}, anywhere);
    require_success(one);
    CHECK(one.out.find("BackupDatabase=<database>") != std::string::npos);
    CHECK(one.out.find("12000000") != std::string::npos);

    require_error(run({csadm, "Help=Nonsense"}, anywhere), E_CSA_COMMAND);
    require_error(run({csadm, "Nonsense"}, anywhere), E_CSA_COMMAND);
    require_error(run({csadm, "GetState"}, anywhere), E_CSA_DEVICE_NAME);
}

TEST_CASE("G2: the environment names the device, in both spellings, and commands are case-insensitive") {
    const Simulator simulator;
    Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    const std::string device = user.options.environment["CRYPTOSERVER"];

    const Outcome usual = user.csadm({"getstate"});
    require_success(usual);
    CHECK(usual.err.empty());
    CHECK(user.csadm({"GETSTATE"}).out == usual.out);

    user.options.environment["CRYPTOSERVER"] = "";
    user.options.environment["CRYPTOSEVER"] = device;
    const Outcome misspelt = user.csadm({"GetState"});
    require_success(misspelt);
    CHECK(misspelt.out == usual.out);
    CHECK(misspelt.err.find("CRYPTOSEVER") != std::string::npos);

    user.options.environment["CRYPTOSEVER"] = "";
    require_error(user.csadm({"GetState"}), E_CSA_DEVICE_NAME);
    require_success(user.csadm({"DEV=" + device, "GetState"}));
    require_error(user.csadm({"Dev=" + device + "x", "GetState"}),
                  device.starts_with('/') ? E_CSA_NO_NODE : E_CSA_UNKNOWN_HOST);
    for (const char* address : {"192.168.0.300", "3001@256.1.1.1", "TCP:3001@1.2.3.4.5", "300.1.1.1:3001",
                                "127.1", "3001@0x7f.1", "3001@0177.0.0.1"})
        require_error(user.csadm({"Dev=" + std::string(address), "GetState"}), E_CSA_ADDRESS);
}

TEST_CASE("G2: GetState prints the columns that scripts parse") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    const std::string state = user.csadm({"GetState"}).out;
    INFO(state);
    const std::regex columns(
        R"(
mode      = Operational Mode
state     = INITIALIZED \(0x[0-9A-F]{8}\)
temp      = \d+\.\d \[C\]
alarm     = OFF
bl_ver    = \d\.\d\d\.\d\.\d +\(Model: Se-Series Gen2\)
hw_ver    = \d\.\d\d\.\d\.\d+
uid       = [0-9a-f]{8} [0-9a-f]{8} {20}\|.{16}\|
adm1      = [0-9a-f]{8} [0-9a-f]{8}  [0-9a-f]{8} [0-9a-f]{8} \|.{16}\|
adm2      = [0-9a-f]{8} [0-9a-f]{8}  [0-9a-f]{8} [0-9a-f]{8} \|.{16}\|
adm3      = [0-9a-f]{8} [0-9a-f]{8}  [0-9a-f]{8} [0-9a-f]{8} \|.{16}\|
)");
    CHECK(std::regex_match(state, columns));
}

TEST_CASE("an argument that is no command, or lacks its value, stops the run where it stands") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    const Outcome unknown = user.csadm({"GetStartupMode", "GetStat", "GetStartupMode"});
    require_error(unknown, E_CSA_COMMAND);
    CHECK(unknown.out == "startup_mode = 0\n");
    const auto refused = [&](const std::string& argument, std::uint32_t code) {
        INFO(argument.substr(0, 60));
        const Outcome outcome = user.csadm({argument});
        require_error(outcome, code);
        CHECK(outcome.status == 2);
        if (code != E_CSA_LENGTH) CHECK(outcome.err.find("csadm: usage: ") != std::string::npos);
    };
    for (const char* argument :
         {"AddUser", "AddUser=", "AddUser=U", "AddUser=U,2,hmacpwd", "AddUser=U,2{A=B,hmacpwd,x",
          "LogonSign=ADMIN", "LogonPass=ADMIN", "ChangeUser=U", "GetState=1", "MBKGenerateKey=AES,32,2,2",
          "GenKey=a.key", "ChallengeLength"})
        refused(argument, E_CSA_ARGUMENTS);
    for (const char* argument : {"AddUser=U,2,magic,x", "AddUser=U,XYZ,hmacpwd,x", "SetMaxAuthFails=256",
                                 "SetTime=20260230000000", "MBKImportKey=x"})
        refused(argument, E_CSA_SYNTAX);
    refused("AddUser=U,2,hmacpwd," + std::string(70000, 'x'), E_CSA_LENGTH);
    refused("MBKGenerateKey=AES,32,2,2,NINELETTE", E_CSA_LENGTH);
}

TEST_CASE("a number that is none is told of the word where it stands, not of the command that wants it") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    const struct {
        const char *tool, *word, *command, *range, *usage;
    } rows[] = {
        {"csadm", "Timeout=abc", "GetState", "1 to 4294967295", "Timeout=<milliseconds>"},
        {"csadm", "Timeout=0", "GetState", "1 to 4294967295", "Timeout=<milliseconds>"},
        {"cxitool", "Timeout=1s", "ListKeys", "1 to 4294967295", "Timeout=<milliseconds>"},
        {"csadm", "ChallengeLength=65536", "GetState", "0 to 65535", "ChallengeLength=<bytes>"},
        {"cxitool", "Spec=first", "KeyInfo", "0 to 4294967295", "Spec=<number>"},
        {"cxitool", "Size=big", "GenerateKey=RSA", "0 to 4294967295", "Size=<bits>"},
    };
    for (const auto& row : rows) {
        INFO(row.tool << ' ' << row.word);
        const Outcome outcome = user.tool(row.tool, {row.word, row.command});
        CHECK(outcome.status == 2);
        const std::string tool = row.tool, word = row.word;
        const std::size_t equals = word.find('=') + 1;
        CHECK(outcome.err == tool + ": " + word.substr(0, equals) + " is a number from " + row.range +
                                 ", not '" + word.substr(equals) + "'\n" + tool + ": usage: " + row.usage +
                                 "\n" + describe(E_CSA_SYNTAX));
    }
}
