// cs2sim stats: what has become of the commands of each function since the device was started.
#include <cinttypes>
#include <cstdio>
#include <memory>

#include "firmware/modules/images/known_modules.h"
#include "firmware/protocol/functions.h"
#include "tools/control/control.h"
#include "tools/cs2sim/commands.h"
#include "tools/instance/instance.h"

namespace cs2sim {
namespace {

std::string name_of(const KnownModules& own, std::uint16_t fc, std::uint8_t sfc) {
    if (const FunctionSignature* row = find_function(fc, sfc)) return full_name(*row);
    if (const FunctionSignature* row = own.find(fc, sfc)) return full_name(*row);
    return number_text(fc, sfc);  // of a module that is gone since
}

Result<void> show(host::Device& device, const KnownModules& own) {
    CS2SIM_TRY_LET(answer, control(device, SFC_SIM_FUNCTION_COUNTS));
    std::printf("%-28s %12s %10s %10s %12s\n", "function", "calls", "refused", "failed", "us a call");
    for (ByteView rest = answer.block.bytes("counts"); !rest.empty();) {
        CS2SIM_TRY_LET(row, parse_prefix(LAYOUT_FUNCTION_COUNTS, rest));
        const std::uint64_t handled = row.u64("calls") - row.u64("refusals");
        const double each =
            handled == 0 ? 0 : static_cast<double>(row.u64("microseconds")) / static_cast<double>(handled);
        std::printf("%-28s %12" PRIu64 " %10" PRIu64 " %10" PRIu64 " %12.1f\n",
                    name_of(own, row.u16("fc"), row.u8("sfc")).c_str(), row.u64("calls"), row.u64("refusals"),
                    row.u64("failures"), each);
    }
    return {};
}

}  // namespace

void add_stats_command(CLI::App& app, CommandLine& line) {
    with_state(
        app.add_subcommand("stats", "calls, refusals, failures and times of every function that was called"),
        line)
        ->callback([&line] {
            const KnownModules own(state_folder(line.state));
            line.exit_status =
                with_control(line.state, [&](host::Device& device) { return show(device, own); });
        });
}

}  // namespace cs2sim
