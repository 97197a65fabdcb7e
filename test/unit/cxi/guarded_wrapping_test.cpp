// Keys with WRAP_WITH_TRUSTED go by mechanisms that prove what they wrapped, under keys that answer to
// nothing else from then on.
#include "test/unit/cxi/guarded_keys.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::uint32_t kKwp = CXI_MECH_CHAIN_KEY_WRAP | CXI_MECH_PAD_KWP;
constexpr std::uint32_t kCbcPad = CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5;

const Way kWays[] = {
    {kKw, {}, 0},
    {kKwp, {}, 0},
    // Who chose the IV may have had it unwrapped before, and knows what it adds to the key.
    {CXI_MECH_CHAIN_GCM, iv_parameter(Bytes(12, 1), {}, 128), E_CXI_CRYPT_MECH},
    {CXI_MECH_CHAIN_CCM, iv_parameter(Bytes(12, 1), {}, 128), E_CXI_CRYPT_MECH},
    {CXI_MECH_CHAIN_CTR, iv_parameter(Bytes(16)), E_CXI_CRYPT_MECH},
    {CXI_MECH_CHAIN_OFB, iv_parameter(Bytes(16)), E_CXI_CRYPT_MECH},
    {CXI_MECH_CHAIN_CFB, iv_parameter(Bytes(16)), E_CXI_CRYPT_MECH},
    {CXI_MECH_CHAIN_CBC, iv_parameter(Bytes(16)), E_CXI_CRYPT_MECH},
    {kCbcPad, iv_parameter(Bytes(16)), E_CXI_CRYPT_MECH},
    {CXI_MECH_CHAIN_ECB, {}, E_CXI_CRYPT_MECH},
};
const Way kBare{CXI_MECH_CHAIN_CTR, iv_parameter(Bytes(16)), 0}, kPadded{kCbcPad, iv_parameter(Bytes(16)), 0};

}  // namespace

TEST_CASE("a key that trusted keys guard is wrapped by mechanisms that prove it alone") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("kek")), key = make(bench, guarded("key")),
                free = make(bench, aes("free")), other = make(bench, aes("other"));
    trust(bench, kek);
    for (const Way& way : kWays) {
        CAPTURE(way.mechanism);
        CHECK(code_of(wrap(bench, key, kek, way)) == way.code);
        CHECK(code_of(bench.run(SFC_CXI_KEY_EXPORT,
                                {+CXI_KEY_TYPE_SECRET, way.mechanism, key, kek, way.parameter})) == way.code);
        CHECK(code_of(wrap(bench, free, other, way)) == 0);
    }
    const Bytes pair = bench.rsa("rsa");
    const Bytes half =
        bench.import(CXI_KEY_TYPE_PUBLIC, CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", "half"),
                     bench.public_key(pair));
    trust(bench, half);
    CHECK(code_of(wrap(bench, key, half, {CXI_MECH_PAD_PKCS1, {}, 0})) == E_CXI_CRYPT_MECH);
    CHECK(code_of(wrap(bench, free, half, {CXI_MECH_PAD_PKCS1, {}, 0})) == 0);
    CHECK(code_of(wrap(bench, key, half, {kOaep, {}, 0})) == 0);
    CHECK(code_of(wrap(bench, free, half, {CXI_MECH_PAD_PKCS1, {}, 0})) == E_CXI_CRYPT_MECH);
    CHECK(code_of(wrap(bench, key, make(bench, aes("untrusted")), {kKw, {}, 0})) == E_CXI_KEY_EXPORT_DENIED);
}

