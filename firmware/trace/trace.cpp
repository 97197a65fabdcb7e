#include "firmware/trace/trace.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/sessions.h"
#include "firmware/trace/mask.h"

namespace cs2sim {
namespace {

std::int64_t since_1970() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::string names_of(const std::vector<LoggedOnUser>& users) {
    std::string names;
    for (const LoggedOnUser& user : users) names += (names.empty() ? "" : ",") + user.name();
    return names;
}

ByteView head(ByteView bytes) { return bytes.first(std::min(bytes.size(), Trace::kLongest)); }

}  // namespace

struct Trace::Event {
    std::int64_t began;
    std::uint32_t connection;
    std::string_view peer;
    std::uint32_t session;  // 0: a frame, with its header; else a command inside that session
    const Context& context;
    Reply::Action action;
    std::uint32_t code;
    ByteView request;
    ByteView answer;
    std::optional<Request> command;  // nothing when the frame was none

    const FunctionSignature* function;  // of the command; null when none is published
    bool service = false;               // of a module, inside a command

    Bytes encode(std::uint64_t number, std::uint16_t modes, bool secrets) const;
};

Bytes Trace::Event::encode(std::uint64_t number, std::uint16_t modes, bool secrets) const {
    Bytes sent = to_bytes(head(request));
    Bytes back = to_bytes(head(answer));
    if (!secrets && command) {
        const std::size_t block = request.size() - command->block.size();
        mask_request(function, code, sent, block);
        if (code == 0) mask_answer(function, back, session == 0 ? kFrameHeader : 0);
    }
    const std::int64_t took = microseconds() - began;
    auto encoded =
        compose(LAYOUT_TRACE_EVENT,
                {number, since_1970(), static_cast<std::uint32_t>(std::min<std::int64_t>(took, UINT32_MAX)),
                 connection, peer, session, modes, context.auth_state(), names_of(context.users),
                 command ? command->fc : 0, command ? command->sfc : 0, command.has_value(),
                 service ? kService : static_cast<std::uint8_t>(action), code, request.size(), sent,
                 answer.size(), back});
    return encoded ? *std::move(encoded) : Bytes{};
}

void Trace::publish(const Event& event) {
    const std::lock_guard lock(mutex_);
    ++events_;
    const std::int64_t now = microseconds();
    std::erase_if(listeners_, [&](const auto& entry) { return now - entry.second.last_read > kPatience; });
    count_listeners();

    std::shared_ptr<const Bytes> encoded[2];  // masked, and as it came
    for (auto& [id, listener] : listeners_) {
        if (event.service && !listener.options.services) continue;
        auto& bytes = encoded[listener.options.secrets ? 1 : 0];
        if (!bytes)
            bytes =
                std::make_shared<Bytes>(event.encode(events_, scheduler_.modes(), listener.options.secrets));
        if (listener.bytes + bytes->size() > kMostBytes) {
            ++listener.lost;
            continue;
        }
        listener.bytes += bytes->size();
        listener.events.push_back(bytes);
    }
}

// Under the lock.
void Trace::count_listeners() {
    const bool services = std::any_of(listeners_.begin(), listeners_.end(),
                                      [](const auto& entry) { return entry.second.options.services; });
    listening_.store(!listeners_.empty(), std::memory_order_relaxed);
    hears_services_.store(services, std::memory_order_relaxed);
}

std::uint32_t Trace::open(TraceOptions options) {
    const std::lock_guard lock(mutex_);
    Listener& listener = listeners_[++last_listener_];
    listener.options = options;
    listener.last_read = microseconds();
    count_listeners();
    return last_listener_;
}

Result<Trace::Batch> Trace::read(std::uint32_t id) {
    const std::lock_guard lock(mutex_);
    const auto found = listeners_.find(id);
    if (found == listeners_.end()) return fail(E_SIM_PARAM);
    Listener& listener = found->second;
    listener.last_read = microseconds();
    Batch batch;
    batch.lost = std::exchange(listener.lost, 0);
    constexpr std::size_t kRoom = kMaxFrame - 1024;
    while (!listener.events.empty() && batch.events.size() + listener.events.front()->size() <= kRoom) {
        append(batch.events, *listener.events.front());
        listener.bytes -= listener.events.front()->size();
        listener.events.pop_front();
    }
    return batch;
}

void Trace::close(std::uint32_t id) {
    std::map<std::uint32_t, Listener>::node_type ended;
    {
        const std::lock_guard lock(mutex_);
        ended = listeners_.extract(id);
        count_listeners();
    }
    if (!ended) return;
    ended = {};
    ::malloc_trim(0);  // what it held, and what it was gathered with, goes back to the system
}

void Trace::ran_inside(const Context& session, const Request& request, const Result<Bytes>& answer,
                       std::int64_t began) {
    const TracedFrame* const frame = session.frame.traced;
    if (!frame || request.fc == FC_SIM) return;
    publish({began, frame->connection_, frame->peer_, static_cast<const Session&>(session).id, session,
             Reply::Action::send, answer ? 0 : answer.error().code, request.block,
             answer ? ByteView(*answer) : ByteView(), request, scheduler_.find(request.fc, request.sfc)});
}

// Told as if it were a command inside a session: its number is the session's, or that of no session.
void Trace::served(const Context& caller, const FunctionSignature& row, const Request& request,
                   const Result<Bytes>& answer, std::int64_t began) {
    constexpr std::uint32_t kNoSession = 0xFFFFFFFF;
    const TracedFrame* const frame = caller.frame.traced;
    if (!frame) return;
    publish({began, frame->connection_, frame->peer_,
             caller.secure ? static_cast<const Session&>(caller).id : kNoSession, caller, Reply::Action::send,
             answer ? 0 : answer.error().code, request.block, answer ? ByteView(*answer) : ByteView(),
             request, &row, true});
}

TracedFrame::TracedFrame(Trace& trace, Context& caller, std::uint32_t connection, std::string_view peer)
    : trace_(trace), caller_(caller), connection_(connection), peer_(peer), began_(Tracer::microseconds()) {
    caller_.frame.traced = this;
}

TracedFrame::~TracedFrame() { caller_.frame.traced = nullptr; }

void TracedFrame::answered(ByteView frame, const Reply& reply) const {
    const auto request = parse_request(frame);
    if (request && request->fc == FC_SIM) return;
    const auto answer = parse_answer(reply.frame);
    trace_.publish({began_, connection_, peer_, 0, caller_, reply.action, answer ? 0 : answer.error().code,
                    frame, reply.frame, request ? std::optional<Request>(*request) : std::nullopt,
                    request ? trace_.scheduler_.find(request->fc, request->sfc) : nullptr});
}

}  // namespace cs2sim
