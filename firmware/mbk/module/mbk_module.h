// The MBK module (FC 096): master backup keys listed, generated in shares, imported. The keys themselves are
// firmware/mbk's.
#pragma once

#include "firmware/cmds/function.h"

namespace cs2sim {

Module mbk_module();

}  // namespace cs2sim
