#include "firmware/faults/engine.h"

#include <algorithm>
#include <cstdio>

#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/users.h"

namespace cs2sim {
namespace {

bool at_storage(FaultAction action) {
    return action == FaultAction::crash_before_commit || action == FaultAction::crash_after_commit ||
           action == FaultAction::no_space || action == FaultAction::fail_write;
}

bool same_key(ByteView one, ByteView other) {
    return std::ranges::equal(without_filling(one), without_filling(other));
}

// Whose command it is. A name that no user has may be a password, typed into the wrong place.
std::string user_shown(const Call& call, const SeenCommand& seen) {
    if (!call.context.users.empty()) return call.context.users.front().short_name;
    return !seen.users.empty() && call.device.users.find(seen.users.front()) ? std::string(seen.users.front())
                                                                             : "";
}

// Envelopes and transport frames are no commands of a user: a rule meets them only when it names them.
bool named_only(const SeenCommand& seen) {
    return seen.fc == FC_SMOS || (seen.fc == FC_CMDS && seen.sfc == SFC_CMDS_SECURE_MESSAGE);
}

}  // namespace

namespace {

// A function of a module that came at run time goes by its number: the catalogue does not know its name.
FaultRule by_number(FaultRule rule, const Services& device) {
    if (rule.function.empty() || find_function_pattern(rule.function)) return rule;
    if (const FunctionSignature* row = device.scheduler.find(rule.function)) {
        rule.function = number_text(row->fc, row->sfc);
    } else if (const auto fc = device.scheduler.find_module(rule.function)) {
        char text[8];
        std::snprintf(text, sizeof text, "%03X", unsigned{*fc});
        rule.function = text;
    }
    return rule;
}

}  // namespace

FaultEngine::Armed FaultEngine::add(const FaultRule& asked, Services& device) {
    const FaultRule rule = by_number(asked, device);
    if (std::string words = refusal(rule, device); !words.empty()) return {0, std::move(words)};
    auto armed = std::make_shared<Rule>();
    armed->rule = rule;
    if (!rule.function.empty()) armed->pattern = find_function_pattern(rule.function);
    if (rule.action == FaultAction::no_sessions) armed->pattern = {{FC_CMDS, SFC_CMDS_OPEN_SESSION}};
    armed->short_user = rule.user;
    if (const auto user = rule.user.empty() ? fail(E_CMDS_NO_USER) : device.users.find(rule.user))
        armed->short_user = user->short_name;
    armed->armed_at = monotonic_milliseconds();
    armed->random.seed(rule.seed);

    const std::lock_guard lock(mutex_);
    if (rules_.size() >= kMostRules) return {0, "there are " + std::to_string(kMostRules) + " rules already"};
    armed->id = ++last_id_;
    rules_.push_back(armed);
    armed_ = true;
    return {armed->id, {}};
}

Result<void> FaultEngine::remove(std::uint32_t id) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(rules_, id, [](const RulePtr& rule) { return rule->id; });
    if (found == rules_.end()) return fail(E_SIM_NO_RULE);
    (*found)->removed = true;
    rules_.erase(found);
    armed_ = !rules_.empty();
    return {};
}

void FaultEngine::clear() {
    const std::lock_guard lock(mutex_);
    for (const RulePtr& rule : rules_) rule->removed = true;
    rules_.clear();
    armed_ = false;
}

std::vector<FaultEngine::Entry> FaultEngine::list() const {
    const std::lock_guard lock(mutex_);
    std::vector<Entry> entries;
    for (const RulePtr& rule : rules_) entries.push_back({rule->id, rule->matches, rule->hits, rule->rule});
    return entries;
}

std::vector<FaultHit> FaultEngine::log(std::uint64_t after) const {
    const std::lock_guard lock(mutex_);
    std::vector<FaultHit> hits;
    std::ranges::copy_if(hits_, std::back_inserter(hits),
                         [&](const FaultHit& hit) { return hit.number > after; });
    return hits;
}

