// Identifiers of changes, by which the outcome of one whose answer was lost is found.
#pragma once

#include "host-lib/keystore/key_store.h"

namespace cs2sim::keystore {

// One that nobody had before. Only to be told apart, so the system's source does; the device's generator
// would bring OpenSSL along.
OperationId new_operation();

}  // namespace cs2sim::keystore
