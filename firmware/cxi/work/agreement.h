// Key agreement on elliptic curves, and encryption built on it.
#pragma once

#include "firmware/cxi/keys/key_object.h"
#include "firmware/cxi/work/mechanism.h"

namespace cs2sim {

// The raw shared secret of a private key and a peer's public one (SubjectPublicKeyInfo, or the bare point;
// X25519: the bare key). Errors: E_CXI_KEY_TYPE, E_ECA_BAD_POINT.
Result<SecretBytes> agree(const LoadedKey& own, ByteView peer);

// The key derivation of ANSI X9.63 (SEC 1 v2, section 3.6.1). Error: E_CXI_CRYPT_MECH_PARA.
Result<SecretBytes> x963_kdf(const HashRow& hash, ByteView secret, ByteView shared, std::size_t length);

// ECIES (SEC 1 v2, section 5.1): the ephemeral point, uncompressed, the text and the MAC one after the other.
// The mechanism's hash is that of the KDF; `parameter` is LAYOUT_CXI_ECIES_PARAMETER: `keybits` of AES in CBC
// with an initial value of zeros and PKCS#5 padding, or 0: XOR with the KDF's output; `mac`: the hash of the
// HMAC, cut to `macbytes`; `shared1` goes into the KDF, `shared2` into the MAC. How the device encodes it is
// not known: OUR ASSUMPTION. Errors: E_CXI_KEY_TYPE, E_CXI_CRYPT_MECH, E_CXI_CRYPT_MECH_PARA,
// E_CXI_CRYPT_DATA_LEN; E_CXI_CRYPT_PADDING for a MAC that does not fit.
Result<Bytes> ecies_encrypt(const LoadedKey& key, Mechanism mechanism, ByteView parameter, ByteView data);
Result<SecretBytes> ecies_decrypt(const LoadedKey& key, Mechanism mechanism, ByteView parameter,
                                  ByteView data);

}  // namespace cs2sim
