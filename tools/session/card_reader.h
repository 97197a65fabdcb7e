// Where the cards lie that a tool is told to use.
#pragma once

#include <string_view>

namespace cs2sim::tools {

// Whether a word of a command line names a card: a key specifier that begins with ':'.
bool names_a_card(std::string_view word);

// From now on cards are looked for in the reader of the simulator behind `specifier`, when it is one of this
// user's that run and the environment does not say where cards lie (CS2SIM_CARDS, CS2SIM_STATE, SDK_PATH).
// Changes the environment: no other thread may run.
void use_reader_of(std::string_view specifier);

}  // namespace cs2sim::tools
