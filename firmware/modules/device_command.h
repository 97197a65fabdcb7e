// Commands of the device that a module has run by its services: with the rights of the device's own firmware,
// whoever called the module.
#pragma once

#include "firmware/cmds/context.h"
#include "firmware/modules/service.h"

namespace cs2sim {

// As whom, in the audit log and for the rules of the command.
struct DeviceUser {
    std::string_view name;
    std::uint32_t permission;
    std::string_view attributes;
};

// Runs the command through the scheduler, so that its modes and rules hold, and cleanses its request. Errors:
// those of the command; of compose().
Result<Bytes> device_command(const ServiceCall& call, const DeviceUser& user, std::uint16_t fc,
                             std::uint8_t sfc, std::initializer_list<Value> values);

}  // namespace cs2sim
