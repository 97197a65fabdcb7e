// Mutual authentication: the devices whose HSM authentication keys this host trusts.
#pragma once

#include <optional>
#include <vector>

#include "firmware/crypto/pkey.h"
#include "firmware/protocol/error.h"

namespace cs2sim::host {

// The keys of the file that the environment names by CS_AUTH_KEYS: public keys in PEM, one after the other,
// or in hexadecimal DER as `csadm GetHSMAuthKey` prints them, parted by empty
// lines (one a line, as earlier versions printed them, is read too). None when the variable is unset or
// empty. Error: E_CSA_DEVICE_KEYS when the file or a key is unreadable, or the file holds none.
Result<std::optional<std::vector<PublicKey>>> trusted_device_keys();

}  // namespace cs2sim::host
