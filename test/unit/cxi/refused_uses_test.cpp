// What is refused fixes nothing of a key; what tells anything of it does, before it is told.
#include "test/unit/cxi/guarded_keys.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::uint32_t kCbc = CXI_MECH_CHAIN_CBC, kGcm = CXI_MECH_CHAIN_GCM;

std::uint32_t encrypts(CxiBench& bench, ByteView key) {
    return code_of(bench.crypt(key, CXI_MECH_MODE_ENCRYPT | kCbc, iv_parameter(Bytes(16)), Bytes(16)));
}

std::uint32_t wraps(CxiBench& bench, ByteView key, ByteView target) {
    return code_of(wrap(bench, target, key, {kKw, {}}));
}

PropertyList raw(std::string_view name, std::uint32_t bits, bool guarded = false) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RAW, bits, "G", name);
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    if (guarded) list.set_flag(CXI_PROP_WRAP_WITH_TRUSTED, true);
    return list;
}

struct Where {
    std::uint16_t mode;
    std::uint32_t encrypts, wraps;  // after the other
};
// FIPS, CC, and a group with CFG_WRAP_POLICY.
const Where kWhere[] = {{MODE_FIPS, E_CXI_FIPS_KEY_USAGE, E_CXI_FIPS_KEY_USAGE},
                        {MODE_CC, E_CXI_CC_KEY_PROP, E_CXI_CC_KEY_PROP},
                        {0, E_CXI_SECURE_PROP_ENCRYPT, E_CXI_SECURE_PROP_DECRYPT}};

void enter(CxiBench& bench, const Where& where) {
    bench.set_modes(static_cast<std::uint16_t>(MODE_OPERATIONAL | where.mode));
    if (where.mode == 0) configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY);
}

// Of one use at a time, so that CFG_WRAP_POLICY does not look at what they might do.
Bytes only(CxiBench& bench, ByteView key, std::uint32_t usage) {
    REQUIRE(test::set(bench, key, number(CXI_PROP_KEY_USAGE, usage)) == 0);
    return to_bytes(key);
}

}  // namespace

TEST_CASE("a wrap of a guarded key that is refused leaves the trusted key its other work and no note") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("kek")), key = make(bench, guarded("key")),
                odd = make(bench, raw("odd", 160, true));
    trust(bench, kek);
    CHECK(code_of(wrap(bench, key, kek, {kKw, Bytes{1, 2, 3}})) == E_CXI_CRYPT_MECH_PARA);
    CHECK(code_of(wrap(bench, key, kek, {kKw, iv_parameter(Bytes(8))})) == E_CXI_CRYPT_IV_LEN);
    CHECK(code_of(wrap(bench, key, kek, {kGcm, iv_parameter(Bytes(12))})) == E_CXI_CRYPT_MECH);
    CHECK(code_of(wrap(bench, odd, kek, {kKw, {}})) == E_CXI_CRYPT_DATA_LEN);
    CHECK(encrypts(bench, kek) == 0);
    for (const Bytes& each : {key, odd}) {
        const auto noted = bench.cxi.keys.policies(**bench.cxi.find(each));
        REQUIRE(noted);
        for (const Bytes& note : *noted) CHECK(note.empty());
    }
    const Bytes half =
        bench.import(CXI_KEY_TYPE_PUBLIC, CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", "half"),
                     bench.public_key(bench.rsa("pair")));
    trust(bench, half);
    const Bytes longer = make(bench, raw("longer", 2048, true));
    CHECK(code_of(wrap(bench, longer, half, {kOaep, {}})) == E_CXI_CRYPT_DATA_LEN);
    CHECK(code_of(wrap(bench, key, kek, {kKw, {}})) == 0);
    CHECK(encrypts(bench, kek) == E_CXI_KEY_USAGE);
}

TEST_CASE("FIPS and CC and CFG_WRAP_POLICY: what is refused fixes no role") {
    for (const Where& where : kWhere) {
        CAPTURE(where.mode);
        CxiBench bench;
        enter(bench, where);
        const Bytes target = make(bench, aes("target")), odd = make(bench, raw("odd", 160));
        const Bytes gcm_without_iv = iv_parameter({}, {}, 128), bad{1, 2, 3};
        const auto key = [&](std::string_view name, std::uint32_t usage) {
            return make(bench, aes(name, number(CXI_PROP_KEY_USAGE, usage)));
        };
        const std::uint32_t both = CXI_KEY_USAGE_WRAP | CXI_KEY_USAGE_ENCRYPT;
        const Bytes moves = key("moves", both), works = key("works", both);
        // What encrypts: with no IV, with a bad parameter, with data that are no blocks, in pieces.
        CHECK(code_of(bench.crypt(moves, CXI_MECH_MODE_ENCRYPT | kGcm, gcm_without_iv, Bytes(3))) ==
              E_CXI_CRYPT_IV_LEN);
        CHECK(code_of(bench.crypt(moves, CXI_MECH_MODE_ENCRYPT | kGcm, bad, Bytes(3))) ==
              E_CXI_CRYPT_MECH_PARA);
        CHECK(code_of(bench.crypt(moves, CXI_MECH_MODE_ENCRYPT | kCbc, iv_parameter(Bytes(16)), Bytes(3))) ==
              E_CXI_CRYPT_DATA_LEN);
        CHECK(code_of(bench.run(SFC_CXI_CRYPT, {+CXI_FLAG_CRYPT_INIT, CXI_MECH_MODE_ENCRYPT | kKw, 0, moves,
                                                ByteView(), Bytes(16)})) == E_CXI_CRYPT_MECH);
        CHECK(wraps(bench, moves, target) == 0);
        CHECK(encrypts(bench, moves) == where.encrypts);
        // What wraps: a key of another length than the mechanism takes.
        CHECK(wraps(bench, works, odd) == E_CXI_CRYPT_DATA_LEN);
        CHECK(code_of(wrap(bench, target, works, {kKw, bad})) == E_CXI_CRYPT_MECH_PARA);
        CHECK(encrypts(bench, works) == 0);
        CHECK(wraps(bench, works, target) == where.wraps);
    }
}

