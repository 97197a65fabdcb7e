// What the table of subcommands says about cs2sim: the pages of its manual, and how words go on.
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include "firmware/faults/rules/rule.h"
#include "firmware/profile/profile.h"
#include "firmware/protocol/error.h"
#include "firmware/protocol/functions.h"
#include "tools/cs2sim/commands.h"
#include "tools/manual/manual.h"
#include "tools/scenario/scenario_script.h"

namespace cs2sim {
namespace {

using Words = std::vector<std::string>;

// --- The manual ---

bool is_shown(const std::string& group) { return !group.empty(); }

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App* verb) { return is_shown(verb->get_group()); });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
    return app.get_options([](const CLI::Option* option) { return is_shown(option->get_group()); });
}

// Of "TEXT:{fuse,cuse}" or "ENUM:value in {fuse->1,cuse->2} OR {1,2}": fuse and cuse.
Words listed_values(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    const auto begin = type.find('{');
    const auto end = type.find('}');
    if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
    Words values;
    for (const std::string& value : CLI::detail::split(type.substr(begin + 1, end - begin - 1), ','))
        values.push_back(value.substr(0, value.find("->")));
    return values;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

std::string with_value(const CLI::Option& option, const std::string& name) {
    if (!takes_value(option)) return name;
    const Words listed = listed_values(option);
    return name + " " + (listed.empty() ? "<value>" : CLI::detail::join(listed, "|"));
}

std::string term_of(const CLI::Option& option) {
    Words names;
    for (const std::string& name : option.get_snames()) names.push_back(with_value(option, "-" + name));
    for (const std::string& name : option.get_lnames()) names.push_back(with_value(option, "--" + name));
    if (names.empty()) names.push_back("<" + option.get_name(true) + ">");
    return CLI::detail::join(names, ", ");
}

std::string synopsis_of(const CLI::App& app, const std::string& called) {
    std::string text = called;
    bool has_options = false;
    for (const CLI::Option* option : options_of(app)) has_options |= option->nonpositional();
    if (has_options) text += " [<option>]...";
    for (const CLI::Option* option : options_of(app)) {
        if (!option->get_positional()) continue;
        const std::string name = "<" + option->get_name(true) + ">";
        text += option->get_required() ? " " + name : " [" + name + "]";
        if (option->get_items_expected_max() > 1) text += "...";
    }
    if (!verbs_of(app).empty()) text += " <command>";
    return text;
}

// Of "FLOAT in [0 - 100]": the range.
std::string range_of(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    const auto range = type.find(" in [");
    return range == std::string::npos ? "" : type.substr(range + 1);
}

Words excluded_by(const CLI::Option& option) {
    Words names;
    for (const CLI::Option* other : option.get_excludes()) names.push_back(other->get_name());
    std::ranges::sort(names);  // they come in the order of their addresses
    return names;
}

void describe_options(tools::ManualPage& page, const CLI::App& app) {
    for (const CLI::Option* option : options_of(app)) {
        std::string text = option->get_description();
        const auto add = [&](const std::string& more) { text += (text.empty() ? "" : "; ") + more; };
        const Words listed = listed_values(*option);
        if (option->get_positional() && !listed.empty()) add("one of " + CLI::detail::join(listed, ", "));
        if (const std::string range = range_of(*option); !range.empty()) add(range);
        if (const Words excluded = excluded_by(*option); !excluded.empty())
            add("not with " + CLI::detail::join(excluded, ", "));
        if (!option->get_envname().empty()) add("default: the environment's " + option->get_envname());
        page.item(term_of(*option), text);
    }
    if (!app.get_footer().empty()) page.literal(app.get_footer());
}

std::string overview(const CLI::App& app) {
    tools::ManualPage page("cs2sim", "a CryptoServer-style HSM without the hardware");
    page.section("Synopsis");
    page.literal("cs2sim <command> [<option>]...");
    page.section("Description");
    page.paragraph(app.get_description());
    page.section("Commands");
    std::string see;
    for (const CLI::App* verb : verbs_of(app)) {
        page.item(verb->get_name(), verb->get_description() + "; see cs2sim-" + verb->get_name() + "(1)");
        see += "cs2sim-" + verb->get_name() + "(1), ";
    }
    page.section("Options");
    describe_options(page, app);
    page.section("See also");
    page.paragraph(see + "csadm(1), cxitool(1)");
    return page.text();
}

std::string page_of(const CLI::App& verb) {
    const std::string called = "cs2sim " + verb.get_name();
    tools::ManualPage page("cs2sim-" + verb.get_name(), verb.get_description());
    page.section("Synopsis");
    if (verbs_of(verb).empty()) page.literal(synopsis_of(verb, called));
    for (const CLI::App* part : verbs_of(verb))
        page.literal(synopsis_of(*part, called + " " + part->get_name()));
    page.section("Options");
    describe_options(page, verb);
    if (!verbs_of(verb).empty()) page.section("Commands");
    for (const CLI::App* part : verbs_of(verb)) {
        page.subsection(called + " " + part->get_name());
        page.paragraph(part->get_description());
        describe_options(page, *part);
    }
    page.section("See also");
    page.paragraph("cs2sim(1), csadm(1), cxitool(1)");
    return page.text();
}

int print_page(const CLI::App& app, const std::string& verb) {
    if (verb.empty()) {
        std::cout << overview(app);
        return 0;
    }
    for (const CLI::App* each : verbs_of(app))
        if (each->get_name() == verb) {
            std::cout << page_of(*each);
            return 0;
        }
    std::cerr << "cs2sim: no command " << verb << '\n';
    return 1;
}

// --- How words go on ---

Words scenario_names() {
    Words names;
    for (const BuiltInScenario& scenario : built_in_scenarios()) names.emplace_back(scenario.name);
    return names;
}

Words function_names() {
    Words names;
    for (const FunctionSignature& function : function_catalogue())
        names.push_back(std::string(function.module) + "." + std::string(function.name));
    return names;
}

// What explain knows: functions, and the codes of errors as the tools print them.
Words explained_names() {
    Words names = function_names();
    for (const ErrorRow& row : error_table()) names.push_back(hex_code(row.code));
    return names;
}

// Each line of fault_actions() begins with an action's name.
Words action_names() {
    Words names;
    for (const std::string& line : CLI::detail::split(fault_actions(), '\n'))
        if (const Words words = CLI::detail::split_up(line); !words.empty()) names.push_back(words.front());
    return names;
}

// Values that no list of the option itself gives, by the option's name, or VERB/POSITIONAL.
struct ValueRow {
    std::string_view name;
    Words (*values)();
};
constexpr ValueRow kValues[] = {
    {"--profile", built_in_profiles},  {"--function", function_names}, {"--do", action_names},
    {"explain/what", explained_names}, {"run/name", scenario_names},   {"show/name", scenario_names},
};

Words values_of(const CLI::App& app, const CLI::Option& option) {
    if (Words listed = listed_values(option); !listed.empty()) return listed;
    const std::string name =
        option.nonpositional() ? option.get_name() : app.get_name() + "/" + option.get_name(true);
    for (const ValueRow& row : kValues)
        if (row.name == name) return row.values();
    return {};
}

struct Place {
    const CLI::App* app;
    const CLI::Option* option = nullptr;  // whose value comes next
};

// Where in the tree of commands the words end.
Place place_behind(const CLI::App& app, const Words& words) {
    Place place{&app};
    for (const std::string& word : words) {
        if (place.option) {
            place.option = nullptr;
        } else if (word.starts_with('-')) {
            const CLI::Option* option = place.app->get_option_no_throw(word);
            if (option && takes_value(*option)) place.option = option;
        } else if (const auto next = place.app->get_subcommands(
                       [&](const CLI::App* verb) { return verb->get_name() == word; });
                   !next.empty()) {
            place.app = next.front();
        }
    }
    return place;
}

Words candidates(const Place& place, bool dash) {
    if (place.option) return values_of(*place.app, *place.option);
    Words words;
    for (const CLI::App* verb : verbs_of(*place.app)) words.push_back(verb->get_name());
    for (const CLI::Option* option : options_of(*place.app)) {
        if (option->nonpositional() && dash)
            for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
        if (!option->nonpositional())
            for (std::string& value : values_of(*place.app, *option)) words.push_back(std::move(value));
    }
    return words;
}

// Words on the command line behind "cs2sim", the last of them unfinished.
int print_completions(const CLI::App& app, Words words) {
    const std::string typed = words.empty() ? "" : words.back();
    if (!words.empty()) words.pop_back();
    if (std::find(words.begin(), words.end(), "--") != words.end()) return 0;
    const Place place = place_behind(app, words);
    if (const auto sign = typed.find('='); typed.starts_with("--") && sign != std::string::npos) {
        const CLI::Option* option = place.app->get_option_no_throw(typed.substr(0, sign));
        for (const std::string& value : option ? values_of(*place.app, *option) : Words{})
            if (const std::string word = typed.substr(0, sign + 1) + value; word.starts_with(typed))
                std::cout << word << '\n';
        return 0;
    }
    for (const std::string& word : candidates(place, typed.starts_with('-')))
        if (word.starts_with(typed)) std::cout << word << '\n';
    return 0;
}

}  // namespace

void add_introduction_commands(CLI::App& app, CommandLine& line) {
    const auto words = std::make_shared<Words>();
    const auto verb = std::make_shared<std::string>();
    CLI::App* page = app.add_subcommand("man-page", "print a page of the manual")->group("");
    page->add_option("verb", *verb);
    page->callback([&app, &line, verb] { line.exit_status = print_page(app, *verb); });
    CLI::App* complete = app.add_subcommand("complete", "print how the last word could go on")->group("");
    complete->add_option("words", *words);
    complete->callback([&app, &line, words] { line.exit_status = print_completions(app, *words); });
}

}  // namespace cs2sim
