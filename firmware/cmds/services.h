// What a handler may reach of the device.
#pragma once

#include <atomic>
#include <cstdint>

#include "firmware/cmds/function.h"
#include "firmware/db/database.h"
#include "firmware/mbk/mbk.h"
#include "firmware/profile/profile.h"
#include "firmware/smos/smos.h"

namespace cs2sim {

class Users;
class Sessions;
class Scheduler;
class Cxi;
class Faults;
class Tracer;
struct DeviceControl;  // firmware/adm/adm.h

struct Services {
    const Profile& profile;
    Smos& smos;
    DatabaseStore& databases;
    MbkStore& mbk;
    Users& users;
    Sessions& sessions;
    Scheduler& scheduler;
    Cxi* cxi = nullptr;
    Faults* faults = nullptr;
    Tracer* tracer = nullptr;
    DeviceControl* control = nullptr;
};

}  // namespace cs2sim
