// Nobody gets a key in clear or chooses its bytes by a detour, and nobody widens what a key may do.
#include "test/unit/cxi/properties.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::uint32_t kGcm = CXI_MECH_CHAIN_GCM, kKeyWrap = CXI_MECH_CHAIN_KEY_WRAP;
const Bytes kNonce = iv_parameter(Bytes(12, 1));

struct Certified {
    std::uint16_t mode;
    std::uint32_t mixed, imported, exported, mechanism, exponent;
};
const Certified kCertified[] = {
    {MODE_FIPS, E_CXI_FIPS_KEY_USAGE, E_CXI_FIPS_KEY_IMPORT, E_CXI_FIPS_KEY_EXPORT, E_CXI_FIPS_MECH,
     E_CXI_FIPS_PROP},
    {MODE_CC, E_CXI_CC_KEY_PROP, E_CXI_CC_IMPORT_PLAIN, E_CXI_CC_EXPORT_PLAIN, E_CXI_CC_MECH,
     E_CXI_CC_KEY_PROP},
};

PropertyList aes(std::string_view name, std::uint32_t policy = CXI_KEY_EXPORT_DENY,
                 std::uint32_t bits = 256) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, bits, "G", name);
    list.set_number(CXI_PROP_KEY_EXPORT, policy);
    return list;
}

PropertyList raw(std::string_view name, std::uint32_t bits) {
    return CxiBench::key_template(CXI_KEY_ALGO_RAW, bits, "G", name);
}

Bytes make(CxiBench& bench, const PropertyList& list) { return CxiBench::reference(bench.generate(list)); }

Result<Bytes> wrap(CxiBench& bench, ByteView key, ByteView wrapping, std::uint32_t mechanism = kKeyWrap,
                   ByteView parameter = {}) {
    return bench.run(SFC_CXI_KEY_WRAP, {mechanism, key, wrapping, parameter});
}

Result<Bytes> unwrap(CxiBench& bench, ByteView wrapped, ByteView wrapping, const PropertyList& list,
                     std::uint32_t mechanism = kKeyWrap, ByteView parameter = {}) {
    return bench.run(SFC_CXI_KEY_UNWRAP, {0, mechanism, wrapping, parameter, list.encode(), wrapped});
}

Result<Bytes> encrypt(CxiBench& bench, ByteView key, ByteView data) {
    return bench.crypt(key, CXI_MECH_MODE_ENCRYPT | kGcm, kNonce, data);
}

Result<Bytes> decrypt(CxiBench& bench, ByteView key, ByteView data) {
    return bench.crypt(key, CXI_MECH_MODE_DECRYPT | kGcm, kNonce, data);
}

const PropertyList& stored(CxiBench& bench, ByteView reference) {
    static SharedKey kept;
    kept = *bench.cxi.keys.find(reference.subspan(1));
    return kept->object.properties;
}

}  // namespace

TEST_CASE("FIPS and CC: a key that moves keys does nothing else, and the other way round") {
    for (const Certified& now : kCertified) {
        CxiBench bench;
        bench.set_modes(MODE_OPERATIONAL | now.mode);
        CAPTURE(now.mode);
        const Bytes target = make(bench, aes("target", CXI_KEY_EXPORT_ALLOW));
        const Bytes kek = make(bench, aes("kek")), works = make(bench, aes("works"));
        const auto blob = wrap(bench, target, kek);
        REQUIRE(code_of(blob) == 0);
        CHECK(code_of(decrypt(bench, kek, *blob)) == now.mixed);
        CHECK(code_of(encrypt(bench, kek, Bytes(32, 7))) == now.mixed);
        const auto chosen = encrypt(bench, works, Bytes(32, 7));
        REQUIRE(code_of(chosen) == 0);
        CHECK(code_of(unwrap(bench, *chosen, works, aes("chosen"))) == now.mixed);
        CHECK(code_of(wrap(bench, target, works)) == now.mixed);

        // Neither a copy nor a backup has another role, and it outlives the key.
        PropertyList copy;
        copy.set(CXI_PROP_KEY_NAME, "copy");
        const Bytes copied = CxiBench::reference(bench.run(SFC_CXI_OBJ_COPY, {0, kek, copy.encode()}));
        CHECK(code_of(decrypt(bench, copied, *blob)) == now.mixed);
        const auto backup = bench.run(SFC_CXI_KEY_BACKUP, {kek});
        REQUIRE(backup);
        REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {kek}));
        REQUIRE(bench.run(SFC_CXI_KEY_RESTORE, {0, ByteView(), *backup}));
        CHECK(code_of(decrypt(bench, kek, *blob)) == now.mixed);
        CHECK(code_of(unwrap(bench, *blob, kek, aes("again"))) == 0);

        PropertyList both = aes("both");
        both.set_flag(CXI_PROP_WRAP, true);
        both.set_flag(CXI_PROP_DECRYPT, true);
        CHECK(code_of(bench.generate(both)) == now.mixed);
        PropertyList wraps = aes("wraps");
        wraps.set_flag(CXI_PROP_WRAP, true);
        const Bytes only_wraps = make(bench, wraps);
        CHECK(set(bench, only_wraps, flag(CXI_PROP_DECRYPT, true)) == now.mixed);
    }
}

