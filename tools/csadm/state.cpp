// State of the device.
#include <chrono>
#include <ctime>

#include "tools/csadm/commands.h"
#include "tools/csadm/device_time.h"
#include "tools/session/arguments.h"
#include "tools/session/output.h"

namespace cs2sim::tools {
namespace {

template <std::uint8_t sfc>
Result<void> show(ToolSession& session, const std::string&) {
    return show_text(session, FC_ADM, sfc);
}

Result<void> get_time(ToolSession& session, const std::string&) {
    return show_time(session, SFC_ADM_GET_TIME);
}

Result<void> set_time(ToolSession& session, const std::string& value) {
    return send_time(session, SFC_ADM_SET_TIME, value);
}

Result<void> version(ToolSession&, const std::string&) {
    print("csadm = %s\n", CS2SIM_VERSION);
    return {};
}

constexpr Command kCommands[] = {
    {"GetState", "", Takes::nothing, "GetState", "shows mode, state, temperature, alarm and identity", "",
     show<SFC_ADM_GET_STATE>},
    {"GetInfo", "", Takes::nothing, "GetInfo", "shows more about the device", "", show<SFC_ADM_GET_INFO>},
    {"GetModel", "", Takes::nothing, "GetModel", "shows the device's model", "", show<SFC_ADM_GET_MODEL>},
    {"GetBattState", "", Takes::nothing, "GetBattState", "shows both batteries", "",
     show<SFC_ADM_GET_BATT_STATE>},
    {"GetTime", "", Takes::nothing, "GetTime", "shows the device's clock", "", get_time},
    {"SetTime", "", Takes::value, "SetTime=GMT|LOCAL|<YYYYMMDDhhmmss>", "sets the device's clock",
     "GMT takes the time of this computer.\n", set_time},
    {"MemInfo", "", Takes::nothing, "MemInfo", "shows the use of memory and flash", "",
     show<SFC_ADM_MEM_INFO>},
    {"Test", "", Takes::nothing, "Test", "runs the device's self tests", "", show<SFC_ADM_TEST>},
    {"Version", "", Takes::nothing, "Version", "shows the version of csadm", "", version},
};

}  // namespace

const std::span<const Command> kStateCommands = kCommands;

}  // namespace cs2sim::tools
