// cs2sim assumptions: the ledger of what is known of real devices and what is assumed.
#include <iostream>
#include <memory>

#include "tools/cs2sim/commands.h"
#include "tools/explain/ledger.h"

namespace cs2sim {
namespace {

struct Options {
    std::string kind;
    bool assumed = false;
    bool sums = false;
};

void print(const Options& options) {
    const std::vector<LedgerRow> all = ledger();
    if (!options.sums) {
        std::vector<LedgerRow> rows = all;
        std::erase_if(rows, [&](const LedgerRow& row) {
            return (!options.kind.empty() && row.kind != options.kind) || (options.assumed && row.known);
        });
        std::cout << ledger_text(rows) << '\n';
    }
    std::cout << ledger_sums(all);
}

}  // namespace

void add_assumptions_command(CLI::App& app, CommandLine&) {
    CLI::App* command = app.add_subcommand(
        "assumptions", "list what is known of real devices and what is assumed, with source and reach");
    const auto options = std::make_shared<Options>();
    command->add_option("--kind", options->kind, "one kind of row only")
        ->check(CLI::IsMember({"function", "layout", "code", "profile", "text", "sdk"}));
    command->add_flag("--assumed", options->assumed, "only what is assumed");
    command->add_flag("--sums", options->sums, "the sums alone");
    command->callback([options] { print(*options); });
}

}  // namespace cs2sim
