// The modules that CMDS itself publishes.
#pragma once

#include "firmware/cmds/function.h"

namespace cs2sim {

class HsmAuthKey;

Module cmds_module(HsmAuthKey& key);  // FC 083: echo, challenge, logon, sessions, users, modes
Module transport_module();            // FC 000: the two frames with which network connections begin

}  // namespace cs2sim
