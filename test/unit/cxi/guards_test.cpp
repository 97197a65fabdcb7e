// What guards a key holds on every way around it.
#include <thread>

#include "test/unit/cxi/cxi_bench.h"

using namespace cs2sim;

namespace {

PropertyList secret_template(std::string_view name, std::uint32_t policy = CXI_KEY_EXPORT_ALLOW_PLAIN) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", name);
    list.set_number(CXI_PROP_KEY_EXPORT, policy);
    return list;
}

Result<Bytes> derive(CxiBench& bench, std::uint32_t mechanism, ByteView key, ByteView data,
                     std::uint32_t bits = 256) {
    PropertyList list = secret_template("derived");
    list.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RAW);
    list.set_number(CXI_PROP_KEY_SIZE, bits);
    return bench.run(SFC_CXI_KEY_DERIVE, {CXI_FLAG_KEY_OVERWRITE, mechanism, key, list.encode(), data});
}

std::uint32_t export_in_clear(CxiBench& bench, ByteView key) {
    return code_of(bench.run(SFC_CXI_KEY_EXPORT,
                             {CXI_KEY_TYPE_SECRET | CXI_KEY_TYPE_PLAINTEXT, 0, key, ByteView(), ByteView()}));
}

}  // namespace

TEST_CASE("a derived key keeps the guards of every key that it is made of") {
    CxiBench bench;
    const Bytes open = CxiBench::reference(bench.generate(secret_template("open")));
    const Bytes shut = CxiBench::reference(bench.generate(secret_template("shut", CXI_KEY_EXPORT_DENY)));
    const auto guarded = [&](std::string_view name, std::uint32_t flag, bool value) {
        PropertyList list = secret_template(name);
        list.set_flag(flag, value);
        return CxiBench::reference(bench.generate(list));
    };
    const Bytes sensitive = guarded("sensitive", CXI_PROP_SENSITIVE, true);
    const Bytes kept = guarded("kept", CXI_PROP_EXTRACTABLE, false);
    const Bytes first_bit(4);
    const auto clear = [&](std::uint32_t mechanism, ByteView key, ByteView data, std::uint32_t bits = 256) {
        return export_in_clear(bench, CxiBench::reference(derive(bench, mechanism, key, data, bits)));
    };
    CHECK(clear(CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY, open, first_bit) == 0);
    CHECK(clear(CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY, sensitive, first_bit) == E_CXI_KEY_EXPORT_DENIED);
    CHECK(clear(CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY, kept, first_bit) == E_CXI_KEY_EXPORT_DENIED);
    CHECK(clear(CXI_MECH_KDF_CAT_BASE_AND_KEY, open, open, 512) == 0);
    for (const Bytes& other : {shut, sensitive, kept})
        CHECK(clear(CXI_MECH_KDF_CAT_BASE_AND_KEY, open, other, 512) == E_CXI_KEY_EXPORT_DENIED);
}

