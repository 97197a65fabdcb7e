// The front door of CMDS: takes whole frames, finds the function, enforces its row, answers.
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
#include "firmware/protocol/frame.h"

namespace cs2sim {

class Scheduler {
public:
    // Publishes functions of a module, which may come in several parts. Precondition: before the first
    // command; FC and SFC not yet taken; every function has a row in the catalogue.
    void publish(const Module& module);
    std::vector<Module> modules() const { return modules_; }

    // Null when no handler is there.
    const Function* find(std::uint16_t fc, std::uint8_t sfc) const;

    // Runs one request on behalf of `context`, whose mutex the caller must not hold.
    // Errors: E_CMDS_BAD_FC, E_CMDS_BAD_SFC, the row's mode rules, E_CMDS_DENIED, E_CMDS_DATA_LEN for a
    // block that does not fit the layout, or what the handler answers.
    Result<Bytes> run(Services& services, Context& context, const Request& request);

    // Like run(), for the handler of SECURE_MESSAGE which holds the session's mutex already.
    Result<Bytes> run_locked(Services& services, Context& context, const Request& request);

    std::uint32_t denial(const Context& context) const;  // the code for a missing permission

    // Commands that run now, those inside secure messaging counted once.
    std::uint32_t running() const { return running_.load(std::memory_order_relaxed); }

    std::uint16_t modes() const { return modes_.load(std::memory_order_acquire); }
    void set_modes(std::uint16_t modes) { modes_.store(modes, std::memory_order_release); }
    // Clears the modes in `cleared`, then sets those in `set`, in one step.
    void change_modes(std::uint16_t cleared, std::uint16_t set) {
        std::uint16_t old = modes();
        while (!modes_.compare_exchange_weak(old, static_cast<std::uint16_t>((old & ~cleared) | set))) {
        }
    }

private:
    Result<Bytes> run_row(Services& services, Context& context, const Request& request);

    std::vector<Module> modules_;
    std::atomic<std::uint16_t> modes_{MODE_OPERATIONAL};
    std::atomic<std::uint32_t> running_{0};
};

}  // namespace cs2sim
