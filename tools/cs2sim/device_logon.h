// A device named on the command line, with users logged on.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tools/control/control.h"
#include "tools/cs2sim/commands.h"

namespace cs2sim {

struct DeviceLogon {
    std::string device;                  // --dev
    std::vector<std::string> logons;     // USER,KEYSPEC
    std::vector<std::string> passwords;  // USER,PASSWORD
};

// --dev, --logon, --logon-pass. `whom` says which user is meant.
void add_device_options(CLI::App* command, DeviceLogon& logon, const std::string& whom);

// Runs the work on --dev, else on the environment's CRYPTOSERVER, else on the simulator of --state. Exit
// status; what went wrong is on stderr.
int with_device(const CommandLine& line, const DeviceLogon& logon,
                const std::function<Result<void>(host::Device&)>& work);

}  // namespace cs2sim
