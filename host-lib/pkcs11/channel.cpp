#include "host-lib/pkcs11/channel.h"

#include <unistd.h>

#include <array>

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

bool connection_lost(std::uint32_t code) {
    const bool refused = code >= E_CSA_NODE_OPEN && code <= with_errno(E_CSA_IOCTL, 0xFFF);
    return refused || code == E_CSA_CLOSED || code == E_CSA_TIMEOUT || code == E_CSA_PROTOCOL ||
           code == E_CSA_SESSION;
}

// The device answered that it has no such session: whatever it was, it was not done.
bool session_lost(std::uint32_t code) { return code == E_CMDS_SM_ID || code == E_CMDS_SM_SESS_CLOSED; }

}  // namespace

void abandon_channels() {
    for (auto& place : open_descriptors)
        if (const int fd = place.exchange(0); fd != 0) ::close(fd - 1);
}

Channel::~Channel() { close(); }

void Channel::drop() {
    if (device_) forget_descriptor(device_->descriptor());
    device_.reset();
    on_.clear();
    ++generation_;
}

void Channel::close() {
    const std::lock_guard lock(mutex_);
    drop();
}

void Channel::log_off() {
    const std::lock_guard lock(mutex_);
    if (device_ && !on_.empty() && !device_->logoff()) drop();
    on_.clear();
    ++generation_;
}

std::string Channel::device_name() const {
    const std::lock_guard lock(mutex_);
    return device_name_;
}

Result<void> Channel::connect() {
    const std::size_t count = group_.devices.size();
    if (count == 0) return fail(E_CSA_DEVICE_NAME);
    const std::size_t first = group_.balance ? group_.turn++ % count : 0;
    Error last{E_CSA_NO_NODE};
    for (std::size_t i = 0; i < count; ++i) {
        const std::string& name = group_.devices[(first + i) % count];
        auto device = host::Device::open(name, group_.timeouts);
        if (!device) {
            last = device.error();
            continue;
        }
        device_ = *std::move(device);
        device_name_ = name;
        on_.clear();
        ++generation_;
        remember_descriptor(device_->descriptor());
        return {};
    }
    return fail(last);
}

Result<void> Channel::log_users_on() {
    const Logons::State wanted = logons_.state();
    if (wanted.epoch != epoch_) {
        if (!on_.empty()) {
            if (!device_->logoff()) drop();
            on_.clear();
            ++generation_;
            if (!device_) CS2SIM_TRY(connect());
        }
        epoch_ = wanted.epoch;
    }
    for (const auto& user : wanted.users) {
        if (on_.contains(user->user())) continue;
        CS2SIM_TRY(user->log_on(*device_));
        on_.insert(user->user());
    }
    return {};
}

Result<void> Channel::ready() {
    if (!device_) CS2SIM_TRY(connect());
    auto done = log_users_on();
    if (done || !(connection_lost(done.error().code) || session_lost(done.error().code))) return done;
    drop();
    CS2SIM_TRY(connect());
    return log_users_on();
}

Result<host::Answer> Channel::execute(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values,
                                      Effect effect) {
    const std::lock_guard lock(mutex_);
    if (effect == Effect::chained && !device_) return fail(E_CSA_CLOSED);
    for (bool again = false;; again = true) {
        CS2SIM_TRY(ready());
        auto answer = device_->execute(fc, sfc, values);
        if (answer) return answer;
        const std::uint32_t code = answer.error().code;
        const bool expired = code == E_CMDS_SM_EXPIRED;
        const bool lost = connection_lost(code);
        if (!lost && !expired && !session_lost(code)) return answer;
        drop();
        if (again || effect == Effect::chained || code == E_CSA_TIMEOUT) return answer;
        if (lost && effect == Effect::change) return answer;
        if (expired && !group_.keep_alive) return answer;
    }
}

Result<void> Channel::try_logon(Logon& logon) {
    const std::lock_guard lock(mutex_);
    CS2SIM_TRY(ready());
    auto done = logon.log_on(*device_);
    const std::uint32_t code = done ? 0 : done.error().code;
    if (connection_lost(code) || session_lost(code) || code == E_CMDS_SM_EXPIRED) {
        drop();
        CS2SIM_TRY(ready());
        done = logon.log_on(*device_);
    }
    if (done) on_.insert(logon.user());
    return done;
}

}  // namespace cs2sim::p11