TEST_CASE(
    "FIPS and CC: keys are wrapped under keys that nobody knows, or for whom the security officer stands") {
    for (const Certified& now : kCertified) {
        CxiBench bench;
        const Bytes known = bench.import(CXI_KEY_TYPE_SECRET, aes("known"), Bytes(32, 9));
        PropertyList name = CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", "imported");
        const Bytes imported =
            bench.import(CXI_KEY_TYPE_PUBLIC, name, bench.public_key(bench.rsa("foreign")));
        const Bytes target = make(bench, aes("target", CXI_KEY_EXPORT_ALLOW));
        const auto blob = wrap(bench, target, known);
        const std::uint32_t oaep = CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256;
        REQUIRE(blob);
        bench.set_modes(MODE_OPERATIONAL | now.mode);
        CAPTURE(now.mode);
        const Bytes pair = bench.rsa("rsa");
        CHECK(code_of(wrap(bench, target, known)) == now.exported);
        CHECK(code_of(unwrap(bench, *blob, known, aes("new"))) == now.imported);
        CHECK(code_of(wrap(bench, target, imported, oaep, {})) == now.exported);
        const auto under_pair = wrap(bench, target, pair, oaep, {});
        REQUIRE(code_of(under_pair) == 0);
        CHECK(code_of(unwrap(bench, *under_pair, pair, aes("new"), oaep, {})) == now.imported);

        CHECK(set(bench, known, flag(CXI_PROP_TRUSTED, true)) == E_CXI_PERMISSION_DENIED);
        bench.log_on(0x00000202, "CXI_GROUP=G");
        CHECK(set(bench, known, flag(CXI_PROP_TRUSTED, true)) == 0);
        CHECK(code_of(wrap(bench, target, known)) == 0);
        CHECK(code_of(unwrap(bench, *blob, known, aes("new"))) == 0);
    }
}

TEST_CASE("FIPS and CC: no derivation joins a secret with what somebody knows, or cuts it") {
    for (const Certified& now : kCertified) {
        CxiBench bench;
        const Bytes known = bench.import(CXI_KEY_TYPE_SECRET, raw("known", 256), Bytes(32, 9));
        const Bytes before = make(bench, raw("before", 256));
        bench.set_modes(MODE_OPERATIONAL | now.mode);
        CAPTURE(now.mode);
        const Bytes one = make(bench, raw("one", 256)), other = make(bench, raw("other", 256));
        const auto join = [&](ByteView base, ByteView with, std::uint32_t bits) {
            const PropertyList list = raw("joined" + std::to_string(bits), bits);
            return code_of(
                bench.run(SFC_CXI_KEY_DERIVE, {0, CXI_MECH_KDF_CAT_BASE_AND_KEY, base, list.encode(), with}));
        };
        CHECK(join(known, one, 512) == now.mechanism);
        CHECK(join(one, known, 512) == now.mechanism);
        CHECK(join(one, before, 512) == now.mechanism);
        CHECK(join(one, other, 264) == now.mechanism);
        CHECK(join(one, other, 512) == 0);
    }
}

