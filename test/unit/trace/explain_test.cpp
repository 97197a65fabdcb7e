#include "tools/explain/explain_text.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "firmware/protocol/advice.h"
#include "test/places.h"
#include "test/unit/cmds/host.h"
#include "tools/explain/mode_matrix.h"

using namespace cs2sim;

namespace {

std::string text_of_file(const std::filesystem::path& path) {
    std::ifstream file(path);
    REQUIRE(file);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

const std::filesystem::path kSource = source_folder();

}  // namespace

// A change of policy shows in review: it changes this file. To renew it on purpose:
//   cs2sim explain --modes > test/unit/trace/modes.txt
TEST_CASE("the matrix of functions and modes is the one that was checked in") {
    CHECK(mode_matrix() == text_of_file(kSource / "test/unit/trace/modes.txt"));
}

TEST_CASE("every function of the catalogue is published, and no other") {
    Simulated simulated("se-gen2-lan");
    for (const std::uint16_t fc : {FC_SMOS, FC_CMDS, FC_ADM, FC_DB, FC_MBK, FC_CXI, FC_SIM})
        for (unsigned sfc = 0; sfc < 256; ++sfc) {
            INFO(fc << " " << sfc);
            Caller caller(simulated, Reach::control);
            const bool published =
                code_of(caller.frame(request_frame(fc, static_cast<std::uint8_t>(sfc), {}))) !=
                E_CMDS_BAD_SFC;
            CHECK(published == (find_function(fc, static_cast<std::uint8_t>(sfc)) != nullptr));
        }
}

TEST_CASE("a code is explained by every name that it has") {
    const auto expected = explain("B0830063");
    REQUIRE(expected);
    for (const std::string_view name : {"b0830063", "0xB0830063", "-1333591965", "CMDS.CHALLENGE_LEN",
                                        "E_CMDS_CHALLENGE_LEN", "challenge_len"}) {
        INFO(name);
        const auto text = explain(name);
        REQUIRE(text);
        CHECK(*text == *expected);
    }
    for (const std::string_view part :
         {"E_CMDS_CHALLENGE_LEN", "083 CMDS, Command scheduler", "illegal challenge length requested",
          "CMDS.GET_CHALLENGE (083.01)", "ChallengeLength=8"})
        CHECK_THAT(*expected, Catch::Contains(std::string(part)));
}

TEST_CASE("a code of mode rules names the functions that it bars, and where") {
    const auto text = explain("B0830042");
    REQUIRE(text);
    CHECK_THAT(*text, Catch::Contains("in mode operational, FIPS: ADM.READ_ENTRY, ADM.BACKUP_OPEN"));
}

TEST_CASE("a code that cannot occur says why") {
    CHECK_THAT(*explain("E_CMDS_NO_VRSA"), Catch::Contains("Never answered. RSA is always there."));
}

TEST_CASE("an unknown code is taken apart and said to be unknown") {
    const auto text = explain("B0831234");
    REQUIRE(text);
    for (const std::string_view part :
         {"unknown code", "083 CMDS, Command scheduler", "1234", "no table knows"})
        CHECK_THAT(*text, Catch::Contains(std::string(part)));
    CHECK_THAT(*explain("B7771234"), Catch::Contains("777, unknown"));
    CHECK_THAT(*explain("B068FE03"), Catch::Contains("entry 3 of its link table was not found"));
    CHECK_THAT(*explain("12345678"), Catch::Contains("Codes begin with B"));
}

TEST_CASE("a fault rule is promised where one is taken: of codes that a device has") {
    CHECK_THAT(*explain("B0990001"), Catch::Contains("but for a fault rule"));
    for (const char* code : {"B90C0106", "B9000400", "B0870009"})
        CHECK_THAT(*explain(code), !Catch::Contains("fault rule"));
}

TEST_CASE("a function is explained by name and number, with its row") {
    const auto text = explain("083.01");
    REQUIRE(text);
    CHECK(*text == *explain("CMDS.GET_CHALLENGE"));
    CHECK(*text == *explain("get_challenge"));
    for (const std::string_view part : {"length:u2", "anybody", "in mode boot loader: B0830005 CMDS.BAD_FC",
                                        "B0830041 CMDS.AUTH_FIPS_ESTATE", "B0830063 CMDS.CHALLENGE_LEN"})
        CHECK_THAT(*text, Catch::Contains(std::string(part)));
    CHECK_THAT(*explain("CMDS.ADD_USER"), Catch::Contains("20000000, the sum of the users"));
    CHECK_THAT(*explain("CXI.SIGN"), Catch::Contains("by the group of the key that it names"));
    CHECK_THAT(*explain("CXI.RND_GEN"), Catch::Contains("anybody"));  // names no key
}

TEST_CASE("a module is explained by its functions and codes") {
    CHECK(*explain("083") == *explain("cmds"));
    CHECK_THAT(*explain("CMDS"),
               Catch::Contains("083.17  CMDS.BACKUP_USER") && Catch::Contains("B0830063  CHALLENGE_LEN"));
}

TEST_CASE("what is nothing is said to be nothing") {
    for (const std::string_view what : {"", "HELLO", "B777", "no error says this", "0xZZ", "999.99", "-",
                                        "B08300630", "083.", ".01", "CMDS."}) {
        INFO(what);
        CHECK_FALSE(explain(what));
    }
}

TEST_CASE("advice names codes once, and only functions that there are") {
    std::set<std::uint32_t> codes;
    for (const Advice& advice : advice_table()) {
        INFO(std::hex << advice.code);
        CHECK(codes.insert(advice.code).second);
        CHECK_FALSE(advice.provoked_by.empty());
        CHECK(advice.occurs != advice.remedy.empty());
        std::istringstream names{std::string(advice.functions)};
        for (std::string name; names >> name;) {
            INFO(name);
            CHECK((name == "*" || find_function(std::string_view(name)) != nullptr));
        }
    }
}

TEST_CASE("a code is found by its short forms and by its words, a database by its name") {
    const auto expected = explain("B0830063");
    REQUIRE(expected);
    for (const char* form : {"083063", "83.63", "083.63", "illegal challenge", "ILLEGAL CHALLENGE length"}) {
        INFO(form);
        const auto text = explain(form);
        REQUIRE(text);
        CHECK(*text == *expected);
    }
    CHECK_THAT(*explain("B901306F"), Catch::Contains("cannot connect to device: Connection refused") &&
                                         Catch::Contains("cs2sim list"));
    CHECK_THAT(*explain("out of memory"), Catch::Contains("E_CSA_NO_MEM"));
    CHECK_THAT(*explain("user.db"), Catch::Contains("needs 12000000"));
    CHECK_THAT(*explain("VMBK1.db"), Catch::Contains("B0870027") && Catch::Contains("B087002E"));
    CHECK_THAT(*explain("ADM.BACKUP_OPEN"),
               Catch::Contains("CXIKEY.db: 02000000") && Catch::Contains("any other database: 02000000"));
}

TEST_CASE("a CKR of the PKCS#11 library is explained, and each device code tells its own") {
    const auto weak = explain("CKR_PIN_TOO_WEAK");
    REQUIRE(weak);
    for (const char* form : {"ckr_pin_too_weak", "0x1B8", "0x000001b8", "000001B8"})
        CHECK(*explain(form) == *weak);
    CHECK_THAT(*weak, Catch::StartsWith("000001B8  CKR_PIN_TOO_WEAK\nprovoked by ") &&
                          Catch::Contains("InitToken, SO SetPIN, InitPIN"));
    for (const char* short_form : {"PIN_LOCKED", "pin locked", "ckr_pin_locked", "0xA4"})
        CHECK(explain(short_form) == explain("CKR_PIN_LOCKED"));
    CHECK_THAT(*explain("CKR_PIN_LOCKED"),
               Catch::Contains("device code B0830038 CMDS.AUTH_FAIL_CNT_EXCEEDED"));
    CHECK_THAT(*explain("CKR_WRAPPED_KEY_INVALID"),
               Catch::Contains("B08B000E AES.TAG_VERIFICATION") && Catch::Contains("(unwrapping)"));
    CHECK_THAT(*explain("CKR_GENERAL_ERROR"), Catch::Contains("never gives it"));
    CHECK_THAT(*explain("B0830013"),
               Catch::Contains("PKCS#11     CKR_PIN_INCORRECT (log-ons, PIN functions);"));
    CHECK_THAT(*explain("B0830001"),
               Catch::Contains("CKR_USER_NOT_LOGGED_IN, CKR_FUNCTION_REJECTED when the role is logged on"));
    CHECK_THAT(*explain("B0880004"), Catch::Contains("CKR_OBJECT_HANDLE_INVALID (object functions);") &&
                                         Catch::Contains("CKR_KEY_HANDLE_INVALID (other functions)"));
    CHECK_THAT(*explain("B0000519"), Catch::Contains("PKCS#11     CKR_DEVICE_ERROR\n"));
    CHECK_FALSE(explain("0x1BAD"));
    CHECK_FALSE(explain("CKR_NO_SUCH"));
}

TEST_CASE("every code that the firmware, the host library or a tool names has its advice") {
    const std::regex constant("E_((CMDS|ADM|MBK|DB|CXI|SC|PP|OS|CSA)_[A-Z0-9_]+)");
    std::set<std::string> named;
    for (const char* room : {"firmware", "host-lib", "tools"})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource / room)) {
            if (entry.path().extension() != ".cpp" || entry.path().filename() == "refusal.cpp") continue;
            const std::string place = entry.path().lexically_relative(kSource).string();
            if (place.find("/sdk/") != std::string::npos) continue;  // names, for modules
            const std::string text = text_of_file(entry.path());
            for (std::sregex_iterator found(text.begin(), text.end(), constant), end; found != end; ++found)
                named.insert((*found)[1]);
        }
    CHECK(named.size() > 80);
    for (const ErrorRow& row : error_table()) {
        const std::string name = std::string(row.module) + "_" + std::string(row.name);
        if (!named.contains(name)) continue;
        INFO(name);
        const Advice* advice = find_advice(row.code);
        REQUIRE(advice);
        CHECK(advice->occurs);
    }
}
