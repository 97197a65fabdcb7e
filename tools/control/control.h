// The way to a running simulator's control module, for the subcommands that steer it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "host-lib/link/device.h"

namespace cs2sim {

// The control socket of `state`; who does not answer within two seconds is not there.
Result<std::unique_ptr<host::Device>> control_of(const std::filesystem::path& state);

// Connects to the control socket of `state` and lets `work` run. Returns the exit status, as csadm
// has it: 0, or with the error on stderr (in csadm's three lines) 3 when nobody is there or answers, 2 for
// wrong words, else 1.
int with_control(const std::string& state, const std::function<Result<void>(host::Device&)>& work);

// Runs one command of FC SIM.
Result<host::Answer> control(host::Device& device, std::uint8_t sfc,
                             std::initializer_list<Value> values = {});

}  // namespace cs2sim