TEST_CASE("FIPS and CC: RSA keys have the public exponent 65537 or a larger one") {
    CxiBench bench;
    const auto generate = [&](std::uint8_t exponent) {
        PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RSA, 2048, "G", std::to_string(exponent));
        list.set(CXI_PROP_KEY_RSA_EXP, ByteView(&exponent, 1));
        return code_of(bench.generate(list));
    };
    CHECK(generate(3) == 0);
    for (const Certified& now : kCertified) {
        bench.set_modes(MODE_OPERATIONAL | now.mode);
        CHECK(generate(3) == now.exponent);
        CHECK(generate(17) == now.exponent);
    }
    bench.set_modes(MODE_OPERATIONAL);
    configure(bench, "G", CXI_PROP_CFG_SECURE_RSA_COMPONENTS, 1);
    CHECK(generate(17) == E_CXI_PROP_VAL);
}

TEST_CASE("what is unwrapped may do what was wrapped, and is what it was") {
    CxiBench bench;
    PropertyList list = aes("target", CXI_KEY_EXPORT_ALLOW);
    list.set_flag(CXI_PROP_SENSITIVE, true);
    list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ENCRYPT);
    list.set(CXI_PROP_KEY_MECHS, ByteView(big_endian_bytes<4>(CXI_MECH_MODE_ENCRYPT | kGcm)));
    list.set(CXI_PROP_KEY_DATE_EXP, "300101000000");
    const Bytes target = make(bench, list), kek = make(bench, aes("kek"));
    const auto blob = wrap(bench, target, kek);
    REQUIRE(blob);
    PropertyList wide = aes("wide", CXI_KEY_EXPORT_ALLOW_PLAIN | CXI_KEY_EXPORT_ALLOW);
    wide.set_flag(CXI_PROP_SENSITIVE, false);
    wide.set_flag(CXI_PROP_DECRYPT, true);
    const Bytes back = CxiBench::reference(unwrap(bench, *blob, kek, wide));
    const PropertyList& has = stored(bench, back);
    CHECK(has.number(CXI_PROP_KEY_EXPORT) == std::uint32_t{CXI_KEY_EXPORT_ALLOW});
    CHECK(has.flag_or(CXI_PROP_SENSITIVE, false));
    CHECK(has.number(CXI_PROP_KEY_USAGE) == std::uint32_t{CXI_KEY_USAGE_ENCRYPT});
    CHECK(has.bytes(CXI_PROP_KEY_MECHS).size() == 4);
    CHECK(has.text(CXI_PROP_KEY_DATE_EXP) == "300101000000");
    CHECK(code_of(bench.run(SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_SECRET, 0, back, ByteView(), ByteView()})) ==
          E_CXI_KEY_EXPORT_DENIED);

    CHECK(code_of(unwrap(bench, *blob, kek, raw("confused", 256))) == E_CXI_KEY_TYPE);
    // A private key is no secret one.
    PropertyList pair = CxiBench::key_template(CXI_KEY_ALGO_EC, 0, "G", "pair");
    pair.set(CXI_PROP_KEY_EC_CURVE, "secp256r1");
    pair.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    const std::uint32_t kwp = CXI_MECH_CHAIN_KEY_WRAP | CXI_MECH_PAD_KWP;
    const auto wrapped_pair = wrap(bench, make(bench, pair), kek, kwp, {});
    REQUIRE(code_of(wrapped_pair) == 0);
    PropertyList as_raw;
    as_raw.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RAW);
    as_raw.set(CXI_PROP_KEY_GROUP, "G");
    as_raw.set(CXI_PROP_KEY_NAME, "as raw");
    CHECK(code_of(unwrap(bench, *wrapped_pair, kek, as_raw, kwp, {})) == E_CXI_KEY_TYPE);
}

