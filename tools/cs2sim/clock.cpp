// cs2sim clock show|set|move
#include <cmath>
#include <ctime>
#include <iostream>
#include <memory>
#include <optional>

#include "firmware/protocol/time_text.h"
#include "tools/control/control.h"
#include "tools/cs2sim/commands.h"

namespace cs2sim {
namespace {

Result<void> show(host::Device& device) {
    CS2SIM_TRY_LET(answer, control(device, SFC_SIM_GET_CLOCK));
    std::cout << date_and_time(static_cast<std::int64_t>(answer.block.u64("milliseconds"))) << " UTC\n";
    return {};
}

Result<void> then_show(host::Device& device, const Result<host::Answer>& done) {
    CS2SIM_TRY(done);
    return show(device);
}

// "2026-11-23 13:00:00", in UTC; nothing when it is no such date.
std::optional<std::int64_t> milliseconds_of(const std::string& text) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), "%Y-%m-%d %H:%M:%S", &parts);
    if (!end || *end != '\0') return std::nullopt;
    return std::int64_t{1000} * ::timegm(&parts);
}

struct ClockArguments {
    std::string time;
    double seconds = 0;
};

}  // namespace

void add_clock_commands(CLI::App& app, CommandLine& line) {
    CLI::App* group = app.add_subcommand("clock", "set the device's clock right or wrong");
    group->require_subcommand(1);
    const auto arguments = std::make_shared<ClockArguments>();

    with_state(group->add_subcommand("show", "what the device takes for the time"), line)->callback([&line] {
        line.exit_status = with_control(line.state, show);
    });
    CLI::App* set = with_state(group->add_subcommand("set", "sets the time"), line);
    set->add_option("time", arguments->time, "\"YYYY-MM-DD hh:mm:ss\", UTC")
        ->required()
        ->check([](const std::string& text) {
            return milliseconds_of(text) ? std::string() : "not of the form YYYY-MM-DD hh:mm:ss";
        });
    set->callback([&line, arguments] {
        line.exit_status = with_control(line.state, [&](host::Device& device) {
            return then_show(device, control(device, SFC_SIM_SET_CLOCK, {*milliseconds_of(arguments->time)}));
        });
    });
    CLI::App* move = with_state(group->add_subcommand("move", "moves the time"), line);
    move->add_option("seconds", arguments->seconds, "back with a minus")
        ->required()
        ->check(CLI::Range(-4e9, 4e9));
    move->callback([&line, arguments] {
        line.exit_status = with_control(line.state, [&](host::Device& device) {
            return then_show(device,
                             control(device, SFC_SIM_MOVE_CLOCK, {std::llround(arguments->seconds * 1000)}));
        });
    });
}

}  // namespace cs2sim
