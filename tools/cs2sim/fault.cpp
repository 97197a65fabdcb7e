// cs2sim fault add|list|remove|clear|log
#include <algorithm>
#include <iostream>
#include <memory>

#include "tools/control/control.h"
#include "tools/control/fault_rules.h"
#include "tools/control/rule_file.h"
#include "tools/cs2sim/commands.h"
#include "tools/session/ending.h"
#include "tools/session/nearest_word.h"

namespace cs2sim {
namespace {

struct FaultArguments {
    std::map<std::string, std::string> rule;  // key -> value
    std::string file;
    std::vector<std::uint32_t> ids;
};

struct Option {
    const char* name;
    const char* help;
};
constexpr Option kMatches[] = {
    {"function", "ADM.BACKUP_READ, 087.41, BACKUP_READ, or a whole module: ADM"},
    {"user", "a user who is logged on, or logging on"},
    {"session", "number of an open session, as cs2sim trace shows it"},
    {"database", "user.db, CXIKEY.db, …"},
    {"key", "search key of a record, as text or 0x…"},
    {"connection", "part of the caller's name: tcp, 4711@127.0.0.1, pid 812"},
    {"nth", "the first match that is hit; that one only unless --times says more"},
    {"times", "how many matches are hit, 0 = all"},
    {"probability", "of each hit, 0 to 1"},
    {"seed", "of the probability's and the delays' random numbers"},
    {"from", "seconds after arming from which the rule works"},
    {"until", "seconds after arming up to which the rule works"},
    {"do", "what happens to a command that matches"},
};

Result<void> add_rules(host::Device& device, const std::vector<FaultRule>& rules) {
    for (const FaultRule& rule : rules) {
        CS2SIM_TRY_LET(id, arm(device, rule));
        std::cout << id << "  " << text_of(rule) << '\n';
    }
    return {};
}

using Rules = tl::expected<std::vector<FaultRule>, std::string>;

// The rule of the options. Error: which of them is wrong.
Rules typed_rule(const FaultArguments& arguments) {
    constexpr const char* kSeeHelp = "; cs2sim fault add --help lists what there is";
    const auto action = arguments.rule.find("do");
    if (action == arguments.rule.end()) return tl::make_unexpected(std::string("--do is missing") + kSeeHelp);
    const std::string name = action->second.substr(0, action->second.find('='));
    const auto names = fault_action_names();
    if (std::ranges::find(names, name) == names.end()) {
        const std::string meant = tools::nearest_word(name, names);
        return tl::make_unexpected("--do has no '" + name + "'" +
                                   (meant.empty() ? "" : ", did you mean " + meant + "?") + kSeeHelp);
    }
    const std::vector<std::pair<std::string, std::string>> text(arguments.rule.begin(), arguments.rule.end());
    CS2SIM_TRY_LET(rule, parse_rule(text));
    return std::vector<FaultRule>{rule};
}

int add(const CommandLine& line, const FaultArguments& arguments) {
    const bool typed = arguments.file.empty();
    const Rules rules = typed ? typed_rule(arguments) : read_rule_file(arguments.file);
    if (!rules) {
        std::cerr << "cs2sim: " << rules.error() << '\n';
        return typed ? tools::kCalledWrongly : tools::kRefused;
    }
    return with_control(line.state, [&](host::Device& device) { return add_rules(device, *rules); });
}

Result<void> list(host::Device& device) {
    CS2SIM_TRY_LET(answer, control(device, SFC_SIM_FAULT_LIST));
    for (ByteView rest = answer.block.bytes("rules"); !rest.empty();) {
        const auto entry = parse_prefix(LAYOUT_FAULT_ENTRY, rest);
        CS2SIM_TRY_LET(rule, entry ? decode_rule(entry->bytes("rule")) : fail(E_CSA_PROTOCOL));
        std::cout << entry->u32("id") << "  " << text_of(rule) << "  (" << entry->u64("matches")
                  << " matches, " << entry->u64("hits") << " hits)\n";
    }
    return {};
}

Result<void> remove(host::Device& device, const std::vector<std::uint32_t>& ids) {
    for (const std::uint32_t id : ids) CS2SIM_TRY(control(device, SFC_SIM_FAULT_REMOVE, {id}));
    return {};
}

Result<void> nothing_but_errors(const Result<host::Answer>& answer) {
    CS2SIM_TRY(answer);
    return {};
}

CLI::App* steering(CLI::App& group, const char* name, const char* help, CommandLine& line,
                   std::function<Result<void>(host::Device&)> work) {
    CLI::App* command = with_state(group.add_subcommand(name, help), line);
    command->callback([&line, work = std::move(work)] { line.exit_status = with_control(line.state, work); });
    return command;
}

}  // namespace

void add_fault_commands(CLI::App& app, CommandLine& line) {
    CLI::App* group = app.add_subcommand("fault", "make the device fail, by rules");
    group->require_subcommand(1);
    const auto arguments = std::make_shared<FaultArguments>();

    CLI::App* add_command =
        with_state(group->add_subcommand("add", "arm a rule, or the rules of a file"), line);
    for (const Option& option : kMatches)
        add_command->add_option_function<std::string>(
            "--" + std::string(option.name),
            [arguments, key = std::string(option.name)](const std::string& value) {
                arguments->rule[key] = value;
            },
            option.help);
    add_command->add_option("file", arguments->file, "TOML file with [[rule]] tables");
    add_command->footer("--do:\n" + fault_actions());
    add_command->callback([&line, arguments] { line.exit_status = add(line, *arguments); });

    steering(*group, "list", "the armed rules", line, list);
    steering(*group, "remove", "take rules away", line,
             [arguments](host::Device& device) { return remove(device, arguments->ids); })
        ->add_option("id", arguments->ids, "numbers of rules")
        ->required();
    steering(*group, "clear", "take all rules away", line,
             [](host::Device& device) { return nothing_but_errors(control(device, SFC_SIM_FAULT_CLEAR)); });
    steering(*group, "log", "what the rules hit", line, [](host::Device& device) -> Result<void> {
        CS2SIM_TRY(print_fault_log(device, std::cout));
        return {};
    });
}

}  // namespace cs2sim
