// Which of a program's words are overwritten, and that it gets them whole.
#include "tools/session/secret_words.h"

#include <catch2/catch.hpp>
#include <sstream>

using namespace cs2sim::tools;

namespace {

// What others see afterwards, apart by spaces.
std::string seen(const std::string& line, MayBeSecret what) {
    std::vector<std::string> given{"program"};
    std::istringstream in(line);
    for (std::string word; in >> word;) given.push_back(word);
    std::vector<std::string> held = given;
    std::vector<char*> argv;
    for (std::string& word : held) argv.push_back(word.data());
    const auto taken = take_words(static_cast<int>(argv.size()), argv.data(), what);
    CHECK(taken == std::vector<std::string>(given.begin() + 1, given.end()));
    std::string out;
    for (std::size_t i = 1; i < held.size(); ++i) out += (i == 1 ? "" : " ") + held[i];
    return out;
}

}  // namespace

TEST_CASE("of cs2sim's words nothing behind a mark is seen, nor a PIN that is a word of its own") {
    for (const char* line :
         {"token add --slot 5 --label x --so-pin SECRET1 --pin SECRET2 --logon ADMIN,k#SECRET3",
          "token add --so-pin=SECRET1 --pin=SECRET2", "card new admin --pin SECRET1",
          "keystore check sqlite:ks.db --logon-pass USR_0000,SECRET1",
          "keystore recrypt postgresql://u:SECRET1@127.0.0.1:9/x --logon-pass=USR_0000,SECRET2",
          "keystore copy odbc:DSN=x;PWD=SECRET1 sqlite:b.db --logon-pass USR_0000, SECRET2",
          "governance restore --key k#SECRET1 --logon-pass ADMIN,SECRET2", "replay r --logon U,SECRET1"}) {
        const std::string left = seen(line, MayBeSecret::behind_any_mark);
        INFO(left);
        CHECK(left.find("SECRET") == std::string::npos);
    }
    CHECK(seen("status --state folder", MayBeSecret::behind_any_mark) == "status --state folder");
    CHECK(seen("token add --pin 1234 --slot 5", MayBeSecret::behind_any_mark) ==
          "token add --pin xxxx --slot 5");
}

TEST_CASE("of csadm's words nothing behind a comma or a key file's mark is seen, of p11tool2's no value") {
    CHECK(seen("LogonPass=anna,ab Key=f#cd Name=x", MayBeSecret::behind_mark) ==
          "LogonPass=anna,xx Key=f#xx Name=x");
    CHECK(seen("LogonPass=anna, ab", MayBeSecret::behind_mark) == "LogonPass=anna, xx");
    CHECK(seen("Slot=0 LoginUser=ab", MayBeSecret::behind_name) == "Slot=x LoginUser=xx");
}
