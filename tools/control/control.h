// The way to a running simulator's control module, for the subcommands that steer it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "host-lib/link/device.h"

namespace cs2sim {

// The control socket of `state`; who does not answer within two seconds is not there.
Result<std::unique_ptr<host::Device>> control_of(const std::filesystem::path& state);

// Connects to the control socket of `state` and lets `work` run. Returns the exit status: 0, or 1 with the
// error on stderr (nobody there, or the error that `work` returned in csadm's three lines).
int with_control(const std::string& state, const std::function<Result<void>(host::Device&)>& work);

// Runs one command of FC SIM.
Result<host::Answer> control(host::Device& device, std::uint8_t sfc,
                             std::initializer_list<Value> values = {});

}  // namespace cs2sim
