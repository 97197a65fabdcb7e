#include "tools/session/introduction.h"

#include <cstdio>

#include "tools/manual/manual.h"
#include "tools/session/arguments.h"
#include "tools/session/ending.h"

namespace cs2sim::tools {
namespace {

bool begins_with(std::string_view word, std::string_view typed) {
    return word.size() >= typed.size() && same_word(word.substr(0, typed.size()), typed);
}

template <class Each>
void for_commands(std::span<const CommandGroup> groups, Each each) {
    for (const CommandGroup& group : groups)
        for (const Command& command : group.commands) each(command);
}

std::vector<std::string> names(std::span<const CommandGroup> groups, std::string_view typed) {
    std::vector<std::string> found;
    for_commands(groups, [&](const Command& command) {
        if (!begins_with(command.name, typed)) return;
        const bool equals = command.takes == Takes::value;
        found.push_back(std::string(command.name) + (equals ? "=" : ""));
    });
    if (begins_with("Help", typed)) found.emplace_back("Help");
    return found;
}

}  // namespace

ToolText device_tool(const std::string& program) {
    return {program, "the parameter Dev= or the environment variable CRYPTOSERVER", "CRYPTOSERVER",
            "the device when there is no Dev="};
}

std::string manual_of(const ToolText& tool, std::span<const CommandGroup> groups) {
    const std::string& program = tool.program;
    ManualPage page(program, "works on a CryptoServer-style device, simulated or not");
    page.section("Synopsis");
    page.literal(program + " [<parameter>=<value>]... <command>[=<value>]...\n" + program +
                 " Help[=<command>]");
    page.section("Description");
    page.paragraph(
        "Arguments are run left to right in one session with the device, which " +
        std::string(tool.device_named_by) +
        " names. The first error stops the rest. Names are written in any case; a parameter holds for the "
        "commands to its right.");
    for (const CommandGroup& group : groups) {
        page.section(group.title);
        for (const Command& command : group.commands) {
            page.item(written_syntax(command.syntax, command.words), command.summary);
            if (!command.synonyms.empty()) page.item_literal("also called: " + std::string(command.synonyms));
            const std::string details =
                listed_words(command.syntax, command.words) + std::string(command.details);
            if (!details.empty()) page.item_literal(details);
        }
    }
    page.section("Exit status");
    page.paragraph(
        "0 when every command was carried out, 1 when the device refuses one or a file of this host "
        "(missing, not "
        "to be written, another password), 2 when the words are wrong, 3 when no device answers. The error "
        "stands "
        "on standard error: its code, its module, its text. cs2sim explain says more about a code.");
    page.section("Environment");
    page.item(tool.variable, tool.variable_meaning);
    page.section("See also");
    page.paragraph("cs2sim(1), csadm(1), cxitool(1), p11tool2(1), cs2sim-explain(1)");
    return page.text();
}

std::vector<std::string> completions_of(std::span<const CommandGroup> groups, std::string_view typed) {
    const auto equals = typed.find('=');
    if (equals == std::string_view::npos) return names(groups, typed);

    const std::string_view name = typed.substr(0, equals);
    const std::string_view value = typed.substr(equals + 1);
    std::vector<std::string> found;
    for_commands(groups, [&](const Command& command) {
        if (same_word(name, "Help") && begins_with(command.name, value))
            found.push_back("Help=" + std::string(command.name));
        if (!is_called(command, name)) return;
        for (const std::string& known : value_completions(command.syntax, command.words, value))
            found.push_back(known == kFilesToo ? known : std::string(name) + "=" + known);
    });
    return found;
}

std::optional<int> introduce(const ToolText& tool, std::span<const CommandGroup> groups, int argc,
                             const char* const* argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "--man-page" && argc == 2) {
        std::fputs(manual_of(tool, groups).c_str(), stdout);
    } else if (what == "--complete" && argc == 3) {
        for (const std::string& word : completions_of(groups, argv[2])) std::puts(word.c_str());
    } else {
        return std::nullopt;
    }
    return kDone;
}

}  // namespace cs2sim::tools
