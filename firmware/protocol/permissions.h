// Permissions: eight nibbles, one a slot; the states of the users logged on add up, nibble by nibble (guide
// G4; firmware-facts.md, section 3).
#pragma once

#include <cstdint>

namespace cs2sim {

// True when every nibble of `state` is at least that of `needed`.
constexpr bool permits(std::uint32_t state, std::uint32_t needed) {
    for (int shift = 0; shift < 32; shift += 4)
        if ((state >> shift & 0xF) < (needed >> shift & 0xF)) return false;
    return true;
}

// Adds two authentication states nibble by nibble; a nibble stays at F.
constexpr std::uint32_t add_states(std::uint32_t a, std::uint32_t b) {
    std::uint32_t sum = 0;
    for (int shift = 0; shift < 32; shift += 4) {
        const std::uint32_t nibble = (a >> shift & 0xF) + (b >> shift & 0xF);
        sum |= (nibble > 0xF ? 0xF : nibble) << shift;
    }
    return sum;
}

namespace permission {

inline constexpr std::uint32_t kAnybody = 0;
inline constexpr std::uint32_t kUserAdministrator = 0x20000000;    // slot 7: users
inline constexpr std::uint32_t kSystemAdministrator = 0x02000000;  // slot 6: the device
inline constexpr std::uint32_t kBothAdministrators =
    0x22000000;  // the factory user (device-formats.md, section 5)
// Backup and restore of users: half a user administrator beside a system administrator (guide G3).
inline constexpr std::uint32_t kUserBackup = 0x12000000;

// In a group of keys (guide G15).
inline constexpr std::uint32_t kCryptoUser = 0x00000002;  // use of keys, unless configured otherwise
inline constexpr std::uint32_t kKeyManager = 0x00000020;  // key management, where it is separated from use
inline constexpr std::uint32_t kSecurityOfficer = 0x00000200;  // configuration of one group

}  // namespace permission
}  // namespace cs2sim
