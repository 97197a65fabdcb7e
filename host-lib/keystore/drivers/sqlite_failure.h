// What SQLite's result codes mean for a store.
#pragma once

#include <string>

#include "host-lib/keystore/drivers/connection.h"

namespace cs2sim::keystore {

// `result`: primary or extended code (sqlite.org/rescode.html). A table that is not there shows in the words
// only.
Failure failure_of_sqlite(int result, const std::string& words);

}  // namespace cs2sim::keystore
