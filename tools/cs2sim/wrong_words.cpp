#include "tools/cs2sim/wrong_words.h"

#include <vector>

#include "firmware/protocol/terminal_text.h"
#include "tools/session/nearest_word.h"

namespace cs2sim {
namespace {

using Words = std::vector<std::string>;

// The command that was reached: "fault add" of `cs2sim fault add --user X`.
const CLI::App& reached(const CLI::App& app) {
    const CLI::App* at = &app;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().back();
    return *at;
}

std::string called(const CLI::App& app) {
    const CLI::App* parent = app.get_parent();
    return parent ? called(*parent) + " " + app.get_name() : "cs2sim";
}

bool is_shown(const std::string& group) { return !group.empty(); }

Words verbs_of(const CLI::App& app) {
    Words names;
    for (const CLI::App* verb :
         app.get_subcommands([](const CLI::App* one) { return is_shown(one->get_group()); }))
        names.push_back(verb->get_name());
    return names;
}

Words options_of(const CLI::App& app) {
    Words names;
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    return names;
}

std::string nearest(const std::string& word, const Words& words) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    const std::string meant = tools::nearest_word(word, views);
    return meant.empty() ? "" : ", did you mean " + meant + "?";
}

}  // namespace

std::optional<std::string> wrong_word(const CLI::App& app) {
    const CLI::App& at = reached(app);
    const Words verbs = verbs_of(at);
    const Words left = app.remaining(true);
    const std::string help = "; see " + called(at) + " --help";
    if (left.empty()) {
        if (verbs.empty()) return std::nullopt;
        return called(at) + " wants a command: " + CLI::detail::join(verbs, ", ");
    }
    const std::string word = left.front().substr(0, 60), shown = "'" + terminal_text(word) + "'";
    if (word.starts_with('-')) return "unknown option " + shown + nearest(word, options_of(at)) + help;
    if (verbs.empty()) return shown + " is one word too many" + help;
    return "unknown command " + shown + nearest(word, verbs) + help;
}

}  // namespace cs2sim
