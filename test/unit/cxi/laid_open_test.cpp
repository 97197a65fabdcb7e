// What is laid open, as an open object of a session that everybody works with, has left its group: the same
// is asked as of what goes into another one.
#include "test/unit/cxi/properties.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::uint32_t kKwp = CXI_MECH_CHAIN_KEY_WRAP | CXI_MECH_PAD_KWP;
constexpr std::uint32_t kHmac = CXI_MECH_KDF_HMAC | CXI_MECH_HASH_SHA256;
constexpr std::uint32_t kOutside = CXI_FLAG_KEY_EXTERNAL;

PropertyList aes(std::string_view name, const PropertyList& more = {}) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "SLOT_0000", name);
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    for (const Property& each : more) list.set(each.id, each.value());
    return list;
}

Bytes make(CxiBench& bench, const PropertyList& list) { return CxiBench::reference(bench.generate(list)); }

PropertyList open_aes() {
    PropertyList list = open_object();
    list.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    list.set_number(CXI_PROP_KEY_SIZE, 256);
    return list;
}

// Too large to be open as it is; its maker may shorten it.
PropertyList large(PropertyList list) {
    list.set(CXI_PROP_KEY_LABEL, std::string(5000, 'L'));
    return list;
}

Result<Bytes> copy(CxiBench& bench, ByteView key, const PropertyList& changes) {
    return bench.run(SFC_CXI_OBJ_COPY, {kOutside, key, changes.encode()});
}

Result<Bytes> derive(CxiBench& bench, std::uint32_t mechanism, ByteView base, const PropertyList& list,
                     ByteView data = {}) {
    return bench.run(SFC_CXI_KEY_DERIVE, {kOutside, mechanism, base, list.encode(), data});
}

std::uint32_t work_of_nobody(CxiBench& bench, ByteView key) {
    const auto users = std::exchange(bench.context.users, {});
    const auto done =
        bench.crypt(key, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CTR, iv_parameter(Bytes(16)), Bytes(16));
    bench.context.users = users;
    return code_of(done);
}

struct Guard {
    std::string_view name;
    PropertyList properties;
    bool guards_functions;  // of the key, too
};
const Guard kGuards[] = {{"not to be exported", number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY), false},
                         {"not extractable", flag(CXI_PROP_EXTRACTABLE, false), false},
                         {"with trusted keys alone", flag(CXI_PROP_WRAP_WITH_TRUSTED, true), true}};

}  // namespace

TEST_CASE("a key that may not leave its group is laid open by nobody") {
    CxiBench bench;
    const Bytes free = make(bench, aes("free"));
    for (const Guard& guard : kGuards) {
        CAPTURE(guard.name);
        const Bytes key = make(bench, aes(guard.name, guard.properties));
        CHECK(code_of(copy(bench, key, open_object())) == E_CXI_KEY_EXPORT_DENIED);
        CHECK(code_of(copy(bench, key, large(open_object()))) == E_CXI_KEY_EXPORT_DENIED);
        // Nor by a step between, or as what its bytes are in.
        PropertyList outside = flag(CXI_PROP_TOKEN, false);
        const Bytes between = CxiBench::reference(copy(bench, key, outside));
        CHECK(code_of(copy(bench, between, open_object())) == E_CXI_KEY_EXPORT_DENIED);
        for (const std::uint32_t mechanism : {CXI_MECH_KDF_CAT_BASE_AND_DATA, CXI_MECH_KDF_CAT_DATA_AND_BASE})
            CHECK(code_of(derive(bench, mechanism, key, open_aes())) == E_CXI_KEY_EXPORT_DENIED);
        CHECK(code_of(derive(bench, CXI_MECH_KDF_CAT_BASE_AND_KEY, free, open_aes(), key)) ==
              E_CXI_KEY_EXPORT_DENIED);
        CHECK(code_of(derive(bench, CXI_MECH_KDF_CAT_BASE_AND_KEY, key, open_aes(), free)) ==
              E_CXI_KEY_EXPORT_DENIED);
        CHECK(code_of(derive(bench, kHmac, key, open_aes(), Bytes(4))) ==
              (guard.guards_functions ? std::uint32_t{E_CXI_KEY_EXPORT_DENIED} : 0u));
        CHECK(code_of(copy(bench, key, flag(CXI_PROP_PRIVATE, true))) == 0);
    }
}

