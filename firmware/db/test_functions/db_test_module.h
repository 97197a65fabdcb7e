// The test interface of DB (FC 088): databases like those that users' own modules keep (guide G10). All its
// functions answer E_DB_BAD_NAME for the device's own databases; besides, INSERT E_DB_DATALEN (an entry that
// is none) and E_DB_LENGTH (a record over 256 KiB), FIND E_DB_BAD_PARAM (another way to compare than there
// is).
#pragma once

#include "firmware/cmds/function.h"

namespace cs2sim {

Module db_test_module();

}  // namespace cs2sim
