// The library's configuration file (reference/pkcs11-facts.md, section 1).
//
// The format is the vendor's own INI: '#' begins a comment anywhere outside quotes, values may be quoted,
// lists are
// `{ a b }`, sections occur several times, keys are accepted in any section and before the first. Debian's
// INI readers take none of the last three.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firmware/protocol/error.h"

namespace cs2sim::p11 {

enum class Generation : std::uint8_t { r2, r3 };  // which of the two libraries this is

// Where external keys are kept (host-lib/keystore/key_storage.h).
struct KeyStorageSettings {
    std::string type = "Legacy";
    std::string config;
    unsigned reconnect = 3;
    unsigned pool = 4;  // ours: KeyStoragePool, connections of this process
    std::chrono::seconds offline{
        60};  // ours: KeyStorageOffline, how long open keys outlive the store's absence
    friend bool operator==(const KeyStorageSettings&, const KeyStorageSettings&) = default;
};

struct SlotConfig {
    std::optional<bool> keys_external;
    std::map<std::string, std::string> key_storage;  // keys of [KeyStorage] by lower-case name
    std::map<std::string, std::string> logons;       // USR_0000 = "RSASign=file" and the like
};

struct Config {
    std::string path;  // of the file; empty when there is none
    std::string log_path;
    unsigned logging = 0;
    std::uint64_t log_size = 10u << 20;
    bool keys_external = false;
    std::string key_store;
    bool slot_multi_session = true;
    unsigned slot_count = 10;
    bool keep_lead_zeros = false;  // of what RSA_X_509 decrypts
    bool force_os_locking = false;
    unsigned object_cache = 10'000;  // ours: token objects whose attributes are kept in memory
    std::chrono::seconds fallback_interval{0};
    bool keep_alive = false;
    std::chrono::milliseconds keep_alive_interval{
        300'000};  // ours: idle time after which the device hears of us
    std::chrono::milliseconds connection_timeout{5000};
    std::chrono::milliseconds command_timeout{60000};
    std::vector<std::string> custom_mechanisms;
    // Each entry is a group of devices that serves one block of slots.
    std::vector<std::vector<std::string>> device_groups;
    std::map<unsigned, SlotConfig> slots;
    KeyStorageSettings key_storage;

    // Ours. InitTokenAs: who logs on when C_InitToken is called without an administrator, "ADMIN,file".
    std::string init_token_as;
    // Ours: what differs between generations, and the strings by which programs know a token.
    // What is not given here the device's profile says (token_profile.h).
    std::string description;
    std::optional<std::string> manufacturer, model, token_label;
    std::optional<bool> initial_pins, cluster_names, all_attributes;
    std::optional<unsigned> min_pin;

    std::vector<std::string> unknown;  // keys that nobody knows, for the log

    // What holds for a slot: its own section goes before the rest. KeyStore= is the path of a Legacy store.
    bool keys_are_external(unsigned slot) const;
    KeyStorageSettings key_storage_of(unsigned slot) const;
};

// Reads the file's text. Bad values of known keys count as unknown keys: the default stays.
Config read_config(std::string_view text, Generation generation);

// The file that the environment names (CS_PKCS11_R3_CFG, CS_PKCS11_R2_CFG), else the first that is there of
// ./cs_pkcs11_R3.cfg, ~/.cs2sim, /etc/cs2sim and /etc/utimaco; none is no error. Errors: CKR_FUNCTION_FAILED
// when the environment names a file that cannot be read.
Result<Config> load_config(Generation generation);

}  // namespace cs2sim::p11
