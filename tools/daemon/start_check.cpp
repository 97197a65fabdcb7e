#include "tools/daemon/start_check.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "driver/listener.h"
#include "driver/mount_point.h"
#include "firmware/profile/profile.h"
#include "firmware/protocol/terminal_text.h"
#include "tools/daemon/inherited_socket.h"
#include "tools/daemon/pid_file.h"
#include "tools/instance/supervised.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

const std::string kBoundToARun =
    "within `cs2sim run --by seccomp` or `--by both` no simulator can be started or restarted that lives on "
    "when "
    "that run has ended; do it outside, or by `cs2sim run`; the device itself restarts by csadm Restart";

std::optional<std::string> obstacle(const StartOptions& options) {
    if (is_supervised())
        return kBoundToARun;  // others may use what is restarted for longer than that run lasts
    if (const auto profile = load_profile(options.profile); !profile) return profile.error();
    for (const std::string& where : options.listen)
        if (where.starts_with("fd:") && !is_inherited_socket(where.substr(3)))
            return where + ": is no socket that listens";
    if (const auto group = group_id(options.node_group); !group) return group.error();
    if (options.pid_file.empty()) return std::nullopt;
    if (auto wrong = wrong_pid_file(options)) return wrong;
    return PidFile::obstacle(options.pid_file, InstanceLock::holder(options.state).value_or(0));
}

}  // namespace

std::optional<std::string> bound_to_a_run(const StartOptions& options) {
    if (options.while_used || !is_supervised()) return std::nullopt;
    return kBoundToARun;
}

std::optional<std::string> wrong_word(const StartOptions& options) {
    for (const std::string& where : options.listen) {
        if (where.starts_with("unix:") || where.starts_with("fd:")) continue;
        if (const auto understood = check_tcp(where); !understood) return "--listen " + understood.error();
    }
    std::error_code ignored;
    const bool is_file =
        options.profile.find('/') != std::string::npos || fs::exists(options.profile, ignored);
    if (is_file) return std::nullopt;  // what is wrong in a file is no wrong word
    const auto built_in = built_in_profiles();
    if (std::ranges::find(built_in, options.profile) != built_in.end()) return std::nullopt;
    const auto profile = load_profile(options.profile);
    return profile ? std::nullopt : std::optional(profile.error());
}

// Who closes another descriptor of the lock loses the lock.
std::optional<std::string> wrong_pid_file(const StartOptions& options) {
    std::error_code absent;
    for (const char* lock : {"lock", "run.lock"})
        if (fs::equivalent(options.pid_file, options.state / lock, absent) ||
            fs::weakly_canonical(options.pid_file, absent) ==
                fs::weakly_canonical(options.state / lock, absent))
            return "PID file " + terminal_text(options.pid_file.string()) + ": is the state's lock";
    return std::nullopt;
}

void add_check(CLI::App& app, bool& check) { app.add_flag("--check", check)->group(""); }

int check_start(const StartOptions& options) {
    const auto wrong = wrong_word(options);
    const auto why = wrong ? wrong : obstacle(options);
    if (why) std::cerr << "cs2sim: " << *why << '\n';
    return wrong ? kCalledWrongly : why ? 1 : 0;
}

}  // namespace cs2sim
