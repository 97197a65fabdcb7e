// Secrets among the words that a program is called with, which everybody on the machine can read as long as
// it runs (/proc/PID/cmdline, ps).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cs2sim::tools {

// What of a word may be a secret.
enum class MayBeSecret : std::uint8_t {
    behind_name,  // all of the value of "Name=value": PINs
    behind_mark,  // what is behind its first ',' or '#': LogonPass=<user>,<password>, Key=<file>#<password>
    behind_any_mark,  // what is behind its first '=', ',', '#' or ':' (--pin=<pin>, <user>,<password>,
                      // postgresql://<user>:<password>@<host>/<db>), and the word behind --pin or --so-pin
};

// The words, all but the program's name, which are overwritten in `argv` with 'x' as far as they may be
// secret. Who looks in the moment before sees them all the same: passwords typed at the terminal (ask) are
// better.
std::vector<std::string> take_words(int argc, char** argv, MayBeSecret what);

}  // namespace cs2sim::tools
