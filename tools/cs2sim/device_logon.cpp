#include "tools/cs2sim/device_logon.h"

#include <cstdlib>
#include <iostream>
#include <memory>

#include "host-lib/cards/key_source.h"
#include "host-lib/keystore/printed.h"

namespace cs2sim {
namespace {

Result<void> log_on(host::Device& device, const DeviceLogon& logon) {
    const auto each = [&](const std::vector<std::string>& users, auto&& source_of) -> Result<void> {
        for (const std::string& user : users) {
            const std::size_t comma = user.find(',');
            if (comma == std::string::npos) return fail(E_CSA_PARAM);
            CS2SIM_TRY_LET(source, source_of(user.substr(comma + 1)));
            CS2SIM_TRY(device.logon(user.substr(0, comma), *source));
        }
        return {};
    };
    CS2SIM_TRY(each(logon.logons, [](const std::string& spec) {
        auto source = host::open_key_source(spec);
        if (!source)
            std::cerr << "cs2sim: " << keystore::printable(spec.substr(0, spec.find('#')))
                      << " cannot be used as a key\n";
        return source;
    }));
    return each(logon.passwords, [](const std::string& password) {
        return Result<std::unique_ptr<host::KeySource>>(host::password_source(as_bytes(password)));
    });
}

}  // namespace

void add_device_options(CLI::App* command, DeviceLogon& logon, const std::string& whom) {
    command->add_option("--dev", logon.device,
                        "device (default: the environment's CRYPTOSERVER, else the simulator of --state)");
    command->add_option("--logon", logon.logons, "USER,KEYSPEC " + whom);
    command->add_option("--logon-pass", logon.passwords, "USER,PASSWORD " + whom);
}

int with_device(const CommandLine& line, const DeviceLogon& logon,
                const std::function<Result<void>(host::Device&)>& work) {
    const auto logged_on = [&](host::Device& device) -> Result<void> {
        CS2SIM_TRY(log_on(device, logon));
        return work(device);
    };
    const char* named = std::getenv("CRYPTOSERVER");
    const std::string specifier = !logon.device.empty() ? logon.device : named ? named : "";
    if (specifier.empty()) return with_control(line.state, logged_on);
    auto device = host::Device::open(specifier);
    const Result<void> done = device ? logged_on(**device) : fail(device.error());
    if (done) return 0;
    std::cerr << describe(done.error().code);
    return 1;
}

}  // namespace cs2sim
