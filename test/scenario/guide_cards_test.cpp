// Administrators with smartcards, two of them through one reader.
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

constexpr const char* kReader = ":cs2:cjo:USB0";

// Two administrators, each with a card; together they may back up user.db.
struct TwoCards {
    Simulator simulator;
    Operator user;

    explicit TwoCards(Way way) : user(simulator, way) {
        card({"new", "A", "--user", "AdminUserA", "--pin", "111111"});
        card({"new", "B", "--user", "AdminUserB", "--pin", "222222"});
        user.make_mbk();
        insert("A", "111111");
        user.admin_does({"AddUser=AdminUserA,02000000,rsasc," + std::string(kReader)});
        insert("B", "222222");
        user.admin_does({"AddUser=AdminUserB,10000000,rsasc," + std::string(kReader)});
    }

    void card(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "card");
        require_success(user.tool("cs2sim", std::move(arguments)));
    }
    // The PIN is typed at the pad whenever the card is used.
    void insert(const std::string& name, const std::string& pin) const {
        card({"insert", name, "--pin", pin});
    }
    // Nobody is at the pad: PINs stand in the key specifiers.
    void insert_without_pin(const std::string& names) const {
        card({"insert", "--queue", names, "--ask-pin"});
    }
};

std::string logon(const std::string& name, const std::string& pin = "") {
    return "LogonSign=" + name + "," + kReader + (pin.empty() ? "" : "#" + pin);
}

}  // namespace

TEST_CASE("G5: two administrators log on with smartcards through one reader") {
    const TwoCards setup(GENERATE(Way::mount, Way::tcp));
    const Operator& user = setup.user;

    // The cards wait in a queue, as if somebody swapped them; each PIN stands in its key specifier. The blank
    // behind the second comma is the guide's own.
    setup.insert_without_pin("A,B");
    const Outcome both =
        user.csadm({logon("AdminUserA", "111111"), "LogonSign=AdminUserB, :cs2:cjo:USB0#222222",
                    "ShowAuthState", "BackupDatabase=user.db"});
    require_success(both);
    CHECK(both.out.starts_with("state = 12000000\n"));
    CHECK(std::filesystem::exists(user.file("user.db")));
}

TEST_CASE(
    "G5: the guide's own line, unquoted, with the cards of both administrators queued, each with its PIN") {
    const TwoCards setup(GENERATE(Way::mount, Way::tcp));
    setup.card({"insert", "--queue", "A:111111,B:222222"});
    const Outcome both = setup.user.csadm({"LogonSign=AdminUserA,", ":cs2:cjo:USB0", "LogonSign=AdminUserB,",
                                           ":cs2:cjo:USB0", "ShowAuthState", "BackupDatabase=user.db"});
    require_success(both);
    CHECK(both.out.starts_with("state = 12000000\n"));
    CHECK(std::filesystem::exists(setup.user.file("user.db")));
}

TEST_CASE("G5: one card alone, the wrong card, no card, a wrong PIN, a blocked card") {
    const TwoCards setup(GENERATE(Way::mount, Way::tcp));
    const Operator& user = setup.user;
    const auto refused = [&](const std::vector<std::string>& arguments, std::uint32_t code) {
        INFO(arguments[0]);
        require_error(user.csadm(arguments), code);
        CHECK_FALSE(std::filesystem::exists(user.file("user.db")));
    };
    setup.insert("A", "111111");
    refused({logon("AdminUserA"), "BackupDatabase=user.db"}, E_CMDS_DENIED);
    refused({logon("AdminUserB"), "BackupDatabase=user.db"},
            E_SC_NOPEN_OR_UNKNOWN);  // nobody to change the card
    refused({"LogonSign=AdminUserA,:xyz:cjo:USB0"}, E_PP_BAD_TYPE);
    setup.card({"remove"});
    refused({logon("AdminUserA")}, E_PP_NO_CARD);
    setup.insert_without_pin("A");
    refused({logon("AdminUserA")}, E_PP_KEY_TIMEOUT);  // nobody at the PIN pad
    for (int tries = 0; tries < 3; ++tries) refused({logon("AdminUserA", "999999")}, E_SC_INVALID_PIN);
    refused({logon("AdminUserA", "111111")}, E_SC_APDU_VERPWD);
}

TEST_CASE("G5: at a terminal the wrong card is asked to be changed, and PINs are asked for") {
    const TwoCards setup(Way::mount);
    Operator user(setup.simulator, Way::mount);
    user.options.environment["CS2SIM_CARDS"] = setup.user.options.environment.at("CS2SIM_CARDS");
    setup.insert("A", "111111");
    user.options.terminal_input = "q\n";  // gives up
    const Outcome refused = user.csadm({logon("AdminUserB")});
    CHECK(refused.status != 0);
    CHECK(refused.out.find("Please insert the smartcard of AdminUserB into reader USB0") !=
          std::string::npos);
    CHECK(refused.err.starts_with("Error B0850022\n"));

    setup.insert_without_pin("A,B");
    user.options.terminal_input = "111111\n222222\n";
    const Outcome both = user.csadm({logon("AdminUserA"), logon("AdminUserB"), "ShowAuthState"});
    require_success(both);
    CHECK(both.out.find("state = 12000000") != std::string::npos);
    for (const char* word : {"PIN of smartcard A: ", "PIN of smartcard B: "})
        CHECK(both.out.find(word) != std::string::npos);
    for (const char* pin : {"111111", "222222"}) CHECK(both.out.find(pin) == std::string::npos);
}

TEST_CASE("shares of an MBK live on smartcards too") {
    const TwoCards setup(GENERATE(Way::mount, Way::tcp));
    const Operator& user = setup.user;
    const std::string keys = "Key=" + std::string(kReader) + "#111111," + kReader + "#222222";
    setup.insert_without_pin("A,B");
    user.admin_does({keys, "MBKGenerateKey=AES,32,2,2,CARDMBK"});
    CHECK(user.admin_does({"MBKListKeys"}).find("TESTMBK") != std::string::npos);
    setup.insert_without_pin("A,B");
    CHECK(user.admin_does({keys, "MBKImportKey=3", "MBKListKeys"}).find("CARDMBK") != std::string::npos);
    // Two shares of one MBK on one card would be one: nothing is made.
    setup.insert_without_pin("A");
    const Outcome refused = user.as_admin({keys, "MBKGenerateKey=AES,32,2,2,LOSTMBK"});
    CHECK(refused.status == 1);
    CHECK(refused.err.find("a card of its own") != std::string::npos);
    CHECK(user.admin_does({"MBKListKeys"}).find("CARDMBK") != std::string::npos);
}
