// What rules do to the commands that they hit.
#include <csignal>
#include <thread>

#include "firmware/adm/adm.h"
#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/sessions.h"
#include "firmware/faults/device_state.h"
#include "firmware/faults/engine.h"

namespace cs2sim {
namespace {

[[noreturn]] void crash() {
    std::raise(SIGKILL);  // as a power cut: nothing is flushed, nothing is told
    std::abort();
}

Result<void> expire(Call& call) {
    if (!call.context.secure) return {};
    call.device.sessions.expire(static_cast<Session&>(call.context).id);
    return fail(E_CMDS_SM_EXPIRED);
}

Result<void> restart(Services& device) {
    const auto* control = device.scheduler.state<DeviceControl>();
    if (control && control->boot) control->boot(BootTarget::operating_system);
    return {};
}

Result<void> no_value(Result<bool> result) {
    CS2SIM_TRY(result);
    return {};
}

// What must be done before the handler; the handler then answers for itself what became of the device.
Result<void> befall(const FaultRule& rule, Call& call) {
    switch (rule.action) {
        case FaultAction::alarm:
            CS2SIM_TRY(enter_alarm(call.device, static_cast<Alarm>(rule.value)));
            return fail(E_CMDS_ALARM);
        case FaultAction::drain: {
            const auto empty = drain(call.device, rule.value);
            if (empty && *empty) return fail(E_CMDS_ALARM);
            return no_value(empty);
        }
        case FaultAction::clock:
            return move_clock(call.device, rule.value);
        case FaultAction::flip_mbk:
            return flip_mbk(call.device);
        case FaultAction::mode:
            return switch_mode(call.device, rule.value);
        case FaultAction::restart:
            return restart(call.device);
        case FaultAction::expire_session:
            return expire(call);
        case FaultAction::slot_event:
            call.device.scheduler.slot_events().raise(static_cast<std::uint16_t>(rule.value));
            return {};
        default:
            return {};
    }
}

}  // namespace

// In slices, so that a removed rule lets go of the commands that it holds up, and of those whose callers are
// gone.
void FaultEngine::wait(Rule& rule, const Context& context) {
    double milliseconds = static_cast<double>(rule.rule.value);
    {
        const std::lock_guard lock(mutex_);
        if (rule.rule.action == FaultAction::delay_exponential) {
            milliseconds =
                milliseconds <= 0 ? 0 : std::exponential_distribution(1 / milliseconds)(rule.random);
        } else if (rule.rule.action == FaultAction::delay_normal) {
            milliseconds = rule.rule.spread == 0
                               ? milliseconds
                               : std::normal_distribution(milliseconds,
                                                          static_cast<double>(rule.rule.spread))(rule.random);
        } else if (rule.rule.spread > rule.rule.value) {
            milliseconds = std::uniform_real_distribution(milliseconds,
                                                          static_cast<double>(rule.rule.spread))(rule.random);
        }
    }
    const std::int64_t end =
        monotonic_milliseconds() + static_cast<std::int64_t>(std::clamp(milliseconds, 0.0, 3.6e6));
    for (std::int64_t left = 0;
         !rule.removed && context.check_abandonment() && (left = end - monotonic_milliseconds()) > 0;)
        std::this_thread::sleep_for(std::chrono::milliseconds(std::min<std::int64_t>(left, 50)));
}

Result<void> FaultEngine::perform(const RulePtr& rule, Call& call, FaultFrame& frame) {
    switch (rule->rule.action) {
        case FaultAction::error:
            return fail(rule->rule.code);
        case FaultAction::delay:
        case FaultAction::delay_exponential:
        case FaultAction::delay_normal:
            wait(*rule, call.context);
            return call.context.check_abandonment();
        case FaultAction::drop:
        case FaultAction::truncate:
        case FaultAction::cut:
        case FaultAction::corrupt:
        case FaultAction::close:
            frame.transport_ = rule->rule.action;
            frame.transport_value_ = rule->rule.value;
            return {};
        case FaultAction::crash:
            crash();
        case FaultAction::no_memory:
        case FaultAction::no_sessions:
            return fail(E_CMDS_NO_MEM);
        default:
            return befall(rule->rule, call);
    }
}

FaultFrame::FaultFrame(FaultEngine& engine, Context& caller, std::string_view connection)
    : engine_(engine), caller_(caller), connection_(connection), scope_(this) {
    caller_.frame.faults = this;
}

FaultFrame::~FaultFrame() { caller_.frame.faults = nullptr; }

Reply FaultFrame::apply(Reply reply) const {
    const auto value = static_cast<std::size_t>(transport_value_);
    switch (transport_) {
        case FaultAction::drop:
            return {Reply::Action::drop, {}};
        case FaultAction::close:
            return {Reply::Action::close, {}};
        case FaultAction::truncate:
        case FaultAction::cut:
            reply.frame.resize(std::min(reply.frame.size(), value));
            if (transport_ == FaultAction::cut) reply.action = Reply::Action::close;
            return reply;
        case FaultAction::corrupt:
            if (value < reply.frame.size()) reply.frame[value] ^= 0xFF;
            return reply;
        default:
            return reply;
    }
}

// Runs on the thread that commits, while the command's own waits.
Result<void> FaultFrame::reached(FaultPoint point, std::string_view name, ByteView key) {
    for (StorageRule& met : storage_) CS2SIM_TRY(meet_storage(met, point, name, key));
    return {};
}

Result<void> FaultFrame::meet_storage(StorageRule& met, FaultPoint point, std::string_view name,
                                      ByteView key) {
    const FaultRule& rule = met.rule->rule;
    if (!rule.database.empty() && rule.database != name) return {};
    const bool record = point == FaultPoint::db_write;
    if (record && !rule.key.empty() && !std::ranges::equal(without_filling(key), without_filling(rule.key)))
        return {};
    const auto hit = [&] { return engine_.storage_due(*met.rule, *this, clock_->milliseconds()); };
    switch (rule.action) {
        case FaultAction::fail_write:
            if (record && ++met.records == static_cast<std::uint32_t>(rule.value) && hit())
                return fail(rule.code);
            return {};
        case FaultAction::no_space:
            if (record && hit()) return fail(E_DB_NO_SPACE);
            if (point == FaultPoint::flash_write && hit()) return fail(E_OS_FILE_NO_SPACE);
            return {};
        case FaultAction::crash_before_commit:
            if (point == FaultPoint::db_before_commit && hit()) crash();
            return {};
        case FaultAction::crash_after_commit:
            if (point == FaultPoint::db_after_commit && hit()) crash();
            return {};
        default:
            return {};
    }
}

}  // namespace cs2sim
