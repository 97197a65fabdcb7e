// Does not compile, and must not: USER has no field "permision", and no layout at all has a field "permision".
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

#ifdef OF_NAMED_LAYOUT
std::uint32_t permission_of(const cs2sim::BlockOf<cs2sim::LayoutOf_USER>& user) {
#else
std::uint32_t permission_of(const cs2sim::Block& user) {
#endif
    return user.u32("permision");
}
