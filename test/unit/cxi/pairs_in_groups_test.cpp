// What the public half of a pair does counts for the private half where that is, and in no other group, where
// anybody may have brought it.
#include "test/unit/cxi/guarded_keys.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::uint32_t kPkcs1 = CXI_MECH_PAD_PKCS1;

PropertyList in(std::string_view group, PropertyList list) {
    list.set(CXI_PROP_KEY_GROUP, group);
    return list;
}

PropertyList rsa(std::string_view name) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RSA, 2048, "G", name);
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    return list;
}

// The public half in a group, for its security officer to trust.
Bytes half_in(CxiBench& bench, std::string_view group, ByteView pair) {
    static int made = 0;
    const std::string name = "half " + std::to_string(++made);
    const Bytes half =
        bench.import(CXI_KEY_TYPE_PUBLIC, CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, group, name),
                     bench.public_key(pair));
    trust(bench, half);
    REQUIRE(set(bench, half, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP)) == 0);
    return half;
}

Bytes copied_into(CxiBench& bench, std::string_view group, ByteView key, std::string_view name,
                  std::uint32_t flags = 0) {
    PropertyList list;
    list.set(CXI_PROP_KEY_NAME, name);
    list.set(CXI_PROP_KEY_GROUP, group);
    return CxiBench::reference(bench.run(SFC_CXI_OBJ_COPY, {flags, key, list.encode()}));
}

std::uint32_t decrypts(CxiBench& bench, ByteView with, ByteView blob) {
    return code_of(bench.crypt(with, CXI_MECH_MODE_DECRYPT | kOaep, {}, blob));
}

std::uint32_t signs(CxiBench& bench, ByteView with) {
    return code_of(bench.sign(with, kPkcs1 | CXI_MECH_HASH_SHA256, Bytes(9)));
}

}  // namespace

TEST_CASE("the private half of a pair that guards keys takes that with it into other groups") {
    CxiBench bench;
    const Bytes pair = make(bench, rsa("pair")), kek = make(bench, aes("kek"));
    const auto moved = wrap(bench, pair, kek, {CXI_MECH_CHAIN_KEY_WRAP | CXI_MECH_PAD_KWP, {}});
    REQUIRE(code_of(moved) == 0);
    const auto unwrapped = [&](std::string_view name) {
        PropertyList list = in("H", rsa(name));
        list.erase(CXI_PROP_KEY_SIZE);
        return CxiBench::reference(
            unwrap(bench, *moved, kek, list, {CXI_MECH_CHAIN_KEY_WRAP | CXI_MECH_PAD_KWP, {}}));
    };
    // What left before, and what leaves when the pair guards.
    std::vector<Bytes> twins{copied_into(bench, "H", pair, "before"), unwrapped("unwrapped before"),
                             copied_into(bench, "H", pair, "outside", CXI_FLAG_KEY_EXTERNAL),
                             copied_into(bench, "I", pair, "elsewhere", CXI_FLAG_KEY_VOLATILE)};
    for (const Bytes& twin : twins) CHECK(signs(bench, twin) == 0);
    const auto blob = wrap(bench, make(bench, guarded("key")), half_in(bench, "G", pair), {kOaep, {}});
    REQUIRE(code_of(blob) == 0);
    twins.push_back(copied_into(bench, "H", pair, "after"));
    twins.push_back(unwrapped("unwrapped after"));
    twins.push_back(copied_into(bench, "J", twins[0], "a copy of a copy"));
    twins.push_back(pair);
    for (std::size_t i = 0; i < twins.size(); ++i) {
        CAPTURE(i);
        CHECK(decrypts(bench, twins[i], *blob) == E_CXI_KEY_USAGE);
        CHECK(signs(bench, twins[i]) == E_CXI_KEY_USAGE);
    }
    CHECK(code_of(unwrap(bench, *blob, twins[0], aes("back"), {kOaep, {}})) == 0);
}

TEST_CASE("a pair unwraps by PKCS 1 until it guards keys of a group that has the private half") {
    CxiBench bench;
    const Bytes pair = bench.rsa("pair"), free = make(bench, aes("free")), half = half_in(bench, "G", pair);
    const auto blob = wrap(bench, free, half, {kPkcs1, {}});
    REQUIRE(code_of(blob) == 0);
    const Bytes theirs = make(bench, in("H", guarded("theirs")));
    REQUIRE(code_of(wrap(bench, theirs, half_in(bench, "H", pair), {kOaep, {}})) == 0);
    CHECK(code_of(unwrap(bench, *blob, pair, aes("back"), {kPkcs1, {}})) == 0);
    REQUIRE(code_of(wrap(bench, make(bench, guarded("key")), half, {kOaep, {}})) == 0);
    CHECK(code_of(unwrap(bench, *blob, pair, aes("again"), {kPkcs1, {}})) == E_CXI_CRYPT_MECH);
}

