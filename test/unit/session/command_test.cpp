#include "tools/session/command.h"
#include "tools/session/nearest_word.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace cs2sim;
using namespace cs2sim::tools;

namespace {

std::vector<std::string> g_calls;

Result<void> record(ToolSession& session, const std::string& value) {
    g_calls.push_back(session.parameter_or("Group", "-") + ":" + value);
    return {};
}

Result<void> refuse(ToolSession&, const std::string&) {
    g_calls.emplace_back("refused");
    return fail(E_CMDS_DENIED);
}

constexpr Command kRows[] = {
    {"Group", "", Takes::value, "Group=<name>", "", "", nullptr},
    {"Plain", "Simple Bare", Takes::nothing, "Plain", "", "", record},
    {"Perhaps", "", Takes::maybe, "Perhaps[=x]", "", "", record},
    {"Valued", "", Takes::value, "Valued=x", "", "", record},
    {"Refuse", "", Takes::nothing, "Refuse", "", "", refuse},
};
constexpr CommandGroup kGroups[] = {{"Commands", kRows}};

int run(std::vector<std::string> arguments) {
    g_calls.clear();
    arguments.insert(arguments.begin(), "test");
    std::vector<char*> words;
    for (std::string& word : arguments) words.push_back(word.data());
    return run_command_line("test", kGroups, static_cast<int>(words.size()), words.data());
}

using Calls = std::vector<std::string>;

}  // namespace

TEST_CASE("commands run left to right, a parameter holds for those to its right") {
    CHECK(run({"Plain", "GROUP=A", "valued=1", "group=B", "PERHAPS", "perhaps=2"}) == 0);
    CHECK(g_calls == Calls{"-:", "A:1", "B:", "B:2"});
}

TEST_CASE("synonyms are whole words") {
    CHECK(run({"simple", "BARE"}) == 0);
    CHECK(g_calls.size() == 2);
    CHECK(run({"Simple Bare"}) != 0);
    CHECK(run({"Sim"}) != 0);
    CHECK(run({""}) != 0);
    CHECK(g_calls.empty());
}

TEST_CASE("the first failure stops the rest") {
    CHECK(run({"Plain", "Refuse", "Plain"}) == 1);
    CHECK(g_calls == Calls{"-:", "refused"});
}

TEST_CASE("a missing or surplus value is refused before the handler runs") {
    CHECK(run({"Valued"}) == 2);
    CHECK(run({"Plain=1"}) == 2);
    CHECK(run({"Group"}) == 2);
    CHECK(run({("Valued=" + std::string(70000, 'x')).c_str()}) == 2);
    CHECK(g_calls.empty());
}

TEST_CASE("a word that ends in a comma takes the next one; one word that holds two commands is refused") {
    CHECK(run({"Valued=a,", "b", "Valued=a,", " b,", "c"}) == 0);
    CHECK(g_calls == Calls{"-:a,b", "-:a, b,c"});
    CHECK(run({"Valued=a;Plain"}) == 2);
    CHECK(run({"Valued=a;Group=b"}) == 2);
    CHECK(g_calls.empty());
    CHECK(run({"Valued=a;b=c;d", "Valued=a,"}) == 0);
}

TEST_CASE("the nearest word is the one that was meant, or none") {
    constexpr std::string_view kWords[] = {"GetState", "GetTime", "ListUsers", "MBKListKeys"};
    CHECK(nearest_word("GetSate", kWords) == "GetState");
    CHECK(nearest_word("gettiem", kWords) == "GetTime");
    CHECK(nearest_word("MBKList", kWords) == "MBKListKeys");
    CHECK(nearest_word("Get", kWords).empty());
    CHECK(nearest_word("xyzzy", kWords).empty());
    CHECK(nearest_word("", kWords).empty());
    CHECK(nearest_word(std::string(100000, 'x'), kWords).empty());
}

TEST_CASE("help needs no device, and knows its commands") {
    CHECK(run({"Help"}) == 0);
    CHECK(run({"help=valued"}) == 0);
    CHECK(run({"Help=Simple"}) == 0);
    CHECK(run({"Help=Nonsense"}) == 2);
    CHECK(run({}) == 2);
}
