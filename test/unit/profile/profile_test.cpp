#include "firmware/profile/profile.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "firmware/protocol/functions.h"
#include "test/bad_input.h"
#include "test/unit/scratch.h"

using namespace cs2sim;

namespace {

constexpr std::string_view kGood = "model = \"Mine\"\nchallenge_lengths = [16]\n";

// What load_profile() says of a file with this text; empty when it takes it.
std::string problem_of(std::string_view text) {
    if (text != kGood) test::bad_input("TOML documents");
    const ScratchFolder folder;
    const auto path = folder.path() / "mine.toml";
    std::ofstream(path) << text;
    const auto profile = load_profile(path.string());
    return profile ? "" : profile.error();
}

struct Bad {
    std::string_view line;  // added to a good profile
    std::string_view named;
};
constexpr Bad kBad[] = {
    {"chalenge_seconds = 3", "'chalenge_seconds' is no key of a profile"},
    {"[session]\nmodes = [3]", "'session' is no key of a profile"},
    {"model2 = \"x\"", "'model2' is no key of a profile"},
    {"network = \"yes\"", "'network' has the wrong type"},
    {"network = 1", "'network' has the wrong type"},
    {"bootloader_version = 5.01", "'bootloader_version' has the wrong type"},
    {"des3 = []", "'des3' has the wrong type"},
    {"certification = \"FIPS-140\"", "'certification' is none of none, fips, cc"},
    {"certification = 3", "'certification' has the wrong type"},
    {"challenge_seconds = 0", "'challenge_seconds' is out of range"},
    {"challenge_seconds = -1", "'challenge_seconds' is out of range"},
    {"challenge_seconds = 86401", "'challenge_seconds' is out of range"},
    {"challenge_seconds = \"60\"", "'challenge_seconds' is out of range"},
    {"max_sessions = 0", "'max_sessions' is out of range"},
    {"max_users_per_session = 256", "'max_users_per_session' is out of range"},
    {"min_rsa_bits = 100000", "'min_rsa_bits' is out of range"},
    {"max_auth_fails = 256", "'max_auth_fails' is out of range"},
    {"session_modes = 3", "'session_modes' is not a list"},
    {"session_modes = [\"ECDH\"]", "'session_modes' has an element out of range"},
    {"session_mechanisms = [256]", "'session_mechanisms' has an element out of range"},
    {"user_mechanisms = [-1]", "'user_mechanisms' has an element out of range"},
    {"disabled_functions = \"CMDS.ECHO\"", "'disabled_functions' is not a list"},
    {"disabled_functions = [\"CMDS.ECO\"]", "'disabled_functions' has an element that is no function"},
    {"disabled_functions = [131]", "'disabled_functions' has an element that is no function"},
};

}  // namespace

TEST_CASE("a profile of one's own is read, and what it leaves out has a default") {
    CHECK(problem_of(kGood).empty());
    const ScratchFolder folder;
    const auto path = folder.path() / "mine.toml";
    std::ofstream(path) << kGood << "disabled_functions = [\"cmds.echo\", \"087.33\"]\nmax_auth_fails = 7\n";
    const auto profile = load_profile(path.string());
    REQUIRE(profile);
    CHECK(profile->model == "Mine");
    CHECK(profile->challenge_lengths == std::vector<std::uint16_t>{16});
    CHECK(profile->certification == Certification::none);
    CHECK(profile->session_seconds == 900);
    CHECK(profile->max_auth_fails == 7);
    CHECK(profile->disabled_functions ==
          std::vector<FunctionId>{{FC_CMDS, SFC_CMDS_ECHO}, {FC_ADM, SFC_ADM_CLEAR}});
}