TEST_CASE("FIPS and CC and CFG_WRAP_POLICY: a failure that tells what a key made of a blob fixes its role") {
    for (const Where& where : kWhere) {
        CAPTURE(where.mode);
        CxiBench bench;
        enter(bench, where);
        const Bytes target = make(bench, aes("target"));
        const Bytes reads = make(bench, aes("reads", number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_DECRYPT)));
        CHECK(code_of(bench.crypt(reads, CXI_MECH_MODE_DECRYPT | kGcm, iv_parameter(Bytes(12)), Bytes(40))) ==
              E_AES_TAG_VERIFICATION);
        CHECK(wraps(bench, only(bench, reads, CXI_KEY_USAGE_WRAP), target) == where.wraps);
        const Bytes unwraps = make(bench, aes("unwraps", number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_UNWRAP)));
        CHECK(code_of(unwrap(bench, Bytes(24), unwraps, aes("none"), {kKw, {}})) == E_AES_KEYWRAP);
        CHECK(encrypts(bench, only(bench, unwraps, CXI_KEY_USAGE_ENCRYPT)) == where.encrypts);
    }
}

TEST_CASE("FIPS: a signature that is refused fixes no purpose of an RSA key") {
    CxiBench bench;
    bench.set_modes(MODE_OPERATIONAL | MODE_FIPS);
    const Bytes key = bench.rsa("key"), half = bench.public_key(key);
    CHECK(code_of(bench.sign(key, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256, Bytes(7), false)) ==
          E_CXI_CRYPT_DATA_LEN);
    const auto sealed = bench.crypt(key, CXI_MECH_MODE_ENCRYPT | kOaep, {}, Bytes(9));
    REQUIRE(code_of(sealed) == 0);
    CHECK(code_of(bench.crypt(key, CXI_MECH_MODE_DECRYPT | kOaep, {}, *sealed)) == 0);
    CHECK(code_of(bench.sign(key, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256, Bytes(7))) ==
          E_CXI_FIPS_KEY_USAGE);
}

TEST_CASE("what finds no room to be noted is not answered and leaves nothing") {
    CxiBench bench;
    configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY);
    configure(bench, "G", CXI_PROP_CFG_SECURE_DERIVATION);
    const auto key = [&](std::string_view name) {
        PropertyList list = aes(name, flag(CXI_PROP_SENSITIVE, true));
        list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ENCRYPT | CXI_KEY_USAGE_DERIVE);
        return make(bench, list);
    };
    const Bytes base = key("base");
    bench.fill_notes("G");
    CHECK(encrypts(bench, base) == E_DB_NO_SPACE);
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RAW, 256, "G", "derived");
    const auto derive = [&] {
        return code_of(bench.run(SFC_CXI_KEY_DERIVE, {0, CXI_MECH_KDF_HMAC | CXI_MECH_HASH_SHA256, base,
                                                      list.encode(), Bytes(20)}));
    };
    CHECK(derive() == E_DB_NO_SPACE);
    CHECK(code_of(bench.cxi.keys.find(key_index("G", "derived", 0))) == E_DB_NOT_FOUND);
    const auto begun = [&] {
        return code_of(bench.run(SFC_CXI_CRYPT, {+CXI_FLAG_CRYPT_INIT, CXI_MECH_MODE_ENCRYPT | kCbc, 0, base,
                                                 iv_parameter(Bytes(16)), Bytes(16)}));
    };
    const std::size_t handles = bench.context.handles.size();
    CHECK(begun() == E_DB_NO_SPACE);
    CHECK(bench.context.handles.size() == handles);
}

TEST_CASE("what is no key wraps and unwraps nothing") {
    CxiBench bench;
    const Bytes key = make(bench, aes("key"));
    PropertyList list;
    list.set(CXI_PROP_KEY_GROUP, "G");
    list.set(CXI_PROP_KEY_NAME, "data");
    list.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_DATA);
    list.set(CXI_PROP_VALUE, ByteView(Bytes(32, 1)));
    const Bytes data = CxiBench::reference(bench.run(SFC_CXI_OBJ_CREATE, {0, list.encode()}));
    for (const Way& way :
         {Way{kCbc, iv_parameter(Bytes(16))}, Way{kKw, {}}, Way{kGcm, iv_parameter(Bytes(12))}}) {
        CAPTURE(way.mechanism);
        CHECK(code_of(wrap(bench, key, data, way)) != 0);
        CHECK(code_of(unwrap(bench, Bytes(48), data, aes("back"), way)) != 0);
    }
}
