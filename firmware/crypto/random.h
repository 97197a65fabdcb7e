// Random numbers of the device (OpenSSL's DRBG).
#pragma once

#include <array>
#include <cstddef>

#include "firmware/crypto/secret.h"

namespace cs2sim {

void random_fill(std::span<std::uint8_t> out);
Bytes random_bytes(std::size_t size);
SecretBytes random_secret(std::size_t size);

template <std::size_t N>
std::array<std::uint8_t, N> random_array() {
    std::array<std::uint8_t, N> out{};
    random_fill(out);
    return out;
}

}  // namespace cs2sim