TEST_CASE(
    "what has wrapped a guarded key tells nothing of what it would decrypt whatever object has its bytes") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("kek")), key = make(bench, guarded("key")),
                free = make(bench, aes("free"));
    const Bytes before = copied(bench, kek, "before");
    trust(bench, kek);
    // Ordinary keys come and go as they like, until then.
    for (const Way& way : {kBare, kPadded}) {
        const auto blob = wrap(bench, free, kek, way);
        REQUIRE(code_of(blob) == 0);
        CHECK(code_of(unwrap(bench, *blob, kek, aes("back " + std::to_string(way.mechanism)), way)) == 0);
    }
    const auto blob = wrap(bench, key, kek, {kKw, {}, 0});
    REQUIRE(code_of(blob) == 0);
    for (const Bytes& wrapping : {kek, before})
        for (const Way& way : {kBare, kPadded, Way{CXI_MECH_CHAIN_ECB, {}, 0}}) {
            CAPTURE(way.mechanism);
            CHECK(code_of(unwrap(bench, Bytes(32, 7), wrapping, aes("told"), way)) == E_CXI_CRYPT_MECH);
            CHECK(code_of(bench.run(SFC_CXI_KEY_IMPORT,
                                    {0, +CXI_KEY_TYPE_SECRET, way.mechanism, aes("told").encode(), wrapping,
                                     Bytes(32, 7), way.parameter})) == E_CXI_CRYPT_MECH);
        }
    CHECK(code_of(wrap(bench, free, kek, kPadded)) == E_CXI_CRYPT_MECH);
    // The key comes back with its guard.
    const Bytes back = CxiBench::reference(unwrap(bench, *blob, kek, aes("back"), {kKw, {}, 0}));
    CHECK((*bench.cxi.find(back))->object.properties.flag_or(CXI_PROP_WRAP_WITH_TRUSTED, false));

    const Bytes pair = bench.rsa("rsa");
    const Bytes half =
        bench.import(CXI_KEY_TYPE_PUBLIC, CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", "half"),
                     bench.public_key(pair));
    trust(bench, half);
    const Way pkcs1{CXI_MECH_PAD_PKCS1, {}, 0};
    const auto padded = wrap(bench, free, half, pkcs1);
    REQUIRE(code_of(padded) == 0);
    CHECK(code_of(unwrap(bench, *padded, pair, aes("rsa 1"), pkcs1)) == 0);
    REQUIRE(code_of(wrap(bench, key, half, {kOaep, {}, 0})) == 0);
    CHECK(code_of(unwrap(bench, *padded, pair, aes("rsa 2"), pkcs1)) == E_CXI_CRYPT_MECH);
}

TEST_CASE("what has wrapped a guarded key wraps nothing that it would never unwrap") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("kek")), key = make(bench, guarded("key")),
                free = make(bench, aes("free")), before = copied(bench, kek, "before");
    trust(bench, kek);
    REQUIRE(code_of(wrap(bench, key, kek, {kKw, {}, 0})) == 0);
    const auto tagged = [](std::uint32_t chain, std::uint16_t bits, std::uint32_t code) {
        return Way{chain, iv_parameter(Bytes(12, 1), {}, bits), code};
    };
    std::vector<Way> ways{tagged(CXI_MECH_CHAIN_GCM, 128, 0), tagged(CXI_MECH_CHAIN_CCM, 96, 0),
                          tagged(CXI_MECH_CHAIN_GCM, 32, E_CXI_CRYPT_MECH_PARA),
                          tagged(CXI_MECH_CHAIN_CCM, 64, E_CXI_CRYPT_MECH_PARA)};
    for (const Way& way : kWays)
        if (way.mechanism != CXI_MECH_CHAIN_GCM && way.mechanism != CXI_MECH_CHAIN_CCM) ways.push_back(way);
    int count = 0;
    for (const Bytes& wrapping : {kek, before})
        for (const Way& way : ways) {
            CAPTURE(way.mechanism);
            const auto blob = wrap(bench, free, wrapping, way);
            CHECK(code_of(blob) == way.code);
            if (!blob) continue;
            const std::string name = "back " + std::to_string(++count);
            CHECK(code_of(unwrap(bench, *blob, wrapping, aes(name), way)) == 0);
        }
}

TEST_CASE("a changed bit of an unproved blob makes no sensitive key readable and none that leaves in clear") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("kek"));
    const Bytes key = make(bench, aes("key", flag(CXI_PROP_SENSITIVE, true)));
    const Bytes known = bench.import(CXI_KEY_TYPE_SECRET,
                                     CxiBench::key_template(CXI_KEY_ALGO_AES, 0, "G", "known"), Bytes(32, 7));
    configure(bench, "G", CXI_PROP_CFG_AUTH_PLAIN, 0x00000200);
    for (const std::uint32_t chain : {CXI_MECH_CHAIN_CTR, CXI_MECH_CHAIN_OFB, CXI_MECH_CHAIN_CFB,
                                      CXI_MECH_CHAIN_CBC, CXI_MECH_CHAIN_ECB}) {
        CAPTURE(chain);
        const Way way{chain, chain == CXI_MECH_CHAIN_ECB ? Bytes() : iv_parameter(Bytes(16)), 0};
        auto blob = wrap(bench, key, kek, way);
        REQUIRE(code_of(blob) == 0);
        blob->back() ^= 2;
        PropertyList list = aes("flipped " + std::to_string(chain), flag(CXI_PROP_SENSITIVE, false));
        list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN);
        const Bytes flipped = CxiBench::reference(unwrap(bench, *blob, kek, list, way));
        const PropertyList& has = (*bench.cxi.find(flipped))->object.properties;
        CHECK(has.flag_or(CXI_PROP_SENSITIVE, false));
        CHECK(has.number(CXI_PROP_KEY_EXPORT) == std::uint32_t{CXI_KEY_EXPORT_ALLOW});
        CHECK(code_of(wrap(bench, flipped, known, {kKw, {}, 0})) == E_CXI_PERMISSION_DENIED);
        const auto users = bench.context.users;
        bench.log_on(0x00000202, "CXI_GROUP=G");
        CHECK(code_of(bench.run(SFC_CXI_KEY_EXPORT, {+CXI_KEY_TYPE_SECRET, 0, flipped, ByteView(),
                                                     ByteView()})) == E_CXI_KEY_EXPORT_DENIED);
        bench.context.users = users;
    }
}

