// Keys by which containers of modules are signed: SubjectPublicKeyInfo of an RSA key each, in flash.
//
// Safe to use from several threads at once.
#pragma once

#include <string_view>
#include <vector>

#include "firmware/crypto/pkey.h"
#include "firmware/profile/profile.h"
#include "firmware/smos/flash/flash.h"

namespace cs2sim {

// The device's own, there since it was made: no function replaces or deletes it, Clear leaves it.
inline constexpr std::string_view kModuleKey = "mdlsig.key";
// The one that an administrator adds (csadm LoadAltMdlSigKey).
inline constexpr std::string_view kAlternativeModuleKey = "mdlsigalt.key";

// Certified firmware knows none but its own (OUR ASSUMPTION: what the name of E_ADM_ALT_KEY_BARRED says).
bool bars_alternative_key(Certification certification);

// Those that lie in flash and count on a device of that certification; what is no RSA key is left out.
std::vector<PublicKey> module_keys(const Flash& flash, Certification certification);

}  // namespace cs2sim
