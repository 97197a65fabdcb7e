// Smartcards and their reader without a device.
#include "host-lib/cards/card.h"
#include "firmware/crypto/pkey.h"
#include "host-lib/cards/key_tasks.h"
#include "host-lib/cards/share_source.h"

#include <atomic>
#include <fstream>
#include <thread>

#include "test/unit/scratch.h"

using namespace cs2sim;
using namespace cs2sim::host;

namespace {

// A folder of cards that KEYSPECs find.
class Cards {
public:
    Cards() { ::setenv("CS2SIM_CARDS", (folder_.path() / "cards").c_str(), 1); }
    ~Cards() { ::unsetenv("CS2SIM_CARDS"); }
    CardBox box() const { return CardBox(); }
    CardStatus status(const std::string& name) const {
        for (const CardStatus& card : box().list())
            if (card.name == name) return card;
        FAIL("no card " + name);
        return {};
    }

private:
    ScratchFolder folder_;
};

std::uint32_t sign(const std::string& spec, std::string_view user = "ANN", const Terminal& terminal = {}) {
    auto source = open_key_source(spec, terminal);
    if (!source) return source.error().code;
    return code_of((*source)->sign(user, as_bytes("message")));
}

const std::string kReader = ":cs2:cjo:USB0";

}  // namespace

TEST_CASE("a card is made, inserted, used and removed") {
    const Cards cards;
    REQUIRE(code_of(cards.box().make("A")) == 0);
    CHECK(code_of(cards.box().make("A")) == E_SIM_CARD);
    for (const char* bad : {"", "..", "a/b", ".a", "a b"})
        CHECK(code_of(cards.box().make(bad)) == E_CSA_PARAM);
    CHECK(code_of(cards.box().make("B", "", "123")) == E_SC_BAD_PIN_LEN);
    CHECK(code_of(cards.box().insert({"B"})) == E_SIM_CARD);
    CHECK(code_of(cards.box().insert({"../cards/A"})) == E_SIM_CARD);
    CHECK(code_of(cards.box().insert({})) == E_CSA_PARAM);
    CHECK(sign(kReader) == E_PP_NO_CARD);

    REQUIRE(code_of(cards.box().insert({"A"})) == 0);
    CHECK(cards.status("A").reader == "USB0");
    CHECK(cards.status("A").has_key);
    CHECK(sign(kReader) == 0);
    CHECK(sign(":cs2:auto:usb0") == 0);
    CHECK(sign(":cs2:cjo") == 0);
    CHECK(sign(":cs2:cjo:/dev/usb0") == 0);
    CHECK(sign(":cs2:cjo:USB1") == E_PP_NO_CARD);
    for (const char* bad : {":cs9:cjo:USB0", ":cs2:", ":cs2::USB0", ":cs2:cjo:", ":", ":cs2:cjo:../x/.."})
        CHECK(sign(bad) == E_PP_BAD_TYPE);

    auto source = open_key_source(kReader);
    CHECK((*source)->mechanism() == 3);
    const auto token = (*source)->token();
    const auto signature = (*source)->sign("ANN", as_bytes("message"));
    REQUIRE(code_of(token) == 0);
    REQUIRE(code_of(signature) == 0);
    CHECK(verify_sha256(**public_key_from_der(*token), as_bytes("message"), *signature));

    REQUIRE(code_of(cards.box().remove()) == 0);
    REQUIRE(code_of(cards.box().remove()) == 0);
    CHECK(sign(kReader) == E_PP_NO_CARD);
    REQUIRE(code_of(cards.box().insert({"A"})) == 0);
    REQUIRE(code_of(cards.box().destroy("A")) == 0);
    CHECK(sign(kReader) == E_PP_NO_CARD);
    CHECK(code_of(cards.box().destroy("A")) == E_SIM_CARD);
}

TEST_CASE("three wrong PINs block a card") {
    const Cards cards;
    REQUIRE(code_of(cards.box().make("A", "", "4711")) == 0);
    REQUIRE(code_of(cards.box().insert({"A"}, std::nullopt)) == 0);
    CHECK(sign(kReader) == E_PP_KEY_TIMEOUT);
    CHECK(sign(kReader + "#0000") == E_SC_INVALID_PIN);
    CHECK(sign(kReader + "#0001") == E_SC_INVALID_PIN);
    CHECK(cards.status("A").tries_left == 1);
    CHECK(sign(kReader + "#4711") == 0);  // a right one in between sets the count back
    CHECK(cards.status("A").tries_left == 3);
    for (int i = 0; i < 3; ++i) CHECK(sign(kReader + "#") == E_SC_INVALID_PIN);
    CHECK(cards.status("A").tries_left == 0);
    CHECK(sign(kReader + "#4711") == E_SC_APDU_VERPWD);
    CHECK((*open_key_source(kReader))->token().has_value());  // the public key needs no PIN
}

TEST_CASE("PIN from pad, terminal and KEYSPEC; change of PIN") {
    const Cards cards;
    REQUIRE(code_of(cards.box().make("A")) == 0);
    REQUIRE(code_of(cards.box().insert({"A"}, std::nullopt)) == 0);
    Terminal terminal;
    std::string typed = "123456";
    terminal.ask_secret = [&](const std::string& prompt) -> Result<SecretBytes> {
        CHECK(prompt.find("A") != std::string::npos);
        return to_secret(as_bytes(typed));
    };
    CHECK(sign(kReader, "ANN", terminal) == 0);
    REQUIRE(code_of(change_key_password(kReader, as_bytes("777777"), terminal)) == 0);
    CHECK(sign(kReader, "ANN", terminal) == E_SC_INVALID_PIN);
    typed = "777777";
    CHECK(sign(kReader, "ANN", terminal) == 0);
    CHECK(code_of(change_key_password(kReader + "#777777", as_bytes("1"))) == E_SC_BAD_PIN_LEN);
    REQUIRE(code_of(cards.box().insert({"A"}, "777777")) == 0);
    CHECK(sign(kReader) == 0);
}

