// What `cs2sim start` and `cs2sim restart` may be told: declared once, for the daemon that reads it and for
// the client that explains it.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "tools/instance/instance.h"

namespace cs2sim {

enum class Shim { automatic, cuse, fuse };

struct StartOptions {
    std::filesystem::path state;       // absolute
    std::vector<std::string> devices;  // empty: chosen by default_device()
    bool device_node = true;           // false: sockets only
    std::vector<std::string> listen;   // "3001@127.0.0.1", "127.0.0.1:3001", "3001", "unix:PATH", "fd:3"
    std::string profile = "se-gen2";
    std::filesystem::path factory_key;  // key file of a new device's ADMIN; empty: one is made
    Shim shim = Shim::automatic;
    unsigned node_mode = 0660;
    unsigned socket_mode = 0600;  // of sockets of `listen`, and of the one that stands in for a node
    std::string node_group;       // of nodes and of those sockets; empty: the process's own
    bool foreground = false;
    bool while_used = false;         // ends when no `cs2sim run` uses it (run_lock.h)
    std::filesystem::path pid_file;  // empty: none
    // What the instance of complete_from() listens on and was handed by who started it: no restart has it.
    std::vector<std::string> lost_sockets;
    std::string log_level = "info";  // as spdlog names them
};

// "auto", "cuse", "fuse".
std::string name_of(Shim shim);

// The same options as words of a command line, every one of them: the environment adds nothing to what is
// said there, but for the sockets of an empty `listen` (socket_variables()).
std::vector<std::string> words_of(const StartOptions& options);

// The variables of the environment by which a start opens sockets that no option names.
const std::vector<std::string>& socket_variables();

// The options on a command line. Must outlive the command that they were added to.
class StartArguments {
public:
    // Where a value that is not typed comes from: the environment, or the instance's record (complete_from).
    enum class Unsaid { environment, record };
    void add_to(CLI::App& command, Unsaid unsaid = Unsaid::environment);
    // What was given, with what the environment says where nothing was.
    StartOptions complete() const;
    // `complete()`, and where a value was not given, that of the instance which runs or ran there.
    StartOptions complete_from(const CLI::App& command) const;

private:
    std::string state_;
    StartOptions options_;
    bool sockets_only_ = false;
    std::string mode_ = "0660";
    std::string socket_mode_ = "0600";
    std::string shim_ = "auto";
};

}  // namespace cs2sim
