#include "test/unit/answers.h"

#include <algorithm>
#include <mutex>
#include <sstream>

#include "firmware/protocol/advice.h"
#include "firmware/protocol/error.h"
#include "test/after_whole_run.h"

namespace cs2sim::test {
namespace {

struct Met {
    std::mutex mutex;
    std::set<Answer> answers;
};
Met& met() {
    static Met all;
    return all;
}

// Calls `visit` with the signature and the name of each function in a list such as "CXI.SIGN CXI.VERIFY".
template <class Visit>
void for_each_function(std::string_view functions, Visit visit) {
    std::istringstream names{std::string(functions)};
    for (std::string name; names >> name;)
        if (const FunctionSignature* function = name == "*" ? nullptr : find_function(std::string_view(name)))
            visit(*function);
}

Answer answer_of(const FunctionSignature& function, std::uint32_t code) {
    return {function.fc, function.sfc, code};
}

std::set<Answer> said_of(std::uint16_t fc) {
    std::set<Answer> said;
    for (const Advice& advice : advice_table())
        for_each_function(advice.functions, [&](const FunctionSignature& function) {
            if (function.fc == fc) said.insert(answer_of(function, advice.code));
        });
    return said;
}

std::string words(const Answer& answer) {
    const auto [fc, sfc, code] = answer;
    return full_name(*find_function(fc, sfc)) + ": " + describe(code);
}

const AfterWholeRun known(check_answers_known);

}  // namespace

void note_answer(std::uint16_t fc, std::uint8_t sfc, std::uint32_t code) {
    const std::lock_guard lock(met().mutex);
    met().answers.emplace(fc, sfc, code);
}

std::set<Answer> answers_met() {
    const std::lock_guard lock(met().mutex);
    return met().answers;
}

void check_answers_known(std::ostream& wrong) {
    for (const Answer& answer : answers_met()) {
        const auto [fc, sfc, code] = answer;
        const FunctionSignature* function = find_function(fc, sfc);
        const bool of_users_module = find_module(module_of(code)) == nullptr;
        // SIM, the simulator's own steering, is not among what advice.inc is about.
        if (!function || fc == FC_SIM || code == 0 || of_users_module ||
            std::ranges::binary_search(possible_errors(*function), code))
            continue;
        wrong << words(answer) << ": was answered, and advice.inc does not say it of the function\n";
    }
}

void check_errors_provoked(std::ostream& wrong, std::uint16_t fc, std::span<const OutOfReach> out_of_reach) {
    const std::set<Answer> met = answers_met(), said = said_of(fc);
    std::set<Answer> excused;
    for (const OutOfReach& row : out_of_reach)
        for_each_function(row.functions, [&](const FunctionSignature& function) {
            excused.insert(answer_of(function, row.code));
        });
    for (const Answer& answer : excused) {
        if (met.contains(answer)) wrong << words(answer) << ": is not out of reach, a test provokes it\n";
        if (!said.contains(answer))
            wrong << words(answer) << ": is out of reach, and advice.inc does not say it\n";
    }
    for (const Answer& answer : said)
        if (!met.contains(answer) && !excused.contains(answer))
            wrong << words(answer) << ": is said in advice.inc, and no test provokes it\n";
}

}  // namespace cs2sim::test
