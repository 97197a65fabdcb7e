// p11tool2: tokens and their objects from the command line. Arguments run left to right; the first failure
// stops.
#include <cstdio>

#include "tools/p11tool2/commands.h"
#include "tools/session/introduction.h"

namespace {

using namespace cs2sim;
using namespace cs2sim::tools;
using namespace cs2sim::tools::p11;
using cs2sim::tools::p11::Command;

struct Group {
    const char* title;
    std::span<const Command> commands;
};

std::span<const Group> groups() {
    static const Group all[] = {
        {"Parameters (they hold for the commands to their right)", kParameterCommands},
        {"Log-ons, PINs and tokens", kTokenCommands},
        {"What is there", kShowCommands},
        {"Keys and certificates", kKeyCommands},
        {"Objects", kObjectCommands},
        {"Backups, configuration, the end of a token", kVendorCommands},
        {"Test", kTestCommands},
    };
    return all;
}

// The same commands in the form of the other tools' tables, of which the page of the manual and the
// completion are made.
std::optional<int> introduced(int argc, const char* const* argv) {
    std::vector<std::vector<tools::Command>> tables;
    std::vector<CommandGroup> shown;
    for (const Group& group : groups()) {
        auto& table = tables.emplace_back();
        for (const Command& command : group.commands)
            table.push_back({.name = command.name,
                             .synonyms = {},
                             .takes = command.needs_value ? Takes::value : Takes::maybe,
                             .syntax = command.syntax,
                             .summary = command.summary,
                             .details = command.ours ? "cs2sim's own" : "",
                             .handler = nullptr});
        shown.push_back({group.title, table});
    }
    const ToolText text{"p11tool2", "the PKCS#11 library's configuration file", "CS_PKCS11_R3_CFG",
                        "the configuration file of the PKCS#11 library"};
    return introduce(text, shown, argc, argv);
}

const Command* find_command(std::string_view name) {
    for (const Group& group : groups())
        for (const Command& command : group.commands)
            if (same_word(command.name, name)) return &command;
    return nullptr;
}

void print_command(const Command& command) {
    std::printf("  %s%s\n      %s\n", std::string(command.syntax).c_str(),
                command.ours ? "  (cs2sim's own)" : "", std::string(command.summary).c_str());
}

Result<void> help(const Argument& argument) {
    if (argument.value) {
        const Command* command = find_command(*argument.value);
        if (!command) return fail(E_CSA_COMMAND);
        print_command(*command);
        return {};
    }
    std::printf(
        "p11tool2 Key=Value …: arguments run left to right, names in any case, the first failure stops.\n");
    for (const Group& group : groups()) {
        std::printf("\n%s\n", group.title);
        for (const Command& command : group.commands) print_command(command);
    }
    std::printf("\nPINs: literal, ask (without echo), file:<path> (cs2sim's own).\n");
    return {};
}

Result<void> run(Shell& shell, const Argument& argument) {
    if (same_word(argument.name, "Help")) return help(argument);
    const Command* command = find_command(argument.name);
    if (!command) return fail(E_CSA_COMMAND);
    if (command->needs_value && !argument.value) return fail(E_CSA_SYNTAX);
    return command->handler(shell, argument.value.value_or(""));
}

void print_error(Error error) {
    std::fflush(stdout);
    std::fprintf(stderr, "%s", failure_text(error.code).c_str());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        (void)help({"Help", std::nullopt});
        return 1;
    }
    if (const auto status = introduced(argc, argv)) return *status;
    Shell shell;
    for (int i = 1; i < argc; ++i) {
        const auto done = run(shell, parse_argument(argv[i]));
        if (done) continue;
        print_error(done.error());
        return 1;
    }
    return 0;
}
