// Short lists of properties, and how a test changes them.
#pragma once

#include "test/unit/cxi/cxi_bench.h"

namespace cs2sim::test {

inline std::uint32_t set(CxiBench& bench, ByteView key, const PropertyList& changes) {
    return code_of(bench.run(SFC_CXI_KEY_PROP_SET, {key, changes.encode()}));
}

inline PropertyList number(std::uint32_t id, std::uint32_t value) {
    PropertyList list;
    list.set_number(id, value);
    return list;
}

inline PropertyList flag(std::uint32_t id, bool value) {
    PropertyList list;
    list.set_flag(id, value);
    return list;
}

// Of slot 0, for everybody to see, use and make: neither private nor kept in the device.
inline PropertyList open_object() {
    PropertyList list;
    list.set(CXI_PROP_KEY_GROUP, "SLOT_0000");
    list.set_flag(CXI_PROP_PRIVATE, false);
    list.set_flag(CXI_PROP_TOKEN, false);
    return list;
}

// A setting of a group, changed by its security officer; who was logged on is so again.
inline void configure(CxiBench& bench, std::string_view group, std::uint32_t id, std::uint32_t value = 1) {
    const std::vector<LoggedOnUser> users = bench.context.users;
    bench.log_on(0x00000200, "CXI_GROUP=" + std::string(group));
    Bytes config{CXI_TAG_CONFIG};
    append(config, as_bytes(group));
    REQUIRE(set(bench, config, number(id, value)) == 0);
    bench.context.users = users;
}

// The security officer stands for a key; who was logged on is so again.
inline void trust(CxiBench& bench, ByteView key) {
    const std::vector<LoggedOnUser> users = bench.context.users;
    bench.log_on(0x00000200, "CXI_GROUP=*");
    REQUIRE(set(bench, key, flag(CXI_PROP_TRUSTED, true)) == 0);
    bench.context.users = users;
}

}  // namespace cs2sim::test
