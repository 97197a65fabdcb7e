#include "firmware/cmds/scheduler.h"

#include <algorithm>

#include "firmware/cmds/call.h"
#include "firmware/cmds/faults.h"
#include "firmware/cmds/tracer.h"

namespace cs2sim {

void Scheduler::publish(const Module& module) { modules_.push_back(module); }

const Function* Scheduler::find(std::uint16_t fc, std::uint8_t sfc) const {
    for (const Module& module : modules_) {
        if (module.fc != fc) continue;
        const auto row = std::ranges::find(module.functions, sfc, &Function::sfc);
        if (row != module.functions.end()) return &*row;
    }
    return nullptr;
}

Result<Bytes> Scheduler::run(Services& services, Context& context, const Request& request) {
    const std::lock_guard lock(context.mutex);
    struct Counted {
        std::atomic<std::uint32_t>& count;
        explicit Counted(std::atomic<std::uint32_t>& one) : count(one) {
            count.fetch_add(1, std::memory_order_relaxed);
        }
        ~Counted() { count.fetch_sub(1, std::memory_order_relaxed); }
    } counted(running_);
    return run_locked(services, context, request);
}

Result<Bytes> Scheduler::run_locked(Services& services, Context& context, const Request& request) {
    const bool traced = context.secure && services.tracer && services.tracer->listening();
    const std::int64_t began = traced ? Tracer::microseconds() : 0;
    auto answer = run_row(services, context, request);
    if (traced) services.tracer->ran_inside(context, request, answer, began);
    if (!answer && services.faults) services.faults->answered(request, answer.error());
    return answer;
}

Result<Bytes> Scheduler::run_row(Services& services, Context& context, const Request& request) {
    if (request.fc == FC_SIM && !context.control) return fail(E_CMDS_BAD_FC);
    const Function* function = find(request.fc, request.sfc);
    if (!function) {
        const bool module_known = std::ranges::find(modules_, request.fc, &Module::fc) != modules_.end();
        return fail(module_known ? E_CMDS_BAD_SFC : E_CMDS_BAD_FC);
    }
    const auto& disabled = services.profile.disabled_functions;
    if (!disabled.empty() &&
        std::ranges::find(disabled, FunctionId{request.fc, request.sfc}) != disabled.end())
        return fail(E_CMDS_SFC_DISABLED);
    const std::uint16_t now = modes();
    for (const ModeRule& rule : function->rules)
        if ((rule.modes & now) != 0) return fail(rule.error);
    if (!permits(context.auth_state(), function->permission)) return fail(denial(context));

    const FunctionSignature* signature = find_function(request.fc, request.sfc);
    const auto block = parse(signature->request, request.block);
    if (!block) return fail(block.error());
    Call call(services, context, *signature, *block);
    if (services.faults && services.faults->armed()) CS2SIM_TRY(services.faults->meet(call));
    return function->handler(call);
}

// Certified firmware tells "log on first" from "that user may not".
std::uint32_t Scheduler::denial(const Context& context) const {
    if (!context.users.empty()) return E_CMDS_DENIED;
    if ((modes() & MODE_FIPS) != 0) return E_CMDS_DENIED_FIPS;
    if ((modes() & MODE_CC) != 0) return E_CMDS_DENIED_CC;
    return E_CMDS_DENIED;
}

void Call::audit(std::uint32_t audit_class, std::string_view text) const {
    std::string line;
    for (const LoggedOnUser& user : context.users) line += (line.empty() ? "[" : ",") + user.short_name;
    line += line.empty() ? "[] " : "] ";
    line += text;
    // A full log must not undo what was done: the log's own rule (rotate or not) decides what is lost.
    (void)device.smos.audit_log.write(audit_class, line);
}

}  // namespace cs2sim
