// Key authorisation keys (KAK) of CC firmware: a kept key works when the public part of a KAK is bound to it
// and a signature by the KAK let it work, so many times or without limit.
//
// Known: the codes B0680308 to B0680313, the properties CC_KRAD, CC_ASSIGNED, CC_AUTH_FAIL_COUNTER and
// CC_AUTH_COUNTER, and the tools' commands (firmware-facts.md, sections 2 and 4; device-formats.md, section
// 4). OUR ASSUMPTION is the rest: README.md of this room, "Key authorisation".
#pragma once

#include "firmware/crypto/pkey.h"
#include "firmware/cxi/keys/key_object.h"
#include "firmware/cxi/work/mechanism.h"

namespace cs2sim {

// The public part of a KAK as CC_KRAD holds it (LAYOUT_CXI_KRAD).
struct AuthorisationKey {
    PublicKey key;
    Mechanism mechanism;  // of its signatures
};
// Errors: E_CXI_KEY_INVALID_TOKEN for what is none, E_CXI_CC_KEY_SIZE for RSA under 2048 bits and curves
// under 256.
Result<AuthorisationKey> decode_krad(ByteView krad);

// What a key's properties say of its authorisation.
struct Authorisation {
    ByteView krad;  // empty: none is bound
    bool assigned = false;
    std::uint32_t failures = 0;
    std::uint32_t uses = 0;  // that are left; CXI_AUTH_NO_LIMIT: any number

    bool bound() const { return !krad.empty(); }
};
Authorisation authorisation_of(const KeyObject& key);  // a view of it

// Writes the four properties of a key that a KAK is bound to.
void bind_authorisation(KeyObject& key, ByteView krad, bool assigned);
void set_failures(KeyObject& key, std::uint32_t failures);
void set_uses(KeyObject& key, std::uint32_t uses);

// An assigned key stays where it is. Error: E_CXI_CC_ASSIGNED_KEY_EXPORT.
Result<void> may_move(const KeyObject& key);

}  // namespace cs2sim
