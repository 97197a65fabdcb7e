#include "host-lib/pkcs11/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "firmware/protocol/cxi/constants.h"
#include "host-lib/pkcs11/errors.h"

namespace cs2sim::p11 {
namespace {

// The descriptors of all channels, so that a child after fork() can close them without taking a lock. More
// than there are places for are closed by exec() or the child's end.
constexpr std::size_t kPlaces = 16384;
constinit std::array<std::atomic<int>, kPlaces> open_descriptors{};  // descriptor + 1

void remember_descriptor(int fd) {
    if (fd < 0) return;
    for (std::size_t i = 0; i < kPlaces; ++i) {
        int none = 0;
        std::atomic<int>& place = open_descriptors[(static_cast<std::size_t>(fd) + i) % kPlaces];
        if (place.load(std::memory_order_relaxed) == 0 && place.compare_exchange_strong(none, fd + 1)) return;
    }
}

void forget_descriptor(int fd) {
    if (fd < 0) return;
    for (std::size_t i = 0; i < kPlaces; ++i) {
        int mine = fd + 1;
        if (open_descriptors[(static_cast<std::size_t>(fd) + i) % kPlaces].compare_exchange_strong(mine, 0))
            return;
    }
}

// A device that does not answer the thread that keeps sessions alive is not waited for: C_Finalize waits for
// that.
constexpr std::chrono::milliseconds kPing{2000};

bool connection_lost(std::uint32_t code) {
    const bool refused = code >= E_CSA_NODE_OPEN && code <= with_errno(E_CSA_IOCTL, 0xFFF);
    return refused || code == E_CSA_CLOSED || code == E_CSA_TIMEOUT || code == E_CSA_PROTOCOL ||
           code == E_CSA_SESSION;
}

Effect effect_of(std::uint16_t fc, std::uint8_t sfc) {
    const FunctionSignature* const function = find_function(fc, sfc);
    return function && function->has(traits::kRepeatable) ? Effect::none : Effect::change;
}

// Whether the other side has closed a connection on which no answer is under way. A node never does.
bool hung_up(int fd) {
    int type = 0;
    socklen_t size = sizeof type;
    if (fd < 0 || ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return false;
    pollfd entry{fd, POLLIN | POLLRDHUP, 0};
    return ::poll(&entry, 1, 0) > 0;
}

// References to what a command made, as its answer has them.
std::vector<ByteView> made_by(std::uint16_t fc, std::uint8_t sfc, const Block& answer) {
    if (fc != FC_CXI) return {};
    switch (sfc) {
        case SFC_CXI_KEY_PAIR_GEN:
            return {answer.bytes("public"), answer.bytes("private")};
        case SFC_CXI_KEY_GENERATE:
        case SFC_CXI_KEY_IMPORT:
        case SFC_CXI_OBJ_CREATE:
        case SFC_CXI_OBJ_COPY:
        case SFC_CXI_KEY_DERIVE:
        case SFC_CXI_KEY_UNWRAP:
            return {answer.bytes("key")};
        default:
            return {};
    }
}

// Whether a command changed what the device keeps. Sealed blobs live with their owner.
bool stays_outside(ByteView reference) { return !reference.empty() && reference[0] == CXI_TAG_EXTERNAL; }

// What is to be deleted may be gone already.
bool is_gone(std::uint16_t fc, std::uint8_t sfc, std::uint32_t code) {
    return fc == FC_CXI && ((sfc == SFC_CXI_KEY_DELETE && code == E_DB_NOT_FOUND) ||
                            (sfc == SFC_CXI_USER_DELETE && code == E_CMDS_NO_USER));
}

// The device answered that it has no such session: whatever it was, it was not done.
bool session_lost(std::uint32_t code) { return code == E_CMDS_SM_ID || code == E_CMDS_SM_SESS_CLOSED; }

}  // namespace

void abandon_channels() {
    for (auto& place : open_descriptors)
        if (const int fd = place.exchange(0); fd != 0) ::close(fd - 1);
}

host::Timeouts Channel::Budget::left() const {
    const auto left = std::max(std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now()),
                               std::chrono::milliseconds(1));
    return {std::min(timeouts_.connect, left), std::min(timeouts_.command, left)};
}

Channel::~Channel() { close(); }

void Channel::drop() {
    if (device_) forget_descriptor(device_->descriptor());
    device_.reset();
    on_.clear();
    ++generation_;
}

// The connection is of no use any more. A device that does not answer in time counts as down.
void Channel::lost(std::uint32_t code) {
    if (code == E_CSA_TIMEOUT && place_ != DeviceGroup::kNowhere) group_.set_down(place_, code);
    drop();
}

void Channel::close(bool wait) {
    const std::lock_guard lock(mutex_);
    for (const auto& other : others_)
        if (other) other->close(wait);
    if (device_ && !wait) device_->set_command_timeout(std::chrono::milliseconds(1));
    drop();
}

void Channel::keep_alive(std::chrono::milliseconds idle) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return;
    for (const auto& other : others_)
        if (other) other->keep_alive(idle);
    if (!device_ || on_.empty() || Clock::now() - used_ < idle || group_.ending()) return;
    used_ = Clock::now();
    device_->set_command_timeout(std::min(group_.settings().timeouts.command, kPing));
    const auto answer = device_->execute(FC_CMDS, SFC_CMDS_GET_AUTH_STATE, {});
    if (!answer && connection_lost(answer.error().code)) lost(answer.error().code);
}

