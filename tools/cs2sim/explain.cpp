// cs2sim explain: error codes, functions, modes.
#include <iostream>
#include <map>
#include <vector>

#include "firmware/modules/images/known_modules.h"
#include "firmware/protocol/functions.h"
#include "firmware/protocol/terminal_text.h"
#include "tools/cs2sim/commands.h"
#include "tools/explain/explain_text.h"
#include "tools/explain/mode_matrix.h"
#include "tools/instance/instance.h"
#include "tools/session/nearest_word.h"

namespace cs2sim {
namespace {

// What was meant by a word that no table knows, as a question; empty when nothing is near. A name without its
// module, and csadm's for a function (GetState), are near as well.
std::string nearest_name(const std::string& what) {
    std::map<std::string, std::string> whole;  // by what may be typed
    for (const ModuleRow& row : module_table()) whole.emplace(row.name, row.name);
    for (const ErrorRow& row : error_table())
        whole.emplace(std::string(row.module) + "." + std::string(row.name),
                      std::string(row.module) + "." + std::string(row.name));
    for (const FunctionSignature& function : function_catalogue()) {
        const std::string name = full_name(function);
        whole[name] = name;
        whole[name.substr(name.find('.') + 1)] = name;
    }
    std::vector<std::string_view> words;
    words.reserve(whole.size());
    for (const auto& [word, name] : whole) words.push_back(word);
    const std::string meant = tools::nearest_word(what, words);
    return meant.empty() ? "" : ", did you mean " + whole[meant] + "?";
}

struct Options {
    std::vector<std::string> what;
    bool modes = false;
};

int run(const std::string& state, const Options& options) {
    if (options.modes) {
        std::cout << mode_matrix();
        return 0;
    }
    int status = 0;
    const KnownModules modules(state_folder(state));
    for (const std::string& what : options.what) {
        const auto own = modules.explain(what);  // the tables explain any number, if only as unknown
        const tl::expected<std::string, std::string> text = own ? *own : explain(what);
        if (text) {
            std::cout << *text;
        } else {
            std::cerr << "cs2sim: " << terminal_text(text.error() + nearest_name(what)) << '\n';
            status = 1;
        }
    }
    return status;
}

}  // namespace

void add_explain_command(CLI::App& app, CommandLine& line) {
    CLI::App* command =
        with_state(app.add_subcommand("explain",
                                      "say what an error code, a CKR of PKCS#11, a function (FC.SFC or name) "
                                      "or a module is; needs no simulator"),
                   line);
    const auto options = std::make_shared<Options>();
    command->add_option(
        "what", options->what,
        "B0830063, CMDS.CHALLENGE_LEN, 083.01, CMDS.GET_CHALLENGE, CMDS, CKR_PIN_TOO_WEAK, 0x1B8");
    command->add_flag("--modes", options->modes,
                      "print which function is barred in which mode, and by which code (module and number)");
    command->callback([options, &line] {
        if (options->what.empty() && !options->modes) throw CLI::CallForHelp();
        line.exit_status = run(line.state, *options);
    });
}

}  // namespace cs2sim
