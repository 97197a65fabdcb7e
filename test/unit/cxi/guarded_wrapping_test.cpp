// Keys with WRAP_WITH_TRUSTED go by mechanisms that prove what they wrapped, under keys that answer to
// nothing else from then on.
#include "test/unit/cxi/properties.h"

using namespace cs2sim;

namespace {

using test::configure;
using test::flag;
using test::number;
using test::trust;

constexpr std::uint32_t kKw = CXI_MECH_CHAIN_KEY_WRAP, kKwp = CXI_MECH_CHAIN_KEY_WRAP | CXI_MECH_PAD_KWP;
constexpr std::uint32_t kOaep = CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256;
constexpr std::uint32_t kCbcPad = CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5;

PropertyList aes(std::string_view name, const PropertyList& more = {}) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", name);
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    for (const Property& each : more) list.set(each.id, each.value());
    return list;
}

PropertyList guarded(std::string_view name) { return aes(name, flag(CXI_PROP_WRAP_WITH_TRUSTED, true)); }

Bytes make(CxiBench& bench, const PropertyList& list) { return CxiBench::reference(bench.generate(list)); }

Bytes made_iv() {
    return compose(LAYOUT_CXI_CRYPT_PARAMETER, {CXI_IV_GENERATE, ByteView(), ByteView(), 128}).value();
}

struct Way {
    std::uint32_t mechanism;
    Bytes parameter;
    std::uint32_t code;  // for a guarded key
};
const Way kWays[] = {
    {kKw, {}, 0},
    {kKwp, {}, 0},
    {CXI_MECH_CHAIN_GCM, made_iv(), 0},
    {CXI_MECH_CHAIN_CCM, made_iv(), 0},
    // Who had it unwrapped before knows what it adds to the key.
    {CXI_MECH_CHAIN_GCM, iv_parameter(Bytes(12, 1), {}, 128), E_CXI_CRYPT_IV_LEN},
    {CXI_MECH_CHAIN_CCM, iv_parameter(Bytes(12, 1), {}, 128), E_CXI_CRYPT_IV_LEN},
    {CXI_MECH_CHAIN_CTR, iv_parameter(Bytes(16)), E_CXI_CRYPT_MECH},
    {CXI_MECH_CHAIN_OFB, iv_parameter(Bytes(16)), E_CXI_CRYPT_MECH},
    {CXI_MECH_CHAIN_CFB, iv_parameter(Bytes(16)), E_CXI_CRYPT_MECH},
    {CXI_MECH_CHAIN_CBC, iv_parameter(Bytes(16)), E_CXI_CRYPT_MECH},
    {kCbcPad, iv_parameter(Bytes(16)), E_CXI_CRYPT_MECH},
    {kCbcPad, made_iv(), E_CXI_CRYPT_MECH},
    {CXI_MECH_CHAIN_ECB, {}, E_CXI_CRYPT_MECH},
};

Result<Bytes> wrap(CxiBench& bench, ByteView key, ByteView wrapping, const Way& way) {
    return bench.run(SFC_CXI_KEY_WRAP, {way.mechanism, key, wrapping, way.parameter});
}
Result<Bytes> unwrap(CxiBench& bench, ByteView blob, ByteView wrapping, const PropertyList& list,
                     const Way& way) {
    return bench.run(SFC_CXI_KEY_UNWRAP, {0, way.mechanism, wrapping, way.parameter, list.encode(), blob});
}

const Way kBare{CXI_MECH_CHAIN_CTR, iv_parameter(Bytes(16)), 0}, kPadded{kCbcPad, iv_parameter(Bytes(16)), 0};

Bytes copied(CxiBench& bench, ByteView key, std::string_view name) {
    PropertyList list;
    list.set(CXI_PROP_KEY_NAME, name);
    return CxiBench::reference(bench.run(SFC_CXI_OBJ_COPY, {0, key, list.encode()}));
}

}  // namespace

TEST_CASE("a key that trusted keys guard is wrapped by mechanisms that prove it alone") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("kek")), key = make(bench, guarded("key")),
                free = make(bench, aes("free"));
    trust(bench, kek);
    for (const Way& way : kWays) {
        CAPTURE(way.mechanism);
        CHECK(code_of(wrap(bench, key, kek, way)) == way.code);
        CHECK(code_of(bench.run(SFC_CXI_KEY_EXPORT,
                                {+CXI_KEY_TYPE_SECRET, way.mechanism, key, kek, way.parameter})) == way.code);
        CHECK(code_of(wrap(bench, free, kek, way)) == 0);
    }
    const Bytes pair = bench.rsa("rsa");
    const Bytes half =
        bench.import(CXI_KEY_TYPE_PUBLIC, CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", "half"),
                     bench.public_key(pair));
    trust(bench, half);
    CHECK(code_of(wrap(bench, key, half, {CXI_MECH_PAD_PKCS1, {}, 0})) == E_CXI_CRYPT_MECH);
    CHECK(code_of(wrap(bench, free, half, {CXI_MECH_PAD_PKCS1, {}, 0})) == 0);
    CHECK(code_of(wrap(bench, key, half, {kOaep, {}, 0})) == 0);
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
    CHECK(code_of(wrap(bench, free, kek, kPadded)) == 0);
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
