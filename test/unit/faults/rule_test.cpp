// The text and wire forms of fault rules.
#include "firmware/faults/rules/rule.h"

#include "firmware/protocol/functions.h"

#include <catch2/catch.hpp>
#include <vector>

#include "firmware/protocol/functions.h"

using namespace cs2sim;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string problem(const Pairs& text) {
    const auto rule = parse_rule(text);
    return rule ? "" : rule.error();
}

}  // namespace

TEST_CASE("a rule's text survives parsing, encoding and listing") {
    const Pairs text = {{"function", "ADM.BACKUP_READ"},
                        {"user", "ADMIN"},
                        {"database", "user.db"},
                        {"key", "0x41444D494E"},
                        {"nth", "3"},
                        {"times", "2"},
                        {"probability", "0.25"},
                        {"seed", "42"},
                        {"from", "1.5"},
                        {"until", "60"},
                        {"connection", "tcp"},
                        {"session", "7"},
                        {"do", "error=B0830063"}};
    const auto rule = parse_rule(text);
    REQUIRE(rule);
    CHECK(rule->code == E_CMDS_CHALLENGE_LEN);
    CHECK(rule->from == 1500);
    CHECK(rule->millionths == 250000);
    const auto decoded = decode_rule(encode_rule(*rule).value());
    REQUIRE(decoded);
    CHECK(text_of(*decoded) ==
          "function=ADM.BACKUP_READ user=ADMIN session=0x00000007 database=user.db key=0x41444D494E "
          "connection=tcp "
          "nth=3 times=2 probability=0.25 seed=42 from=1.500 until=60 do=error=B0830063");
}

TEST_CASE("every fault is listed as it was written") {
    const std::string fault =
        GENERATE("drop", "close", "truncate=10", "cut=6", "corrupt=4", "crash", "crash-before-commit",
                 "crash-after-commit", "alarm=tamper", "no-space", "fail-write=3,B0880007", "drain=both",
                 "clock=-3600", "clock=0.500", "no-memory", "no-sessions", "expire-session", "flip-mbk",
                 "mode=fips-error", "restart", "delay=200", "delay=100-300", "delay=exponential:50",
                 "delay=normal:50:10", "error=B0830001", "error=B0990001", "error=B0870062");
    const auto rule = parse_rule(Pairs{{"do", fault}});
    INFO(fault);
    REQUIRE(rule);
    CHECK(text_of(*rule) == "do=" + fault);
    const auto decoded = decode_rule(encode_rule(*rule).value());
    REQUIRE(decoded);
    CHECK(text_of(*decoded) == "do=" + fault);
}

TEST_CASE("an occurrence alone is hit once") {
    CHECK(parse_rule(Pairs{{"nth", "3"}, {"do", "drop"}})->times == 1);
    CHECK(parse_rule(Pairs{{"do", "drop"}})->times == 0);
    CHECK(parse_rule(Pairs{{"nth", "3"}, {"times", "0"}, {"do", "drop"}})->times == 0);
}

TEST_CASE("what is no rule is told in words") {
    CHECK(problem({{"nth", "1"}}).find("'do' is missing") != std::string::npos);
    CHECK(problem({{"do", "explode"}}).find("no fault 'explode'") != std::string::npos);
    CHECK(problem({{"do", "error=B0839999"}}) == "do=error: no error code 'B0839999'");
    CHECK(problem({{"do", "delay=300-100"}}).find("wrong way round") != std::string::npos);
    CHECK(problem({{"do", "delay=-5"}}).find("delay") != std::string::npos);
    CHECK(problem({{"do", "fail-write=0"}}) == "do=fail-write: records count from 1");
    CHECK(problem({{"do", "alarm=off"}}).find("resets none") != std::string::npos);
    CHECK(problem({{"do", "mode=party"}}).find("none of operational") != std::string::npos);
    CHECK(problem({{"do", "drop=1"}}) == "do=drop: '1' is one too many");
    CHECK(problem({{"nth", "x"}, {"do", "drop"}}) == "nth 'x' is no whole number");
    CHECK(problem({{"nth", "-1"}, {"do", "drop"}}) == "nth '-1' is no whole number");
    CHECK(problem({{"probability", "1.5"}, {"do", "drop"}}).find("between 0 and 1") != std::string::npos);
    CHECK(problem({{"probability", "nan"}, {"do", "drop"}}).find("between 0 and 1") != std::string::npos);
    CHECK(problem({{"key", "0x123"}, {"do", "drop"}}).find("hexadecimal") != std::string::npos);
    CHECK(problem({{"colour", "red"}, {"do", "drop"}}) == "'colour' is nothing that a rule has");
}

TEST_CASE("functions by name, number and module") {
    CHECK(find_function_pattern("ADM.BACKUP_READ")->sfc == SFC_ADM_BACKUP_READ);
    CHECK(find_function_pattern("087.41")->sfc == SFC_ADM_BACKUP_READ);
    CHECK(find_function_pattern("87.41")->fc == FC_ADM);
    CHECK(find_function_pattern("BACKUP_READ")->fc == FC_ADM);
    CHECK(!find_function_pattern("ADM")->sfc);
    CHECK(!find_function_pattern("ADM.*")->sfc);
    CHECK(!find_function_pattern("ADM.FLY"));
    CHECK(!find_function_pattern("ADM."));
    CHECK(!find_function_pattern("GET_INFO"));  // of ADM and of CXI
    CHECK(!find_function_pattern("0FE.01"));
    CHECK(!find_function_pattern("FFFFF.01"));
    CHECK(find_function_pattern("FFF.01"));  // of a user's own module perhaps: the device knows
    CHECK(!find_function_pattern(""));
}

TEST_CASE("codes by number and by name") {
    CHECK(find_code("B0830063") == E_CMDS_CHALLENGE_LEN);
    CHECK(find_code("0xb0830063") == E_CMDS_CHALLENGE_LEN);
    CHECK(find_code("CMDS.CHALLENGE_LEN") == E_CMDS_CHALLENGE_LEN);
    CHECK(find_code("E_CMDS_CHALLENGE_LEN") == E_CMDS_CHALLENGE_LEN);
    CHECK(find_code("B0996789") == 0xB0996789);  // of a range, whose first is another
    CHECK(find_code("CMDS.CHALLENGE") == 0);
    CHECK(find_code("") == 0);
}

TEST_CASE("a rule from the wire is taken with suspicion") {
    const Bytes good = encode_rule(*parse_rule(Pairs{{"do", "drop"}})).value();
    for (std::size_t size = 0; size < good.size(); ++size)
        CHECK(decode_rule(ByteView(good).first(size)).error().code == E_SIM_PARAM);
    Bytes unknown = good;
    unknown[unknown.size() - 21] = 0x7F;  // action:u1 stands before code:u4 value:u8 spread:u8
    CHECK(decode_rule(unknown).error().code == E_SIM_PARAM);
}
