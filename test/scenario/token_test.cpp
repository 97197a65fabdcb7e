// Tokens made in one line, for CI (cs2sim token add), and p11tool2 on them.
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

std::vector<std::string> token_add(std::vector<std::string> more) {
    more.insert(more.begin(), {"token", "add", "--label", "CI"});
    return more;
}

}  // namespace

TEST_CASE("cs2sim token add leaves a token ready for use and prints what to export") {
    const Simulator simulator;
    const std::string out =
        simulator.steered(token_add({"--slot", "2", "--so-pin", "12345678", "--pin", "it's 123"}));
    const std::string config = simulator.state() / "cs_pkcs11_R3.cfg";
    INFO(out);
    CHECK(out.starts_with("export CS_PKCS11_R3_CFG='" + config + "'\nexport PKCS11_MODULE_PATH='"));
    CHECK(out.ends_with("/libcs_pkcs11_R3.so'\n"));
    Operator user(simulator, Way::tcp);
    user.options.environment["CS_PKCS11_R3_CFG"] = config;
    // Neither PIN is initial: keys can be made at once.
    const Outcome used = user.tool(
        "p11tool2", {"Slot=2", "LoginUser=it's 123", "GenerateKey=AES", "ListObjects=CKA_KEY_TYPE=CKK_AES"});
    require_success(used);
    CHECK(used.out.starts_with("CKO_SECRET_KEY\n"));
    // As PKCS#11 has it: the library's own default is another.
    CHECK(read_file(config).find("\nKeepLeadZeros = true ") != std::string::npos);
    const Outcome officer = user.tool("p11tool2", {"Slot=2", "LoginSO=12345678", "InitPIN=123456"});
    require_success(officer);
    CHECK(user.users().find("SO_0002") != std::string::npos);

    // A token that is there stays, unless it is to be made anew.
    const Outcome again =
        simulator.steer(token_add({"--slot", "2", "--so-pin", "12345678", "--pin", "123456"}));
    CHECK(again.status == 1);
    CHECK(again.err == "cs2sim: slot 2 has a token already; --replace makes it anew, without its keys\n");
    CHECK(again.out.starts_with("export CS_PKCS11_R3_CFG='"));  // eval works the second time, too
    CHECK(again.out.find("\nexport PKCS11_MODULE_PATH='") != std::string::npos);
    simulator.steered(token_add({"--slot", "2", "--replace", "--so-pin", "12345678", "--pin", "123456"}));
    const Outcome empty = user.tool("p11tool2", {"Slot=2", "LoginUser=123456", "ListObjects"});
    require_success(empty);
    CHECK(empty.out.empty());
}

TEST_CASE("cs2sim token add says whose logon failed, and how to name another administrator") {
    const Simulator simulator;
    Operator user(simulator, Way::tcp);
    require_success(user.csadm({"GenKey=boss.key,2048,Boss"}));
    require_success(user.as_admin({"AddUser=BOSS,22000000,rsasign,boss.key"}));
    require_success(user.csadm({"LogonSign=BOSS," + user.file("boss.key").string(), "DeleteUser=ADMIN"}));
    const std::vector<std::string> pins = {"--so-pin", "12345678", "--pin", "123456"};
    const Outcome gone = simulator.steer(token_add(pins));
    CHECK(gone.status == 1);
    CHECK(gone.out.empty());
    CHECK(gone.err ==
          "cs2sim: the device has no user ADMIN; --logon USER,KEYFILE names another administrator\n"
          "Error 0x00000102 (CKR_USER_PIN_NOT_INITIALIZED)\n");
    auto words = pins;
    words.insert(words.end(), {"--logon", "BOSS," + user.file("boss.key").string()});
    simulator.steered(token_add(words));
    // Generic tools make tokens as the same administrator from now on.
    user.options.environment["CS_PKCS11_R3_CFG"] = simulator.state() / "cs_pkcs11_R3.cfg";
    require_success(user.tool("p11tool2", {"Slot=1", "Label=another", "InitToken=12345678"}));
    const Outcome far = simulator.steer(
        token_add({"--slot", "20", "--so-pin", "12345678", "--pin", "123456", "--logon", words.back()}));
    CHECK(far.status == 1);
    CHECK(far.err.find("cs2sim: SlotCount in ") != std::string::npos);
}

TEST_CASE("cs2sim token add takes PINs of a file and from the terminal") {
    const Simulator simulator;
    Operator user(simulator, Way::tcp);
    write_file(user.file("so.pin"), "12345678\n");
    user.options.environment["CS2SIM_STATE"] = simulator.state();
    user.options.terminal_input = "654321\n654321\n";
    const Outcome asked =
        user.tool("cs2sim", token_add({"--so-pin", "file:" + user.file("so.pin").string(), "--pin", "ask"}));
    require_success(asked);
    CHECK(asked.out.find("Enter user PIN:") != std::string::npos);
    CHECK(asked.out.find("Repeat user PIN:") != std::string::npos);
    user.options.terminal_input.clear();
    user.options.environment["CS_PKCS11_R3_CFG"] = simulator.state() / "cs_pkcs11_R3.cfg";
    require_success(user.tool("p11tool2", {"LoginUser=654321"}));
    require_success(user.tool("p11tool2", {"LoginSO=12345678"}));
}

TEST_CASE("cs2sim token add changes nothing when something is wrong") {
    Simulator simulator;
    const Operator user(simulator, Way::tcp);
    const Outcome short_pin = simulator.steer(token_add({"--so-pin", "12345678", "--pin", "1"}));
    CHECK(short_pin.status == 1);
    CHECK(short_pin.err == "Error 0x000000A2 (CKR_PIN_LEN_RANGE)\n");
    CHECK(simulator.steer(token_add({"--so-pin", "file:/nowhere", "--pin", "123456"})).err ==
          "cs2sim: /nowhere: No such file or directory\n" + describe(E_CSA_PARAM));
    const Outcome refused =
        simulator.steer(token_add({"--so-pin", "12345678", "--pin", "123456", "--logon", "NOBODY,password"}));
    CHECK(refused.err ==
          "cs2sim: the device has no user NOBODY; --logon USER,KEYFILE names another administrator\n"
          "Error 0x00000102 (CKR_USER_PIN_NOT_INITIALIZED)\n");
    CHECK(
        simulator.steer(token_add({"--so-pin", "12345678", "--pin", "123456", "--logon", "NOBODY"})).status ==
        2);
    CHECK(simulator.steer(token_add({"--so-pin", "12345678"})).status == 2);
    CHECK(user.users().find("_0000") == std::string::npos);
    simulator.stop();
    CHECK(simulator.steer(token_add({"--so-pin", "12345678", "--pin", "123456"})).err ==
          "cs2sim: no instance runs on " + simulator.state().string() + "\n");
}
