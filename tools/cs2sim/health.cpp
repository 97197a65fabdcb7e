// cs2sim health: does the simulator answer? For whoever watches over containers and services.
#include "tools/control/control.h"
#include "tools/cs2sim/commands.h"

namespace cs2sim {

void add_health_command(CLI::App& app, CommandLine& line) {
    with_state(app.add_subcommand("health",
                                  "exit status 0 when the simulator answers a command, 3 when it does not"),
               line)
        ->callback([&line] {
            line.exit_status = with_control(line.state, [](host::Device& device) -> Result<void> {
                CS2SIM_TRY(device.execute(FC_ADM, SFC_ADM_GET_STATE));
                return {};
            });
        });
}

}  // namespace cs2sim
