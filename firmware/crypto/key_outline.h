// What a key in DER says of itself, read before OpenSSL decodes it: decoding computes (the public value of a
// private DSA or DH key is a power modulo a number as long as the sender likes).
#pragma once

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

// No key of a size that is of use has more bytes: an RSA key of 8192 bits has 4.7 KB.
inline constexpr std::size_t kLongestKeyDer = 16 * 1024;

struct KeyOutline {
    int type = 0;          // OpenSSL's number: EVP_PKEY_RSA, _DSA, _DH, _DHX, _EC, _X25519, …
    unsigned bits = 0;     // of RSA's modulus, of a group's prime; 0 for curves
    unsigned longest = 0;  // bits of the longest of its other numbers; 0 for curves

    bool is_rsa() const;
    bool is_dsa() const;
    bool is_dh() const;  // with or without a subprime
    // RSA, DSA and DH: those whose numbers are as long as who makes them likes.
    bool is_sized() const { return is_rsa() || is_dsa() || is_dh(); }
    // Whether no number is longer than the first, as OpenSSL computes with each of them modulo the first.
    bool is_sound() const { return !is_sized() || (bits != 0 && longest <= bits); }
};

// Of a SubjectPublicKeyInfo and of a PKCS#8 (PrivateKeyInfo), in DER; nothing is computed, and nothing is
// copied. Errors: E_ASN1_DECODE_ERR for what is none, for more than kLongestKeyDer and for what has no key
// type of ours. Any thread.
Result<KeyOutline> public_key_outline(ByteView der);
Result<KeyOutline> private_key_outline(ByteView der);

}  // namespace cs2sim
