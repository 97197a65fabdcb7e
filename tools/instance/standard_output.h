// Standard input, output and error of a program, as whoever started it left them.
#pragma once

#include <string>

namespace cs2sim {

// To be called first. Where one of the three is closed, nothing else can take its number: a file or a socket
// that is opened later would get what is printed, and a daemon that lets go of its terminal would close it.
// What is written to such a one fails, as before; programs that this one runs find it closed.
void hold_standard_descriptors();

// What a program returns at its end: `status`, or 1 where that is 0 and not everything that it printed was
// taken (a full disk must not look like success), said on stderr in words.
int ended_with_output(const std::string& program, int status);

}  // namespace cs2sim
