// The CSL commands: what a network appliance is beside its device (device-formats.md, section 2).
#include "host-lib/files/host_file.h"
#include "tools/csadm/commands.h"
#include "tools/csadm/device_time.h"
#include "tools/session/arguments.h"
#include "tools/session/output.h"

namespace cs2sim::tools {
namespace {

constexpr std::size_t kMostConfig = 64 * 1024;

template <std::uint8_t sfc>
Result<void> show(ToolSession& session, const std::string&) {
    return show_text(session, FC_ADM, sfc);
}

// What an appliance's functions print or, with a file named, write there.
Result<void> deliver(const std::string& path, std::string_view text) {
    if (path.empty()) {
        print_text(text);
        return {};
    }
    if (!host::replace_host_file(path, as_bytes(text))) return fail(E_CSA_PARAM);
    return {};
}

Result<void> get_log_file(ToolSession& session, const std::string& value) {
    if (value.empty()) return show_log(session, SFC_ADM_CSL_GET_LOG_FILE);
    host::NewFile file(value);
    CS2SIM_TRY(read_log(session, SFC_ADM_CSL_GET_LOG_FILE, [&](std::string_view text) -> Result<void> {
        return file.write(as_bytes(text)) ? Result<void>() : fail(E_CSA_PARAM);
    }));
    return file.commit() ? Result<void>() : fail(E_CSA_PARAM);
}

Result<void> get_config_file(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(answer, session.execute(FC_ADM, SFC_ADM_CSL_GET_CONFIG_FILE));
    return deliver(value, answer.block.text("text"));
}

Result<void> put_config_file(ToolSession& session, const std::string& value) {
    const std::string path(trimmed(value));
    const auto text = host::read_host_file(path, kMostConfig);
    if (!text) return fail(E_CSA_PARAM);
    CS2SIM_TRY(session.execute(FC_ADM, SFC_ADM_CSL_PUT_CONFIG_FILE, {ByteView(*text)}));
    return {};
}

Result<void> set_trace_level(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(level, number_in(session, "CSLSetTracelevel", value, 0, UINT8_MAX));
    CS2SIM_TRY(session.execute(FC_ADM, SFC_ADM_CSL_SET_TRACE_LEVEL, {level}));
    return {};
}

template <std::uint8_t sfc>
Result<void> end(ToolSession& session, const std::string&) {
    const auto ended = session.execute(FC_ADM, sfc);
    session.disconnect();
    // An appliance that shuts down may close the connection before its answer is out.
    const bool gone = sfc == SFC_ADM_CSL_SHUTDOWN && !ended && ended.error().code == E_CSA_CLOSED;
    if (!ended && !gone) return fail(ended.error());
    return {};
}

Result<void> get_time(ToolSession& session, const std::string&) {
    return show_time(session, SFC_ADM_CSL_GET_TIME);
}

Result<void> set_time(ToolSession& session, const std::string& value) {
    return send_time(session, SFC_ADM_CSL_SET_TIME, value);
}

constexpr Command kCommands[] = {
    {"CSLGetLoad", "", Takes::nothing, "CSLGetLoad", "shows how busy the device is",
     "Commands that run now; `cs2sim appliance load` sets what a simulator says.\n",
     show<SFC_ADM_CSL_GET_LOAD>},
    {"CSLGetStatus", "", Takes::nothing, "CSLGetStatus", "shows uptime, fan, temperature and power supply",
     "", show<SFC_ADM_CSL_GET_STATUS>},
    {"CSLGetConnections", "", Takes::nothing, "CSLGetConnections", "shows the connections", "",
     show<SFC_ADM_CSL_GET_CONNECTIONS>},
    {"CSLGetVersion", "", Takes::nothing, "CSLGetVersion", "shows the version", "",
     show<SFC_ADM_CSL_GET_VERSION>},
    {"CSLGetSerial", "", Takes::nothing, "CSLGetSerial", "shows the serial number", "",
     show<SFC_ADM_CSL_GET_SERIAL>},
    {"CSLScanDevices", "", Takes::nothing, "CSLScanDevices", "lists the devices in the appliance", "",
     show<SFC_ADM_CSL_SCAN_DEVICES>},
    {"CSLListPPApps", "", Takes::nothing, "CSLListPPApps", "lists the applications of a PIN pad", "",
     show<SFC_ADM_CSL_LIST_PP_APPS>},
    {"CSLGetLogFile", "", Takes::maybe, "CSLGetLogFile[=<file>]", "shows the log, or writes it to a file", "",
     get_log_file},
    {"CSLGetConfigFile", "", Takes::maybe, "CSLGetConfigFile[=<file>]",
     "shows the configuration, or writes it to a file", "", get_config_file},
    {"CSLPutConfigFile", "", Takes::value, "CSLPutConfigFile=<file>", "replaces the configuration", "",
     put_config_file},
    {"CSLSetTracelevel", "", Takes::value, "CSLSetTracelevel=<0-5>", "sets how much the log tells", "",
     set_trace_level},
    {"CSLGetTime", "", Takes::nothing, "CSLGetTime", "shows the clock", "", get_time},
    {"CSLSetTime", "", Takes::value, "CSLSetTime=GMT|LOCAL|<YYYYMMDDhhmmss>", "sets the clock", "", set_time},
    {"CSLReboot", "", Takes::nothing, "CSLReboot", "starts the appliance again", "Ends all sessions.\n",
     end<SFC_ADM_CSL_REBOOT>},
    {"CSLShutdown", "", Takes::nothing, "CSLShutdown", "shuts the appliance down",
     "A simulator ends, as by `cs2sim stop`.\n", end<SFC_ADM_CSL_SHUTDOWN>},
};

}  // namespace

const std::span<const Command> kApplianceCommands = kCommands;

}  // namespace cs2sim::tools
