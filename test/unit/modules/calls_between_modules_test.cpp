// Functions that one user's module calls of another's, each in its own process.
#include <catch2/catch.hpp>

#include <random>

#include "firmware/modules/images/slot_parameters.h"
#include "test/unit/modules/bench.h"

using namespace cs2sim;
using Catch::Contains;

namespace {

constexpr std::uint16_t kOne = 0x175, kTwo = 0x176;
constexpr std::uint8_t kCalls = 0, kCrashes = 1, kMeets = 2, kWaits = 3;

void load_pair(ModuleBench& bench, const std::string& second) {
    for (const std::string& name : {std::string("twoa"), second}) {
        bench.load(name);
        REQUIRE(bench.smos->flash.write(
            name + ".toml", file_content(std::filesystem::path(CS2SIM_TEST_MODULES) / (name + ".toml"))));
    }
    bench.restart();
    INFO(bench.boot_log());
    REQUIRE(bench.stage("TWOA") == ModuleStage::ready);
    REQUIRE(bench.stage("TWOB") == ModuleStage::ready);
}

}  // namespace

TEST_CASE("A module calls another's functions, whatever the size of either's pointers") {
    const std::string second = GENERATE("twob", "twob64");
    if (!std::filesystem::exists(std::filesystem::path(CS2SIM_TEST_MODULES) / (second + ".so"))) return;
    ModuleBench bench;
    load_pair(bench, second);
    for (const std::uint16_t fc : {kOne, kTwo}) {
        for (const std::uint32_t permission : {0u, 2u}) {
            bench.context.users = {{"USR", permission, "", {}}};
            const auto answer = bench.run(kCalls, {}, fc);
            INFO(bench.module_log("TWOA") << bench.module_log("TWOB"));
            REQUIRE(answer);
            if (answer->size() == 4) FAIL("pair.c, line " << big_endian(*answer));
        }
    }
    CHECK_THAT(bench.module_log("TWOB"), Contains("written behind the end of a block") &&
                                             Contains("argument of another module's call:1"));
    CHECK_THAT(bench.module_log("TWOA"), Contains("function 11 of TWOB: its NAME.toml does not say"));
}

TEST_CASE("A module whose function crashes for another fails alone") {
    ModuleBench bench;
    load_pair(bench, "twob");
    CHECK(bench.run(kCrashes, {}, kOne).error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK(bench.stage("TWOB") == ModuleStage::failed);
    CHECK_THAT(bench.module_log("TWOB"), Contains("crash"));
    CHECK(bench.stage("TWOA") == ModuleStage::ready);
    CHECK(bench.run(kMeets, {}, kOne).error().code == E_OS_MDL_NOT_AVAILABLE);
    bench.restart();
    CHECK(bench.run(kMeets, {}, kOne));
}

TEST_CASE("The watchdog ends the module that does not return, not the one that waits for it") {
    Profile profile;
    profile.module_watchdog = 1;
    ModuleBench bench(profile);
    load_pair(bench, "twob");
    CHECK(bench.run(kWaits, {}, kOne).error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK(bench.stage("TWOB") == ModuleStage::failed);
    CHECK_THAT(bench.module_log("TWOB"), Contains("it did not return") && Contains("loop"));
    CHECK(bench.stage("TWOA") == ModuleStage::ready);
    CHECK(bench.run(kMeets, {}, kOne).error().code == E_OS_MDL_NOT_AVAILABLE);
}

TEST_CASE("Two modules that call each other at once: one of the commands ends with a code") {
    ModuleBench bench;
    load_pair(bench, "twob");
    std::atomic<int> served{0}, refused{0};
    const auto meet = [&](std::uint16_t fc) {
        Context context;
        const auto answer = bench.scheduler.run(bench.services, context, {fc, kMeets, {}});
        if (answer)
            ++served;
        else if (answer.error().code == E_OS_MDL_NOT_AVAILABLE)
            ++refused;
    };
    std::thread one([&] { meet(kOne); }), two([&] { meet(kTwo); });
    one.join();
    two.join();
    CHECK(served == 1);
    CHECK(refused == 1);
    CHECK(bench.run(kMeets, {}, kOne));
}

TEST_CASE("A module that is linked to and calls what is not there yet is told so") {
    ModuleBench bench;
    bench.start("twob");  // alone: its link is optional, and NULL
    CHECK(bench.stage("TWOB") == ModuleStage::ready);
    ModuleBench without;  // no NAME.toml: nothing can be called
    without.load("twoa");
    without.load("twob");
    without.restart();
    CHECK(without.run(kMeets, {}, kOne).error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK_THAT(without.module_log("TWOA"), Contains("function 9 of TWOB: its NAME.toml does not say"));
}

TEST_CASE("Whatever another module sends as arguments, the called process reads none that are not there") {
    ModuleBench bench;
    load_pair(bench, "twob");
    UserModule& called = *bench.modules.find("TWOB");
    std::mt19937 random(815);
    unsigned done = 0, refused = 0;
    for (int round = 0; round < 3000; ++round) {
        Bytes block = {0, 0, 0, 2, static_cast<std::uint8_t>(random() % 14)};
        for (std::size_t size = random() % 60; size > 0; --size)
            block.push_back(static_cast<std::uint8_t>(random() % 3 == 0    ? random() % 7
                                                      : random() % 40 == 0 ? 255
                                                                           : 0));
        const auto answer = called.call(CS2SIM_CALL_FUNCTION, 11, block, nullptr);  // undeclared(number)
        if (answer)
            ++done;
        else if (answer.error().code == E_OS_MDL_PARA_INVALID)
            ++refused;
    }
    CHECK(done + refused == 3000);
    CHECK(done > 100);
    CHECK(refused > 100);
    CHECK(called.call(CS2SIM_CALL_FUNCTION, 6, {}, nullptr).error().code == E_OS_MDL_NOT_SUPP);
    CHECK(bench.stage("TWOB") == ModuleStage::ready);
}

TEST_CASE("What a function takes is checked when its file is read") {
    const auto read = [](std::string_view words) { return read_parameters(words); };
    REQUIRE(read("handle u4 in:#2  io:4 out:#4 text"));
    CHECK(read("handle u4 in:#2  io:4 out:#4 text")->size() == 6);
    CHECK(read("")->empty());
    for (const char* words :
         {"u8", "in", "in:", "in:0", "in:x", "in:#0", "in:#2", "in:#1", "u4 out:#3", "out:4 in:#1",
          "in:262145", "out:#99999999999", "text in:#1", "u4 u4 u4 u4 u4 u4 u4 u4 u4 u4 u4 u4 u4"}) {
        INFO(words);
        CHECK_FALSE(read(words));
    }
    CHECK_FALSE(ModuleTexts::read("[slots.6]\ntakes = \"u4\"\n", "x.toml", "X", 0x170));
    CHECK_FALSE(ModuleTexts::read("[slots.7]\ntakes = \"u9\"\n", "x.toml", "X", 0x170));
    const auto texts =
        ModuleTexts::read("[slots.7]\nname = \"f\"\ntakes = \"u4 in:#1\"\n", "x.toml", "X", 0x170);
    REQUIRE(texts);
    CHECK(encode_slots(texts->slots()) == Bytes{7, 2, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0, 0});
    CHECK((texts->has_slot(7) && !texts->has_slot(8)));
}
