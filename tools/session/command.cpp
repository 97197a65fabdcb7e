#include "tools/session/command.h"
#include "tools/session/card_reader.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <new>

#include "firmware/crypto/core_file.h"
#include "firmware/modules/images/known_modules.h"
#include "host-lib/files/host_file.h"
#include "tools/instance/instance.h"
#include "tools/instance/standard_output.h"
#include "tools/session/arguments.h"
#include "tools/session/ending.h"
#include "tools/session/introduction.h"
#include "tools/session/nearest_word.h"
#include "tools/session/print.h"
#include "tools/session/secret_words.h"

namespace cs2sim::tools {
namespace {

constexpr std::size_t kLongestArgument = 0xFFFF;  // what a length of two bytes on the wire can say

Result<void> set_timeout(ToolSession& session, const std::string& value) {
    return keep_number(session, "Timeout", value, 1);
}
Result<void> set_challenge_length(ToolSession& session, const std::string& value) {
    return keep_number(session, "ChallengeLength", value, 0, UINT16_MAX);
}

constexpr Command kCommon[] = {
    {"Dev", "", Takes::value, "Dev=<device>", "device that the commands to its right talk to",
     "/dev/cs2a or PCI:0        a card in this machine\n"
     "3001@127.0.0.1            port and address on the network\n"
     "TCP:3001@host, host       the same; the port of an appliance is 288\n"
     "unix:<path>               a simulator's Unix socket\n"
     "Without Dev= the environment variable CRYPTOSERVER names the device.\n",
     nullptr},
    {"Timeout", "", Takes::value, "Timeout=<milliseconds>", "how long to wait for an answer (60000)", "",
     set_timeout},
    {"ChallengeLength", "", Takes::value, "ChallengeLength=<bytes>",
     "length of the challenge that a logon asks for (16)",
     "Firmware generations differ in the lengths that they accept; others answer B0830063.\n",
     set_challenge_length},
};

const Command* find_command(std::span<const CommandGroup> groups, std::string_view name) {
    for (const CommandGroup& group : groups)
        for (const Command& command : group.commands)
            if (is_called(command, name)) return &command;
    return nullptr;
}

int width(std::string_view text) { return static_cast<int>(text.size()); }

void print_help(const std::string& program, std::span<const CommandGroup> groups) {
    print(
        "%s: works on a CryptoServer-style device, simulated or not, by arguments run left to right\n"
        "in one session. The first error stops the rest. Names are written in any case.\n\n"
        "  %s [<parameter>=<value>]... <command>[=<value>]...\n\n"
        "  %-22s this list\n  %-22s explains one\n",
        program.c_str(), program.c_str(), "Help", "Help=<command>");
    for (const CommandGroup& group : groups) {
        print("\n%.*s\n", width(group.title), group.title.data());
        for (const Command& command : group.commands)
            print("  %-22.*s %.*s\n", width(command.name), command.name.data(), width(command.summary),
                  command.summary.data());
    }
}

void print_details(const Command& command) {
    print("%s\n  %.*s\n", written_syntax(command.syntax, command.words).c_str(), width(command.summary),
          command.summary.data());
    if (!command.synonyms.empty())
        print("  also called: %.*s\n", width(command.synonyms), command.synonyms.data());
    const std::string details = listed_words(command.syntax, command.words) + std::string(command.details);
    std::string_view rest = details;
    if (!rest.empty()) print("\n");
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        print("  %.*s\n", width(line), line.data());
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
}

// Codes of users' own modules too, where the simulator's state folder is here.
std::string words_on(std::uint32_t code) {
    constexpr std::uint16_t kFirstOfUsers = 0x100, kLastOfUsers = 0x17F;  // sdk-facts.md, section 12
    const std::uint16_t id = module_of(code);
    if (id < kFirstOfUsers || id > kLastOfUsers) return describe(code);
    const KnownModules own(state_folder(""));
    const ErrorRow* row = own.find_error(code);
    if (!row) return describe(code);
    return "Error " + hex_code(code) + "\nCryptoServer module " + std::string(row->module) + "\n" +
           std::string(row->text) + "\n";
}

class Run {
public:
    Run(const std::string& program, std::span<const CommandGroup> groups)
        : program_(program), groups_(groups), session_(program) {}

    Result<void> argument(std::string_view text) {
        if (text.size() > kLongestArgument) return fail(E_CSA_LENGTH);
        const Argument argument = parse_argument(text);
        if (asks_for_help(argument.name)) return help(argument);
        const Command* command = find(argument.name == "--version" ? "Version" : argument.name);
        if (!command) return fail(E_CSA_COMMAND);
        if (argument.value) CS2SIM_TRY(refuse_second_command(*argument.value));
        names_card_ = names_card_ || names_a_card(text);
        if (argument.value && command->takes == Takes::nothing) return misused(*command, {E_CSA_ARGUMENTS});
        if (!argument.value && command->takes == Takes::value) return misused(*command, {E_CSA_ARGUMENTS});
        if (command->handler) {
            if (names_card_) find_card_reader();
            static_cast<void>(host::take_file_refusal());
            auto done = command->handler(session_, argument.value.value_or(""));
            if (!done) say_why(done.error());
            if (!done && session_.refused_in_one_line()) return done;
            if (!done && is_misused(done.error())) return misused(*command, done.error());
            if (!session_.parameter(command->name)) take_note_of(*command);  // else a parameter with a check
            return done;
        }
        session_.set_parameter(command->name, std::string(trimmed(*argument.value)));
        return {};
    }

