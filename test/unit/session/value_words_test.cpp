#include "tools/session/value_words.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace cs2sim::tools;

namespace {

using Words = std::vector<std::string>;

struct Row {
    std::string_view word;
};
constexpr Row kHashes[] = {{"SHA1"}, {"SHA256"}, {"SHA3-256"}};
constexpr ValueWords kTables[] = {{"hash", [] { return words_of(kHashes); }},
                                  {"setting", [] {
                                       return std::vector<std::string_view>{"Files", "Size"};
                                   }}};

Words after(std::string_view syntax, std::string_view typed) {
    return value_completions(syntax, kTables, typed);
}

}  // namespace

TEST_CASE("a table's words are written in the syntax or listed beneath it") {
    CHECK(written_syntax("Hash={hash}", kTables) == "Hash=SHA1|SHA256|SHA3-256");
    CHECK(listed_words("Hash={hash}", kTables).empty());
    CHECK(written_syntax("Sign=<hash>,{other}", kTables) == "Sign=<hash>,{other}");
    CHECK(listed_words("Sign=<hash>,x", kTables) == "<hash>  SHA1, SHA256, SHA3-256\n");
}

TEST_CASE("a value goes on with the words of its place in any case") {
    CHECK(after("Hash={hash}", "sha3") == Words{"SHA3-256"});
    CHECK(after("SetTime=GMT|LOCAL|<time>", "") == Words{"GMT", "LOCAL"});
    CHECK(after("Name=<name>", "").empty());
    CHECK(after("Plain", "").empty());
    CHECK(after("MBKDeleteKey=1", "") == Words{"1"});
    CHECK(after("ListSlots[=Status]", "s") == Words{"Status"});
}

TEST_CASE("behind a comma the words of the next place follow") {
    constexpr std::string_view kAdd = "AddUser=<name>,<right>[{<a>=<b>,...}],<hash>,<token>";
    CHECK(after(kAdd, "U,2,").size() == 3);
    CHECK(after(kAdd, "U,2{A=B,C=D},SHA1") == Words{"U,2{A=B,C=D},SHA1"});
    CHECK(after(kAdd, "U,2{A=B,").empty());
    CHECK(after(kAdd, "U,2,SHA1,").empty());
    CHECK(after("Start[=V1_5|PSS[,true|false]]", "PSS,t") == Words{"PSS,true"});
    CHECK(after("Export=<hash>[,<hash>...]|<number>", "SHA1,SHA1,SHA256") == Words{"SHA1,SHA1,SHA256"});
    CHECK(after("Set=<setting>=<n>[,<setting>=<n>...]", "Files=1,S") == Words{"Files=1,Size="});
}

TEST_CASE("of several forms those hold that fit what was typed") {
    constexpr std::string_view kPair = "Pair=RSA[,<bits>] | EC[,<hash>] | X1|X2 | <template file>";
    CHECK(after(kPair, "") == Words{"RSA", "EC", "X1", "X2", std::string(kFilesToo)});
    CHECK(after(kPair, "X") == Words{"X1", "X2", std::string(kFilesToo)});
    CHECK(after(kPair, "EC,SHA3") == Words{"EC,SHA3-256"});
    CHECK(after(kPair, "RSA,").empty());
    constexpr std::string_view kSign = "Sign=<file> | Sign=<hash>,on_hsm|on_host[,<padding>]";
    CHECK(after(kSign, "sha256,") == Words{"sha256,on_hsm", "sha256,on_host"});
    CHECK(after(kSign, "some.bin,").empty());
}

TEST_CASE("no syntax or typed text confuses the reader of forms") {
    for (const std::string_view syntax :
         {"X=", "X=|", "X=[", "X=]", "X=[,", "X=],<a", "X=,,,|||...", "=[=]", "X=<hash", "X= | "})
        for (const std::string_view typed : {"", ",", "{", "}}},,", ",,,,,,,,", "a{,b,c}"}) {
            INFO(syntax << " " << typed);
            CHECK(after(syntax, typed).empty());
        }
}
