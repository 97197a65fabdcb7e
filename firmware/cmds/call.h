// One command on its way through its handler.
#pragma once

#include <cstdlib>

#include "firmware/cmds/context.h"
#include "firmware/cmds/services.h"

namespace cs2sim {

class Call {
public:
    Call(Services& services, Context& caller, const FunctionSignature& called, const Block& block,
         const ModuleState& module_state)
        : device(services), context(caller), function(called), request(block), state_(module_state) {}

    Services& device;
    Context& context;                   // its mutex is held
    const FunctionSignature& function;  // the catalogue row
    const Block& request;               // decoded by the row's request layout

    // What the module of the function keeps on this device. Precondition: T is what it was published with.
    template <class T>
    T& state() const {
        T* const state = state_.get<T>();
        if (!state) std::abort();  // a module published without its state: a fault of ours
        return *state;
    }

    std::uint32_t auth_state() const { return context.auth_state(); }

    // E_CMDS_DENIED unless the users logged on in this context add up to `needed`.
    Result<void> require(std::uint32_t needed) const {
        if (!permits(auth_state(), needed)) return fail(E_CMDS_DENIED);
        return {};
    }

    // The answer block by the row's answer layout. Error: E_CMDS_BAD_SIZE when a value does not fit its
    // field.
    Result<Bytes> answer(std::initializer_list<Value> values) const {
        return compose(function.answer, values);
    }

    // Writes to the audit log with the names of the users logged on. A function whose row has an audit class
    // gets a line in any case when it succeeds: the row's class and the function's name, unless its handler
    // wrote one.
    void audit(std::uint32_t audit_class, std::string_view text) const;
    bool audited() const { return *audited_; }

protected:
    // No line of class KEY, by whomever, for this command.
    void keep_out_of_log() {
        unlogged_ = true;
        *audited_ = true;
    }

private:
    const ModuleState& state_;
    bool unlogged_ = false;
    bool own_audited_ = false;
    bool* audited_ = &own_audited_;  // of a copy: that of the first, so that the scheduler hears of it
};

}  // namespace cs2sim
