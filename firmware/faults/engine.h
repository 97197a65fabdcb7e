// The fault engine: holds the armed rules, lets commands meet them, keeps the log of hits.
//
// With no rule armed a command pays one relaxed atomic load. Safe to use from several threads at once.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "firmware/cmds/call.h"
#include "firmware/cmds/faults.h"
#include "firmware/faults/rules/rule.h"
#include "firmware/faults/seen_command.h"
#include "firmware/protocol/conversation.h"
#include "firmware/smos/fault_points.h"

namespace cs2sim {

struct FaultHit {
    std::uint64_t number = 0;  // from 1
    std::int64_t time = 0;     // by the device's clock, ms since 1970
    std::uint32_t rule = 0;
    std::string what;  // the fault, e.g. "error=B0830063"
    std::string connection;
    std::string user;
    std::string frame;  // masked_frame()
};

struct ErrorCount {
    std::uint16_t fc = 0;
    std::uint8_t sfc = 0;
    std::uint32_t code = 0;
    std::uint64_t count = 0;
};

class FaultFrame;

class FaultEngine final : public Faults {
public:
    struct Armed {
        std::uint32_t id = 0;  // 0 when refused
        std::string refusal;   // why it can match nothing
    };
    Armed add(const FaultRule& asked, Services& device);
    Result<void> remove(std::uint32_t id);  // E_SIM_NO_RULE
    void clear();

    struct Entry {
        std::uint32_t id;
        std::uint64_t matches;
        std::uint64_t hits;
        FaultRule rule;
    };
    std::vector<Entry> list() const;
    std::vector<FaultHit> log(std::uint64_t after) const;  // newest kHits at most, oldest first
    std::vector<ErrorCount> error_counts() const;          // since the device was started

    Result<void> meet(Call& call) override;
    void answered(const Request& request, Error error) override;

    static constexpr std::size_t kHits = 1000;
    static constexpr std::size_t kMostRules = 1000;

private:
    friend class FaultFrame;
    struct Rule {
        std::uint32_t id = 0;
        FaultRule rule;
        std::string short_user;  // of a long name, as far as the device knows it
        std::optional<FunctionPattern> pattern;
        std::int64_t armed_at = 0;  // monotonic ms
        std::uint64_t matches = 0;
        std::uint64_t hits = 0;
        std::mt19937_64 random;
        std::atomic<bool> removed{false};
    };
    using RulePtr = std::shared_ptr<Rule>;

    static bool matches(const Rule& rule, const SeenCommand& seen, std::int64_t now);
    static bool due(Rule& rule);  // counts a match; with the mutex held
    void log_hit(const Rule& rule, const FaultFrame& frame, std::int64_t time);
    Result<void> perform(const RulePtr& rule, Call& call, FaultFrame& frame);
    void wait(Rule& rule, const Context& context);
    bool storage_due(Rule& rule, const FaultFrame& frame, std::int64_t time);

    mutable std::mutex mutex_;
    std::vector<RulePtr> rules_;
    std::uint32_t last_id_ = 0;
    std::deque<FaultHit> hits_;
    std::uint64_t hit_count_ = 0;
    std::map<std::tuple<std::uint16_t, std::uint8_t, std::uint32_t>, std::uint64_t> errors_;
};

// One frame on its way through a device with armed rules. Made by the conversation, for whose context it
// stands (Context::frame) while the frame runs; commands sealed inside belong to the frame that carries them.
class FaultFrame final : public FaultObserver {
public:
    FaultFrame(FaultEngine& engine, Context& caller, std::string_view connection);
    ~FaultFrame() override;
    FaultFrame(const FaultFrame&) = delete;
    FaultFrame& operator=(const FaultFrame&) = delete;

    // What the rules that were met make of the reply.
    Reply apply(Reply reply) const;

    Result<void> reached(FaultPoint point, std::string_view name, ByteView key) override;

private:
    friend class FaultEngine;
    struct StorageRule {
        FaultEngine::RulePtr rule;
        std::uint32_t records = 0;  // written so far
    };
    Result<void> meet_storage(StorageRule& met, FaultPoint point, std::string_view name, ByteView key);

    FaultEngine& engine_;
    Context& caller_;
    std::string_view connection_;
    FaultObserverScope scope_;
    std::vector<StorageRule> storage_;
    std::string user_;   // of the command that met a rule last
    std::string frame_;  // and that command, masked
    const Clock* clock_ = nullptr;
    FaultAction transport_ = FaultAction::error;  // none
    std::int64_t transport_value_ = 0;
};

// Why the rule can match nothing on this device, in words; empty when it can.
std::string refusal(const FaultRule& rule, Services& device);

}  // namespace cs2sim
