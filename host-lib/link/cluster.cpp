#include "host-lib/link/cluster.h"

#include "firmware/protocol/functions.h"
#include "host-lib/link/secure_session.h"

namespace cs2sim::host {
namespace {

// The connection is of no use any more: another device has to serve.
bool device_failed(std::uint32_t error) {
    switch (error) {
        case E_CSA_CLOSED:
        case E_CSA_TIMEOUT:
        case E_CSA_NO_NODE:
        case E_CSA_UNKNOWN_HOST:
        case E_CSA_PROTOCOL:
            return true;
        default:  // the system refused: the codes from open() to ioctl() carry errno
            return error >= E_CSA_NODE_OPEN && error <= with_errno(E_CSA_IOCTL, 0xFFF);
    }
}

}  // namespace

Result<void> Cluster::connect() {
    const std::lock_guard lock(mutex_);
    return connect_from(0);
}

Result<void> Cluster::logon(std::string_view user, std::unique_ptr<KeySource> key) {
    const std::lock_guard lock(mutex_);
    if (!device_) CS2SIM_TRY(connect_from(current_));
    CS2SIM_TRY(device_->logon(user, *key));
    std::erase_if(users_, [&](const User& one) { return one.name == user; });
    users_.push_back({std::string(user), std::move(key)});
    refused_.clear();
    return {};
}

Result<void> Cluster::logoff() {
    const std::lock_guard lock(mutex_);
    users_.clear();
    refused_.clear();
    const auto done = device_ ? device_->logoff() : Result<void>();
    if (done) return done;
    if (device_failed(done.error().code))
        device_.reset();
    else if (!is_session_gone(done.error().code))
        return done;
    return {};
}

void Cluster::set_fallback(std::chrono::seconds interval) {
    const std::lock_guard lock(mutex_);
    fallback_ = interval;
}

// Functions that the catalogue does not know (users' own modules) are not repeated.
Result<Bytes> Cluster::execute(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
    const std::lock_guard lock(mutex_);
    const FunctionSignature* const function = find_function(fc, sfc);
    if (function && continues(*function, block)) return execute_here(fc, sfc, block);
    fall_back();
    const bool repeatable = function && function->has(traits::kRepeatable);
    Error error{E_CSA_CONNECT};
    for (std::size_t tries = 0; tries <= devices_.size(); ++tries) {
        if (!device_) CS2SIM_TRY(connect_from(current_));
        if (!repeatable) {
            const auto present = execute_here(FC_CMDS, SFC_CMDS_ECHO, {});
            if (!present && !device_) continue;
        }
        auto answer = execute_here(fc, sfc, block);
        if (answer || device_) return answer;
        error = answer.error();
        // A session that was gone did not take the command in.
        if (!repeatable && device_failed(error.code)) break;
    }
    return fail(error);
}

const std::string& Cluster::current() const {
    const std::lock_guard lock(mutex_);
    return devices_[current_];
}

// On the device in use, which is given up when it or its session fails. What goes on with a handle ends
// here: no other device, and no other session, has the handle.
Result<Bytes> Cluster::execute_here(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
    if (!device_) return fail(E_CSA_CONNECT);
    auto answer = device_->execute_block(fc, sfc, block);
    if (answer) return answer;
    const std::uint32_t error = answer.error().code;
    if (device_failed(error) || is_session_gone(error)) device_.reset();
    if (device_failed(error)) current_ = (current_ + 1) % devices_.size();
    return answer;
}

// Users who had logged on must be on before the device counts as connected.
// A device that refused one of them is not asked again until somebody logs on or off: a password that was
// changed must not count as a failed logon with every command, which would lock the user.
Result<std::unique_ptr<Device>> Cluster::open(std::size_t index) {
    if (const auto refused = refused_.find(index); refused != refused_.end()) return fail(refused->second);
    auto device = Device::open(devices_[index], timeouts_);
    CS2SIM_TRY(device);
    for (User& user : users_) {
        const auto on = (*device)->logon(user.name, *user.key);
        if (on) continue;
        if (!device_failed(on.error().code)) refused_[index] = on.error();
        return fail(on.error());
    }
    return device;
}

Result<void> Cluster::connect_from(std::size_t first) {
    std::uint32_t error = E_CSA_CONNECT;
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        const std::size_t index = (first + i) % devices_.size();
        auto device = open(index);
        if (device) {
            device_ = std::move(*device);
            current_ = index;
            left_first_ = std::chrono::steady_clock::now();
            return {};
        }
        if (device_failed(error)) error = device.error().code;
    }
    return fail(error);
}

// Back to the first device when the interval has passed and it answers.
void Cluster::fall_back() {
    const auto now = std::chrono::steady_clock::now();
    if (current_ == 0 || fallback_.count() == 0 || now - left_first_ < fallback_) return;
    left_first_ = now;
    if (auto first = open(0)) {
        device_ = std::move(*first);
        current_ = 0;
    }
}

}  // namespace cs2sim::host
