// AES key wrap: RFC 3394 (KW), and with padding RFC 5649 (KWP); NIST SP 800-38F.
#pragma once

#include "firmware/crypto/openssl.h"
#include "firmware/protocol/abandonment.h"
#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

struct KeyWrap {
    bool encrypt = true;
    bool padded = false;              // KWP
    std::size_t steps_at_a_time = 1;  // single blocks, between which `abandonment` is asked
};

// `blocks` encrypts or decrypts single blocks of AES with the wrapping key (ECB, no padding). `abandonment`
// may be null. Errors: E_CXI_CRYPT_DATA_LEN; E_AES_KEYWRAP when what comes out was not wrapped by this key;
// E_OS_PCI_CANCEL when abandoned.
Result<Bytes> key_wrap(EVP_CIPHER_CTX* blocks, const KeyWrap& how, ByteView data,
                       const Abandonment* abandonment);

}  // namespace cs2sim
