// Must not compile: LAYOUT_USER has no field `permision`. See test/CMakeLists.txt.
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

std::uint32_t permission_of(const cs2sim::BlockOf<cs2sim::LayoutOf_USER>& user) { return user.u32("permision"); }
