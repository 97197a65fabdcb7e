// Every code of CMDS: provoked through the protocol, or listed with the reason why it cannot occur.
#include <iomanip>
#include <iostream>
#include <set>
#include <sstream>

#include "firmware/protocol/advice.h"
#include "test/bad_input.h"
#include "test/unit/cmds/provocation.h"

using namespace cs2sim;

namespace {

std::vector<Provocation> all_provocations() {
    std::vector<Provocation> all;
    for (const auto part : {frame_provocations(), session_provocations(), user_provocations(),
                            mode_provocations(), certified_provocations()})
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

std::string words(std::uint32_t code) { return code == 0 ? "no error" : describe(code); }

void check(std::span<const Provocation> provocations) {
    for (const Provocation& provocation : provocations) {
        INFO("expected " << words(provocation.code));
        test::bad_input("codes of CMDS, provoked by frames");
        const std::uint32_t met = provocation.meet();
        INFO("met " << words(met));
        CHECK(met == provocation.code);
    }
}

}  // namespace

TEST_CASE("codes of frames and arguments") { check(frame_provocations()); }
TEST_CASE("codes of challenges, logons and sessions") { check(session_provocations()); }
TEST_CASE("codes of users") { check(user_provocations()); }
TEST_CASE("codes of modes and alarms") { check(mode_provocations()); }
TEST_CASE("codes of certified firmware") { check(certified_provocations()); }

TEST_CASE("codes of CMDS by their other functions") { check(other_provocations()); }

TEST_CASE("functions answer what the manual says of them, and nothing else") {
    for (const Provocation& provocation : all_provocations()) (void)provocation.meet();
    check(other_provocations());
    const auto met = answers_met();
    for (const Advice& advice : advice_table()) {
        if (!advice.occurs || module_of(advice.code) != FC_CMDS) continue;
        std::istringstream names{std::string(advice.functions)};
        for (std::string name; names >> name;) {
            const FunctionSignature* function = name == "*" ? nullptr : find_function(std::string_view(name));
            if (!function || function->fc != FC_CMDS) continue;
            INFO(name << " is said to answer " << words(advice.code) << "; no provocation makes it");
            CHECK(met.contains({function->fc, function->sfc, advice.code}));
        }
    }
    for (const auto& [fc, sfc, code] : met) {
        const FunctionSignature* function = find_function(fc, sfc);
        if (!function || code == 0 || !find_advice(code)) continue;
        const auto known = possible_errors(*function);
        INFO(full_name(*function) << " answered " << words(code) << ", which the manual does not say of it");
        CHECK(std::ranges::binary_search(known, code));
    }
}

TEST_CASE("every code of CMDS is provoked here or listed with the reason why it cannot occur") {
    std::set<std::uint32_t> provoked;
    for (const Provocation& provocation : all_provocations()) {
        provoked.insert(provocation.code);
    }
    std::size_t cannot_occur = 0;
    for (const ErrorRow& row : error_table()) {
        if (row.module != "CMDS") continue;
        INFO(words(row.code));
        const Advice* advice = find_advice(row.code);
        REQUIRE(advice);
        CHECK(advice->occurs == provoked.contains(row.code));
        cannot_occur += !advice->occurs;
    }
    std::cout << "CMDS codes: " << provoked.size() << " provoked, " << cannot_occur
              << " cannot occur (firmware/protocol/advice.inc)\n";
}
