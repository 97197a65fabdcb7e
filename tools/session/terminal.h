// The terminal behind a tool.
#pragma once

#include "host-lib/key_source.h"

namespace cs2sim::tools {

// Speaks through /dev/tty, so that stdin and stdout stay free for pipes; see host::Terminal.
host::Terminal controlling_terminal();

}  // namespace cs2sim::tools
