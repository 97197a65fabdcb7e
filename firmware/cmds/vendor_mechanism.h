// Vendor-defined mechanisms: what CXI asks of users' modules (sdk-facts.md, section 10).
#pragma once

#include <functional>

#include "firmware/cmds/call.h"

namespace cs2sim {

enum class VendorWork : std::uint8_t { encrypt, decrypt, sign, verify };  // T_VDM_FCT_TYPE of cxi_vdm.h

struct VendorJob {
    VendorWork work;
    std::uint32_t mechanism;  // its number, without CXI's bits
    std::uint8_t key_type;    // VDM_TYPE_*
    std::uint32_t bits;       // of the key
    ByteView key;             // the bytes of a secret key
    ByteView public_data;     // CXI_PROP_PUBLIC_VDM_DATA
    ByteView parameter;
    ByteView data;
    ByteView signature;  // to verify
};

// What the callback made; nothing for verify. Errors: E_CXI_VDM_CB_NOT_REGISTERED,
// E_CXI_VDM_MECH_NOT_HANDLED, E_CXI_VDM_CB_DATA_INCONSISTENT, E_CXI_VDM_CB_STATE_INVALID,
// E_CXI_VDM_CB_BUF_LEN_ZERO; the callback's own; E_OS_MDL_NOT_AVAILABLE when its process ends.
using VendorMechanisms = std::function<Result<Bytes>(Call& command, const VendorJob& job)>;

}  // namespace cs2sim
