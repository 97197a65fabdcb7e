// Programs that cs2sim runs for its user.
#pragma once

#include <string>
#include <vector>

namespace cs2sim {

// In a child: runs the program in this process's place; says so and exits as shells do when it cannot be:
// 127 when it is not there, else 126.
[[noreturn]] void become(const std::vector<std::string>& arguments);

// Runs a program and returns its exit status; 127 when it cannot be run. `quiet`: without stdout. `without`:
// variables of the environment that it does not get.
int run_program(const std::vector<std::string>& arguments, bool quiet = false,
                const std::vector<std::string>& without = {});

// The path of this program itself.
std::string own_path();

// The simulator's own program, cs2simd: what CS2SIM_DAEMON names, else the one beside this program, else the
// one installed with it. Its path where it should have been when it is nowhere.
std::string daemon_program();

// Runs that program with the words of a command line of `cs2sim`, "start" among them: where it is to stay in
// the foreground in this process's place, else as a child, and returns start's exit status when it answers.
int start_daemon(const std::vector<std::string>& words);

}  // namespace cs2sim
