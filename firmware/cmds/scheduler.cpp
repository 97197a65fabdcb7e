#include "firmware/cmds/scheduler.h"

#include <algorithm>
#include <chrono>

#include "firmware/cmds/call.h"
#include "firmware/cmds/faults.h"
#include "firmware/cmds/sessions.h"
#include "firmware/cmds/tracer.h"
#include "firmware/cmds/users.h"
#include "firmware/smos/flash/memory_reserve.h"

namespace cs2sim {

namespace {

constexpr std::uint32_t number(std::uint16_t fc, std::uint8_t sfc) { return std::uint32_t{fc} << 8 | sfc; }

std::uint64_t nanoseconds_since(std::chrono::steady_clock::time_point began) {
    return static_cast<std::uint64_t>((std::chrono::steady_clock::now() - began).count());
}

const FunctionSignature* row_of(const Module& module, std::uint8_t sfc) {
    const auto own = std::ranges::find(module.rows, sfc, &FunctionSignature::sfc);
    return own != module.rows.end() ? &*own : find_function(module.fc, sfc);
}

}  // namespace

// A cache line of its own: other functions are counted by other threads.
struct alignas(64) Scheduler::Published {
    std::uint32_t number;
    const FunctionSignature* row;
    Handler handler;
    ModuleState state;
    std::atomic<std::uint64_t> calls{0}, refusals{0}, failures{0}, nanoseconds{0};

