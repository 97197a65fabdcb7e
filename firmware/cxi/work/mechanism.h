// Mechanisms: one number of bit fields (firmware/protocol/cxi/constants.h) taken apart, and the hashes that
// they name.
#pragma once

#include <string_view>

#include "firmware/crypto/openssl.h"
#include "firmware/protocol/cxi/constants.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

struct Mechanism {
    std::uint32_t value = 0;
    std::uint32_t kdf() const { return value & CXI_MECH_KDF_MASK; }
    std::uint32_t mode() const { return value & CXI_MECH_MODE_MASK; }
    std::uint32_t chain() const { return value & CXI_MECH_CHAIN_MASK; }
    std::uint32_t pad() const { return value & CXI_MECH_PAD_MASK; }
    std::uint32_t hash() const { return value & CXI_MECH_HASH_MASK; }
    // Whether a cipher's output ends with a tag.
    bool is_tagged() const { return chain() == CXI_MECH_CHAIN_GCM || chain() == CXI_MECH_CHAIN_CCM; }
    bool is_vendor() const { return (value & CXI_MECH_VDM_FLAG) != 0; }
    // Its number: the low byte of it at CXI_MECH_VDM_SHIFT, the next one in the lowest byte, which
    // vendor-defined mechanisms have no use for, so that standard numbers fit (OUR ASSUMPTION).
    std::uint32_t vendor() const { return (value >> CXI_MECH_VDM_SHIFT & 0xFF) | (value & 0xFF) << 8; }
    // Whether what it derives tells nothing of the base key: a hash of it, HMAC, a PRF. Of a user's module
    // nobody knows.
    bool hashes_base() const {
        const bool hashes =
            kdf() == CXI_MECH_KDF_HASH || kdf() == CXI_MECH_KDF_HMAC || kdf() == CXI_MECH_KDF_TLS12_PRF;
        return hashes && !is_vendor();
    }
    bool asn1() const { return (value & CXI_MECH_FORMAT_ASN1) != 0; }
};

struct HashRow {
    std::uint32_t id;
    const char* name;  // OpenSSL's
    std::size_t size;  // bytes of the digest
};

// Null for CXI_MECH_HASH_NONE and for ids that nobody has.
const HashRow* find_hash(std::uint32_t id);

// OpenSSL's method of a row, fetched once and kept for good.
const EVP_MD* hash_method(const HashRow& row);

// The hash of a mechanism that must name one. Error: E_CXI_CRYPT_MECH.
Result<const HashRow*> required_hash(Mechanism mechanism);

}  // namespace cs2sim
