#include "tools/daemon/activity_log.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "driver/thread_boundary.h"
#include "firmware/protocol/frame.h"
#include "firmware/protocol/functions.h"
#include "firmware/protocol/terminal_text.h"

namespace cs2sim {
namespace {

using Clock = std::chrono::steady_clock;

std::string name_of(std::uint16_t fc, std::uint8_t sfc) {
    const FunctionSignature* function = find_function(fc, sfc);
    return function ? full_name(*function) : number_text(fc, sfc);
}

std::string result_of(std::uint32_t code) {
    if (code == 0) return "ok";
    const ErrorRow* row = find_error(code);
    return hex_code(code) + (row ? " " + std::string(row->name) : "");
}

// What is told at debug: sessions (they are closed by a command that is sealed, or with the connection), and
// commands by which the simulator is changed (a fault rule, a clock). Those that only look are many, and
// `cs2sim trace` itself is among them.
bool is_told(const Request& request) {
    if (request.fc == FC_CMDS) return request.sfc == SFC_CMDS_OPEN_SESSION;
    if (request.fc != FC_SIM || request.sfc == SFC_SIM_TRACE_READ) return false;
    const FunctionSignature* function = find_function(request.fc, request.sfc);
    return function && !function->has(traits::kRepeatable);
}

class ToldConversation final : public Conversation {
public:
    ToldConversation(std::unique_ptr<Conversation> told, const std::string& peer)
        : told_(std::move(told)), peer_(terminal_text(peer)) {
        spdlog::debug("{}: connected", peer_);
    }
    ~ToldConversation() override {
        told_.reset();
        const std::chrono::duration<double> passed = Clock::now() - began_;
        spdlog::debug("{}: gone after {} commands, {:.3f} s", peer_, commands_, passed.count());
    }
    Reply transact(ByteView frame) override {
        ++commands_;
        const auto request = parse_request(frame);
        const bool tells = request && is_told(*request);
        const std::string name = tells ? name_of(request->fc, request->sfc) : std::string();
        Reply reply = told_->transact(frame);
        if (tells) {
            const auto answer = parse_answer(reply.frame);
            spdlog::debug("{}: {}: {}", peer_, name, result_of(answer ? 0 : answer.error().code));
        }
        return reply;
    }
    void abandon() override { told_->abandon(); }
    bool logged_on() const override { return told_->logged_on(); }

private:
    std::unique_ptr<Conversation> told_;
    const std::string peer_;
    const Clock::time_point began_ = Clock::now();
    std::uint64_t commands_ = 0;
};

// A command as a line. Its block and its answer are in the event too, with secrets masked; they are left out.
void tell(const Block& event) {
    const auto fc = event.u16("fc");
    const auto sfc = event.u8("sfc");
    const std::uint32_t session = event.u32("session"), code = event.u32("code");
    // The envelope of a command that is told itself says nothing more.
    if (fc == FC_CMDS && sfc == SFC_CMDS_SECURE_MESSAGE && code == 0 && event.u8("action") == 0) return;
    spdlog::trace("{}{}: {}, {} bytes, answer {} bytes, {}, {} us", terminal_text(event.text("peer")),
                  session != 0 ? ", in a session" : "",
                  event.u8("known") != 0 ? name_of(fc, sfc) : "no command", event.u32("requestsize"),
                  event.u32("answersize"), result_of(code), event.u32("micros"));
}

}  // namespace

Answerer told(Answerer answerer, Reach reach, const std::string& level) {
    if (level != "debug" && level != "trace") return answerer;
    return [answerer = std::move(answerer), reach](std::string peer) -> std::unique_ptr<Conversation> {
        auto conversation = answerer(peer);
        if (reach == Reach::control) peer += " (control)";
        if (conversation) return std::make_unique<ToldConversation>(std::move(conversation), peer);
        spdlog::debug("{}: refused", terminal_text(peer));
        return nullptr;
    };
}

void tell_start_of(const StartOptions& options, bool is_new) {
    std::string words;
    for (const std::string& word : words_of(options)) words += " " + terminal_text(word);
    spdlog::debug("cs2sim " CS2SIM_VERSION ", state {} opened, {}", terminal_text(options.state.string()),
                  is_new ? "a new device" : "the device of before");
    spdlog::debug("options in force:{}", words);
}

CommandLog::CommandLog(SimulatedDevice& device) : conversation_(device.converse(Reach::control, "log")) {
    if (!conversation_ || !open() || !guarded("log", [this] { thread_ = std::thread([this] { listen(); }); }))
        spdlog::warn("commands are not told: no memory or thread is left");
}

CommandLog::~CommandLog() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    change_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void CommandLog::listen() {
    constexpr std::chrono::milliseconds kPause{25};  // as `cs2sim trace`
    guarded("log", [&] {
        for (bool ended = false; !ended;) {
            {
                std::unique_lock lock(mutex_);
                ended = change_.wait_for(lock, kPause, [this] { return ended_; });
            }
            if (!drain() && !ended) open();  // nobody read for long: this machine was asleep
        }
    });
}

bool CommandLog::open() {
    const auto answer = ask(SFC_SIM_TRACE_OPEN, {0u});
    const auto block = answer ? parse(find_function(FC_SIM, SFC_SIM_TRACE_OPEN)->answer, *answer)
                              : Result<Block>(fail(answer.error()));
    if (block) listener_ = block->u32("listener");
    return block.has_value();
}

// False: nobody listens there any more.
bool CommandLog::drain() {
    for (;;) {
        const auto answer = ask(SFC_SIM_TRACE_READ, {listener_});
        if (!answer) return false;
        const auto block = parse(find_function(FC_SIM, SFC_SIM_TRACE_READ)->answer, *answer);
        if (!block) return false;
        if (const std::uint64_t lost = block->u64("lost"))
            spdlog::warn("{} commands are not told: they came faster than the log could be written", lost);
        ByteView events = block->bytes("events");
        if (events.empty()) return true;
        while (!events.empty()) {
            const auto event = parse_prefix(static_cast<const Layout&>(LAYOUT_TRACE_EVENT), events);
            if (!event) return false;
            tell(*event);
        }
    }
}

Result<Bytes> CommandLog::ask(std::uint8_t sfc, std::initializer_list<Value> values) {
    CS2SIM_TRY_LET(block, compose(find_function(FC_SIM, sfc)->request, values));
    const Reply reply = conversation_->transact(request_frame(FC_SIM, sfc, block));
    CS2SIM_TRY_LET(answer, parse_answer(reply.frame));
    return to_bytes(answer);
}

}  // namespace cs2sim
