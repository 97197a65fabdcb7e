// Signatures and MACs: data goes in, piece by piece or whole, and comes out signed in one command where there
// is one.
#pragma once

#include "host-lib/pkcs11/key_use.h"

namespace cs2sim::p11 {

// Bytes of the signature that the operation makes, when `more` bytes of data are to come.
// Of vendor-defined mechanisms the most that it may be.
std::size_t signature_size(const Operation& operation, std::size_t more);

// Takes data in. Errors: CKR_DATA_LEN_RANGE when the mechanism takes it whole and it is more than a command
// carries; the device's.
Answer take_data(Session& session, Operation& operation, ByteView data);
Result<SecretBytes> make_signature(Session& session, Operation& operation);
// Errors: CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID, the device's.
Answer check_signature(Session& session, Operation& operation, ByteView signature);

}  // namespace cs2sim::p11
