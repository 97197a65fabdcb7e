#include "firmware/cxi/mechanism.h"

#include <algorithm>
#include <array>

#include "firmware/crypto/require.h"

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

const EVP_MD* hash_method(const HashRow& row) {
    static const auto methods = [] {
        std::array<Handle<EVP_MD>, std::size(kHashes)> all;
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i].reset(EVP_MD_fetch(nullptr, kHashes[i].name, nullptr));
            require_openssl(all[i] != nullptr, kHashes[i].name);
        }
        return all;
    }();
    return methods[static_cast<std::size_t>(&row - kHashes)].get();
}

Result<const HashRow*> required_hash(Mechanism mechanism) {
    const HashRow* row = find_hash(mechanism.hash());
    if (!row) return fail(E_CXI_CRYPT_MECH);
    return row;
}

}  // namespace cs2sim
