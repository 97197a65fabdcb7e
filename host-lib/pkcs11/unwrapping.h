// Keys wrapped under keys: what several commands are needed for.
#pragma once

#include "host-lib/pkcs11/mechanisms.h"
#include "host-lib/pkcs11/new_objects.h"

namespace cs2sim::p11 {

// One KEY_UNWRAP into an object. Errors: the device's.
Result<SharedObject> unwrap_into(Session& session, Wanted wanted, const Object& unwrapping,
                                 std::uint32_t mechanism, ByteView parameter, ByteView wrapped);

// RSA_AES_KEY_WRAP (PKCS#11 3.0 current mechanisms, section 2.1.21): an AES key made for this once goes out
// under RSA-OAEP, and the key under that one by AES-KWP. Errors: the device's.
Result<Bytes> wrap_by_rsa_aes(Session& session, const Prepared& prepared, const Object& wrapping,
                              const Object& key);
Result<SharedObject> unwrap_by_rsa_aes(Session& session, const Prepared& prepared, const Object& unwrapping,
                                       Wanted wanted, ByteView wrapped);

}  // namespace cs2sim::p11
