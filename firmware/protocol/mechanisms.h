// Mechanisms of users and sessions, by the numbers that hosts send (firmware-facts.md, section 3).
#pragma once

#include <cstdint>

namespace cs2sim {

// CMDS_MECH_*: how a user logs on.
enum UserMechanism : std::uint8_t {
    MECH_RSA_SIGN = 0,
    MECH_CLR_PWD = 1,
    MECH_SHA1_PWD = 2,
    MECH_RSA_SC = 3,
    MECH_HMAC_PWD = 4,
    MECH_ECDSA = 5,
};

constexpr bool is_password_mechanism(std::uint8_t mechanism) {
    return mechanism == MECH_CLR_PWD || mechanism == MECH_SHA1_PWD || mechanism == MECH_HMAC_PWD;
}

// CMDS_UFLG_*.
enum UserFlag : std::uint8_t { UFLG_LOGIN = 1, UFLG_SM = 2, UFLG_SM_AUTH = 4, UFLG_TMP = 0x80 };

enum SessionMode : std::uint8_t {  // CMDS_MODE_SM_*
    SM_MODE_DH = 3,                // ffdhe2048 (RFC 7919)
    SM_MODE_ECDH = 5,              // NIST P-256
    SM_MODE_DH_MA_RSA = 6,         // DH; the device signs the agreement with its HSM authentication key
};

enum SessionMechanism : std::uint8_t {  // CMDS_MECH_SM_*
    SM_MECH_AES = 2,                    // AES-256-CBC, CMAC cut to 8 bytes (old profiles)
    SM_MECH_AES_CMAC = 3,               // AES-256-CBC, CMAC
    SM_MECH_AES_GCM = 4,                // AES-256-GCM (number is ours)
};

}  // namespace cs2sim
