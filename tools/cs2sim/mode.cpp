// cs2sim mode show|set, cs2sim mbk flip
#include <iostream>
#include <memory>

#include "firmware/faults/rules/rule.h"
#include "firmware/protocol/modes.h"
#include "tools/control/control.h"
#include "tools/cs2sim/commands.h"

namespace cs2sim {
namespace {

Result<void> show(host::Device& device) {
    CS2SIM_TRY_LET(answer, control(device, SFC_SIM_GET_MODES));
    std::cout << "mode:";
    for (const ModeName& row : kModeNames)
        if ((answer.block.u16("modes") & row.mode) != 0) std::cout << ' ' << row.word;
    std::cout << '\n';
    return {};
}

Result<void> then_show(host::Device& device, const Result<host::Answer>& done) {
    CS2SIM_TRY(done);
    return show(device);
}

}  // namespace

void add_mode_commands(CLI::App& app, CommandLine& line) {
    CLI::App* group = app.add_subcommand("mode", "switch the device's mode, until it restarts");
    group->require_subcommand(1);
    const auto wanted = std::make_shared<std::string>();
    with_state(group->add_subcommand("show", "the modes and states that hold"), line)->callback([&line] {
        line.exit_status = with_control(line.state, show);
    });
    CLI::App* set = with_state(group->add_subcommand("set", "switches"), line);
    set->add_option("mode", *wanted, "an ordinary mode ends an error state")
        ->required()
        ->check(CLI::IsMember(std::vector<std::string>(std::begin(kDeviceModes), std::end(kDeviceModes))));
    set->callback([&line, wanted] {
        line.exit_status = with_control(line.state, [&](host::Device& device) {
            const auto found = std::ranges::find(kDeviceModes, *wanted);
            return then_show(device, control(device, SFC_SIM_SET_MODE, {found - std::begin(kDeviceModes)}));
        });
    });

    CLI::App* mbk = app.add_subcommand("mbk", "the master backup key");
    mbk->require_subcommand(1);
    with_state(mbk->add_subcommand("flip", "puts another MBK into slot 3"), line)->callback([&line] {
        line.exit_status = with_control(line.state, [](host::Device& device) -> Result<void> {
            CS2SIM_TRY(control(device, SFC_SIM_FLIP_MBK));
            return {};
        });
    });
}

}  // namespace cs2sim
