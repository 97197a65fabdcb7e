// What differs between devices for a PKCS#11 caller: told by the device (CXI.P11_PROFILE), each value
// overruled by the configuration file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cs2sim::p11 {

struct TokenProfile {
    bool fips = false;
    bool cc = false;
    bool des3 = true;
    bool dsa = true;           // DSA and DH
    bool initial_pins = true;  // a PIN that another has set must be changed first
    unsigned min_pin = 4;
    bool cluster_names = false;
    bool all_attributes = true;  // false: those of R2
    unsigned min_rsa_bits = 1024, max_rsa_bits = 8192;
    std::string manufacturer = "cs2sim project";
    std::string model = "CryptoServer";
    std::string label = "CryptoServer PKCS11 Token";  // of a token that has none of its own

    std::vector<unsigned long> custom;  // CustomMechanisms: standard ones that a user's module does

    bool certified() const { return fips || cc; }
};

}  // namespace cs2sim::p11
