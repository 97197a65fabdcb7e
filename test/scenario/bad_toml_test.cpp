// Hostile TOML for every reader of it: profile, scenario, fault rules, recording. None ends a program but by
// its own words and status.
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

std::string repeated(const std::string& piece, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += piece;
    return text;
}

const std::string kHostile[] = {
    "",
    "[[[",
    "[.]",
    "a=\"",
    "a = 1\na = 2\n",
    std::string("a=\0\0", 4),
    "\xff\xfe\xfa",
    "a=" + repeated("[", 100000),
    repeated("a.", 200000) + "a=1\n",
    "version = 1\n[[exchange]]\nfc = 99999999999\n",
    "version = 1\nexchange = 7\n",
    "challenge_lengths = [[16]]\n",
    "challenge_lengths = \"16\"\n",
    "rule = 3\n",
    "[rule]\ndo = \"drop\"\n",
    "[[rule]]\ndo = [1]\n",
    "[[rule]]\nnth = 3.5\ndo = \"drop\"\n",
    "expect = \"B0830063\"\n",
    "hits = -1\n",
    "about = 3\n",
};

}  // namespace

TEST_CASE("bad input: TOML of every kind, for every reader") {
    const Simulator simulator;
    const Folder folder;
    const std::string file = folder / "hostile.toml";
    const std::string idle = folder / "idle";
    struct Reader {
        std::vector<std::string> arguments;
        int status;
    };
    const Reader readers[] = {
        {{"start", "--no-device", "--state", idle, "--profile", file}, 1},
        {{"scenario", "run", file, "--", "/bin/true"}, 98},
        {{"scenario", "run", file}, 98},
        {{"fault", "add", file}, 1},
        {{"replay", file}, 2},
    };
    for (const std::string& text : kHostile) {
        write_file(file, text);
        for (const Reader& reader : readers) {
            const std::string shown = text.substr(0, 40);
            CAPTURE(shown, reader.arguments[0]);
            if (text.empty() && reader.arguments.back() == "/bin/true")
                continue;  // a scenario without trouble
            test::bad_input("TOML documents");
            const Outcome outcome = simulator.steer(reader.arguments);
            CAPTURE(outcome.out, outcome.err);
            CHECK(outcome.status == reader.status);
            CHECK(outcome.err.starts_with("cs2sim: "));
            CHECK(outcome.out.empty());
        }
    }
    CHECK(simulator.steered({"fault", "list"}).empty());
    CHECK(simulator.steer({"status", "--state", idle}).status == 3);
}

TEST_CASE("bad input: what is no file of TOML") {
    const Simulator simulator;
    const Folder folder;
    for (const std::string& path :
         {std::string("/dev/zero"), folder.path().string(), (folder / "none.toml").string()}) {
        CAPTURE(path);
        for (const auto& words : std::vector<std::vector<std::string>>{
                 {"start", "--no-device", "--state", folder / "idle", "--profile", path},
                 {"scenario", "run", path},
                 {"fault", "add", path},
                 {"replay", path}}) {
            const Outcome outcome = simulator.steer(words);
            CAPTURE(words[0], outcome.err);
            CHECK(outcome.status != 0);
            CHECK(outcome.status < 126);
            CHECK(outcome.err.find(path + ": ") != std::string::npos);
        }
    }
}
