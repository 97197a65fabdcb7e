// What OpenSSL's i2d functions write, as bytes of ours.
#pragma once

#include "firmware/crypto/openssl.h"
#include "firmware/protocol/bytes.h"

namespace cs2sim {

// `object` in DER; `encode` is the i2d_… function of its kind. Empty when it cannot be encoded. The object
// stays the caller's, and OpenSSL's copy is freed even when there is no memory for ours (std::bad_alloc).
template <class Object, class Encode>
Bytes der_of(Object* object, Encode encode) {
    unsigned char* raw = nullptr;
    const int size = encode(object, &raw);
    const Handle<unsigned char> der(raw);
    return size > 0 ? Bytes(raw, raw + size) : Bytes();
}

}  // namespace cs2sim