TEST_CASE("a key that trusted keys guard is unwrapped into no open object") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("kek", number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY)));
    test::trust(bench, kek);
    const Bytes guarded = make(bench, aes("guarded", flag(CXI_PROP_WRAP_WITH_TRUSTED, true)));
    const Bytes free = make(bench, aes("free"));
    const auto unwrap = [&](ByteView key, const PropertyList& list) {
        const auto blob = bench.run(SFC_CXI_KEY_WRAP, {kKwp, key, kek, ByteView()});
        REQUIRE(code_of(blob) == 0);
        return code_of(
            bench.run(SFC_CXI_KEY_UNWRAP, {kOutside, kKwp, kek, ByteView(), list.encode(), *blob}));
    };
    CHECK(unwrap(guarded, open_aes()) == E_CXI_KEY_EXPORT_DENIED);
    CHECK(unwrap(guarded, large(open_aes())) == E_CXI_KEY_EXPORT_DENIED);
    CHECK(unwrap(guarded, aes("back")) == 0);
    CHECK(unwrap(free, open_aes()) == 0);
}

TEST_CASE("what may leave is laid open and what is open stays so") {
    CxiBench bench;
    const Bytes free = make(bench, aes("free"));
    const Bytes open = CxiBench::reference(copy(bench, free, open_object()));
    CHECK(work_of_nobody(bench, open) == 0);
    PropertyList shut = open_aes();
    shut.set_flag(CXI_PROP_EXTRACTABLE, false);
    const Bytes own = CxiBench::reference(bench.generate(shut, kOutside));
    CHECK(code_of(copy(bench, own, open_object())) == 0);
    CHECK(code_of(derive(bench, CXI_MECH_KDF_CAT_BASE_AND_DATA, own, open_aes())) == 0);
    // Data have no export policy.
    PropertyList data = CxiBench::key_template(CXI_KEY_ALGO_RAW, 0, "SLOT_0000", "data");
    data.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_DATA);
    data.set(CXI_PROP_VALUE, "some");
    const Bytes object = CxiBench::reference(bench.run(SFC_CXI_OBJ_CREATE, {0, data.encode()}));
    CHECK(code_of(copy(bench, object, open_object())) == 0);
    // Certified modes have no open objects, but they end.
    bench.set_modes(MODE_OPERATIONAL | MODE_FIPS);
    CHECK(code_of(copy(bench, free, open_object())) == E_CXI_FIPS_KEY_EXPORT);
    CHECK(code_of(copy(bench, make(bench, aes("of the mode")), open_object())) == 0);
}

TEST_CASE("a backup is no way to lay a key open and to widen what it may do") {
    CxiBench bench;
    // In the device it is a key of its group, and sealed it is an open object.
    const auto backed_up = [&](ByteView key) {
        const Bytes inside =
            CxiBench::reference(bench.run(SFC_CXI_OBJ_COPY, {0, key,
                                                             [] {
                                                                 PropertyList list = open_object();
                                                                 list.set(CXI_PROP_KEY_NAME, "inside");
                                                                 return list;
                                                             }()
                                                                 .encode()}));
        const auto blob = bench.run(SFC_CXI_KEY_BACKUP, {inside});
        REQUIRE(code_of(bench.run(SFC_CXI_KEY_DELETE, {inside})) == 0);
        return blob;
    };
    for (const Guard& guard : kGuards) {
        CAPTURE(guard.name);
        const Bytes key = make(bench, aes(guard.name, guard.properties));
        CHECK(code_of(backed_up(key)) == E_CXI_KEY_EXPORT_DENIED);
        CHECK(code_of(bench.run(SFC_CXI_KEY_BACKUP, {key})) == 0);  // of what is private
    }
    const Bytes free = make(bench, aes("free", number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ENCRYPT)));
    const auto blob = backed_up(free);
    REQUIRE(code_of(blob) == 0);
    Bytes open{CXI_TAG_EXTERNAL};
    append(open, *blob);
    CHECK(work_of_nobody(bench, open) == 0);
    CHECK(test::set(bench, open, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL)) == E_CXI_PROP_PROTECTED);
    // Nor does who only manages keys get the use of one so.
    test::configure(bench, "SLOT_0000", CXI_PROP_CFG_AUTH_KEYM, 0x00000020);
    bench.log_on(0x00000020, "CXI_GROUP=SLOT_0000");
    CHECK(code_of(backed_up(free)) == E_CXI_PERMISSION_DENIED);
    bench.log_on(0x00000022, "CXI_GROUP=SLOT_0000");
    CHECK(code_of(backed_up(free)) == 0);
}
