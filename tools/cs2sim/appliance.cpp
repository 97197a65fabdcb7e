// cs2sim appliance load|uptime: what CSLGetLoad and CSLGetStatus say.
#include <cmath>
#include <memory>

#include "tools/control/control.h"
#include "tools/cs2sim/commands.h"

namespace cs2sim {
namespace {

constexpr std::uint32_t kMeasured = 0xFFFFFFFF;  // SIM.SET_LOAD

struct ApplianceArguments {
    double load = 0;
    bool measured = false;
    std::uint32_t seconds = 0;
};

Result<void> set(host::Device& device, std::uint8_t sfc, std::uint32_t value) {
    CS2SIM_TRY(control(device, sfc, {value}));
    return {};
}

}  // namespace

void add_appliance_commands(CLI::App& app, CommandLine& line) {
    CLI::App* group = app.add_subcommand("appliance", "set what a network appliance says of itself");
    group->require_subcommand(1);
    const auto arguments = std::make_shared<ApplianceArguments>();

    CLI::App* load = with_state(group->add_subcommand("load", "what CSLGetLoad says, in per cent"), line);
    auto* percent = load->add_option("percent", arguments->load, "0 to 100")->check(CLI::Range(0.0, 100.0));
    load->add_flag("--measured", arguments->measured, "the commands that really run")->excludes(percent);
    load->callback([&line, arguments, percent] {
        if (!arguments->measured && percent->count() == 0) throw CLI::RequiredError("percent");
        const auto tenths = static_cast<std::uint32_t>(std::lround(arguments->load * 10));
        line.exit_status = with_control(line.state, [&](host::Device& device) {
            return set(device, SFC_SIM_SET_LOAD, arguments->measured ? kMeasured : tenths);
        });
    });
    CLI::App* uptime =
        with_state(group->add_subcommand("uptime", "for how long CSLGetStatus says that it runs"), line);
    uptime->add_option("seconds", arguments->seconds, "seconds since the start")->required();
    uptime->callback([&line, arguments] {
        line.exit_status = with_control(line.state, [&](host::Device& device) {
            return set(device, SFC_SIM_SET_UPTIME, arguments->seconds);
        });
    });
}

}  // namespace cs2sim
