// One open file of a device node, with a conversation of its own. It does not know FUSE: a caller's request
// is a NodeRequest that is finished exactly once, at once or when its time has come, and no thread is held by
// one that waits. README.md says what each case comes to.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>

#include "driver/caller_memory.h"
#include "driver/caller_window.h"
#include "driver/pace.h"
#include "firmware/protocol/conversation.h"
#include "firmware/protocol/frame.h"

namespace cs2sim {

inline constexpr auto kNever = std::chrono::steady_clock::time_point::max();

// What a request comes to.
struct Outcome {
    int error = 0;             // errno, or 0
    Bytes data = {};           // of a read
    std::uint32_t length = 0;  // the size of the whole answer frame
};

// A request of a caller, kept by the node until it is finished. Made by a shim.
class NodeRequest {
public:
    virtual ~NodeRequest() = default;
    virtual void finish(Outcome outcome) = 0;
    virtual const void* key() const = 0;   // what Node::interrupt() names it by
    virtual bool interrupted() const = 0;  // a signal arrived already
};

// Somebody sleeps in poll(): wake() once the file's readiness has changed, then destroy.
class Poller {
public:
    virtual ~Poller() = default;
    virtual void wake() = 0;
};

class Node;

class NodeFile : public std::enable_shared_from_this<NodeFile> {
public:
    NodeFile(Node& node, std::unique_ptr<Conversation> conversation);

    struct Written {
        int error = 0;
        std::size_t taken = 0;  // bytes accepted, never more than to the end of one frame
        bool whole = false;     // a command is complete: tell the writer, then call run()
    };
    // A frame for which callers' memory has no room is answered by E_CMDS_NO_MEM, the rest of it is
    // swallowed.
    Written write(ByteView bytes, bool nonblock);
    // Takes one whole frame, for which run() is to be called next, and waits for its answer: `request` gets
    // at most `space` bytes of it, the rest is left for read(). ETIMEDOUT, or a signal's EINTR: the command
    // runs on, its answer is left for read(). An errno when it is not taken; `request` is then still the
    // caller's. Precondition: `frame` stays where it is until run() returns.
    int exchange(std::unique_ptr<NodeRequest>& request, ByteView frame, std::size_t space,
                 std::chrono::milliseconds timeout);
    // Where exchanges of this file may find their requests and leave their answers; null at first.
    void share(std::shared_ptr<const CallerWindow> window);
    std::shared_ptr<const CallerWindow> window() const;
    // Has the complete command answered and serves whoever waits for that. Blocks as long as the command
    // takes.
    void run();
    // Whether run() is to be expected to take long: commands of one session are much alike.
    bool runs_long() const { return pace_.expects_long(); }

    void read(std::unique_ptr<NodeRequest> request, std::size_t size, bool nonblock);
    // How long reads that may wait do so from now on; ETIMEDOUT when it is over. Negative: for ever.
    void limit_reads(std::chrono::milliseconds timeout);
    // Waits for an answer without taking it. Negative timeout: for ever.
    void await(std::unique_ptr<NodeRequest> request, std::chrono::milliseconds timeout);
    // Takes the node for this file alone, waiting up to `timeout` (zero: not at all) while another has it.
    void take(std::unique_ptr<NodeRequest> request, std::chrono::milliseconds timeout);
    int give();  // errno
    // Events of poll(2) that are true now; `poller` (or null) is woken when that may have changed.
    unsigned poll(std::unique_ptr<Poller> poller);
    void close();  // the last descriptor is gone

private:
    friend class Node;
    using Instant = std::chrono::steady_clock::time_point;
    enum class State : std::uint8_t { idle, running, answered, silent, ended };
    enum class Want : std::uint8_t { data, answer, node };
    struct Waiting {
        Want want;
        std::size_t size;
        Instant deadline;
        std::uint64_t turn;
        std::unique_ptr<NodeRequest> request;
        Outcome outcome = {};  // once it is finished
    };
    using Requests = std::list<Waiting>;
    using Pollers = std::list<std::unique_ptr<Poller>>;
    // What a change of state brought about, carried out after the lock is released. Requests and pollers move
    // here as they are: to finish what waits takes no memory, so nobody is left waiting where there is none.
    struct Effects {
        Requests finished;
        Pollers pollers;
        void finish(Requests& from, Requests::iterator one, Outcome outcome);
        void carry_out();
    };

    static Requests one_request(Want want, std::size_t size, Instant deadline,
                                std::unique_ptr<NodeRequest> request);
    Reply transact();
    Written take_bytes(ByteView bytes, bool nonblock, Effects& effects);

    // All with the node's lock held.
    bool begin_whole(ByteView frame);
    bool hold(std::size_t bytes);  // false when callers hold too much already
    void refuse_frame(Effects& effects);
    bool gone() const;                   // no command will ever be answered again
    int admission(bool nonblock) const;  // of a new command: errno
    std::optional<Outcome> outcome_of(const Waiting& waiting);
    Outcome take_data(std::size_t size);
    void answer_is_read();
    void submit(Requests waiting, std::optional<Outcome> instead, Effects& effects);
    void serve(Effects& effects);
    void change(State state, Effects& effects);
    bool served() const { return conversation_ != nullptr; }
    // Nobody is logged on, nothing is under way, and that for a while.
    bool may_give_way(Instant now) const;
    std::unique_ptr<Conversation> give_way(
        Effects& effects);  // whoever opened it finds the device gone (EIO)

    Node& node_;
    std::unique_ptr<Conversation> conversation_;
    State state_ = State::idle;
    Instant last_used_ = std::chrono::steady_clock::now();
    bool closed_ = false;
    Pace pace_;
    CallerMemory::Holding holding_;
    bool holds_ = false;
    FrameReader reader_;
    Bytes gathered_;    // a command that came in pieces
    ByteView command_;  // whole, on its way to the conversation: in gathered_, or where the writer has it
    Bytes answer_;
    std::size_t given_ = 0;  // bytes of answer_ that have been read
    bool last_ = false;      // after this answer the device hangs up
    std::chrono::milliseconds read_limit_{-1};
    std::shared_ptr<const CallerWindow> window_;
    Requests waiting_;
    Pollers poller_;  // one, or none
};

}  // namespace cs2sim