    void count(std::atomic<std::uint64_t>& what, std::uint64_t by = 1) {
        what.fetch_add(by, std::memory_order_relaxed);
    }
};

Scheduler::Scheduler() = default;
Scheduler::~Scheduler() = default;

Result<void> Scheduler::publish(const Module& module) {
    std::vector<std::unique_ptr<Published>> added;
    for (const Function& function : module.functions) {
        const FunctionSignature* row = row_of(module, function.sfc);
        if (!row) return fail(E_CMDS_BAD_SFC);
        if (find_published(module.fc, function.sfc)) return fail(E_CMDS_IN_USE);
        added.emplace_back(
            new Published{number(module.fc, function.sfc), row, function.handler, module.state});
    }
    std::ranges::move(added, std::back_inserter(functions_));
    std::ranges::sort(functions_, {}, [](const auto& one) { return one->number; });
    modules_.push_back(module);
    return {};
}

Result<void> Scheduler::withdraw(std::uint16_t fc) {
    if (!has_module(fc)) return fail(E_CMDS_BAD_FC);
    std::erase_if(functions_, [&](const auto& one) { return one->number >> 8 == fc; });
    std::erase_if(modules_, [&](const Module& module) { return module.fc == fc; });
    return {};
}

bool Scheduler::has_module(std::uint16_t fc) const {
    return std::ranges::find(modules_, fc, &Module::fc) != modules_.end();
}

Scheduler::Published* Scheduler::find_published(std::uint16_t fc, std::uint8_t sfc) const {
    const auto found = std::ranges::lower_bound(functions_, number(fc, sfc), {},
                                                [](const auto& one) { return one->number; });
    return found != functions_.end() && (*found)->number == number(fc, sfc) ? found->get() : nullptr;
}

const FunctionSignature* Scheduler::find(std::uint16_t fc, std::uint8_t sfc) const {
    const Published* function = find_published(fc, sfc);
    return function ? function->row : nullptr;
}

const FunctionSignature* Scheduler::find(std::string_view full_name) const {
    const auto found = std::ranges::find_if(
        functions_, [&](const auto& one) { return cs2sim::full_name(*one->row) == full_name; });
    return found == functions_.end() ? nullptr : (*found)->row;
}

std::optional<std::uint16_t> Scheduler::find_module(std::string_view name) const {
    const auto found = std::ranges::find(functions_, name, [](const auto& one) { return one->row->module; });
    if (found == functions_.end()) return std::nullopt;
    return (*found)->row->fc;
}

std::vector<FunctionCounts> Scheduler::counts() const {
    std::vector<FunctionCounts> counts;
    for (const auto& one : functions_)
        counts.push_back({static_cast<std::uint16_t>(one->number >> 8),
                          static_cast<std::uint8_t>(one->number), one->calls.load(std::memory_order_relaxed),
                          one->refusals.load(std::memory_order_relaxed),
                          one->failures.load(std::memory_order_relaxed),
                          one->nanoseconds.load(std::memory_order_relaxed) / 1000});
    return counts;
}

Result<Bytes> Scheduler::run(Services& services, Context& context, const Request& request) {
    const CommandMemory memory;
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
    const bool traced = context.secure && tracer_ && tracer_->listening();
    const std::int64_t began = traced ? Tracer::microseconds() : 0;
    auto answer = run_row(services, context, request);
    if (traced) tracer_->ran_inside(context, request, answer, began);
    if (!answer && faults_) faults_->answered(request, answer.error());
    return answer;
}

Result<Bytes> Scheduler::run_row(Services& services, Context& context, const Request& request) {
    if (request.fc == FC_SIM && !context.control) return fail(E_CMDS_BAD_FC);
    CS2SIM_TRY(end_outdated_logons(services, context));
    Published* const function = find_published(request.fc, request.sfc);
    if (!function) return fail(has_module(request.fc) ? E_CMDS_BAD_SFC : E_CMDS_BAD_FC);
    function->count(function->calls);
    if (const auto allowed = refuse(services, context, *function->row); !allowed) {
        function->count(function->refusals);
        return fail(allowed.error());
    }
    return perform(services, context, request, *function);
}

// A session of somebody whose key, password or rights were changed meanwhile goes on no longer; on a plain
// connection they are logged off, and what they held open is closed.
Result<void> Scheduler::end_outdated_logons(const Services& services, Context& context) {
    bool outdated = false;
    for (LoggedOnUser& on : context.users) {
        CS2SIM_TRY_LET(current, services.users.is_current(on));
        outdated = outdated || !current;
    }
    if (!outdated) return {};
    context.users.clear();
    context.handles.clear();
    if (!context.secure) return {};
    services.sessions.close(static_cast<const Session&>(context).id);
    return fail(E_CMDS_SM_SESS_CLOSED);
}

Result<void> Scheduler::refuse(const Services& services, const Context& context,
                               const FunctionSignature& row) const {
    const auto& disabled = services.profile.disabled_functions;
    if (!disabled.empty() && std::ranges::find(disabled, FunctionId{row.fc, row.sfc}) != disabled.end())
        return fail(E_CMDS_SFC_DISABLED);
    if (const std::uint32_t barred = barred_by(row.rules, modes()); barred != 0) return fail(barred);
    if (!permits(context.auth_state(), row.permission)) return fail(denial(context));
    return {};
}

Result<Bytes> Scheduler::perform(Services& services, Context& context, const Request& request,
                                 Published& function) {
    const auto block = parse(function.row->request, request.block);
    if (!block) {
        function.count(function.refusals);
        return fail(block.error());
    }
    Call call(services, context, *function.row, *block, function.state);
    if (faults_ && faults_->armed()) CS2SIM_TRY(faults_->meet(call));
    const auto began = std::chrono::steady_clock::now();
    auto answer = function.handler(call);
    function.count(function.nanoseconds, nanoseconds_since(began));
    if (!answer)
        function.count(function.failures);
    else if (function.row->audit_class != AUDIT_NOTHING && !call.audited())
        call.audit(function.row->audit_class, full_name(*function.row));
    return answer;
}

// Certified firmware tells "log on first" from "that user may not".
std::uint32_t Scheduler::denial(const Context& context) const {
    if (!context.users.empty()) return E_CMDS_DENIED;
    if ((modes() & MODE_FIPS) != 0) return E_CMDS_DENIED_FIPS;
    if ((modes() & MODE_CC) != 0) return E_CMDS_DENIED_CC;
    return E_CMDS_DENIED;
}

void Call::audit(std::uint32_t audit_class, std::string_view text) const {
    *audited_ = true;
    if (unlogged_ && audit_class == AUDIT_KEY) return;
    std::string line;
    for (const LoggedOnUser& user : context.users) line += (line.empty() ? "[" : ",") + user.name();
    line += line.empty() ? "[] " : "] ";
    line += text;
    // A full log must not undo what was done: the log's own rule (rotate or not) decides what is lost.
    (void)device.smos.audit_log.write(audit_class, line);
}

}  // namespace cs2sim
