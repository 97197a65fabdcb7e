// One simulator instance: told from others by its state folder, held by a lock in it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace cs2sim {

enum class Shim { automatic, cuse, fuse };

struct StartOptions {
    std::filesystem::path state;       // absolute
    std::vector<std::string> devices;  // empty: chosen by default_device()
    bool device_node = true;           // false: sockets only
    std::vector<std::string> listen;   // "3001@127.0.0.1", "unix:PATH"
    std::string profile = "se-gen2";
    Shim shim = Shim::automatic;
    unsigned node_mode = 0660;
    std::string node_group;
    bool foreground = false;
};

// --state, else CS2SIM_STATE, else SDK_PATH (as the simulators before us name their folder), else the user's
// state folder.
std::filesystem::path state_folder(const std::string& given);

// /dev/cs2a where this user may make it, else a path in the user's runtime folder.
struct DefaultDevice {
    std::string path;
    std::string reason;  // empty, or why it is not /dev/cs2a
};
DefaultDevice default_device();

// Makes the folder, for this user alone. In /tmp another may have made one of that name first: it is refused.
// Error: words for the operator.
tl::expected<void, std::string> make_own_folder(const std::filesystem::path& folder);

// The lock of a state folder. The kernel releases it with the process, however that ends.
class InstanceLock {
public:
    // Error: words for the operator, with the pid that holds the lock.
    static tl::expected<InstanceLock, std::string> take(const std::filesystem::path& state);
    // The process that holds it, if any.
    static std::optional<pid_t> holder(const std::filesystem::path& state);

    InstanceLock(InstanceLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    InstanceLock& operator=(InstanceLock&&) = delete;
    ~InstanceLock();

private:
    explicit InstanceLock(int fd) : fd_(fd) {}
    int fd_;
};

// What a running instance tells others, in state/instance.toml.
struct InstanceRecord {
    std::vector<std::string> devices;
    std::vector<std::string> listen;
    std::string profile;
};
void write_record(const std::filesystem::path& state, const InstanceRecord& record);
std::optional<InstanceRecord> read_record(const std::filesystem::path& state);

std::filesystem::path control_socket(const std::filesystem::path& state);
std::filesystem::path admin_key_file(const std::filesystem::path& state);
std::filesystem::path log_file(const std::filesystem::path& state);

}  // namespace cs2sim
