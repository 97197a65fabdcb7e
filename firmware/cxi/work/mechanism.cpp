#include "firmware/cxi/work/mechanism.h"

#include <algorithm>

#include "firmware/crypto/digest.h"

namespace cs2sim {
namespace {

constexpr HashRow kHashes[] = {
    {CXI_MECH_HASH_SHA1, "SHA1", 20},         {CXI_MECH_HASH_RMD160, "RIPEMD160", 20},
    {CXI_MECH_HASH_SHA224, "SHA224", 28},     {CXI_MECH_HASH_SHA256, "SHA256", 32},
    {CXI_MECH_HASH_MD5, "MD5", 16},           {CXI_MECH_HASH_SHA384, "SHA384", 48},
    {CXI_MECH_HASH_SHA512, "SHA512", 64},     {CXI_MECH_HASH_SHA3_224, "SHA3-224", 28},
    {CXI_MECH_HASH_SHA3_256, "SHA3-256", 32}, {CXI_MECH_HASH_SHA3_384, "SHA3-384", 48},
    {CXI_MECH_HASH_SHA3_512, "SHA3-512", 64},
};

}  // namespace

const HashRow* find_hash(std::uint32_t id) {
    const auto* row = std::ranges::find(kHashes, id, &HashRow::id);
    return row == std::end(kHashes) ? nullptr : row;
}

const EVP_MD* hash_method(const HashRow& row) { return digest_method(row.name); }

Result<const HashRow*> required_hash(Mechanism mechanism) {
    const HashRow* row = find_hash(mechanism.hash());
    if (!row) return fail(E_CXI_CRYPT_MECH);
    return row;
}

}  // namespace cs2sim
