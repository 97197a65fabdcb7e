#include "firmware/crypto/random.h"

#include <openssl/rand.h>

#include "firmware/crypto/require.h"

namespace cs2sim {

void random_fill(std::span<std::uint8_t> out) {
    require_openssl(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1, "RAND_bytes");
}

Bytes random_bytes(std::size_t size) {
    Bytes out(size);
    random_fill(out);
    return out;
}

SecretBytes random_secret(std::size_t size) {
    SecretBytes out(size);
    random_fill(out);
    return out;
}

}  // namespace cs2sim
