// Traces: whoever listens gets every frame and every command inside a session, as it was answered.
//
// Listeners come through the simulator's control socket (FC SIM, TRACE_*). What the catalogue marks as secret
// is replaced by '*' before it reaches one, unless it asked for it (a recording that shall be replayed needs
// it). Commands of FC SIM are not traced. While nobody listens a command pays one relaxed atomic load.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "firmware/cmds/tracer.h"
#include "firmware/protocol/conversation.h"

namespace cs2sim {

class Scheduler;
class Trace;
Module trace_module(Trace& trace);  // FC SIM: TRACE_OPEN, TRACE_READ, TRACE_CLOSE

struct TraceOptions {
    bool secrets = false;   // as they came
    bool services = false;  // of users' modules, beside commands
};

class Trace final : public Tracer {
public:
    // What stands for the action of an event that is a service: no reply has it.
    static constexpr std::uint8_t kService = 3;
    // Longest part of a request or answer that an event holds: one event fits into one answer frame.
    static constexpr std::size_t kLongest = 0x30000;
    // What a listener may leave unread; beyond that events are lost, and counted.
    static constexpr std::size_t kMostBytes = 32 << 20;
    // A listener who does not read for so long is gone.
    static constexpr std::int64_t kPatience = 10'000'000;

    explicit Trace(const Scheduler& scheduler) : scheduler_(scheduler) {}

    std::uint32_t open(TraceOptions options);
    struct Batch {
        std::uint64_t lost = 0;
        Bytes events;  // LAYOUT_TRACE_EVENT, back to back; as many as fit into one answer frame
    };
    Result<Batch> read(std::uint32_t listener);  // E_SIM_PARAM: no such listener
    void close(std::uint32_t listener);

    void ran_inside(const Context& session, const Request& request, const Result<Bytes>& answer,
                    std::int64_t began) override;

    void served(const Context& caller, const FunctionSignature& row, const Request& request,
                const Result<Bytes>& answer, std::int64_t began) override;

    std::uint32_t next_connection() { return ++connections_; }

private:
    friend class TracedFrame;
    struct Event;
    struct Listener {
        TraceOptions options;
        std::deque<std::shared_ptr<const Bytes>> events;
        std::size_t bytes = 0;
        std::uint64_t lost = 0;
        std::int64_t last_read = 0;
    };
    void publish(const Event& event);
    void count_listeners();

    const Scheduler& scheduler_;
    std::atomic<std::uint32_t> connections_{0};
    std::mutex mutex_;
    std::map<std::uint32_t, Listener> listeners_;
    std::uint32_t last_listener_ = 0;
    std::uint64_t events_ = 0;
};

// A frame on its way through the device, for as long as it is; made only while somebody listens.
class TracedFrame {
public:
    // Stands in `caller.frame` until it ends, so that commands sealed inside are known to belong to it.
    TracedFrame(Trace& trace, Context& caller, std::uint32_t connection, std::string_view peer);
    ~TracedFrame();
    TracedFrame(const TracedFrame&) = delete;
    TracedFrame& operator=(const TracedFrame&) = delete;

    void answered(ByteView frame, const Reply& reply) const;

private:
    friend class Trace;
    Trace& trace_;
    Context& caller_;
    std::uint32_t connection_;
    std::string_view peer_;
    std::int64_t began_;
};

}  // namespace cs2sim