TEST_CASE("a tag that somebody may guess proves nothing of a wrapped key") {
    CxiBench bench;
    const auto way = [](std::uint32_t chain, std::uint16_t bits) {
        return Way{chain, iv_parameter(Bytes(12, 1), {}, bits), 0};
    };
    for (const std::uint32_t chain : {CXI_MECH_CHAIN_GCM, CXI_MECH_CHAIN_CCM}) {
        CAPTURE(chain);
        const std::string more = std::to_string(chain);
        const Bytes kek = make(bench, aes("kek" + more)), key = make(bench, guarded("key" + more)),
                    free = make(bench, aes("free" + more));
        trust(bench, kek);
        const Way shorter = way(chain, 32), whole = way(chain, 128);
        const auto short_blob = wrap(bench, free, kek, shorter), whole_blob = wrap(bench, free, kek, whole);
        REQUIRE(code_of(short_blob) == 0);
        REQUIRE(code_of(whole_blob) == 0);
        CHECK(code_of(unwrap(bench, *short_blob, kek, aes("as it was" + more), shorter)) == 0);
        CHECK(code_of(wrap(bench, key, kek, whole)) == E_CXI_CRYPT_MECH);
        CHECK(code_of(unwrap(bench, *short_blob, kek, aes("still" + more), shorter)) == 0);
        // From then on the key proves all that it unwraps.
        CHECK(code_of(wrap(bench, key, kek, {kKw, {}, 0})) == 0);
        CHECK(code_of(unwrap(bench, *short_blob, kek, aes("no more" + more), shorter)) ==
              E_CXI_CRYPT_MECH_PARA);
        CHECK(code_of(unwrap(bench, *whole_blob, kek, aes("whole" + more), whole)) == 0);
    }
    // What such a blob brings that was never wrapped here is not to be had in clear.
    const Bytes bytes(32, 0x5C);
    const auto known = [&](std::string_view name) {
        return bench.import(CXI_KEY_TYPE_SECRET, CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", name),
                            bytes);
    };
    const auto brought = [&](std::uint16_t bits) {
        const Way by = way(CXI_MECH_CHAIN_GCM, bits);
        const std::string name = "brought by " + std::to_string(bits);
        const Bytes kek = known(name + " kek");
        const auto sealed =
            bench.crypt(kek, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM, by.parameter, Bytes(32, 3));
        REQUIRE(code_of(sealed) == 0);
        const auto key = unwrap(bench, *sealed, kek, aes(name, number(CXI_PROP_KEY_EXPORT, 3)), by);
        REQUIRE(code_of(key) == 0);
        return code_of(bench.run(SFC_CXI_KEY_EXPORT, {+CXI_KEY_TYPE_SECRET, 0u, CxiBench::reference(key),
                                                      ByteView(), ByteView()}));
    };
    CHECK(brought(128) == 0);
    CHECK(brought(64) == E_CXI_KEY_EXPORT_DENIED);
    // Nor does it do for a group that bars what proves nothing.
    const Bytes kek = make(bench, aes("policy kek",
                                      number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP | CXI_KEY_USAGE_UNWRAP))),
                free = make(bench, aes("policy free"));
    configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY);
    CHECK(code_of(wrap(bench, free, kek, way(CXI_MECH_CHAIN_GCM, 96))) == E_CXI_CRYPT_MECH);
    CHECK(code_of(unwrap(bench, Bytes(40, 1), kek, aes("policy back"), way(CXI_MECH_CHAIN_GCM, 64))) ==
          E_CXI_CRYPT_MECH_PARA);
}
