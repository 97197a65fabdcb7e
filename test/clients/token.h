// A simulator with a token in slot 0, as an application finds it: the library's path, its configuration in
// the environment, and a shell in a folder of its own.
#pragma once

#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

namespace cs2sim::clients {

using scenario::Outcome;
using scenario::require_success;
using scenario::Way;

inline constexpr const char* kSoPin = "12345678";
inline constexpr const char* kPin = "123456";

// For other people's programs that load a library of this build: with AddressSanitizer, its runtime comes
// first in them.
scenario::RunOptions sanitized(scenario::RunOptions options);

class Token {
public:
    explicit Token(Way way = Way::mount, const std::string& settings = "") : Token(way, settings, true) {}
    // None yet: applications make it, by the device's administrator (InitTokenAs).
    static Token not_made(Way way) { return Token(way, "", false); }

    // Runs a program that must be installed: a missing one fails the test and says which package it is of.
    Outcome run(const std::string& package, std::vector<std::string> arguments) const;
    // The same beside the test.
    scenario::RunsBeside starts(const std::string& package, std::vector<std::string> arguments) const;
    // A program of this build, in the same environment; $CS2SIM is cs2sim, for this token's simulator.
    Outcome run_own(std::vector<std::string> arguments) const;
    // run(), which must succeed; what it printed.
    std::string works(const std::string& package, std::vector<std::string> arguments) const;
    std::string shell(const std::string& package, const std::string& script) const {
        return works(package, {"sh", "-euc", script});
    }

    // $HOME/openssl.cnf: OpenSSL's engine pkcs11 with this library, and `settings` of that engine.
    void write_openssl_config(const std::string& settings = "init = 0") const;

    const std::filesystem::path& folder() const { return operator_.folder(); }
    std::filesystem::path file(const std::string& name) const { return operator_.file(name); }
    std::string library() const;
    const scenario::Simulator& simulator() const { return simulator_; }
    const scenario::Operator& admin() const { return operator_; }

private:
    scenario::RunOptions options() const;
    Token(Way way, const std::string& settings, bool made);
    void make() const;

    scenario::Simulator simulator_;
    scenario::Operator operator_;
};

}  // namespace cs2sim::clients
