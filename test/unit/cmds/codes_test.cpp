// Every code of CMDS: provoked through the protocol, or listed with the reason why it cannot occur.
#include <iomanip>
#include <iostream>
#include <set>

#include "firmware/protocol/advice.h"
#include "test/after_whole_run.h"
#include "test/bad_input.h"
#include "test/unit/answers.h"
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

constexpr test::OutOfReach kOutOfReach[] = {
    {"CMDS.BACKUP_USER CMDS.RESTORE_USER", E_MBK_BAD_DB_FORMAT, "with such a record a device does not start"},
};
const test::AfterWholeRun checked([](std::ostream& wrong) {
    test::check_errors_provoked(wrong, FC_CMDS, kOutOfReach);
});

}  // namespace

TEST_CASE("codes of frames and arguments") { check(frame_provocations()); }
TEST_CASE("codes of challenges, logons and sessions") { check(session_provocations()); }
TEST_CASE("codes of users") { check(user_provocations()); }
TEST_CASE("codes of modes and alarms") { check(mode_provocations()); }
TEST_CASE("codes of certified firmware") { check(certified_provocations()); }

TEST_CASE("codes of CMDS by their other functions") { check(other_provocations()); }

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
