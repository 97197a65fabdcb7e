// Vendor-defined mechanisms: what CXI asks of users' modules (sdk-facts.md, section 10).
#pragma once

#include <openssl/evp.h>

#include <functional>

#include "firmware/cmds/call.h"

namespace cs2sim {

// T_VDM_FCT_TYPE of cxi_vdm.h.
enum class VendorWork : std::uint8_t {
    encrypt,
    decrypt,
    sign,
    verify,
    digest,
    generate,
    derive,
    wrap,
    unwrap,
    destroy
};
inline constexpr auto kLastVendorWork = static_cast<std::uint8_t>(VendorWork::destroy);

// A key that a callback works with, or is to make: then it has neither `secret` nor `pkey`.
struct VendorKey {
    std::uint32_t algorithm = 0;     // CXI_KEY_ALGO_*, or CXI_KEY_ALGO_CUSTOM with a number of the module's
    std::uint32_t bits = 0;          // 0: the callback says
    bool external = false;           // it lives outside, sealed
    ByteView secret;                 // the bytes of a secret or custom key
    const EVP_PKEY* pkey = nullptr;  // the other kinds
    bool is_public = false;          // of `pkey` only the public half is there
    ByteView public_data;            // CXI_PROP_PUBLIC_VDM_DATA
};

struct VendorJob {
    VendorWork work;
    std::uint32_t mechanism;  // its number, without CXI's bits
    VendorKey key;            // that works; of `digest` none, of `generate` the one to be made
    VendorKey second;         // of `wrap` what is wrapped, of `derive` and `unwrap` the one to be made
    ByteView parameter;
    ByteView data;       // `unwrap`: what was wrapped
    ByteView signature;  // to verify
};

// What a callback made.
struct VendorResult {
    SecretBytes made;   // what it answers, or the bytes of a new key; nothing of verify and destroy
    Bytes public_data;  // of a new key
};

// Errors: E_CXI_VDM_CB_NOT_REGISTERED, E_CXI_VDM_MECH_NOT_HANDLED, E_CXI_VDM_CB_DATA_INCONSISTENT,
// E_CXI_VDM_CB_STATE_INVALID, E_CXI_VDM_CB_BUF_LEN_ZERO; E_CXI_KEY_INVALID_ALGO for a key that callbacks do
// not know; the callback's own; E_OS_MDL_NOT_AVAILABLE when its process ends.
using VendorMechanisms = std::function<Result<VendorResult>(Call& command, const VendorJob& job)>;

}  // namespace cs2sim