TEST_CASE(
    "FIPS and CC modes: nobody chooses bytes of a key, and keys are not wrapped without authentication") {
    CxiBench bench;
    const Bytes base = CxiBench::reference(bench.generate(secret_template("base", CXI_KEY_EXPORT_ALLOW)));
    const Bytes free = bench.aes("G", "free"), rsa = bench.rsa("rsa");
    Bytes kek = free;
    const Bytes data(32, 7), iv = iv_parameter(Bytes(16, 1)), nonce = iv_parameter(Bytes(12, 1));
    const auto masked_by_md5 = [&] {
        const Bytes parameter = compose(LAYOUT_CXI_PSS_PARAMETER, {CXI_MECH_HASH_MD5, 20}).value();
        return code_of(bench.sign(rsa, CXI_MECH_PAD_PSS | CXI_MECH_HASH_SHA256, data, true, parameter));
    };
    const auto wrap = [&](std::uint32_t mechanism, ByteView parameter) {
        return code_of(bench.run(SFC_CXI_KEY_WRAP, {mechanism, base, kek, parameter}));
    };
    CHECK(masked_by_md5() == 0);
    CHECK(wrap(CXI_MECH_CHAIN_CBC, iv) == 0);
    // What wraps keys is proved by a tag that nobody guesses; 0 is the whole one.
    constexpr std::pair<std::uint32_t, std::uint32_t> kTags[] = {{32, E_CXI_CRYPT_MECH_PARA},
                                                                 {64, E_CXI_CRYPT_MECH_PARA},
                                                                 {96, E_AES_TAG_VERIFICATION},
                                                                 {128, E_AES_TAG_VERIFICATION},
                                                                 {0, E_AES_TAG_VERIFICATION}};
    const auto unwrap_with_tag = [&](std::uint32_t chain, std::uint32_t bits) {
        const Bytes parameter =
            compose(LAYOUT_CXI_CRYPT_PARAMETER, {CXI_IV_NO_GENERATE, Bytes(12, 1), ByteView(), bits}).value();
        const PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "unwrapped");
        return code_of(bench.run(SFC_CXI_KEY_UNWRAP,
                                 {0, chain, kek, parameter, list.encode(), Bytes(32 + bits / 8, 7)}));
    };
    struct Case {
        std::uint16_t mode;
        std::uint32_t code;
    };
    for (const Case& now : {Case{MODE_FIPS, E_CXI_FIPS_MECH}, Case{MODE_CC, E_CXI_CC_MECH}}) {
        bench.set_modes(static_cast<std::uint16_t>(MODE_OPERATIONAL | now.mode));
        CAPTURE(now.mode);
        kek = bench.aes("G", "kek of " + std::to_string(now.mode));
        for (const std::uint32_t barred :
             {CXI_MECH_KDF_HASH | CXI_MECH_HASH_SHA256, CXI_MECH_KDF_ENC_DATA | CXI_MECH_CHAIN_CBC,
              +CXI_MECH_KDF_XOR_BASE_AND_DATA, +CXI_MECH_KDF_CAT_BASE_AND_DATA,
              +CXI_MECH_KDF_CAT_DATA_AND_BASE, +CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY})
            CHECK(code_of(derive(bench, barred, base, data)) == now.code);
        CHECK(wrap(CXI_MECH_CHAIN_ECB, {}) == now.code);
        CHECK(wrap(CXI_MECH_CHAIN_CBC, iv) == now.code);
        CHECK(wrap(CXI_MECH_CHAIN_CTR, iv) == now.code);
        CHECK(wrap(CXI_MECH_CHAIN_GCM, nonce) == now.code);  // the caller's nonce, who may use it twice
        CHECK(wrap(CXI_MECH_CHAIN_CCM, nonce) == now.code);
        CHECK(wrap(CXI_MECH_CHAIN_KEY_WRAP, {}) == 0);
        CHECK(masked_by_md5() == now.code);
        for (const std::uint32_t chain : {CXI_MECH_CHAIN_GCM, CXI_MECH_CHAIN_CCM})
            for (const auto& [bits, code] : kTags) {
                CAPTURE(chain, bits);
                CHECK(unwrap_with_tag(chain, bits) == code);
            }
    }
    bench.set_modes(MODE_OPERATIONAL);
    CHECK(unwrap_with_tag(CXI_MECH_CHAIN_GCM, 32) == E_CXI_CRYPT_MECH_PARA);  // as the mode has it
    kek = free;
    CHECK(unwrap_with_tag(CXI_MECH_CHAIN_GCM, 32) == E_AES_TAG_VERIFICATION);
    bench.set_modes(MODE_OPERATIONAL | MODE_FIPS);
    CHECK(code_of(derive(bench, CXI_MECH_KDF_HMAC | CXI_MECH_HASH_SHA256, base, data)) == 0);
}

TEST_CASE("a volatile key and a stored one never share a name") {
    CxiBench bench;
    const auto make = [&](std::uint32_t flags) {
        return code_of(bench.generate(CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "k"), flags));
    };
    REQUIRE(make(0) == 0);
    CHECK(make(CXI_FLAG_KEY_VOLATILE) == E_DB_EXISTS);
    CHECK(make(CXI_FLAG_KEY_VOLATILE | CXI_FLAG_KEY_OVERWRITE) == E_CXI_OVERWRITE);
    REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {index_reference(key_index("G", "k", 0))}));
    REQUIRE(make(CXI_FLAG_KEY_VOLATILE) == 0);
    CHECK(make(0) == E_DB_EXISTS);
    CHECK(make(CXI_FLAG_KEY_OVERWRITE) == 0);
    bench.cxi.start();
    CHECK(bench.cxi.keys.find(key_index("G", "k", 0)));  // the stored one
}

