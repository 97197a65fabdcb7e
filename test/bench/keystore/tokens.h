// Tokens whose keys lie in a key store, for figures: they write no call down, and their device is at rest.
#pragma once

#include <memory>
#include <string>

#include "test/bench/pkcs11/token.h"
#include "test/clients/token.h"

namespace cs2sim::keystore {

bench::Subject subject(const clients::Token& token);

// The tests' tokens write down every call.
std::unique_ptr<clients::Token> quiet_token(const std::string& connection);

// A new device makes an RSA key of 4,096 bits for itself beside all else, which takes half a processor for
// some seconds, once in its life: not what is asked here.
void await_own_key(const clients::Token& token);

}  // namespace cs2sim::keystore
