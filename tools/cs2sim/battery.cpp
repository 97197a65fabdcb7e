// cs2sim battery show|shelve|drain|replace
#include <cstdio>
#include <iostream>
#include <memory>

#include "firmware/faults/rules/rule.h"
#include "firmware/protocol/terminal_text.h"
#include "tools/control/control.h"
#include "tools/cs2sim/commands.h"

namespace cs2sim {
namespace {

Result<void> show(host::Device& device) {
    CS2SIM_TRY_LET(answer, control(device, SFC_SIM_BATTERIES));
    for (ByteView rest = answer.block.bytes("batteries"); !rest.empty();) {
        const auto battery = parse_prefix(LAYOUT_BATTERY, rest);
        if (!battery) return fail(E_CSA_PROTOCOL);
        const std::string name = terminal_text(battery->text("name")) + ":";
        std::printf("%-18s %s (%.3f V)\n", name.c_str(), battery->u8("low") != 0 ? "low" : "ok",
                    battery->u32("millivolts") / 1000.0);
    }
    return {};
}

// After what the batteries went through: their state, and the alarm when there is one now.
Result<void> report(host::Device& device, const Result<host::Answer>& answer) {
    CS2SIM_TRY(answer);
    CS2SIM_TRY(show(device));
    if (answer->block.u8("alarm") != 0)
        std::cout << "alarm: batteries; the master key is erased, and the MBK and all databases with it\n";
    return {};
}

struct BatteryArguments {
    unsigned months = 0;
    std::string battery;
};

}  // namespace

void add_battery_commands(CLI::App& app, CommandLine& line) {
    CLI::App* group = app.add_subcommand("battery", "age, empty and replace the batteries");
    group->require_subcommand(1);
    const auto arguments = std::make_shared<BatteryArguments>();

    with_state(group->add_subcommand("show", "voltages"), line)->callback([&line] {
        line.exit_status = with_control(line.state, show);
    });
    CLI::App* shelve =
        with_state(group->add_subcommand("shelve",
                                         "lets the device lie without power; 18 months empty the "
                                         "external battery, 6 more the carrier's"),
                   line);
    shelve->add_option("--months", arguments->months, "for how long")->required()->check(CLI::Range(1, 1200));
    shelve->callback([&line, arguments] {
        line.exit_status = with_control(line.state, [&](host::Device& device) {
            return report(device, control(device, SFC_SIM_SHELVE, {arguments->months}));
        });
    });
    CLI::App* drain = with_state(group->add_subcommand("drain", "empties a battery at once"), line);
    drain->add_option("battery", arguments->battery, "carrier, external or both")
        ->required()
        ->check(CLI::IsMember(std::vector<std::string>(std::begin(kBatteryNames), std::end(kBatteryNames))));
    drain->callback([&line, arguments] {
        line.exit_status = with_control(line.state, [&](host::Device& device) {
            const auto found = std::ranges::find(kBatteryNames, arguments->battery);
            return report(device, control(device, SFC_SIM_DRAIN, {found - std::begin(kBatteryNames)}));
        });
    });
    with_state(group->add_subcommand("replace", "puts new batteries in"), line)->callback([&line] {
        line.exit_status = with_control(line.state, [](host::Device& device) -> Result<void> {
            CS2SIM_TRY(control(device, SFC_SIM_REPLACE_BATTERIES));
            return show(device);
        });
    });
}

}  // namespace cs2sim
