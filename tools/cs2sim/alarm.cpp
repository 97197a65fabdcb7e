// cs2sim alarm show|raise|reset|temperature
#include <cmath>
#include <iostream>
#include <memory>

#include "firmware/faults/rules/rule.h"
#include "tools/control/control.h"
#include "tools/cs2sim/commands.h"

namespace cs2sim {
namespace {

Result<void> show(host::Device& device) {
    CS2SIM_TRY_LET(answer, control(device, SFC_SIM_GET_ALARM));
    std::cout << "alarm: " << kAlarmNames[answer.block.u8("alarm") & 3] << '\n';
    return {};
}

Result<void> then_show(host::Device& device, const Result<host::Answer>& done) {
    CS2SIM_TRY(done);
    return show(device);
}

struct AlarmArguments {
    std::string alarm = "tamper";
    double celsius = 30;
};

}  // namespace

void add_alarm_commands(CLI::App& app, CommandLine& line) {
    CLI::App* group = app.add_subcommand("alarm", "raise and reset the alarm");
    group->require_subcommand(1);
    const auto arguments = std::make_shared<AlarmArguments>();

    with_state(group->add_subcommand("show", "which alarm there is"), line)->callback([&line] {
        line.exit_status = with_control(line.state, show);
    });
    CLI::App* raise =
        with_state(group->add_subcommand("raise", "raises an alarm, which erases the master key"), line);
    raise->add_option("alarm", arguments->alarm, "batteries, temperature or tamper")
        ->check(CLI::IsMember(std::vector<std::string>(std::begin(kAlarmNames) + 1, std::end(kAlarmNames))));
    raise->callback([&line, arguments] {
        line.exit_status = with_control(line.state, [&](host::Device& device) {
            const auto found = std::ranges::find(kAlarmNames, arguments->alarm);
            return then_show(device, control(device, SFC_SIM_RAISE_ALARM, {found - std::begin(kAlarmNames)}));
        });
    });
    with_state(group->add_subcommand("reset", "ends the alarm and its cause; what is erased stays erased"),
               line)
        ->callback([&line] {
            line.exit_status = with_control(line.state, [](host::Device& device) {
                return then_show(device, control(device, SFC_SIM_RESET_ALARM));
            });
        });
    CLI::App* temperature = with_state(
        group->add_subcommand("temperature", "sets the temperature; outside -10 to 66 it raises the alarm"),
        line);
    temperature->add_option("celsius", arguments->celsius)->required()->check(CLI::Range(-100.0, 200.0));
    temperature->callback([&line, arguments] {
        line.exit_status = with_control(line.state, [&](host::Device& device) {
            const auto centidegrees = static_cast<std::int32_t>(std::lround(arguments->celsius * 100));
            return then_show(
                device, control(device, SFC_SIM_SET_TEMPERATURE, {static_cast<std::uint32_t>(centidegrees)}));
        });
    });
}

}  // namespace cs2sim
