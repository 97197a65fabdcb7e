// One module of a user's: what it is, its process, and what it holds in the simulator.
#pragma once

#include <openssl/evp.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "firmware/cmds/call.h"
#include "firmware/container/container.h"
#include "firmware/crypto/openssl.h"
#include "firmware/crypto/secret.h"
#include "firmware/db/database.h"
#include "firmware/modules/images/module_texts.h"
#include "firmware/modules/process.h"
#include "firmware/modules/turns.h"

namespace cs2sim {

class Modules;

// OS_MDL_INIT_* of os_mdl.h.
enum class ModuleStage : std::uint32_t { none = 0, internal = 1, dependencies = 2, ready = 3, failed = 4 };

// What ECA's functions of a module compute in: a curve that OpenSSL knows by its name, one of the module's
// own (group), or whole numbers modulo one (modulus).
struct ModuleCurve {
    std::string name;  // OpenSSL's, or the module's own name
    Bytes oid;         // of one of its own
    Handle<EC_GROUP> group;
    Handle<BIGNUM> modulus;
    bool used = false;  // a place that was given back waits for the next
};

// Whatever a module names by a number; a number that it was not given finds nothing.
struct ModuleHoldings {
    struct OpenDatabase {
        std::shared_ptr<Database> database;
        bool writable = false;
        std::string name;
    };
    using Records = std::map<Bytes, SecretBytes>;           // by key
    static constexpr std::size_t kMostVolatile = 16 << 20;  // bytes of all volatile records
    static constexpr std::size_t kMostDatabases = 64;
    static constexpr std::size_t kMostDigests = 256;  // the oldest gives way

    std::vector<OpenDatabase> databases;              // by handle - 1
    std::map<std::string, Records> volatile_records;  // by name of the database; gone when the module stops
    std::size_t volatile_size = 0;
    std::map<std::uint32_t, Handle<EVP_MD_CTX>> digests;
    std::map<std::uint32_t, Handle<EVP_MAC_CTX>> macs;
    std::uint32_t last_state = 0;     // of digests and macs
    std::vector<ModuleCurve> curves;  // by place
};

class UserModule final : public ModuleCaller {
public:
    UserModule(Modules& modules, ModuleInfo its_info, ModuleTexts its_texts, bool is_developed)
        : info(std::move(its_info)),
          texts(std::move(its_texts)),
          developed(is_developed),
          modules_(modules) {}

    const ModuleInfo info;
    const ModuleTexts texts;
    bool show_services = false;
    const bool developed;  // run from a file beside flash, under a developer's eyes
    std::filesystem::path image;
    std::filesystem::path log;
    std::unique_ptr<ModuleProcess> process;
    std::atomic<ModuleStage> stage{ModuleStage::none};
    ModuleHoldings holdings;
    bool end_told = false;
    std::atomic<bool> asked_for_consent{false};  // an answer is awaited: no long thought

    struct Registration {
        std::uint16_t fc = 0;
        std::vector<std::uint8_t> present;  // sub-functions that have a handler
        bool published = false;
        bool withdrawn = false;
        std::vector<Function> functions;
        std::vector<FunctionSignature> rows;
    };
    std::vector<std::unique_ptr<Registration>> registrations;

    struct VendorCallback {
        std::uint8_t kind;
        std::int8_t priority;
    };
    std::vector<VendorCallback> vendor_callbacks;  // of Modules, under its lock

    // Runs a call of the module, on behalf of `command` (null: of the device itself). One at a time. Errors:
    // as ModuleProcess::call(); E_OS_MDL_NOT_AVAILABLE also where modules that ask each other would wait for
    // one another for ever.
    Result<Bytes> call(cs2sim_call kind, std::uint32_t number, ByteView data, Call* command);
    // The same, but nothing when a call runs.
    std::optional<Result<Bytes>> call_unless_busy(cs2sim_call kind, std::uint32_t number);

    Result<Bytes> serve(std::uint32_t service, ByteView request) override;
    bool goes_on() override;
    Call* command() const { return command_; }

    // Time that a call spent in another module is not its own (milliseconds).
    void spent_elsewhere(std::int64_t time) { elsewhere_ += time; }
    std::int64_t elsewhere() const { return elsewhere_; }

    void write_log(std::string_view line) const;  // a line, with the time

private:
    Result<Bytes> locked_call(cs2sim_call kind, std::uint32_t number, ByteView data, Call* command);

    Modules& modules_;
    Turn turn_;  // to be in the module: the one that calls may call again
    Call* command_ = nullptr;
    std::int64_t began_ = 0;      // monotonic milliseconds, of the outermost call
    std::int64_t elsewhere_ = 0;  // of that call
};

}  // namespace cs2sim
