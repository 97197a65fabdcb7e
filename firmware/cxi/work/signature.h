// Signatures and message authentication codes.
//
//   RSA    PKCS#1 v1.5, PSS, X9.31, none (the caller padded)     private / public key
//   EC     ECDSA, as r | s of equal length or, with CXI_MECH_FORMAT_ASN1, in DER
//   DSA    as ECDSA; halves as long as Q
//   EC     Edwards curves: EdDSA over the whole message, no hash in the mechanism
//   RAW …  HMAC with the mechanism's hash;  AES, DES: CMAC with CXI_MECH_CHAIN_CMAC; others: mac.h
#pragma once

#include "firmware/cxi/keys/key_object.h"
#include "firmware/cxi/work/mechanism.h"
#include "firmware/protocol/abandonment.h"

namespace cs2sim {

struct SignRequest {
    Mechanism mechanism;
    bool hash_data = false;  // `data` still has to be hashed (CXI_FLAG_HASH_DATA); else it is the hash
    ByteView
        parameter;  // PSS: LAYOUT_CXI_PSS_PARAMETER, or empty: MGF1 with the same hash, salt of its length
    ByteView data;
    const Abandonment* abandonment = nullptr;  // of MACs over long data
};

// Errors: E_CXI_KEY_TYPE (a public key, or a storage object), E_CXI_CRYPT_MECH, E_CXI_CRYPT_MECH_PARA,
// E_CXI_CRYPT_DATA_LEN; of MACs E_OS_PCI_CANCEL.
Result<Bytes> make_signature(const LoadedKey& key, const SignRequest& request);

// Errors: as make_signature, and E_CXI_CRYPT_SIGN_VERIFY.
Result<void> check_signature(const LoadedKey& key, const SignRequest& request, ByteView signature);

// What was signed, out of an RSA signature with PKCS#1 v1.5 padding. Error: E_CXI_CRYPT_SIGN_VERIFY.
Result<Bytes> recover_signed(const LoadedKey& key, Mechanism mechanism, ByteView signature);

}  // namespace cs2sim