void Channel::log_off() {
    const std::lock_guard lock(mutex_);
    for (const auto& other : others_)
        if (other) other->log_off();
    if (device_ && !on_.empty() && !device_->logoff()) drop();
    on_.clear();
    ++generation_;
}

std::string Channel::device_name() const {
    const std::lock_guard lock(mutex_);
    return place_ == DeviceGroup::kNowhere ? "" : group_.devices()[place_];
}

Result<void> Channel::connect(const Budget& budget) {
    if (group_.devices().empty()) return fail(E_CSA_DEVICE_NAME);
    Error last{E_CSA_NO_NODE};
    const auto places = only_ == DeviceGroup::kNowhere ? group_.order(place_) : std::vector{only_};
    for (const std::size_t place : places) {
        if (budget.spent()) return fail(E_CSA_TIMEOUT);
        auto device = host::Device::open(group_.devices()[place], budget.left());
        if (!device) {
            last = device.error();
            group_.set_down(place, last.code);
            continue;
        }
        device_ = *std::move(device);
        group_.set_up(place);
        place_ = place;
        on_.clear();
        ++generation_;
        remember_descriptor(device_->descriptor());
        return {};
    }
    return fail(last);
}

Result<void> Channel::log_users_on(const Budget& budget, Effect effect) {
    const Logons::State wanted = logons_.state();
    if (wanted.epoch != epoch_) {
        if (!on_.empty()) {
            if (!device_->logoff()) drop();
            on_.clear();
            ++generation_;
            if (!device_) CS2SIM_TRY(connect(budget));
        }
        epoch_ = wanted.epoch;
    }
    for (const auto& user : wanted.users) {
        if (on_.contains(user->user())) continue;
        if (budget.spent()) return fail(E_CSA_TIMEOUT);
        device_->set_command_timeout(budget.left().command);
        const auto done = user->log_on(*device_);
        if (!done && effect == Effect::open && user->refused() != 0) continue;
        CS2SIM_TRY(done);
        on_.insert(user->user());
    }
    return {};
}

Result<void> Channel::ready(const Budget& budget, Effect effect) {
    if (group_.ending()) return fail(E_CSA_CLOSED);
    if (budget.spent()) return fail(E_CSA_TIMEOUT);
    if (device_ && effect != Effect::chained && only_ == DeviceGroup::kNowhere && group_.falls_back(place_))
        drop();
    // A restart between two calls shows here, before anything is sent that must not be sent twice.
    if (device_ && effect == Effect::change && hung_up(device_->descriptor())) drop();
    if (!device_) CS2SIM_TRY(connect(budget));
    auto done = log_users_on(budget, effect);
    if (done || !(connection_lost(done.error().code) || session_lost(done.error().code))) return done;
    lost(done.error().code);
    if (done.error().code == E_CSA_TIMEOUT) return done;
    CS2SIM_TRY(connect(budget));
    return log_users_on(budget, effect);
}

Result<host::Answer> Channel::run(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values,
                                  Effect effect, const Budget& budget) {
    if (effect == Effect::chained && !device_) return fail(E_CSA_CLOSED);
    for (bool again = false;; again = true) {
        CS2SIM_TRY(ready(budget, effect));
        device_->set_command_timeout(budget.left().command);
        auto answer = device_->execute(fc, sfc, values);
        used_ = Clock::now();
        if (answer) return answer;
        const std::uint32_t code = answer.error().code;
        const bool expired = code == E_CMDS_SM_EXPIRED;
        const bool broken = connection_lost(code);
        if (!broken && !expired && !session_lost(code)) return answer;
        lost(code);
        if (again || effect == Effect::chained || code == E_CSA_TIMEOUT) return answer;
        if (broken && effect == Effect::change) return answer;
        if (expired && !group_.settings().keep_alive) return answer;
    }
}

