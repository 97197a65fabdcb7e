// Where a simulator's log goes.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "tools/instance/start_options.h"

namespace cs2sim {

// To a file in the state folder, at the level of the options. Error: words, where it is no file that lines
// can go to.
tl::expected<void, std::string> open_log(const StartOptions& options);

// To the terminal, coloured where that is one and nobody objects (no-color.org).
void log_to_terminal(const StartOptions& options);

// Where that is for somebody else: "its standard output, /dev/pts/3", or under systemd "the journal:
// journalctl -u cs2sim@lab.service".
std::string log_place_of_foreground();

}  // namespace cs2sim