TEST_CASE("what PKCS#11 callers meet is read of a profile, with its ranges") {
    const ScratchFolder folder;
    const auto path = folder.path() / "mine.toml";
    std::ofstream(path) << kGood << "p11_initial_pins = false\np11_min_pin = 6\np11_attributes = \"r2\"\n"
                        << "p11_cluster_names = true\np11_model = \"Box\"\np11_label = \"New\"\n"
                        << "p11_manufacturer = \"Lab\"\np11_min_rsa_bits = 2048\np11_max_rsa_bits = 4096\n";
    const auto profile = load_profile(path.string());
    REQUIRE(profile);
    CHECK((!profile->p11_initial_pins && profile->p11_cluster_names));
    CHECK((profile->p11_min_pin == 6 && profile->p11_min_rsa_bits == 2048 &&
           profile->p11_max_rsa_bits == 4096));
    CHECK(profile->p11_attributes == "r2");
    CHECK(profile->p11_model + profile->p11_label + profile->p11_manufacturer == "BoxNewLab");
    for (const char* line : {"p11_min_pin = 0\n", "p11_attributes = \"some\"\n",
                             "p11_model = \"more than sixteen\"\n", "p11_min_rsa_bits = 1\n"}) {
        INFO(line);
        CHECK_THAT(problem_of(std::string(kGood) + line), Catch::Contains(std::string(line, 7)));
    }
}

TEST_CASE("what is wrong with a profile is named") {
    for (const Bad& bad : kBad) {
        INFO(bad.line);
        CHECK_THAT(problem_of(std::string(bad.line) + "\n"), Catch::Contains(std::string("profile ")));
        const std::string text = bad.line.starts_with('[')
                                     ? std::string(kGood) + std::string(bad.line)
                                     : std::string(bad.line) + "\n" + std::string(kGood);
        CHECK_THAT(problem_of(text), Catch::Contains(std::string(bad.named)));
    }
}

TEST_CASE("challenge lengths must be there and possible") {
    CHECK_THAT(problem_of("model = \"Mine\"\n"), Catch::Contains("'challenge_lengths' is missing"));
    for (const std::string list : {"[]", "[0]", "[1025]", "[70000]", "[8.5]", "\"16\""}) {
        INFO(list);
        CHECK_THAT(problem_of("challenge_lengths = " + list + "\n"), Catch::Contains("'challenge_lengths'"));
    }
}

TEST_CASE("text that is no TOML is refused with its place") {
    for (const std::string_view text :
         {"model = ", "model = \"a\"\nmodel = \"b\"\n", "= 3", "model = \"\xFF\xFE\"\n"}) {
        INFO(text);
        CHECK_THAT(problem_of(text), Catch::Contains("mine.toml") && Catch::Contains("line"));
    }
    CHECK_FALSE(problem_of(std::string("\0\0\0", 3)).empty());
}

TEST_CASE("names that are none") {
    CHECK_THAT(load_profile("/nowhere/mine.toml").error(), Catch::Contains("cannot be read"));
    CHECK_THAT(load_profile("/tmp/").error(), Catch::Contains("profile /tmp/"));
    const auto unknown = load_profile("se-gen3");
    REQUIRE_FALSE(unknown);
    for (const std::string& name : built_in_profiles()) CHECK_THAT(unknown.error(), Catch::Contains(name));
}

TEST_CASE("the built-in profiles load and hold together") {
    const auto names = built_in_profiles();
    for (const std::string_view name : {"se-gen2", "se-gen2-lan", "se-gen2-fips", "cse", "cse-fips", "cp5",
                                        "fw-4.20", "fw-4.3x", "fw-4.4x", "fw-5.x"})
        CHECK(std::ranges::count(names, name) == 1);
    for (const std::string& name : names) {
        INFO(name);
        const auto profile = load_profile(name);
        REQUIRE(profile);
        CHECK(profile->name == name);
        CHECK_FALSE(profile->model.empty());
        CHECK_FALSE(profile->session_modes.empty());
        CHECK_FALSE(profile->session_mechanisms.empty());
        CHECK_FALSE(profile->user_mechanisms.empty());
        const bool certified = profile->certification != Certification::none;
        CHECK((!certified || (!profile->static_logon && profile->max_auth_fails > 0)));
        // The tools of today ask for 16 bytes: only the oldest generation does not know that (guide G17).
        CHECK((std::ranges::count(profile->challenge_lengths, 16) == 1) == (name != "fw-4.20"));
    }
}
