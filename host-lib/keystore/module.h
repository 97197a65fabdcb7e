// What a module of a back end (libcs2sim-keystore-KIND.so) gives: one function. Modules and what loads them
// are of one build; they share nothing but the headers and the allocator.
#pragma once

#include "host-lib/keystore/key_store.h"

extern "C" {

// `*store` gets the store, which the caller deletes; left alone when an error code is returned (0: none).
std::uint32_t cs2sim_keystore_open(const cs2sim::keystore::KeyStorage* storage,
                                   const cs2sim::keystore::Say* say, cs2sim::keystore::KeyStore** store);
}

namespace cs2sim::keystore {
inline constexpr const char* kModuleEntry = "cs2sim_keystore_open";
}