    int report(Error error) const {
        if (session_.refused_in_one_line()) return exit_status(error);
        std::fflush(stdout);
        std::fputs(words_on(error.code).c_str(), stderr);
        return exit_status(error);
    }

    // Of a line that ends well: somebody may have thought that it did more.
    void end() const {
        if (did_ == Did::nothing) session_.note("no command: parameters alone do nothing");
        if (did_ == Did::logon) session_.note("logged on, and no command follows: the session ends here");
    }

private:
    enum class Did : std::uint8_t { nothing, logon, work };

    void take_note_of(const Command& command) {
        const bool logon = same_word(command.name, "LogonSign") || same_word(command.name, "LogonPass");
        if (!logon) did_ = Did::work;
        if (logon && did_ == Did::nothing) did_ = Did::logon;
    }

    const Command* find(std::string_view name) {
        const Command* command = find_command(groups_, name);
        if (!command) {
            const std::string meant = nearest(name);
            session_.note("unknown command '" + std::string(name.substr(0, 60)) + "'" +
                          (meant.empty() ? "" : ", did you mean " + meant + "?") + "; " + program_ +
                          " Help lists them");
        }
        return command;
    }

    std::string nearest(std::string_view name) const {
        std::vector<std::string_view> names{"Help"};
        for (const CommandGroup& group : groups_)
            for (const Command& command : group.commands) names.push_back(command.name);
        return nearest_word(name, names);
    }

    // "Key=a,b;MBKImportKey=3" in one word: the second would be taken for a part of the first.
    Result<void> refuse_second_command(std::string_view value) {
        for (std::size_t at = value.find(';'); at != std::string_view::npos; at = value.find(';', at + 1)) {
            const Argument second = parse_argument(value.substr(at + 1));
            const Command* command = second.name.empty() ? nullptr : find_command(groups_, second.name);
            if (!command || (!second.value && command->takes != Takes::nothing)) continue;
            session_.note("one word holds " + std::string(command->name) +
                          " too: write commands apart by blanks, not by ';'");
            return fail(E_CSA_SYNTAX);
        }
        return {};
    }

    // Cards lie in the reader of the simulator that we talk to; not told yet, it is the default one.
    void find_card_reader() {
        if (const auto where = session_.known_specifier()) use_reader_of(*where);
    }

    // The file or device that an error is about, and the system's words.
    void say_why(Error error) {
        if (const std::string refused = refused_file(error); !refused.empty()) session_.note(refused);
        if (no_device(error)) session_.note_device(error);
    }

    Result<void> help(const Argument& argument) {
        did_ = Did::work;
        if (!argument.value || argument.value->empty()) {
            print_help(program_, groups_);
            return {};
        }
        const Command* command = find(trimmed(*argument.value));
        if (!command) return fail(E_CSA_COMMAND);
        print_details(*command);
        return {};
    }

    Result<void> misused(const Command& command, Error error) {
        session_.note("usage: " + written_syntax(command.syntax, command.words));
        return fail(error);
    }

    const std::string& program_;
    std::span<const CommandGroup> groups_;
    ToolSession session_;
    Did did_ = Did::nothing;
    bool names_card_ = false;  // a word up to here, parameters too
};

}  // namespace

const std::span<const Command> kCommonParameters = kCommon;

bool is_called(const Command& command, std::string_view name) {
    if (same_word(command.name, name)) return true;
    std::string_view rest = command.synonyms;
    while (!rest.empty()) {
        const std::string_view synonym = rest.substr(0, rest.find(' '));
        if (same_word(synonym, name)) return true;
        rest.remove_prefix(std::min(rest.size(), synonym.size() + 1));
    }
    return false;
}

Result<std::uint32_t> number_in(const ToolSession& session, std::string_view name, std::string_view value,
                                std::uint32_t least, std::uint32_t most) {
    const auto number = parse_decimal(value, most);
    if (number && *number >= least) return number;
    return misused(session, std::string(name) + "= is a number from " + std::to_string(least) + " to " +
                                std::to_string(most) + ", not '" + std::string(value.substr(0, 60)) + "'");
}

Result<void> keep_number(ToolSession& session, std::string_view name, std::string_view value,
                         std::uint32_t least, std::uint32_t most) {
    CS2SIM_TRY(number_in(session, name, value, least, most));
    session.set_parameter(name, std::string(trimmed(value)));
    return {};
}

int run_command_line(const std::string& program, std::span<const CommandGroup> groups, int argc,
                     char** argv) try {
    hold_standard_descriptors();
    leave_no_core_file();
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is told by code, and taken away
    if (argc < 2) {
        print_help(program, groups);
        return kCalledWrongly;
    }
    if (const auto status = introduce(device_tool(program), groups, argc, argv))
        return ended_with_output(program, *status);
    const std::vector<std::string> words = take_words(argc, argv, MayBeSecret::behind_mark);
    Run run(program, groups);
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string word = words[i];
        // The guide's own line, unquoted: LogonSign=AdminUserA, :cs2:cjo:USB0
        while (word.ends_with(',') && i + 1 < words.size()) word += words[++i];
        if (const auto done = run.argument(word); !done) return run.report(done.error());
    }
    run.end();
    return ended_with_output(program, kDone);
} catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: not enough memory\n", program.c_str());
    return kRefused;
}

}  // namespace cs2sim::tools
