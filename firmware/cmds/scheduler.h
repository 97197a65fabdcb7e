// The front door of CMDS: takes whole frames, finds the function, enforces its row, answers, and counts.
//
// Any number of connections at once; commands of one context (a plain connection, a secure session) run one
// after the other, commands of different contexts side by side.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "firmware/cmds/context.h"
#include "firmware/cmds/function.h"
#include "firmware/cmds/services.h"
#include "firmware/cmds/slot_events.h"
#include "firmware/protocol/frame.h"

namespace cs2sim {

class Faults;
class Tracer;

// What has become of the commands of one function since the device was started.
struct FunctionCounts {
    std::uint16_t fc = 0;
    std::uint8_t sfc = 0;
    std::uint64_t calls = 0;
    std::uint64_t refusals = 0;      // before the handler: mode, permission, switched off, layout
    std::uint64_t failures = 0;      // by the handler
    std::uint64_t microseconds = 0;  // in the handler; SECURE_MESSAGE with the command that it carries
};

class Scheduler {
public:
    Scheduler();
    ~Scheduler();
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    // Publishes functions of a module, which may come in several parts. Precondition: no command runs, that
    // is before the first one or within BootGate::alone(). Errors, and nothing is published: E_CMDS_IN_USE (a
    // function that is there already), E_CMDS_BAD_SFC (a function without a row).
    Result<void> publish(const Module& module);
    // Takes all parts of a module back. Precondition as above. Error: E_CMDS_BAD_FC.
    Result<void> withdraw(std::uint16_t fc);

    // Who meets commands before their handlers and who hears of them afterwards; null for nobody. They must
    // outlive the scheduler's last command.
    void watch(Faults* faults, Tracer* tracer) {
        faults_ = faults;
        tracer_ = tracer;
    }

    bool has_module(std::uint16_t fc) const;
    // The row of a published function, or null.
    const FunctionSignature* find(std::uint16_t fc, std::uint8_t sfc) const;
    const FunctionSignature* find(std::string_view full_name) const;        // "EXMP.INSERT"
    std::optional<std::uint16_t> find_module(std::string_view name) const;  // "EXMP"
    // What some module keeps on this device, or null.
    template <class T>
    T* state() const {
        for (const Module& module : modules_)
            if (T* const state = module.state.get<T>()) return state;
        return nullptr;
    }
    // Of every published function, by number.
    std::vector<FunctionCounts> counts() const;

    // Runs one request on behalf of `context`, whose mutex the caller must not hold.
    // Errors: E_CMDS_BAD_FC, E_CMDS_BAD_SFC, the row's mode rules, E_CMDS_DENIED, E_CMDS_DATA_LEN for a
    // block that does not fit the layout, or what the handler answers.
    Result<Bytes> run(Services& services, Context& context, const Request& request);

    // Like run(), for the handler of SECURE_MESSAGE which holds the session's mutex already.
    Result<Bytes> run_locked(Services& services, Context& context, const Request& request);

    std::uint32_t denial(const Context& context) const;  // the code for a missing permission

    // Commands that run now, those inside secure messaging counted once.
    std::uint32_t running() const { return running_.load(std::memory_order_relaxed); }

    SlotEvents& slot_events() { return slot_events_; }

    std::uint16_t modes() const { return modes_.load(std::memory_order_acquire); }
    void set_modes(std::uint16_t modes) { modes_.store(modes, std::memory_order_release); }
    // Clears the modes in `cleared`, then sets those in `set`, in one step.
    void change_modes(std::uint16_t cleared, std::uint16_t set) {
        std::uint16_t old = modes();
        while (!modes_.compare_exchange_weak(old, static_cast<std::uint16_t>((old & ~cleared) | set))) {
        }
    }

private:
    struct Published;
    Result<Bytes> run_row(Services& services, Context& context, const Request& request);
    static Result<void> end_outdated_logons(const Services& services, Context& context);
    Result<void> refuse(const Services& services, const Context& context, const FunctionSignature& row) const;
    Result<Bytes> perform(Services& services, Context& context, const Request& request, Published& function);
    Published* find_published(std::uint16_t fc, std::uint8_t sfc) const;

    std::vector<Module> modules_;
    std::vector<std::unique_ptr<Published>> functions_;  // by number
    Faults* faults_ = nullptr;
    Tracer* tracer_ = nullptr;
    SlotEvents slot_events_;
    std::atomic<std::uint16_t> modes_{MODE_OPERATIONAL};
    std::atomic<std::uint32_t> running_{0};
};

}  // namespace cs2sim