TEST_CASE("what may not be backed up may not be copied outside") {
    CxiBench bench;
    const Bytes key = CxiBench::reference(
        bench.generate(secret_template("k", CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_DENY_BACKUP)));
    CHECK(code_of(bench.run(SFC_CXI_KEY_BACKUP, {key})) == E_CXI_KEY_EXPORT_DENIED);
    PropertyList copy;
    copy.set(CXI_PROP_KEY_NAME, "copy");
    CHECK(code_of(bench.run(SFC_CXI_OBJ_COPY, {CXI_FLAG_KEY_EXTERNAL, key, copy.encode()})) ==
          E_CXI_KEY_EXPORT_DENIED);
    CHECK(code_of(bench.run(SFC_CXI_OBJ_COPY, {0, key, copy.encode()})) == 0);
}

TEST_CASE("a key that states no specifier, export policy or usage has the defaults") {
    CxiBench bench;
    const Bytes key = bench.aes("G", "k");
    const auto found = bench.cxi.keys.find(key_index("G", "k", 0));
    REQUIRE(found);
    CHECK(*read_property(**found, CXI_PROP_KEY_SPEC) == Bytes{0, 0, 0, 0});
    CHECK(*read_property(**found, CXI_PROP_KEY_EXPORT) == Bytes{0, 0, 0, 0});
    CHECK(*read_property(**found, CXI_PROP_KEY_USAGE) == Bytes{0xFF, 0xFF, 0xFF, 0xFF});
    const auto listed = [&](std::uint32_t id, std::uint32_t number) {
        PropertyList filter;
        filter.set_number(id, number);
        const auto page = bench.run(SFC_CXI_KEY_LIST, {filter.encode(), ByteView(), ByteView(), 0});
        REQUIRE(page);
        return !parse("more:u1 cursor:v2 rows:*", *page)->bytes("rows").empty();
    };
    CHECK(listed(CXI_PROP_KEY_EXPORT, 0));
    CHECK_FALSE(listed(CXI_PROP_KEY_EXPORT, 1));
    CHECK(listed(CXI_PROP_KEY_USAGE, 0xFFFFFFFF));
    CHECK_FALSE(listed(CXI_PROP_KEY_SPEC, 1));
}

TEST_CASE("sessions that change properties of one key at the same time all see theirs kept") {
    CxiBench bench;
    bench.aes("G", "k");
    const Bytes index = key_index("G", "k", 0);
    constexpr std::uint32_t kEach = 40;
    const auto set = [&](std::uint32_t first) {
        for (std::uint32_t id = first; id < first + kEach; ++id)
            static_cast<void>(bench.cxi.keys.modify(index, [&](KeyObject& key) -> Result<void> {
                key.properties.set_number(id, id);
                return {};
            }));
    };
    std::thread one(set, 0x80001000), other(set, 0x80002000);
    one.join();
    other.join();
    const auto key = bench.cxi.keys.find(index);
    REQUIRE(code_of(key) == 0);
    for (const std::uint32_t first : {0x80001000u, 0x80002000u})
        for (std::uint32_t id = first; id < first + kEach; ++id)
            CHECK((*key)->object.properties.number(id) == id);
    REQUIRE(bench.cxi.keys.erase(index));
    CHECK(code_of(bench.cxi.keys.modify(index, [](KeyObject&) { return Result<void>(); })) == E_DB_NOT_FOUND);
}

TEST_CASE("an object too large to travel in a backup is not taken") {
    CxiBench bench;
    PropertyList data;
    data.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_DATA);
    data.set(CXI_PROP_KEY_GROUP, "G");
    data.set(CXI_PROP_KEY_NAME, "large");
    data.set(CXI_PROP_VALUE, ByteView(Bytes(kLongestRecord, 1)));
    CHECK(code_of(bench.run(SFC_CXI_OBJ_CREATE, {0, data.encode()})) == E_DB_LENGTH);
    data.set(CXI_PROP_VALUE, ByteView(Bytes(kLongestRecord - 1000, 1)));
    CHECK(code_of(bench.run(SFC_CXI_OBJ_CREATE, {0, data.encode()})) == 0);
}