TEST_CASE("only the security officer of the group trusts a key, on every way") {
    CxiBench bench;
    PropertyList trusted = aes("trusted");
    trusted.set_flag(CXI_PROP_TRUSTED, true);
    CHECK(code_of(bench.generate(trusted)) == E_CXI_PERMISSION_DENIED);
    const Bytes key = make(bench, aes("key"));
    PropertyList copy = flag(CXI_PROP_TRUSTED, true);
    copy.set(CXI_PROP_KEY_NAME, "copy");
    CHECK(code_of(bench.run(SFC_CXI_OBJ_COPY, {0, key, copy.encode()})) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.run(SFC_CXI_KEY_IMPORT, {0, CXI_KEY_TYPE_SECRET, 0, trusted.encode(), ByteView(),
                                                 Bytes(32, 1), ByteView()})) == E_CXI_PERMISSION_DENIED);
    bench.log_on(0x00000202, "CXI_GROUP=OTHER");
    CHECK(set(bench, key, flag(CXI_PROP_TRUSTED, true)) == E_CXI_PERMISSION_DENIED);
    bench.log_on(0x00000202, "CXI_GROUP=G");
    const Bytes made = make(bench, trusted);
    const auto blob = bench.run(SFC_CXI_KEY_BACKUP, {made});
    REQUIRE(blob);
    REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {made}));
    bench.log_on(0x00000002, "CXI_GROUP=G");
    CHECK(code_of(bench.run(SFC_CXI_KEY_RESTORE, {0, ByteView(), *blob})) == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("who uses a key narrows what it may do, who manages it widens") {
    CxiBench bench;
    PropertyList list = aes("key", CXI_KEY_EXPORT_ALLOW);
    list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ENCRYPT | CXI_KEY_USAGE_DECRYPT);
    list.set_flag(CXI_PROP_DERIVE, false);
    list.set(CXI_PROP_KEY_DATE_EXP, "300101000000");
    const Bytes key = make(bench, list);
    configure(bench, "G", CXI_PROP_CFG_AUTH_KEYM, 0x00000020);
    PropertyList sooner, later;
    sooner.set(CXI_PROP_KEY_DATE_EXP, "290101000000");
    later.set(CXI_PROP_KEY_DATE_EXP, "310101000000");
    CHECK(set(bench, key, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ENCRYPT)) == 0);
    CHECK(set(bench, key, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL)) == E_CXI_PERMISSION_DENIED);
    CHECK(set(bench, key, flag(CXI_PROP_DERIVE, true)) == E_CXI_PERMISSION_DENIED);
    CHECK(set(bench, key, sooner) == 0);
    CHECK(set(bench, key, later) == E_CXI_PERMISSION_DENIED);
    CHECK(set(bench, key, number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY)) == 0);
    CHECK(set(bench, key, number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW)) == E_CXI_PROP_PROTECTED);
    bench.log_on(0x00000020, "CXI_GROUP=G");
    CHECK(set(bench, key, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL)) == 0);
    CHECK(set(bench, key, later) == 0);
    CHECK(set(bench, key, number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW)) == 0);
    CHECK_FALSE(stored(bench, key).flag_or(CXI_PROP_NEVER_EXTRACTABLE, false));
}

TEST_CASE("a backup comes back over what is there only by who manages keys") {
    CxiBench bench;
    const Bytes key = make(bench, aes("key", CXI_KEY_EXPORT_ALLOW));
    const auto blob = bench.run(SFC_CXI_KEY_BACKUP, {key});
    REQUIRE(blob);
    configure(bench, "G", CXI_PROP_CFG_AUTH_KEYM, 0x00000020);
    const auto restore = [&](std::uint32_t flags) {
        return code_of(bench.run(SFC_CXI_KEY_RESTORE, {flags, ByteView(), *blob}));
    };
    CHECK(restore(CXI_FLAG_KEY_OVERWRITE) == E_CXI_PERMISSION_DENIED);
    // Nor where it was deleted meanwhile: the manager's policy may be another now.
    CHECK(restore(0) == E_CXI_PERMISSION_DENIED);
    bench.log_on(0x00000022, "CXI_GROUP=G");
    CHECK(restore(CXI_FLAG_KEY_OVERWRITE) == 0);
}

TEST_CASE("a copy does not lift MODIFIABLE, in one step or in two") {
    CxiBench bench;
    PropertyList list = aes("fixed");
    list.set_flag(CXI_PROP_MODIFIABLE, false);
    const Bytes key = make(bench, list);
    const auto copy = [&](ByteView from, std::string_view to) {
        PropertyList changes = flag(CXI_PROP_MODIFIABLE, true);
        changes.set(CXI_PROP_KEY_NAME, to);
        return bench.run(SFC_CXI_OBJ_COPY, {CXI_FLAG_KEY_OVERWRITE, from, changes.encode()});
    };
    CHECK(code_of(copy(key, "fixed")) == E_CXI_OVERWRITE);
    const Bytes other = CxiBench::reference(copy(key, "other"));
    CHECK(code_of(copy(other, "fixed")) == E_CXI_PROP_PROTECTED);
}

