// p11tool2: tokens and their objects from the command line. Arguments run left to right; the first failure
// stops.
#include <algorithm>
#include <cstdio>
#include <deque>

#include "firmware/crypto/core_file.h"
#include "firmware/protocol/terminal_text.h"
#include "host-lib/files/host_file.h"
#include "tools/instance/standard_output.h"
#include "tools/p11tool2/commands.h"
#include "tools/session/ending.h"
#include "tools/session/introduction.h"
#include "tools/session/nearest_word.h"
#include "tools/session/print.h"
#include "tools/session/secret_words.h"

namespace {

using namespace cs2sim;
using namespace cs2sim::tools;
using namespace cs2sim::tools::p11;
using cs2sim::tools::p11::TokenCommand;

struct Group {
    const char* title;
    std::span<const TokenCommand> commands;
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
    std::deque<std::string> details;
    for (const Group& group : groups()) {
        auto& table = tables.emplace_back();
        for (const TokenCommand& command : group.commands) {
            details.push_back(std::string(command.ours ? "cs2sim's own\n" : "") +
                              std::string(command.details));
            table.push_back({.name = command.name,
                             .synonyms = {},
                             .takes = command.takes,
                             .syntax = command.syntax,
                             .summary = command.summary,
                             .details = details.back(),
                             .handler = nullptr,
                             .words = {command.words[0], command.words[1]}});
        }
        shown.push_back({group.title, table});
    }
    const ToolText text{"p11tool2", "the PKCS#11 library's configuration file", "CS_PKCS11_R3_CFG",
                        "the configuration file of the PKCS#11 library"};
    return introduce(text, shown, argc, argv);
}

const TokenCommand* find_command(std::string_view name) {
    for (const Group& group : groups())
        for (const TokenCommand& command : group.commands)
            if (same_word(command.name, name)) return &command;
    return nullptr;
}

// An error of a command, and whether the tool was called wrongly: so it is by attributes that do not exist,
// too.
struct Failure {
    Error error;
    ExitStatus status;
};
using Done = tl::expected<void, Failure>;

void note(const std::string& text) {
    std::fflush(stdout);  // keeps the order when both go to one place
    std::fprintf(stderr, "p11tool2: %s\n", terminal_text(text).c_str());
}

tl::unexpected<Failure> called_wrongly(std::uint32_t code) {
    return tl::unexpected(Failure{{code}, kCalledWrongly});
}

tl::unexpected<Failure> unknown(std::string_view name) {
    std::vector<std::string_view> names{"Help"};
    for (const Group& group : groups())
        for (const TokenCommand& command : group.commands) names.push_back(command.name);
    const std::string meant = nearest_word(name, names);
    note("unknown command '" + std::string(name.substr(0, 60)) + "'" +
         (meant.empty() ? "" : ", did you mean " + meant + "?") + "; p11tool2 Help lists them");
    return called_wrongly(E_CSA_COMMAND);
}

tl::unexpected<Failure> misused(const TokenCommand& command, Error error) {
    note("usage: " + written_syntax(command.syntax, command.words));
    return called_wrongly(error.code);
}

void print_command(const TokenCommand& command) {
    print("  %s%s\n      %s\n", written_syntax(command.syntax, command.words).c_str(),
          command.ours ? "  (cs2sim's own)" : "", std::string(command.summary).c_str());
}

void print_details(std::string_view details) {
    if (!details.empty()) print("\n");
    while (!details.empty()) {
        const std::string_view line = details.substr(0, details.find('\n'));
        print("  %s\n", std::string(line).c_str());
        details.remove_prefix(std::min(details.size(), line.size() + 1));
    }
}

Done help(const Argument& argument) {
    if (argument.value) {
        const TokenCommand* command = find_command(*argument.value);
        if (!command) return unknown(*argument.value);
        print_command(*command);
        print_details(listed_words(command->syntax, command->words) + std::string(command->details));
        return {};
    }
    print("p11tool2 Key=Value …: arguments run left to right, names in any case, the first failure stops.\n");
    for (const Group& group : groups()) {
        print("\n%s\n", group.title);
        for (const TokenCommand& command : group.commands) print_command(command);
    }
    print(
        "\nPINs: literal, ask (without echo), file:<path> (cs2sim's own).\n"
        "A selection is CKA_…=<value>,…: the objects with these attributes. Help=<command> says more, of "
        "values\n"
        "Help=KeyAttr. The library's configuration: CS_PKCS11_R3_CFG; failures: cs2sim explain CKR_….\n");
    return {};
}

Done run(Shell& shell, const Argument& argument) {
    if (asks_for_help(argument.name)) return help({"Help", argument.value});
    if (same_word(argument.name, "Version") || argument.name == "--version") {
        print("p11tool2 = %s\n", CS2SIM_VERSION);
        return {};
    }
    const TokenCommand* command = find_command(argument.name);
    if (!command) return unknown(argument.name);
    if (command->takes == (argument.value ? Takes::nothing : Takes::value))
        return misused(*command, {E_CSA_ARGUMENTS});
    static_cast<void>(host::take_file_refusal());
    static_cast<void>(take_refused_attribute());
    const auto done = command->handler(shell, argument.value.value_or(""));
    if (done) return {};
    if (is_misused(done.error())) return misused(*command, done.error());
    const std::string file = refused_file(done.error()), attribute = take_refused_attribute();
    if (!file.empty()) note(file);
    if (attribute.empty()) return tl::unexpected(Failure{done.error(), exit_status(done.error())});
    note(attribute);
    return called_wrongly(done.error().code);
}

}  // namespace

int main(int argc, char** argv) {
    cs2sim::hold_standard_descriptors();
    if (argc < 2) {
        static_cast<void>(help({"Help", std::nullopt}));
        return kCalledWrongly;
    }
    if (const auto status = introduced(argc, argv)) return cs2sim::ended_with_output("p11tool2", *status);
    cs2sim::leave_no_core_file();
    Shell shell;
    for (const std::string& word : take_words(argc, argv, MayBeSecret::behind_name)) {
        const auto done = run(shell, parse_argument(word));
        if (done) continue;
        std::fflush(stdout);
        std::fputs(failure_text(done.error().error.code).c_str(), stderr);
        return done.error().status;
    }
    return cs2sim::ended_with_output("p11tool2", kDone);
}
