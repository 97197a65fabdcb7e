// What a handler may reach of the device. What a module keeps for itself is its state (Call::state).
#pragma once

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

struct Services {
    const Profile& profile;
    Smos& smos;
    DatabaseStore& databases;
    MbkStore& mbk;
    Users& users;
    Sessions& sessions;
    Scheduler& scheduler;
};

}  // namespace cs2sim