TEST_CASE("settings of a group: what each bars, and with which code") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("kek")), target = make(bench, aes("target", CXI_KEY_EXPORT_ALLOW));
    const Bytes rsa = bench.rsa("rsa");
    const Bytes imported =
        bench.import(CXI_KEY_TYPE_PUBLIC, CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", "imported"),
                     bench.public_key(rsa));
    const auto blob = wrap(bench, target, kek);
    REQUIRE(blob);
    const Bytes check =
        to_bytes(*read_property(**bench.cxi.keys.find(ByteView(target).subspan(1)), CXI_PROP_CHECK_VALUE));
    SECTION("CFG_WRAP_POLICY") {
        configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY, 1);
        CHECK(code_of(wrap(bench, target, kek)) == E_CXI_SECURE_PROP_DECRYPT);
        PropertyList no_wrap = number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_UNWRAP | CXI_KEY_USAGE_ENCRYPT);
        CHECK(set(bench, kek, no_wrap) == E_CXI_SECURE_PROP_ENCRYPT);
        CHECK(set(bench, kek, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP | CXI_KEY_USAGE_UNWRAP)) == 0);
        CHECK(code_of(wrap(bench, target, kek)) == 0);
        CHECK(code_of(wrap(bench, target, imported, CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256, {})) ==
              E_CXI_SECURE_PUBLIC_WRAPPING);
    }
    SECTION("CFG_SECURE_IMPORT") {
        configure(bench, "G", CXI_PROP_CFG_SECURE_IMPORT, 1);
        PropertyList list = aes("new", CXI_KEY_EXPORT_ALLOW);
        CHECK(code_of(unwrap(bench, *blob, kek, list)) == E_CXI_SECURE_PROP_CHECK_VALUE);
        list.set(CXI_PROP_CHECK_VALUE, ByteView(Bytes(3)));
        CHECK(code_of(unwrap(bench, *blob, kek, list)) == E_CXI_SECURE_PROP_CHECK_VALUE);
        list.set(CXI_PROP_CHECK_VALUE, ByteView(check));
        list.set_flag(CXI_PROP_WRAP, true);
        CHECK(code_of(unwrap(bench, *blob, kek, list)) == E_CXI_SECURE_PROP_WRAP);
        list.erase(CXI_PROP_WRAP);
        const Bytes made = CxiBench::reference(unwrap(bench, *blob, kek, list));
        CHECK(code_of(wrap(bench, target, made)) == E_CXI_SECURE_PROP_WRAP);
    }
    SECTION("CFG_SECURE_DERIVATION") {
        const Bytes base = make(bench, raw("base", 256));
        const Bytes known = bench.import(CXI_KEY_TYPE_SECRET, raw("known", 256), Bytes(32, 9));
        const auto derive = [&](std::uint32_t mechanism, ByteView from, ByteView data, PropertyList list) {
            return code_of(bench.run(SFC_CXI_KEY_DERIVE,
                                     {CXI_FLAG_KEY_OVERWRITE, mechanism, from, list.encode(), data}));
        };
        const std::uint32_t hmac = CXI_MECH_KDF_HMAC | CXI_MECH_HASH_SHA256;
        const PropertyList short_one = raw("derived", 128);
        CHECK(derive(CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY, base, Bytes(4), short_one) == 0);
        configure(bench, "G", CXI_PROP_CFG_SECURE_DERIVATION, 1);
        for (const std::uint32_t barred : {CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY, CXI_MECH_KDF_CAT_DATA_AND_BASE,
                                           CXI_MECH_KDF_CAT_BASE_AND_DATA, CXI_MECH_KDF_XOR_BASE_AND_DATA})
            CHECK(derive(barred, base, Bytes(4), short_one) == E_CXI_CRYPT_MECH);
        CHECK(derive(CXI_MECH_KDF_CAT_BASE_AND_KEY, base, base, short_one) == E_CXI_CRYPT_MECH);
        CHECK(derive(hmac, known, Bytes(4), short_one) == E_CXI_SECURE_PROP_ALWAYS_SENSITIVE_FALSE);
        PropertyList open = short_one;
        open.set_flag(CXI_PROP_SENSITIVE, false);
        CHECK(derive(hmac, base, Bytes(4), open) == E_CXI_SECURE_PROP_SENSITIVE_FALSE);
        CHECK(derive(hmac, base, Bytes(4), short_one) == 0);
    }
    SECTION("CFG_ALLOW_WEAK_DES_KEYS") {
        const auto import = [&](std::string_view hex) {
            const PropertyList list =
                CxiBench::key_template(CXI_KEY_ALGO_DES, 0, "G", "des" + std::string(hex));
            return code_of(
                bench.run(SFC_CXI_KEY_IMPORT, {0, CXI_KEY_TYPE_SECRET, 0, list.encode(), ByteView(),
                                               hex_bytes(std::string(hex)), ByteView()}));
        };
        constexpr std::string_view kGood = "0123456789ABCDEFFEDCBA9876543210";
        constexpr std::string_view kTwice = "0123456789ABCDEF0123456789ABCDEF";
        constexpr std::string_view kWeak = "0123456789ABCDEF0101010101010101";
        CHECK(import(kGood) == 0);
        CHECK(import(kTwice) == E_CXI_KEY_INVALID_COMP);
        CHECK(import(kWeak) == E_CXI_KEY_INVALID_COMP);
        configure(bench, "G", CXI_PROP_CFG_ALLOW_WEAK_DES_KEYS, 1);
        CHECK(import(kTwice) == 0);
        CHECK(import(kWeak) == 0);
    }
}

