// The device's clock.
#pragma once

#include <string>

#include "host-lib/pkcs11/token.h"

namespace cs2sim::p11 {

// "YYYYMMDDhhmmss00", as CK_TOKEN_INFO has it. Errors: the device's.
Result<std::string> token_time(Token& token);

}  // namespace cs2sim::p11
