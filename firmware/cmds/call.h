// One command on its way through its handler.
#pragma once

#include "firmware/cmds/context.h"
#include "firmware/cmds/services.h"

namespace cs2sim {

class Call {
public:
    Call(Services& services, Context& caller, const FunctionSignature& called, const Block& block)
        : device(services), context(caller), function(called), request(block) {}

    Services& device;
    Context& context;                   // its mutex is held
    const FunctionSignature& function;  // the catalogue row
    const Block& request;               // decoded by the row's request layout

    std::uint32_t auth_state() const { return context.auth_state(); }

    // E_CMDS_DENIED unless the users logged on in this context add up to `needed`.
    Result<void> require(std::uint32_t needed) const {
        if (!permits(auth_state(), needed)) return fail(E_CMDS_DENIED);
        return {};
    }

    // The answer block by the row's answer layout.
    Bytes answer(std::initializer_list<Value> values) const { return compose(function.answer, values); }

    // Writes to the audit log with the names of the users logged on.
    void audit(std::uint32_t audit_class, std::string_view text) const;
};

}  // namespace cs2sim
