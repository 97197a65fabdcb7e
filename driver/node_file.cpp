#include "driver/node_file.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "driver/node.h"
#include "driver/thread_boundary.h"

namespace cs2sim {
namespace {

std::chrono::steady_clock::time_point deadline_after(std::chrono::milliseconds timeout) {
    return timeout.count() < 0 ? kNever : std::chrono::steady_clock::now() + timeout;
}

}  // namespace

void NodeFile::Effects::finish(Requests& from, Requests::iterator one, Outcome outcome) {
    one->outcome = std::move(outcome);
    finished.splice(finished.end(), from, one);
}

void NodeFile::Effects::carry_out() {
    for (Waiting& one : finished) one.request->finish(std::move(one.outcome));
    for (auto& poller : pollers) poller->wake();
}

NodeFile::NodeFile(Node& node, std::unique_ptr<Conversation> conversation)
    : node_(node), conversation_(std::move(conversation)), holding_(*node.memory_, nullptr) {}

NodeFile::Written NodeFile::write(ByteView bytes, bool nonblock) {
    Effects effects;
    Written written{.error = ENOMEM};
    if (!guarded("device node", [&] { written = take_bytes(bytes, nonblock, effects); })) {
        std::lock_guard lock(node_.mutex_);  // nobody knows any more where the next frame begins
        change(State::ended, effects);
    }
    effects.carry_out();
    return written;
}

NodeFile::Written NodeFile::take_bytes(ByteView bytes, bool nonblock, Effects& effects) {
    std::lock_guard lock(node_.mutex_);
    if (gone()) return {.error = EIO};
    if (const std::size_t rest = reader_.swallowing();
        rest > 0) {  // of an oversized frame: welcome at any time
        const std::size_t taken = std::min(rest, bytes.size());
        reader_.feed(bytes.first(taken));
        return {.taken = taken};
    }
    if (const int error = admission(nonblock); error != 0) return {.error = error};

    Written written;
    if (begin_whole(bytes)) return {.taken = bytes.size(), .whole = true};
    while (written.taken < bytes.size() && !written.whole) {
        const std::size_t piece = std::min(reader_.wanted(), bytes.size() - written.taken);
        reader_.feed(bytes.subspan(written.taken, piece));
        written.taken += piece;
        if (auto frame = reader_.next()) {
            gathered_ = std::move(*frame);
            command_ = gathered_;
            written.whole = true;
        }
    }
    if (reader_.lost()) {  // no length to go by, but the next write begins a frame
        reader_ = FrameReader();
        written.taken = bytes.size();
    }
    if (written.whole)
        state_ = State::running;
    else if (!hold(reader_.held()))
        refuse_frame(effects);
    return written;
}

// Most callers never hold anything that counts.
bool NodeFile::hold(std::size_t bytes) {
    if (!holds_ && bytes <= CallerMemory::kUncounted) return true;
    const bool held =
        holding_.hold(bytes, conversation_ && conversation_->logged_on(), std::chrono::milliseconds(0));
    if (held) holds_ = bytes > CallerMemory::kUncounted;
    return held;
}

void NodeFile::refuse_frame(Effects& effects) {
    reader_.refuse();
    hold(0);
    answer_ = error_frame({E_CMDS_NO_MEM});
    given_ = 0;
    change(State::answered, effects);
}

// Takes a command that came in one piece and needs no copy.
bool NodeFile::begin_whole(ByteView frame) {
    if (!reader_.idle() || !is_frame(frame)) return false;
    command_ = frame;
    state_ = State::running;
    return true;
}

int NodeFile::exchange(std::unique_ptr<NodeRequest>& request, ByteView frame, std::size_t space,
                       std::chrono::milliseconds timeout) {
    Effects effects;
    Requests waiting = one_request(Want::data, space, deadline_after(timeout), nullptr);
    {
        std::lock_guard lock(node_.mutex_);
        if (gone()) return EIO;
        if (const int error = admission(false); error != 0) return error;
        if (waiting.front().deadline != kNever) node_.expect(waiting.front().deadline);
        if (!begin_whole(frame)) return EINVAL;
        waiting.front().request = std::move(request);
        submit(std::move(waiting), std::nullopt, effects);
    }
    effects.carry_out();
    return 0;
}

void NodeFile::share(std::shared_ptr<const CallerWindow> window) {
    std::lock_guard lock(node_.mutex_);
    window_.swap(window);
}

std::shared_ptr<const CallerWindow> NodeFile::window() const {
    std::lock_guard lock(node_.mutex_);
    return window_;
}

Reply NodeFile::transact() {
    Reply reply{Reply::Action::close, {}};  // where memory runs out
    const Pace::Measurement measured(pace_);
    guarded("device node", [&] { reply = conversation_->transact(command_); });
    return reply;
}

void NodeFile::run() {
    Reply reply = transact();
    Effects effects;
    std::unique_ptr<Conversation> over;
    {
        std::lock_guard lock(node_.mutex_);
        gathered_ = Bytes();
        if (closed_) {
            over = std::move(conversation_);
        } else if (reply.action == Reply::Action::drop) {
            change(State::silent, effects);
        } else if ((reply.action == Reply::Action::close && reply.frame.empty()) ||
                   !hold(reply.frame.size())) {
            // Without room for its answer nobody would know that the command was carried out.
            change(State::ended, effects);
        } else {
            answer_ = std::move(reply.frame);
            given_ = 0;
            last_ = reply.action == Reply::Action::close;
            change(State::answered, effects);
        }
    }
    effects.carry_out();
}

void NodeFile::read(std::unique_ptr<NodeRequest> request, std::size_t size, bool nonblock) {
    Effects effects;
    {
        std::lock_guard lock(node_.mutex_);
        std::optional<Outcome> instead;
        if (nonblock) instead = Outcome{.error = EAGAIN};
        submit(one_request(Want::data, size, deadline_after(read_limit_), std::move(request)),
               std::move(instead), effects);
    }
    effects.carry_out();
}

void NodeFile::limit_reads(std::chrono::milliseconds timeout) {
    std::lock_guard lock(node_.mutex_);
    read_limit_ = timeout;
}

void NodeFile::await(std::unique_ptr<NodeRequest> request, std::chrono::milliseconds timeout) {
    Effects effects;
    {
        std::lock_guard lock(node_.mutex_);
        std::optional<Outcome> instead;
        if (timeout.count() == 0) instead = Outcome{.error = ETIMEDOUT};
        submit(one_request(Want::answer, 0, deadline_after(timeout), std::move(request)), std::move(instead),
               effects);
    }
    effects.carry_out();
}

void NodeFile::take(std::unique_ptr<NodeRequest> request, std::chrono::milliseconds timeout) {
    Effects effects;
    {
        std::lock_guard lock(node_.mutex_);
        std::optional<Outcome> instead;
        if (timeout.count() == 0) instead = Outcome{.error = EBUSY};
        submit(one_request(Want::node, 0, deadline_after(timeout), std::move(request)), std::move(instead),
               effects);
    }
    effects.carry_out();
}

int NodeFile::give() {
    Effects effects;
    {
        std::lock_guard lock(node_.mutex_);
        if (node_.holder_ != this) return EPERM;
        node_.hand_over(effects);
    }
    effects.carry_out();
    return 0;
}

unsigned NodeFile::poll(std::unique_ptr<Poller> poller) {
    Pollers pollers;
    if (poller) pollers.push_back(std::move(poller));
    std::lock_guard lock(node_.mutex_);
    if (!pollers.empty()) poller_.swap(pollers);
    if (gone()) return POLLIN | POLLERR | POLLHUP;
    unsigned events = 0;
    if (state_ == State::answered) events |= POLLIN | POLLRDNORM;
    const bool free = node_.holder_ == nullptr || node_.holder_ == this;
    if (free && (state_ == State::idle || state_ == State::silent)) events |= POLLOUT | POLLWRNORM;
    return events;
}

void NodeFile::close() {
    Effects effects;
    std::unique_ptr<Conversation> over;
    {
        std::lock_guard lock(node_.mutex_);
        closed_ = true;
        poller_.clear();
        if (node_.holder_ == this) node_.hand_over(effects);
        if (state_ == State::running)
            conversation_->abandon();  // and run() ends it
        else
            over = std::move(conversation_);
    }
    effects.carry_out();
    node_.forget(this);
}

bool NodeFile::gone() const { return node_.stopped_ || state_ == State::ended; }

int NodeFile::admission(bool nonblock) const {
    if (node_.holder_ != nullptr && node_.holder_ != this) return EBUSY;
    if (state_ == State::running || state_ == State::answered) return nonblock ? EAGAIN : EBUSY;
    return 0;
}

// What a request comes to now; nothing when it has to wait.
std::optional<Outcome> NodeFile::outcome_of(const Waiting& waiting) {
    if (node_.stopped_) return Outcome{.error = EIO};
    if (waiting.want == Want::node) {
        if (node_.holder_ != nullptr && node_.holder_ != this) return std::nullopt;
        node_.holder_ = this;
        return Outcome{};
    }
    switch (state_) {
        case State::idle:
            return Outcome{.error = ENODATA};
        case State::ended:
            return Outcome{.error = EIO};
        case State::answered:
            break;
        case State::running:
        case State::silent:
            return std::nullopt;
    }
    if (waiting.want == Want::data) return take_data(waiting.size);
    return Outcome{.length = static_cast<std::uint32_t>(answer_.size())};
}

Outcome NodeFile::take_data(std::size_t size) {
    Outcome outcome{.length = static_cast<std::uint32_t>(answer_.size())};
    if (given_ == 0 && size >= answer_.size()) {
        outcome.data = std::move(answer_);
        answer_is_read();
        return outcome;
    }
    const auto piece = ByteView(answer_).subspan(given_, std::min(size, answer_.size() - given_));
    outcome.data = to_bytes(piece);
    given_ += piece.size();
    if (given_ == answer_.size()) answer_is_read();
    return outcome;
}

void NodeFile::answer_is_read() {
    answer_ = Bytes();
    hold(0);
    state_ = last_ ? State::ended : State::idle;
    last_used_ = std::chrono::steady_clock::now();
}

bool NodeFile::may_give_way(Instant now) const {
    constexpr auto kIdle = std::chrono::milliseconds(100);  // as on sockets
    return served() && state_ == State::idle && waiting_.empty() && node_.holder_ != this &&
           !conversation_->logged_on() && now - last_used_ >= kIdle;
}

std::unique_ptr<Conversation> NodeFile::give_way(Effects& effects) {
    change(State::ended, effects);
    return std::move(conversation_);
}

NodeFile::Requests NodeFile::one_request(Want want, std::size_t size, Instant deadline,
                                         std::unique_ptr<NodeRequest> request) {
    Requests one(1);
    one.front() = {want, size, deadline, 0, std::move(request)};
    return one;
}

// Finishes one new request, or lets it wait; `instead` is the outcome of one that does not want to wait.
void NodeFile::submit(Requests one, std::optional<Outcome> instead, Effects& effects) {
    Waiting& waiting = one.front();
    const State before = state_;
    std::optional<Outcome> outcome = outcome_of(waiting);
    if (instead && waiting.want == Want::data && outcome && outcome->error == ENODATA)
        outcome->error = EAGAIN;
    if (!outcome) outcome = std::move(instead);
    if (!outcome && waiting.request->interrupted()) outcome = Outcome{.error = EINTR};
    if (outcome) {
        effects.finish(one, one.begin(), std::move(*outcome));
        if (state_ != before) serve(effects);
        return;
    }
    waiting.turn = ++node_.turns_;
    if (waiting.deadline != kNever) node_.expect(waiting.deadline);
    waiting_.splice(waiting_.end(), one);
}

// Finishes what can be finished in the present state, first come first served.
void NodeFile::serve(Effects& effects) {
    for (auto next = waiting_.begin(); next != waiting_.end();) {
        const auto one = next++;
        if (one->want == Want::node) continue;
        std::optional<Outcome> outcome;
        if (!guarded("device node", [&] { outcome = outcome_of(*one); })) outcome = Outcome{.error = ENOMEM};
        if (outcome) effects.finish(waiting_, one, std::move(*outcome));
    }
    effects.pollers.splice(effects.pollers.end(), poller_);
}

void NodeFile::change(State state, Effects& effects) {
    state_ = state;
    serve(effects);
}

}  // namespace cs2sim