std::vector<ErrorCount> FaultEngine::error_counts() const {
    const std::lock_guard lock(mutex_);
    std::vector<ErrorCount> counts;
    for (const auto& [key, count] : errors_)
        counts.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), count});
    return counts;
}

void FaultEngine::answered(const Request& request, Error error) {
    constexpr std::size_t kMostKinds = 10000;  // hosts choose FC and SFC
    const std::tuple key{request.fc, request.sfc, error.code};
    const std::lock_guard lock(mutex_);
    if (errors_.size() < kMostKinds || errors_.contains(key)) ++errors_[key];
}

bool FaultEngine::matches(const Rule& rule, const SeenCommand& seen, std::int64_t now) {
    const FaultRule& wanted = rule.rule;
    const auto& pattern = rule.pattern;
    if (pattern && (pattern->fc != seen.fc || (pattern->sfc && *pattern->sfc != seen.sfc))) return false;
    if (named_only(seen) && !(pattern && pattern->sfc)) return false;
    if (wanted.session != 0 && wanted.session != seen.session) return false;
    if (!wanted.connection.empty() && seen.connection.find(wanted.connection) == std::string_view::npos)
        return false;
    if (!wanted.user.empty() && std::ranges::none_of(seen.users, [&](std::string_view user) {
            return user == wanted.user || user == rule.short_user;
        }))
        return false;
    const std::int64_t age = now - rule.armed_at;
    if (age < wanted.from || (wanted.until != 0 && age >= wanted.until)) return false;
    if (at_storage(wanted.action)) return true;  // storage knows which database and record it is
    if (!wanted.database.empty() && wanted.database != seen.database) return false;
    return wanted.key.empty() ||
           std::ranges::any_of(seen.keys, [&](ByteView key) { return same_key(key, wanted.key); });
}

bool FaultEngine::due(Rule& rule) {
    ++rule.matches;
    if (rule.removed || rule.matches < rule.rule.nth) return false;
    if (rule.rule.times != 0 && rule.hits >= rule.rule.times) return false;
    if (rule.rule.millionths < 1000000 && rule.random() % 1000000 >= rule.rule.millionths) return false;
    ++rule.hits;
    return true;
}

void FaultEngine::log_hit(const Rule& rule, const FaultFrame& frame, std::int64_t time) {
    FaultRule action;
    action.action = rule.rule.action;
    action.code = rule.rule.code;
    action.value = rule.rule.value;
    action.spread = rule.rule.spread;
    hits_.push_back({++hit_count_, time, rule.id, text_of(action).substr(3), std::string(frame.connection_),
                     frame.user_, frame.frame_});
    if (hits_.size() > kHits) hits_.pop_front();
}

Result<void> FaultEngine::meet(Call& call) {
    FaultFrame* const frame = call.context.frame.faults;
    if (!frame || call.context.control) return {};
    const SeenCommand seen = look_at(call, frame->connection_);
    const std::int64_t now = monotonic_milliseconds();
    const std::int64_t time = call.device.smos.clock.milliseconds();
    std::vector<RulePtr> hit;
    {
        const std::lock_guard lock(mutex_);
        bool first = true;
        for (const RulePtr& rule : rules_) {
            if (!matches(*rule, seen, now)) continue;
            if (std::exchange(first, false)) {
                frame->user_ = user_shown(call, seen);
                frame->frame_ = masked_frame(call);
                frame->clock_ = &call.device.smos.clock;
            }
            if (at_storage(rule->rule.action)) {
                frame->storage_.push_back({rule, 0});
            } else if (due(*rule)) {
                log_hit(*rule, *frame, time);
                hit.push_back(rule);
            }
        }
    }
    for (const RulePtr& rule : hit) CS2SIM_TRY(perform(rule, call, *frame));
    return {};
}

bool FaultEngine::storage_due(Rule& rule, const FaultFrame& frame, std::int64_t time) {
    const std::lock_guard lock(mutex_);
    if (!due(rule)) return false;
    log_hit(rule, frame, time);
    return true;
}

}  // namespace cs2sim
