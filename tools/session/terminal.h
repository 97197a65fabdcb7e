// The terminal behind a tool.
#pragma once

#include "host-lib/cards/key_source.h"

namespace cs2sim::tools {

// Speaks through /dev/tty, so that stdin and stdout stay free for pipes; see host::Terminal.
host::Terminal controlling_terminal();

// Asks for a new password or PIN twice. Errors: those of ask_secret; E_PP_PIN_REPETITION when the two differ.
Result<SecretBytes> ask_new_secret(const host::Terminal& terminal);

}  // namespace cs2sim::tools
