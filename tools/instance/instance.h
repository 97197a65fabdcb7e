// One simulator instance: told from others by its state folder, held by a lock in it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace cs2sim {

// --state, else CS2SIM_STATE, else SDK_PATH (as the simulators before us name their folder), else the user's
// state folder.
std::filesystem::path state_folder(const std::string& given);

// The first of cs2a, cs2b, … that is free: under /dev where this user may make it, else in the user's runtime
// folder. Without FUSE and CUSE a Unix socket takes its place.
struct DefaultDevice {
    std::string path;
    bool socket = false;
    std::string reason;  // empty, or why it is not /dev/cs2a
};
DefaultDevice default_device();

// Makes the folder, for this user alone, unless it is there. In /tmp another may have made one of that name
// first: it is refused. Error: words for the operator.
tl::expected<void, std::string> make_own_folder(const std::filesystem::path& folder);

// Whether `state` is another user's, so that nobody can tell this one whether an instance runs on it.
bool is_hidden(const std::filesystem::path& state);
// That no instance runs on `state`, or that this user may not look: words for the operator.
std::string no_instance(const std::filesystem::path& state);

// The lock of a state folder. The kernel releases it with the process, however that ends.
class InstanceLock {
public:
    // Error: words for the operator, with the pid that holds the lock. `unseen` is done when it is ours and
    // holder() does not tell of us yet.
    static tl::expected<InstanceLock, std::string> take(const std::filesystem::path& state,
                                                        const std::function<void()>& unseen = {});
    // The process that holds it, if any.
    // 0: somebody of another PID namespace.
    static std::optional<pid_t> holder(const std::filesystem::path& state);
    // Whether the lock file is still the one in `state`: nobody else can find it otherwise.
    bool in_place(const std::filesystem::path& state) const;

    InstanceLock(InstanceLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    InstanceLock& operator=(InstanceLock&&) = delete;
    ~InstanceLock();

private:
    explicit InstanceLock(int fd) : fd_(fd) {}
    int fd_;
};

// What a running instance tells others, in state/instance.toml.
struct InstanceRecord {
    std::vector<std::string> devices;  // as they were opened, and
    std::vector<std::string> kinds;    // FUSE or CUSE, of each
    std::vector<std::string> listen;   // with the port that was found for 0
    // Those that came with the process (--listen fd:NUMBER), of `listen` and abstract ones, which stand here
    // alone: no tool has a way to them, and nobody hands them to another process.
    std::vector<std::string> inherited;
    std::string profile;
    std::string shim = "auto";  // as --shim, --mode, --socket-mode, --group and --log-level gave them
    unsigned node_mode = 0660;
    unsigned socket_mode = 0600;
    std::string node_group;
    std::string log_level = "info";
    std::string pid_file;      // absolute; empty: none
    std::string log;           // where else than to log_file() its log goes, in words; empty: there
    bool while_used = false;   // as --while-used
    bool running = true;       // false: another instance begins, and this is of the one before, but for `log`
    std::int64_t started = 0;  // seconds since 1970
};
// For this user alone. Where it cannot be written there is none afterwards, rather than one of before.
void write_record(const std::filesystem::path& state, const InstanceRecord& record);
std::optional<InstanceRecord> read_record(const std::filesystem::path& state);

// Every instance answers hosts there, as at its node: `cs2sim run` needs no other way.
std::filesystem::path host_socket(const std::filesystem::path& state);
// The state folders of this user's instances that run.
std::vector<std::filesystem::path> running_instances();
// Lets running_instances() find that of `state`.
void register_instance(const std::filesystem::path& state);

std::filesystem::path control_socket(const std::filesystem::path& state);
std::filesystem::path admin_key_file(const std::filesystem::path& state);
std::filesystem::path log_file(const std::filesystem::path& state);
// Where `cs2sim token` keeps the configuration of the PKCS#11 library for a simulator.
std::filesystem::path pkcs11_config_file(const std::filesystem::path& state);

}  // namespace cs2sim
