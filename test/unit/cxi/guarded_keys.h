// Keys of group G that go out and in by wrapping, and those that only trusted keys wrap.
#pragma once

#include "test/unit/cxi/properties.h"

namespace cs2sim::test {

constexpr std::uint32_t kKw = CXI_MECH_CHAIN_KEY_WRAP, kOaep = CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256;

inline PropertyList aes(std::string_view name, const PropertyList& more = {}) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", name);
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    for (const Property& each : more) list.set(each.id, each.value());
    return list;
}

inline PropertyList guarded(std::string_view name) {
    return aes(name, flag(CXI_PROP_WRAP_WITH_TRUSTED, true));
}

inline Bytes make(CxiBench& bench, const PropertyList& list) {
    return CxiBench::reference(bench.generate(list));
}

struct Way {
    std::uint32_t mechanism;
    Bytes parameter;
    std::uint32_t code = 0;  // for a guarded key
};

inline Result<Bytes> wrap(CxiBench& bench, ByteView key, ByteView wrapping, const Way& way) {
    return bench.run(SFC_CXI_KEY_WRAP, {way.mechanism, key, wrapping, way.parameter});
}

inline Result<Bytes> unwrap(CxiBench& bench, ByteView blob, ByteView wrapping, const PropertyList& list,
                            const Way& way) {
    return bench.run(SFC_CXI_KEY_UNWRAP, {0, way.mechanism, wrapping, way.parameter, list.encode(), blob});
}

inline Bytes copied(CxiBench& bench, ByteView key, std::string_view name) {
    PropertyList list;
    list.set(CXI_PROP_KEY_NAME, name);
    return CxiBench::reference(bench.run(SFC_CXI_OBJ_COPY, {0, key, list.encode()}));
}

}  // namespace cs2sim::test
