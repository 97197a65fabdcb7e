// Users' own modules on a device: found in flash when it boots, started each in a process of its own,
// published with their functions, stopped with it.
//
// Safe to use from several threads at once but for start() and stop(), which come when no command runs.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "firmware/cmds/services.h"
#include "firmware/cmds/vendor_mechanism.h"
#include "firmware/modules/user_module.h"

namespace cs2sim {

class Scheduler;
struct FoundModules;
struct ModuleImage;
struct DevelopedModule;
class Spawner;
class Attendant;

class Modules {
public:
    struct Hooks {
        std::function<void(const std::string&)> say;  // a line in the boot log
        // Runs it when no command runs: for what a module registers while the device runs.
        std::function<void(const std::function<void()>&)> alone;
        std::function<void()> halt;  // the device's alarm, when a crash shall end in one
    };
    Modules(Services& device, Hooks hooks);
    ~Modules();
    Modules(const Modules&) = delete;
    Modules& operator=(const Modules&) = delete;

    // Finds, checks, starts and publishes; what does not start is told in the boot log and stands as failed
    // in list(), if enough of it is left to say what it is. Waits until each module is ready or failed.
    // Precondition: no command runs, stopped.
    void start();
    // Stops each module (its own stop function first, for a second at most) and withdraws its functions.
    void stop();

    struct Listed {
        ModuleInfo info;
        ModuleStage stage;
    };
    std::vector<Listed> list() const;

    // What the module of that id, if it runs, says to being replaced or deleted: 0 or its own code.
    Result<void> consent(std::uint16_t id, bool to_replacement);
    // Stops the module of that id and withdraws its functions. Precondition: no command runs.
    void remove(std::uint16_t id);

    // Commands that run in a module end soon, or their process does.
    void withdraw_commands();

    // Has a vendor-defined mechanism done by the modules that registered callbacks of its kind, one after the
    // other until one knows it. Errors: as VendorMechanisms.
    Result<VendorResult> run_mechanism(Call& command, const VendorJob& job);

    // What the module wrote, and what was found wrong with it.
    std::filesystem::path log_of(std::string_view abbreviation) const;
    std::filesystem::path folder() const;

    // --- for services and calls of modules ---
    Services& device() const { return device_; }
    Turns& turns() { return turns_; }
    UserModule* find(std::string_view abbreviation) const;
    UserModule* find(std::uint16_t id) const;
    const std::vector<std::unique_ptr<UserModule>>& all() const { return modules_; }
    Result<void> registered(UserModule& module, std::uint16_t fc, std::vector<std::uint8_t> present);
    Result<void> unregistered(UserModule& module, std::uint16_t fc);
    Result<void> mechanism_registered(UserModule& module, std::uint8_t kind, std::int8_t priority);
    // Whether a call that began then (monotonic milliseconds) may go on.
    bool goes_on(const UserModule& module, std::int64_t began) const;
    bool booting() const { return booting_.load(); }
    void say(const std::string& line) const { hooks_.say(line); }  // in the boot log
    // The process of the module has ended by itself: told once, in the logs and by an alarm.
    void ended(UserModule& module);
    // The module says that the device is no longer to be trusted: told as a crash is, and an alarm where one
    // is.
    void critical(const UserModule& module, std::uint32_t code) const;

private:
    FoundModules find_images();
    void start_one(ModuleImage& image, const DevelopedModule& developed);
    void bring_up();
    bool run_round(bool end_waits, std::uint32_t& next);
    void publish_new();
    void stop_one(UserModule& module);
    void fail_start(UserModule& module, const std::string& why) const;
    void tell_failure(const std::string& text) const;

    Services& device_;
    const Hooks hooks_;
    std::vector<std::unique_ptr<UserModule>> modules_;
    std::vector<ModuleInfo> refused_;  // in flash, and no image of which could be started
    std::unique_ptr<Spawner> spawner_;
    std::unique_ptr<Attendant> attendant_;
    Turns turns_;
    std::atomic<bool> booting_{false};
    std::atomic<bool> stopping_{false};
    std::atomic<std::int64_t> withdrawn_at_{0};
    std::mutex mutex_;      // registrations
    std::mutex end_mutex_;  // whether an end was told; who asks meanwhile waits until it was
};

}  // namespace cs2sim