Result<host::Answer> Channel::execute(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values,
                                      std::optional<Effect> known) {
    const Effect effect = known.value_or(effect_of(fc, sfc));
    const Budget budget(group_.settings().timeouts);
    const std::lock_guard lock(mutex_);
    auto answer = run(fc, sfc, values, effect, budget);
    if (!answer || effect != Effect::change || !group_.keeps_in_step()) return answer;
    CS2SIM_TRY(do_on_the_others(fc, sfc, values, *answer, budget));
    return answer;
}

Channel& Channel::other(std::size_t place) {
    others_.resize(group_.devices().size());
    if (!others_[place]) others_[place] = std::make_unique<Channel>(group_, logons_, place);
    return *others_[place];
}

// Keys made at random differ on each device, so what was made goes over as a backup, under the MBK that all
// have.
Result<void> Channel::carry_over(Channel& other, ByteView reference, const Budget& budget) {
    CS2SIM_TRY_LET(blob, run(FC_CXI, SFC_CXI_KEY_BACKUP, {reference}, Effect::none, budget));
    const std::lock_guard lock(other.mutex_);
    CS2SIM_TRY(other.run(FC_CXI, SFC_CXI_KEY_RESTORE, {0, ByteView(), blob.block.bytes("blob")},
                         Effect::change, budget));
    return {};
}

Result<void> Channel::do_there(Channel& there, std::uint16_t fc, std::uint8_t sfc,
                               std::initializer_list<Value> values, const std::vector<ByteView>& made,
                               const Budget& budget) {
    for (const ByteView reference : made) CS2SIM_TRY(carry_over(there, reference, budget));
    if (!made.empty()) return {};
    const std::lock_guard lock(there.mutex_);
    const auto done = there.run(fc, sfc, values, Effect::change, budget);
    if (done || is_gone(fc, sfc, done.error().code)) return {};
    return fail(done.error());
}

Result<void> Channel::do_on_the_others(std::uint16_t fc, std::uint8_t sfc,
                                       std::initializer_list<Value> values, const host::Answer& answer,
                                       const Budget& budget) {
    const std::vector<ByteView> made = made_by(fc, sfc, answer.block);
    if (std::ranges::any_of(made, stays_outside)) return {};
    if (fc == FC_CXI && sfc == SFC_CXI_KEY_PROP_SET && stays_outside(answer.block.bytes("key"))) return {};
    std::string in_step = group_.devices()[place_], out_of_step;
    for (std::size_t place = 0; place < group_.devices().size(); ++place) {
        if (place == place_) continue;
        const auto done = do_there(other(place), fc, sfc, values, made, budget);
        const std::string& name = group_.devices()[place];
        if (done)
            in_step += ", " + name;
        else
            out_of_step +=
                (out_of_step.empty() ? "" : ", ") + name + " (" + hex_code(done.error().code) + ")";
    }
    if (group_.settings().log) {
        group_.settings().log(false, "in sync: " + in_step);
        if (!out_of_step.empty()) group_.settings().log(true, "out of sync: " + out_of_step);
    }
    if (!out_of_step.empty()) return fail(CKR_DEVICE_ERROR);
    return {};
}

Result<void> Channel::try_logon(Logon& logon) {
    const Budget budget(group_.settings().timeouts);
    const std::lock_guard lock(mutex_);
    CS2SIM_TRY(ready(budget, Effect::none));
    device_->set_command_timeout(budget.left().command);
    auto done = logon.log_on(*device_);
    const std::uint32_t code = done ? 0 : done.error().code;
    if (connection_lost(code) || session_lost(code) || code == E_CMDS_SM_EXPIRED) {
        lost(code);
        if (code == E_CSA_TIMEOUT) return done;
        CS2SIM_TRY(ready(budget, Effect::none));
        device_->set_command_timeout(budget.left().command);
        done = logon.log_on(*device_);
    }
    used_ = Clock::now();
    if (done) on_.insert(logon.user());
    return done;
}

}  // namespace cs2sim::p11
