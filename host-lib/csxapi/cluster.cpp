// The C functions on groups of devices (include/csxapi/csxapi.h).
#include <array>
#include <map>
#include <vector>

#include "firmware/protocol/functions.h"
#include "host-lib/csxapi/calls.h"
#include "host-lib/csxapi/handles.h"
#include "host-lib/include/csxapi/csxapi.h"

namespace cs2sim::host::capi {
namespace {

constexpr int kMostDevices = 9;  // public clients limit themselves to fewer than 10

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

bool session_gone(std::uint32_t error) {
    return error == E_CMDS_SM_EXPIRED || error == E_CMDS_SM_ID || error == E_CMDS_SM_SESS_CLOSED;
}

// Whether the command may be sent again, to another device too, when nobody knows whether it was done.
// Functions that the catalogue does not know (users' own modules) may not.
bool may_repeat(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
    const FunctionSignature* function = find_function(fc, sfc);
    return function && function->has(traits::kRepeatable) && !continues(*function, block);
}

bool goes_on(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
    const FunctionSignature* function = find_function(fc, sfc);
    return function && continues(*function, block);
}

class Cluster {
public:
    Cluster(std::vector<std::string> devices, Timeouts timeouts)
        : devices_(std::move(devices)), timeouts_(timeouts) {}

    // Connects to the first device that answers, beginning with `first`. Error: that of the last one
    // tried; that a device refuses a user goes before that another does not answer.
    Result<void> connect(std::size_t first = 0) {
        const std::lock_guard lock(mutex_);
        return connect_from(first);
    }

    Result<void> logon(std::string_view user, std::unique_ptr<KeySource> key) {
        const std::lock_guard lock(mutex_);
        if (!device_) CS2SIM_TRY(connect_from(current_));
        CS2SIM_TRY(device_->logon(user, *key));
        // Who logs on again, with a new password say, takes the place of before.
        std::erase_if(users_, [&](const User& one) { return one.name == user; });
        users_.push_back({std::string(user), std::move(key)});
        refused_.clear();
        return {};
    }

    Result<void> logoff() {
        const std::lock_guard lock(mutex_);
        users_.clear();
        refused_.clear();
        const auto done = device_ ? device_->logoff() : Result<void>();
        if (done) return done;
        // Nobody is logged on either in a session that was ended elsewhere, or on a connection that is gone.
        if (device_failed(done.error().code))
            device_.reset();
        else if (!session_gone(done.error().code))
            return done;
        return {};
    }

    void set_fallback(std::chrono::seconds interval) {
        const std::lock_guard lock(mutex_);
        fallback_ = interval;
    }

