// What can be said of a start before anything is started.
#pragma once

#include <optional>
#include <string>

#include "tools/instance/start_options.h"

namespace cs2sim {

// The exit status of words with which no start can work.
inline constexpr int kCalledWrongly = 2;

// The word of the command line, or of the environment, with which no start can work.
std::optional<std::string> wrong_word(const StartOptions& options);

// That the instance would be one of a `cs2sim run --by seccomp` around it, and could open nothing when that
// run has ended; nothing where it is one that ends itself then.
std::optional<std::string> bound_to_a_run(const StartOptions& options);

// Why no PID file can be where the options want it: in words, when that is the state's own lock.
std::optional<std::string> wrong_pid_file(const StartOptions& options);

// The flag by which `cs2sim restart` asks for check_start(): no user's, so that no help tells it.
void add_check(CLI::App& app, bool& check);

// Starts nothing: exit status 0 when these options can start an instance, once the one that runs on their
// state has ended, as far as profile, inherited sockets and PID file tell; else that of start(), with the
// reason on stderr.
int check_start(const StartOptions& options);

}  // namespace cs2sim
