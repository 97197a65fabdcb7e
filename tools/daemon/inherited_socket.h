// Sockets that came with the process: --listen fd:NUMBER, systemd's socket activation.
#pragma once

#include <optional>
#include <string>

namespace cs2sim {

// Whether the descriptor of this number, 3 or more, is a socket that listens.
bool is_inherited_socket(const std::string& descriptor);

// What a Unix socket is called: "unix:PATH", or "unix:@NAME" of an abstract one, with '?' for what no line
// can show. Nothing for sockets of other kinds.
std::optional<std::string> inherited_unix_name(const std::string& descriptor);

// Whether that is the name of one without a file, which no tool of ours can call.
bool is_abstract(const std::string& name);

}  // namespace cs2sim