TEST_CASE("a public half that moves keys in one group leaves the private half of another its work") {
    struct Where {
        std::uint16_t mode;
        std::uint32_t mixed;
    };
    for (const Where& where : {Where{0, E_CXI_SECURE_PROP_DECRYPT}, Where{MODE_FIPS, E_CXI_FIPS_KEY_USAGE},
                               Where{MODE_CC, E_CXI_CC_KEY_PROP}})
        for (const std::uint32_t flags : {0u, +CXI_FLAG_KEY_VOLATILE}) {
            CAPTURE(where.mode);
            CAPTURE(flags);
            CxiBench bench;
            bench.set_modes(MODE_OPERATIONAL | where.mode);
            if (where.mode == 0)
                for (const char* group : {"G", "H"}) configure(bench, group, CXI_PROP_CFG_WRAP_POLICY);
            const auto pair = [&](std::string_view name) {
                PropertyList list = rsa(name);
                list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_SIGN | CXI_KEY_USAGE_DECRYPT);
                return CxiBench::reference(bench.generate(list, flags));
            };
            const Bytes signing = pair("signing"), other = pair("other");
            const Bytes theirs = make(bench, in("H", aes("theirs"))), own = make(bench, aes("own"));
            const Bytes half_of_signing = half_in(bench, "H", signing);
            REQUIRE(code_of(wrap(bench, theirs, half_of_signing, {kOaep, {}})) == 0);
            REQUIRE(code_of(wrap(bench, theirs, half_in(bench, "H", other), {kOaep, {}})) == 0);
            CHECK(signs(bench, signing) == 0);
            CHECK(signs(bench, signing) == 0);
            // What the private half has done counts everywhere.
            CHECK(code_of(wrap(bench, theirs, half_of_signing, {kOaep, {}})) == where.mixed);
            CHECK(code_of(wrap(bench, own, half_in(bench, "G", signing), {kOaep, {}})) == where.mixed);
            // In its own group the public half counts as before.
            REQUIRE(code_of(wrap(bench, own, half_in(bench, "G", other), {kOaep, {}})) == 0);
            const std::uint32_t barred = where.mode == 0 ? E_CXI_SECURE_PROP_ENCRYPT : where.mixed;
            CHECK(signs(bench, other) == barred);
        }
}

TEST_CASE("CFG_WRAP_POLICY: a private half does nothing else where it came and its public half moves keys") {
    for (const bool worked : {false, true}) {
        CAPTURE(worked);
        CxiBench bench;
        for (const char* group : {"G", "H"}) configure(bench, group, CXI_PROP_CFG_WRAP_POLICY);
        PropertyList list = rsa("pair");
        list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_SIGN | CXI_KEY_USAGE_DECRYPT);
        const Bytes pair = make(bench, list), theirs = make(bench, in("H", aes("theirs")));
        const auto blob = wrap(bench, theirs, half_in(bench, "H", pair), {kOaep, {}});
        REQUIRE(code_of(blob) == 0);
        if (worked) CHECK(signs(bench, pair) == 0);
        const Bytes twin = copied_into(bench, "H", pair, "twin");
        CHECK(decrypts(bench, twin, *blob) == E_CXI_SECURE_PROP_DECRYPT);
        CHECK(signs(bench, twin) == E_CXI_SECURE_PROP_ENCRYPT);
        // At home it goes on with what it did; what it had not begun it does not begin.
        CHECK(signs(bench, pair) == (worked ? 0u : std::uint32_t{E_CXI_SECURE_PROP_ENCRYPT}));
    }
}

TEST_CASE("a note of guards from before notes named groups is of all of them") {
    CxiBench bench;
    const Bytes pair = make(bench, rsa("pair"));
    CHECK(signs(bench, pair) == 0);
    const SharedKey key = *bench.cxi.find(pair);
    REQUIRE(bench.cxi.keys.change_note(DeviceKeys::NoteKind::guards, *key,
                                       [](ByteView) -> Result<Bytes> { return Bytes{1}; }));
    const Bytes again = copied_into(bench, "H", pair, "again");
    CHECK(signs(bench, again) == E_CXI_KEY_USAGE);
    REQUIRE(code_of(wrap(bench, make(bench, guarded("key")), half_in(bench, "G", pair), {kOaep, {}})) == 0);
    CHECK(bench.cxi.keys.note(DeviceKeys::NoteKind::guards, *key).value() == Bytes{1});
    CHECK(signs(bench, again) == E_CXI_KEY_USAGE);
}