TEST_CASE("a queue of cards serves one use after the other") {
    const Cards cards;
    for (const char* name : {"A", "B"})
        REQUIRE(code_of(cards.box().make(name, std::string("User") + name)) == 0);
    REQUIRE(code_of(cards.box().insert({"A", "B"})) == 0);
    CHECK(cards.status("B").position == 2);
    CHECK(sign(kReader, "UserA") == 0);
    CHECK(cards.status("A").reader.empty());
    CHECK(cards.status("B").position == 1);
    CHECK(sign(kReader, "UserB") == 0);
    CHECK(sign(kReader, "UserB") == 0);  // the last one stays in
}

TEST_CASE("the wrong card: asked for the right one on a terminal, refused off it") {
    const Cards cards;
    REQUIRE(code_of(cards.box().make("A", "AdminA")) == 0);
    REQUIRE(code_of(cards.box().make("B", "AdminB")) == 0);
    REQUIRE(code_of(cards.box().insert({"A"})) == 0);
    CHECK(sign(kReader, "AdminB") == E_SC_NOPEN_OR_UNKNOWN);
    CHECK(cards.status("A").tries_left == 3);

    Terminal terminal;
    int asked = 0;
    terminal.confirm = [&](const std::string& message) {
        CHECK(message.find("AdminB") != std::string::npos);
        if (++asked == 2) CHECK(cards.box().insert({"B"}));
        return asked <= 2;
    };
    CHECK(sign(kReader, "AdminB", terminal) == 0);
    CHECK(asked == 2);
    CHECK(sign(kReader, "AdminA", terminal = Terminal{{}, [](const std::string&) { return false; }}) ==
          E_SC_NOPEN_OR_UNKNOWN);
    terminal.confirm = [](const std::string&) { return true; };
    CHECK(sign(kReader, "AdminA", terminal) == E_SC_NOPEN_OR_UNKNOWN);  // not asked for ever
}

TEST_CASE("keys and shares on cards") {
    const Cards cards;
    REQUIRE(code_of(cards.box().make("A")) == 0);
    REQUIRE(code_of(cards.box().insert({"A"})) == 0);
    CHECK(code_of(load_share(kReader)) == E_MBK_SC_EMPTY);
    KeyShare share;
    share.info.fill(7);
    share.share.assign(32, 9);
    REQUIRE(code_of(save_share(kReader, share)) == 0);
    CHECK(cards.status("A").shares == 1);
    REQUIRE(code_of(change_key_password(kReader, as_bytes("424242"))) == 0);
    const auto loaded = load_share(kReader + "#424242");
    REQUIRE(code_of(loaded) == 0);
    CHECK(loaded->share == share.share);

    const auto made = generate_key(KeyFileKind::rsa, kReader + "#424242", "1024", "Ann Smith");
    REQUIRE(code_of(made) == 0);
    CHECK(sign(kReader + "#424242", "ANN") == 0);
    CHECK(code_of(generate_key(KeyFileKind::ec, kReader + "#424242", "", "Ann")) == E_CSA_KEY_TYPE);
    CHECK(code_of(copy_key(kReader, "/tmp/no.key")) == E_SC_DENIED);
    CHECK(loaded->share == load_share(kReader + "#424242")->share);
}

TEST_CASE("one reader used by several at once loses no card and no try") {
    const Cards cards;
    REQUIRE(code_of(cards.box().make("A")) == 0);
    REQUIRE(code_of(cards.box().insert({"A"}, std::nullopt)) == 0);
    std::atomic<int> wrong{0}, blocked{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&] {
            const std::uint32_t code = sign(kReader + "#9999");
            if (code == E_SC_INVALID_PIN) ++wrong;
            if (code == E_SC_APDU_VERPWD) ++blocked;
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 3);
    CHECK(blocked == 3);
}

TEST_CASE("damaged card and reader files are no cards") {
    const Cards cards;
    const std::filesystem::path folder = default_card_folder();
    std::filesystem::create_directories(folder / "cards");
    std::filesystem::create_directories(folder / "readers");
    const auto put = [&](const char* name, std::string_view text) { std::ofstream(folder / name) << text; };
    for (const std::string_view text :
         {std::string_view(""), std::string_view("# Smartcard\n"), std::string_view("# Smartcard\nPIN=\n"),
          std::string_view("\0\0\0\0", 4),
          std::string_view("# Smartcard\nPIN=!00\nTRIES=9\nMOD=00\nPEXP=01\n")}) {
        put("cards/X.card", text);
        put("readers/USB0", "1=X\nPIN=123456\n");
        CHECK(sign(kReader) != 0);
        CHECK_FALSE((*open_key_source(kReader))->token().has_value());
    }
    put("readers/USB0", "rubbish");
    CHECK(sign(kReader) == E_PP_NO_CARD);
    put("readers/USB0", "1=../../x\n");
    CHECK(sign(kReader) == E_SC_NOPEN_OR_UNKNOWN);
}
