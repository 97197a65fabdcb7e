// Which key may take which other out of its group, or bring one in: what the settings of both groups, the
// modes and the caller's rights say of a wrapping key and of the key that moves.
//
// That the strictest settings of both groups hold is OUR ASSUMPTION: firmware-facts.md knows settings of one.
#pragma once

#include "firmware/cxi/access.h"
#include "firmware/cxi/cxi_rules.h"
#include "firmware/cxi/work/mechanism.h"

namespace cs2sim {

// A key that is wrapped or unwrapped.
struct Move {
    const LoadedKey& wrapping;
    std::string_view group;  // of the key that moves
    bool open = false;       // whether that is an open object of a session
    Use use = USE_WRAP;      // or USE_UNWRAP
    Mechanism mechanism{};
    ByteView parameter;
};

// Whether `wrapping` may do it for this caller. Errors: E_CXI_PERMISSION_DENIED (an open object, or a key of
// a group where the caller may not use keys, for others than open objects; what approve_passage() says; the
// value of the wrapping key may be the caller's, who lacks RIGHT_PLAIN); Act::plain_import and plain_export
// in FIPS and CC modes; E_CXI_SECURE_PUBLIC_WRAPPING, E_CXI_SECURE_PROP_DECRYPT, E_CXI_SECURE_PROP_ENCRYPT,
// E_CXI_CRYPT_MECH and E_CXI_CRYPT_IV_LEN under CFG_WRAP_POLICY, E_CXI_SECURE_PROP_WRAP under
// CFG_SECURE_IMPORT, of either group; the database's.
Result<void> approve_move(const CxiCall& call, const Move& move);

// Whether TRUSTED of the wrapping key stands for keys of the group: a group's security officer does for its
// own keys.
bool is_trusted_for(const LoadedKey& wrapping, std::string_view group);

// Whether what is in a key of one group may come into a key of another: it would be free there of the
// settings of its own that the other lacks. Error: E_CXI_PERMISSION_DENIED; the database's.
Result<void> approve_passage(const CxiCall& call, std::string_view from, std::string_view to);

}  // namespace cs2sim
