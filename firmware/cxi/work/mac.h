// Hashes and message authentication codes, whole or piece by piece.
#pragma once

#include "firmware/cxi/keys/key_object.h"
#include "firmware/cxi/work/mechanism.h"
#include "firmware/protocol/abandonment.h"

namespace cs2sim {

// HMAC with the mechanism's hash, CMAC with CXI_MECH_CHAIN_CMAC (AES and DES keys), or the retail MAC with
// CXI_MECH_CHAIN_CBC_RETAIL (DES keys; whole messages only), GMAC with CXI_MECH_CHAIN_GCM (AES keys;
// `parameter` is LAYOUT_CXI_GMAC_PARAMETER), the PRF of TLS 1.2 with CXI_MECH_KDF_TLS12_PRF over a
// label and its seed (`parameter` is LAYOUT_CXI_PRF_PARAMETER; RFC 5246, section 7.4.9).
// Errors: E_CXI_KEY_TYPE, E_CXI_CRYPT_MECH; of the retail MAC E_CXI_CRYPT_DATA_LEN; of the last two
// E_CXI_CRYPT_MECH_PARA; E_OS_PCI_CANCEL when abandoned (`abandonment` may be null).
Result<Bytes> make_mac(const LoadedKey& key, Mechanism mechanism, ByteView data, ByteView parameter = {},
                       const Abandonment* abandonment = nullptr);

// P_hash of RFC 5246, section 5, `length` bytes. Errors: E_CXI_CRYPT_MECH, E_CXI_CRYPT_MECH_PARA.
Result<SecretBytes> tls12_prf(const LoadedKey& key, Mechanism mechanism, ByteView seed, std::size_t length);

// A hash or MAC whose input comes in pieces; lives in a caller's handle table between commands.
class HashJob {
public:
    // `key` null: a plain hash. `parameter`: as make_mac's. Errors: the same.
    static Result<std::shared_ptr<HashJob>> start(const LoadedKey* key, Mechanism mechanism,
                                                  ByteView parameter = {});
    // Error: E_OS_PCI_CANCEL when abandoned, after which the job is of no use.
    Result<void> update(ByteView data, const Abandonment* abandonment = nullptr);
    Result<Bytes> finish();

private:
    Handle<EVP_MD_CTX> hash_;  // one of the two
    Handle<EVP_MAC_CTX> mac_;
    std::size_t portion_ = 0;  // bytes at a time
};

}  // namespace cs2sim
