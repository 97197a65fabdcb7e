#include "tools/session/arguments.h"

#include <catch2/catch.hpp>

using namespace cs2sim;
using namespace cs2sim::tools;
using Members = std::vector<std::string>;

TEST_CASE("an argument is a name with or without a value") {
    CHECK(parse_argument("GetState").name == "GetState");
    CHECK_FALSE(parse_argument("GetState").value.has_value());
    CHECK(parse_argument("Dev=/dev/cs2a").name == "Dev");
    CHECK(parse_argument("Dev=/dev/cs2a").value == "/dev/cs2a");
    CHECK(parse_argument("Key=a=b").value == "a=b");
    CHECK(parse_argument("Key=").value == "");
    CHECK(parse_argument(" Key = x").name == "Key");
    CHECK(parse_argument("").name.empty());
    CHECK(parse_argument("=x").name.empty());
}

TEST_CASE("names are the same in any case, and only whole names") {
    CHECK(same_word("getstate", "GetState"));
    CHECK_FALSE(same_word("GetStat", "GetState"));
    CHECK_FALSE(same_word("@", "`"));  // differ by the bit that tells cases apart
}

TEST_CASE("lists part at commas outside of braces") {
    CHECK(split_list("A,:cs2:cjo:USB0") == Members{"A", ":cs2:cjo:USB0"});
    CHECK(split_list("A, :cs2:cjo:USB0 ") == Members{"A", ":cs2:cjo:USB0"});
    CHECK(split_list("U,2{A=1,B=2},hmacpwd,pw") == Members{"U", "2{A=1,B=2}", "hmacpwd", "pw"});
    CHECK(split_list("U,2{A=1,hmacpwd,pw") == Members{"U", "2{A=1,hmacpwd,pw"});
    CHECK(split_list("U},2") == Members{"U}", "2"});
    CHECK(split_list("") == Members{""});
    CHECK(split_list(",") == Members{"", ""});
}

TEST_CASE("the last of a limited number of members takes the rest") {
    CHECK(split_list("U,a,b", 2) == Members{"U", "a,b"});
    CHECK(split_list("U", 2) == Members{"U"});
    CHECK(split_list("a,b", 1) == Members{"a,b"});
}

TEST_CASE("numbers are whole and in range") {
    CHECK(parse_decimal("16").value() == 16);
    CHECK(parse_decimal(" 255 ", 255).value() == 255);
    CHECK(parse_decimal("256", 255).error().code == E_CSA_SYNTAX);
    for (const char* text : {"", "x", "1x", "-1", "+1", "4294967296", "0x10"})
        CHECK(parse_decimal(text).error().code == E_CSA_SYNTAX);

    CHECK(parse_hex("22000000").value() == 0x22000000);
    CHECK(parse_hex("0x2").value() == 2);
    CHECK(parse_hex("ffffFFFF").value() == 0xFFFFFFFF);
    for (const char* text : {"", "0x", "220000000", "000000002", "2G", "-2"})
        CHECK(parse_hex(text).error().code == E_CSA_SYNTAX);
}
