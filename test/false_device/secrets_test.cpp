// What others on the machine can see of a program that holds secrets: its words, and the image of a crash.
#include <catch2/catch.hpp>
#include <fstream>

#include "test/false_device/false_device.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

// From any thread: asserts nothing.
std::string content_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Seen {
    std::string words, limits;

    static Seen of(const std::string& pid) {
        Seen seen{content_of("/proc/" + pid + "/cmdline"), content_of("/proc/" + pid + "/limits")};
        std::ranges::replace(seen.words, '\0', ' ');
        return seen;
    }
    bool leaves_core_files() const {
        const std::size_t at = limits.find("Max core file size");
        REQUIRE(at != std::string::npos);
        std::istringstream line(limits.substr(at + 18));
        std::string most;
        line >> most;
        return most != "0" && most != "1";
    }
};

// What there is to see when the first command of the program comes.
Seen seen_of(const std::string& program, const std::string& words, const std::string& device_word = {}) {
    std::optional<Seen> seen;
    const FalseDevice* told = nullptr;
    const FalseDevice device([&](const Request&) -> std::optional<Bytes> {
        std::string number;
        std::ifstream(told->folder() / "pid") >> number;
        if (!seen) seen = Seen::of(number);
        return std::nullopt;
    });
    told = &device;
    const std::string script = "ulimit -c unlimited; echo $$ > pid; exec " + built_program(program) + " " +
                               (device_word.empty() ? "Dev=" + device.specifier() + " " + words
                                                    : words + device_word + device.specifier());
    (void)scenario::run({"/bin/sh", "-c", script}, {.folder = device.folder()});
    REQUIRE(seen);
    return *seen;
}

}  // namespace

TEST_CASE("passwords among the words of a tool are gone from the list of processes, its other words stay") {
    for (const auto& [program, words] : {
             std::pair("csadm",
                       "LogonPass=anna,secret1 AddUser=bob,22000000,hmacpwd,secret2 Key=a.key#secret3 "
                       "LogonPass=carl, secret4 ChangePassword=k#secret5,secret6 LogonSign=ADMIN,k#secret7"),
             std::pair("cxitool", "LogonPass=anna,secret1 Name=key KeyFile=k,secret2 AuthorizeKey"),
         }) {
        const Seen seen = seen_of(program, words);
        INFO(seen.words);
        CHECK(seen.words.find("secret") == std::string::npos);
        CHECK(seen.words.find(" LogonPass=anna,xxxxxxx ") != std::string::npos);
        CHECK_FALSE(seen.leaves_core_files());
    }
    CHECK(seen_of("cxitool", "Name=key Group=abc KeyInfo").words.ends_with(" Name=key Group=abc KeyInfo "));
}

TEST_CASE("passwords among the words of cs2sim are gone too, whichever way they are written") {
    for (const char* words :
         {"keystore check sqlite:ks.db --logon-pass USR_0000,secret1",
          "keystore check sqlite:ks.db --logon-pass=USR_0000,secret1",
          "keystore recrypt postgresql://u:secret1@127.0.0.1:9/x --logon-pass USR_0000,secret2",
          "keystore check odbc:PWD=secret1 --logon-pass A,secret2 --logon-pass B,secret3"}) {
        const Seen seen = seen_of("cs2sim", words, " --dev ");
        INFO(seen.words);
        CHECK(seen.words.find(" keystore ") != std::string::npos);
        CHECK(seen.words.find("secret") == std::string::npos);
        CHECK_FALSE(seen.leaves_core_files());
    }
}

TEST_CASE("a simulator leaves no image of its memory") {
    const Folder folder;
    const std::string start = "ulimit -c unlimited; exec " + built_program("cs2sim") +
                              " start --no-device --listen unix:" + (folder / "s").string() + " --state " +
                              (folder / "state").string();
    const Outcome started = scenario::run({"/bin/sh", "-c", start});
    INFO(started.err);
    REQUIRE(started.status == 0);
    const auto verb = [&](const char* word) {
        return scenario::run({built_program("cs2sim"), word, "--state", (folder / "state").string()});
    };
    const Outcome status = verb("status");
    const std::size_t at = status.out.find("pid ");
    const Seen seen =
        Seen::of(status.out.substr(at + 4, status.out.find_first_not_of("0123456789", at + 4) - at - 4));
    CHECK(verb("stop").status == 0);
    CHECK_FALSE(seen.leaves_core_files());
}
