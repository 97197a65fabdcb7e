// Which rules can match nothing.
#include <algorithm>

#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/sessions.h"
#include "firmware/faults/engine.h"

namespace cs2sim {
namespace {

constexpr std::int64_t kLongestDelay = 3600000;

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string refuse_function(const FaultRule& rule, const Services& device) {
    if (rule.function.empty()) return {};
    const auto pattern = find_function_pattern(rule.function);
    if (!pattern) return "there is no function " + in_quotes(rule.function);
    if (pattern->fc == FC_SIM) return "faults do not meet the simulator's own control";
    if (!device.scheduler.has_module(pattern->fc))
        return "this device has no such module: " + in_quotes(rule.function);
    if (pattern->sfc && !device.scheduler.find(pattern->fc, *pattern->sfc))
        return "this device has no such function: " + in_quotes(rule.function);
    return {};
}

// A function that works on another database, or on none.
std::string refuse_database(const FaultRule& rule) {
    if (rule.database.empty()) return {};
    const auto plain = Flash::plain_name(rule.database);
    if (!plain || !plain->ends_with(".db") || plain->size() == 3)
        return in_quotes(rule.database) + " cannot be the name of a database";
    if (*plain != rule.database) return "databases are named without FLASH\\: " + in_quotes(*plain);
    const auto pattern = find_function_pattern(rule.function);
    if (!pattern || !pattern->sfc) return {};
    const FunctionSignature* function = find_function(pattern->fc, *pattern->sfc);
    if (!function) return {};
    const std::string_view fixed = fixed_database(*function);
    if (!fixed.empty() && fixed != rule.database)
        return rule.function + " works on " + std::string(fixed) + " only";
    if (function->touches == Touches::nothing) return rule.function + " works on no database";
    return {};
}

std::string refuse_key(const FaultRule& rule, Services& device) {
    if (rule.key.empty()) return {};
    std::size_t longest = kLongestKey;
    if (!rule.database.empty())
        if (const auto database = device.databases.open(rule.database))
            longest = (*database)->info().key_length;
    if (without_filling(rule.key).size() > longest)
        return "search keys have " + std::to_string(longest) + " bytes at most";
    return {};
}

std::string refuse_session(const FaultRule& rule, const Services& device) {
    const auto pattern = find_function_pattern(rule.function);
    const bool outside = pattern && pattern->fc == FC_CMDS && pattern->sfc &&
                         (*pattern->sfc == SFC_CMDS_OPEN_SESSION || *pattern->sfc == SFC_CMDS_SECURE_MESSAGE);
    if (rule.action == FaultAction::expire_session && outside)
        return rule.function + " does not run in a session that could expire";
    if (rule.action == FaultAction::no_sessions && pattern &&
        !(pattern->fc == FC_CMDS && pattern->sfc.value_or(SFC_CMDS_OPEN_SESSION) == SFC_CMDS_OPEN_SESSION))
        return "only CMDS.OPEN_SESSION runs out of sessions";
    if (rule.session == 0) return {};
    if (outside || rule.action == FaultAction::no_sessions)
        return "what opens or carries a session does not run in it";
    if (!device.sessions.is_open(rule.session))
        return "no such session is open, and a new one gets another number";
    return {};
}

std::string refuse_occurrence(const FaultRule& rule) {
    if (rule.nth == 0) return "occurrences count from 1";
    if (rule.millionths == 0) return "with probability 0 it never happens";
    if (rule.millionths > 1000000) return "no probability is above 1";
    if (rule.until != 0 && rule.until <= rule.from) return "the time window ends before it begins";
    return {};
}

std::string refuse_action(const FaultRule& rule) {
    const auto in = [&](std::int64_t least, std::int64_t most) {
        return rule.value >= least && rule.value <= most;
    };
    switch (rule.action) {
        case FaultAction::error:
        case FaultAction::fail_write: {
            const ErrorRow* row = find_error(rule.code);
            if (!row) return "there is no such error code";
            if (row->module == "CSA") return "no device answers a code of the host library";
            const bool write = rule.action == FaultAction::fail_write;
            return write && !in(1, UINT32_MAX) ? "records count from 1" : "";
        }
        case FaultAction::delay:
        case FaultAction::delay_exponential:
        case FaultAction::delay_normal:
            if (!in(0, kLongestDelay) || rule.spread < 0 || rule.spread > kLongestDelay)
                return "delays are 0 ms to one hour";
            return {};
        case FaultAction::truncate:
        case FaultAction::cut:
        case FaultAction::corrupt:
            return in(0, static_cast<std::int64_t>(kMaxFrame) - 1) ? "" : "no frame is that long";
        case FaultAction::alarm:
            return in(1, 3) ? "" : "there is no such alarm";
        case FaultAction::drain:
            return in(0, 2) ? "" : "there is no such battery";
        case FaultAction::mode:
            return in(0, std::ssize(kDeviceModes) - 1) ? "" : "there is no such mode";
        case FaultAction::slot_event:
            return in(0, 9999) ? "" : "slots have numbers from 0 to 9999";
        default:
            return {};
    }
}

}  // namespace

std::string refusal(const FaultRule& rule, Services& device) {
    std::string words = refuse_function(rule, device);
    if (words.empty()) words = refuse_database(rule);
    if (words.empty()) words = refuse_key(rule, device);
    if (words.empty()) words = refuse_session(rule, device);
    if (words.empty()) words = refuse_occurrence(rule);
    if (words.empty()) words = refuse_action(rule);
    return words;
}

}  // namespace cs2sim