TEST_CASE("a check value in a template says what the key must be") {
    CxiBench bench;
    PropertyList list = aes("key");
    list.set(CXI_PROP_CHECK_VALUE, ByteView(Bytes(3, 1)));
    CHECK(code_of(bench.run(SFC_CXI_KEY_IMPORT, {0, CXI_KEY_TYPE_SECRET, 0, list.encode(), ByteView(),
                                                 Bytes(32, 1), ByteView()})) == E_CXI_PROP_COMPARE);
}

TEST_CASE("the same key in other bytes comes back as what it was") {
    CxiBench bench;
    // Parity bits of DES, and two keys written as three, are no other key.
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_DES, 192, "G", "des");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP);
    const Bytes kek = make(bench, aes("kek"));
    const Bytes iv = iv_parameter(Bytes(16, 0));
    const auto blob = wrap(bench, make(bench, list), kek, CXI_MECH_CHAIN_CTR, iv);
    REQUIRE(code_of(blob) == 0);
    Bytes other = *blob;
    for (std::uint8_t& byte : other) byte ^= 1;
    list.set(CXI_PROP_KEY_NAME, "des 2");
    list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL);
    const auto again = unwrap(bench, other, kek, list, CXI_MECH_CHAIN_CTR, iv);
    REQUIRE(code_of(again) == 0);
    CHECK(stored(bench, CxiBench::reference(again)).number(CXI_PROP_KEY_USAGE) == CXI_KEY_USAGE_WRAP);

    // HMAC fills its key up with zeros.
    PropertyList short_key = raw("mac", 256), long_key = raw("mac 2", 320);
    short_key.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    short_key.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_VERIFY);
    const auto wrapped = wrap(bench, make(bench, short_key), kek, CXI_MECH_CHAIN_CTR, iv);
    REQUIRE(code_of(wrapped) == 0);
    // 8 zero bytes more, encrypted as the key stream goes on: that of a known key under the same counter.
    PropertyList known = raw("known", 320);
    known.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    const auto stream =
        wrap(bench, bench.import(CXI_KEY_TYPE_SECRET, known, Bytes(40, 0)), kek, CXI_MECH_CHAIN_CTR, iv);
    REQUIRE(code_of(stream) == 0);
    Bytes longer = *wrapped;
    longer.insert(longer.end(), stream->begin() + 32, stream->end());
    const auto mac = unwrap(bench, longer, kek, long_key, CXI_MECH_CHAIN_CTR, iv);
    REQUIRE(code_of(mac) == 0);
    CHECK(stored(bench, CxiBench::reference(mac)).number(CXI_PROP_KEY_USAGE) == CXI_KEY_USAGE_VERIFY);
}

TEST_CASE("bits that no export policy knows are refused, when a key is made and when it is changed") {
    CxiBench bench;
    for (const std::uint32_t policy : {4u, 7u, 0x20000u, 0x80000001u}) {
        CAPTURE(policy);
        PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "odd");
        list.set_number(CXI_PROP_KEY_EXPORT, policy);
        CHECK(code_of(bench.generate(list)) == E_CXI_PROP_VAL);
    }
    const Bytes key = bench.aes("G", "even");
    PropertyList change;
    change.set_number(CXI_PROP_KEY_EXPORT, 4);
    CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_SET, {key, change.encode()})) == E_CXI_PROP_VAL);
    change.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY_BACKUP);
    CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_SET, {key, change.encode()})) == 0);
}
