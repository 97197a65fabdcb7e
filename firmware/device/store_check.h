// What a start finds wrong with the device's databases.
#pragma once

#include "firmware/db/database.h"
#include "firmware/smos/smos.h"

namespace cs2sim {

// Opens every database and reads in it; the boot log names each that is missing, damaged or no database at
// all, each user whose record is damaged, and the factory user's key where it is none. Nothing is mended:
// what is good goes on, what is not answers by code.
void check_stores(Smos& smos, DatabaseStore& databases);

}  // namespace cs2sim
