// Keys in DER whose numbers are as long as a test likes: no library makes them.
#pragma once

#include <openssl/bn.h>

#include "firmware/protocol/bytes.h"

namespace cs2sim::test::der {

inline Bytes element(std::uint8_t tag, ByteView content) {
    Bytes out{tag};
    if (content.size() < 0x80) {
        out.push_back(static_cast<std::uint8_t>(content.size()));
    } else {
        out.push_back(0x84);
        append_big_endian(out, content.size(), 4);
    }
    append(out, content);
    return out;
}

inline Bytes joined(std::initializer_list<Bytes> parts) {
    Bytes out;
    for (const Bytes& part : parts) append(out, part);
    return out;
}

inline Bytes list(std::initializer_list<Bytes> parts) { return element(0x30, joined(parts)); }

inline Bytes number(ByteView bytes) {
    Bytes content{0};
    append(content, bytes);
    return element(0x02, content);
}

// An odd number of so many bits, its first and last ones set.
inline Bytes long_number(unsigned bits) { return number(Bytes(bits / 8, 0xC7)); }

inline const Bytes kRsa{0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01};
inline const Bytes kDh{0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x03, 0x01};  // PKCS#3
inline const Bytes kDhx{0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3E, 0x02, 0x01};             // X9.42
inline const Bytes kDsa{0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x38, 0x04, 0x01};

// `algorithm`: a name and its parameters. `key`: what is inside.
inline Bytes pkcs8(const Bytes& algorithm, const Bytes& key) {
    return list({number({}), algorithm, element(0x04, key)});
}
inline Bytes spki(const Bytes& algorithm, const Bytes& key) {
    return list({algorithm, element(0x03, joined({Bytes{0}, key}))});
}

inline Bytes group(const Bytes& name, unsigned p_bits, unsigned q_bits) {
    const Bytes p = long_number(p_bits), q = long_number(q_bits), g = number(Bytes{2});
    if (name == kDh) return list({name, list({p, g})});
    return list({name, name == kDsa ? list({p, q, g}) : list({p, g, q})});
}
inline Bytes rsa_public(unsigned n_bits, unsigned e_bits) {
    return spki(list({kRsa, Bytes{5, 0}}), list({long_number(n_bits), long_number(e_bits)}));
}

}  // namespace cs2sim::test::der
