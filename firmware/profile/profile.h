// Profiles: what differs between firmware generations and modes, as TOML data (the *.toml beside this file;
// profile/README.md says how to add one). The built-in profiles are compiled in; a file can be named too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/protocol/error.h"

namespace cs2sim {

enum class Certification : std::uint8_t { none, fips, cc };

struct FunctionId {
    std::uint16_t fc = 0;
    std::uint8_t sfc = 0;
    friend bool operator==(const FunctionId&, const FunctionId&) = default;
};

struct Profile {
    std::string name;   // e.g. "se-gen2-fips"
    std::string model;  // e.g. "Se-Series Gen2"
    Certification certification = Certification::none;
    bool network = false;                     // a LAN appliance: CSL* commands answer
    std::string appliance_version = "5.1.0";  // CSLGetVersion
    std::string bootloader_version;           // "5.01.4.4"
    std::string hardware_version;             // "0.00.8.15"

    std::vector<std::uint16_t> challenge_lengths;  // accepted by GET_CHALLENGE, else E_CMDS_CHALLENGE_LEN
    std::uint32_t challenge_seconds = 60;          // a challenge expires
    bool static_logon = false;                     // logon outside secure messaging (E_CMDS_STATIC_LOGIN)
    std::vector<std::uint8_t> session_modes;  // CMDS_MODE_SM_*: 3 DH, 5 ECDH, 6 DH with mutual authentication
    std::vector<std::uint8_t> session_mechanisms;  // CMDS_MECH_SM_*: 2 AES, 3 AES with CMAC; ours: 4 AES-GCM
    std::vector<std::uint8_t> user_mechanisms;     // CMDS_MECH_*: 0 RSA … 5 ECDSA
    std::uint32_t session_seconds = 900;           // idle time after which a session expires
    std::uint32_t max_sessions = 1024;
    std::uint32_t max_sessions_without_logon = 4;  // of one connection; the oldest gives way
    std::uint32_t max_users_per_session = 16;
    // What callers may hold together of the device's memory, in MiB: unfinished frames, answers that are not
    // read.
    std::uint32_t memory_without_logon = 64;
    std::uint32_t memory_with_logon = 256;
    bool restart_disturbs = false;      // whether RESTART needs no logon while others are logged on
    std::uint32_t min_rsa_bits = 1024;  // of user tokens
    std::uint32_t max_auth_fails = 0;   // limit of failed logons until SetMaxAuthFails sets one; 0 = none
    std::vector<FunctionId> disabled_functions;  // switched off by configuration: E_CMDS_SFC_DISABLED
    bool des3 = true;
    std::uint32_t module_watchdog = 0;  // seconds that a command of a user's own module may take; 0: no limit
    bool module_crash_halts = false;    // a crash of a user's own module is an alarm of the device
    bool dsa = true;                    // DSA and DH keys; else E_CXI_KEY_INVALID_ALGO
    bool key_authorisation = false;     // a kept key works when a KAK is bound to it and authorised it
    std::uint32_t max_key_auth_fails = 10;  // failed authorisations in a row that lock a key; 0 = none
    // CXI_GROUP of users is a POSIX extended regular expression, matched whole
    bool group_expressions = false;
    bool factory_mbk = false;  // a new device has an MBK of its own, AUTO-GEN, 1 share of 1

    // What the tools show, which differs between generations (device-formats.md, section 2).
    bool hash_capitals = false;          // MBKListKeys: the ISO hash
    bool show_initial = true;            // ListUsers: I[n] of users with a password
    bool show_untried = false;           // ListUsers: Z[0] also of who never tried to log on
    bool show_token_hash = false;        // ListUsers: H[SHA-256]
    std::uint32_t volatile_keys = 4096;  // most at a time, else E_CXI_MALLOC
    std::uint32_t volatile_kib = 16384;  // most of all of them together

    // What PKCS#11 callers meet (host-lib/pkcs11/README.md).
    bool p11_initial_pins = true;        // a PIN that another has set is changed before anything else
    std::uint32_t p11_min_pin = 4;       // bytes
    bool p11_cluster_names = false;      // slot descriptions name a cluster
    std::string p11_attributes = "all";  // or "r2"
    std::string p11_manufacturer = "cs2sim project";
    std::string p11_model = "CryptoServer";
    std::string p11_label = "CryptoServer PKCS11 Token";             // of a token that has none yet
    std::uint32_t p11_min_rsa_bits = 1024, p11_max_rsa_bits = 8192;  // CK_MECHANISM_INFO
};

// By built-in name, or by path when it contains '/' or ends in ".toml". On failure returns an error text.
tl::expected<Profile, std::string> load_profile(std::string_view name_or_path);

std::vector<std::string> built_in_profiles();

}  // namespace cs2sim