    // A command whose answer was lost goes to another device only when it may be repeated; one that may not
    // is preceded by a question to the device whether it is still there.
    Result<Bytes> execute(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
        const std::lock_guard lock(mutex_);
        if (goes_on(fc, sfc, block)) return execute_here(fc, sfc, block);
        fall_back();
        const bool repeatable = may_repeat(fc, sfc, block);
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

    const char* current() {
        const std::lock_guard lock(mutex_);
        return devices_[current_].c_str();
    }

private:
    struct User {
        std::string name;
        std::unique_ptr<KeySource> key;
    };

    // On the device in use, which is given up when it or its session fails. What goes on with a handle ends
    // here: no other device, and no other session, has the handle.
    Result<Bytes> execute_here(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
        if (!device_) return fail(E_CSA_CONNECT);
        auto answer = device_->execute_block(fc, sfc, block);
        if (answer) return answer;
        const std::uint32_t error = answer.error().code;
        if (device_failed(error) || session_gone(error)) device_.reset();
        if (device_failed(error)) current_ = (current_ + 1) % devices_.size();
        return answer;
    }

    // Users who had logged on must be on before the device counts as connected.
    // A device that refused one of them is not asked again until somebody logs on or off: a password that was
    // changed must not count as a failed logon with every command, which would lock the user.
    Result<std::unique_ptr<Device>> open(std::size_t index) {
        if (const auto refused = refused_.find(index); refused != refused_.end())
            return fail(refused->second);
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

    Result<void> connect_from(std::size_t first) {
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
    void fall_back() {
        const auto now = std::chrono::steady_clock::now();
        if (current_ == 0 || fallback_.count() == 0 || now - left_first_ < fallback_) return;
        left_first_ = now;
        if (auto first = open(0)) {
            device_ = std::move(*first);
            current_ = 0;
        }
    }

    std::mutex mutex_;
    const std::vector<std::string> devices_;
    const Timeouts timeouts_;
    std::size_t current_ = 0;
    std::unique_ptr<Device> device_;  // null until connected, and after a failure
    std::vector<User> users_;
    std::map<std::size_t, Error>
        refused_;  // by device: the answer to the logon of a user who was on elsewhere
    std::chrono::seconds fallback_{0};
    std::chrono::steady_clock::time_point left_first_{};
};

NumberTable<Cluster>& clusters() {
    static NumberTable<Cluster> table;
    return table;
}

// Runs `work` on the cluster of a handle.
template <class Work>
int with_cluster(int handle, Work&& work) {
    return guarded([&] {
        const auto cluster = clusters().get(handle);
        return cluster ? work(*cluster) : code(E_CSA_HANDLE);
    });
}

}  // namespace
}  // namespace cs2sim::host::capi

using namespace cs2sim;
using namespace cs2sim::host;
using namespace cs2sim::host::capi;

extern "C" {

int cs_cluster_open(const char** devices, int count, unsigned int connect_timeout,
                    unsigned int command_timeout, int* handle) {
    if (!handle) return code(E_CSA_PARAM);
    *handle = -1;
    return guarded([&] {
        if (!devices || count < 1 || count > kMostDevices) return code(E_CSA_PARAM);
        std::vector<std::string> names;
        for (int i = 0; i < count; ++i) {
            if (!devices[i]) return code(E_CSA_PARAM);
            names.emplace_back(devices[i]);
        }
        auto cluster =
            std::make_shared<Cluster>(std::move(names), timeouts(connect_timeout, command_timeout));
        const auto connected = cluster->connect();
        if (connected) *handle = clusters().put(std::move(cluster));
        return code(connected);
    });
}

int cs_cluster_close(int handle) { return clusters().take(handle) ? 0 : code(E_CSA_HANDLE); }

int cs_cluster_logon(int handle, const unsigned char* user, unsigned int l_user,
                     const unsigned char* key_spec, const unsigned char* password, unsigned int l_password) {
    return with_cluster(handle, [&](Cluster& cluster) {
        if (!user) return code(E_CSA_PARAM);
        auto key = key_source(key_spec, password, l_password);
        if (!key) return code(key);
        return code(cluster.logon(as_text(view(user, l_user)), std::move(*key)));
    });
}

int cs_cluster_logoff(int handle) {
    return with_cluster(handle, [](Cluster& cluster) { return code(cluster.logoff()); });
}

int cs_cluster_set_fallback_interval(int handle, unsigned int seconds) {
    return with_cluster(handle, [&](Cluster& cluster) {
        cluster.set_fallback(std::chrono::seconds(seconds));
        return 0;
    });
}

int cs_cluster_exec(int handle, unsigned int fc, unsigned int sfc, const unsigned char* command,
                    unsigned int l_command, unsigned char** answer, unsigned int* l_answer) {
    clear_answer(answer, l_answer);
    return with_cluster(handle, [&](Cluster& cluster) {
        if (!valid_function(fc, sfc) || (!command && l_command != 0)) return code(E_CSA_PARAM);
        const auto result = cluster.execute(static_cast<std::uint16_t>(fc), static_cast<std::uint8_t>(sfc),
                                            view(command, l_command));
        return give_answer(result, answer, l_answer);
    });
}

const char* cs_cluster_get_current_device(int handle) {
    const auto cluster = clusters().get(handle);
    return cluster ? cluster->current() : nullptr;
}

}  // extern "C"
