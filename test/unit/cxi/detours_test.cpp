// A key that was wrapped does not become another kind of key, and nobody chooses the bytes of a derived one.
#include <openssl/core_names.h>

#include "firmware/crypto/finite_field.h"
#include "firmware/crypto/random.h"
#include "test/unit/cxi/properties.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::uint32_t kKwp = CXI_MECH_CHAIN_KEY_WRAP | CXI_MECH_PAD_KWP;

PropertyList named(std::uint32_t algorithm, std::string_view name, std::uint32_t bits = 0) {
    PropertyList list = CxiBench::key_template(algorithm, bits, "G", name);
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    return list;
}

// A template that asks for everything.
PropertyList wide(std::uint32_t algorithm) {
    PropertyList list = named(algorithm, "back");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN);
    list.set_flag(CXI_PROP_SENSITIVE, false);
    return list;
}

Bytes wrapped(CxiBench& bench, ByteView key, ByteView wrapping) {
    const auto blob = bench.run(SFC_CXI_KEY_WRAP, {kKwp, key, wrapping, ByteView()});
    REQUIRE(code_of(blob) == 0);
    return *blob;
}

Result<Bytes> unwrap(CxiBench& bench, ByteView blob, ByteView wrapping, const PropertyList& list,
                     std::uint32_t mechanism = kKwp, ByteView parameter = {}) {
    return bench.run(SFC_CXI_KEY_UNWRAP,
                     {CXI_FLAG_KEY_OVERWRITE, mechanism, wrapping, parameter, list.encode(), blob});
}

const PropertyList& stored(CxiBench& bench, ByteView reference) {
    static SharedKey kept;
    kept = *bench.cxi.keys.find(reference.subspan(1));
    return kept->object.properties;
}

Result<Bytes> derive(CxiBench& bench, std::uint32_t mechanism, ByteView key, ByteView data,
                     std::uint32_t flags = CXI_FLAG_KEY_OVERWRITE) {
    const PropertyList list = named(CXI_KEY_ALGO_AES, "derived", 128);
    return bench.run(SFC_CXI_KEY_DERIVE, {flags, mechanism, key, list.encode(), data});
}

Bytes tlv(std::uint8_t tag, ByteView content) {
    Bytes out{tag};
    if (content.size() >= 0x80) out.push_back(0x81);
    out.push_back(static_cast<std::uint8_t>(content.size()));
    append(out, content);
    return out;
}

// PKCS#8 of a P-256 key with its point compressed, which is not how this device writes it.
Bytes compressed_form(const EVP_PKEY& key, ByteView scalar) {
    const Bytes point = ec_point(key);
    Bytes bits{0, static_cast<std::uint8_t>(2 + (point.back() & 1))};
    bits.insert(bits.end(), point.begin() + 1, point.begin() + 33);
    Bytes inner{2, 1, 1};
    append(inner, tlv(4, scalar));
    append(inner, tlv(0xA1, tlv(3, bits)));
    Bytes outer{2, 1, 0, 0x30, 0x13, 6,    7,    0x2A, 0x86, 0x48, 0xCE, 0x3D,
                2, 1, 6, 8,    0x2A, 0x86, 0x48, 0xCE, 0x3D, 3,    1,    7};
    append(outer, tlv(4, tlv(0x30, inner)));
    return tlv(0x30, outer);
}

DomainParameters group_of(const char* name, const char* type) {
    const Handle<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    REQUIRE(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, name, 0) == 1);
    const auto group = key_from_parameters(type, builder.get(), EVP_PKEY_KEY_PARAMETERS);
    REQUIRE(group);
    return domain_parameters(*group).value();
}

PropertyList in_group(std::string_view name, const DomainParameters& group) {
    PropertyList list = named(CXI_KEY_ALGO_DH, name);
    list.set(CXI_PROP_KEY_DSA_P, group.p);
    if (!group.q.empty()) list.set(CXI_PROP_KEY_DSA_Q, group.q);
    list.set(CXI_PROP_KEY_DSA_G, group.g);
    return list;
}

}  // namespace

TEST_CASE("a wrapped secret key is unwrapped as the kind of key that it was") {
    CxiBench bench;
    const Bytes kek = bench.aes("G", "kek");
    struct Kind {
        std::uint32_t algorithm;
        std::uint32_t bits;
    };
    for (const Kind& kind :
         {Kind{CXI_KEY_ALGO_AES, 128}, Kind{CXI_KEY_ALGO_AES, 192}, Kind{CXI_KEY_ALGO_AES, 256},
          Kind{CXI_KEY_ALGO_DES, 128}, Kind{CXI_KEY_ALGO_DES, 192}, Kind{CXI_KEY_ALGO_RAW, 128},
          Kind{CXI_KEY_ALGO_RAW, 192}, Kind{CXI_KEY_ALGO_RAW, 256}}) {
        CAPTURE(kind.algorithm);
        CAPTURE(kind.bits);
        // Also one that ends as HMAC would fill it up, or as parity makes of that.
        for (const int last : {-1, 0, 1}) {
            CAPTURE(last);
            SecretBytes bytes = random_secret(kind.bits / 8);
            if (last >= 0) bytes.back() = static_cast<std::uint8_t>(last);
            PropertyList list = named(kind.algorithm, "victim", kind.bits);
            list.set_flag(CXI_PROP_SENSITIVE, true);
            const Bytes victim = CxiBench::reference(
                bench.run(SFC_CXI_KEY_IMPORT, {CXI_FLAG_KEY_OVERWRITE, +CXI_KEY_TYPE_SECRET, 0, list.encode(),
                                               ByteView(), ByteView(bytes), ByteView()}));
            const Bytes blob = wrapped(bench, victim, kek);
            for (const std::uint32_t other : {CXI_KEY_ALGO_AES, CXI_KEY_ALGO_DES, CXI_KEY_ALGO_RAW}) {
                if (other == CXI_KEY_ALGO_DES && kind.bits == 256) continue;  // no DES key has that size
                CAPTURE(other);
                const auto back = unwrap(bench, blob, kek, wide(other));
                CHECK(code_of(back) == (other == kind.algorithm ? 0 : std::uint32_t{E_CXI_KEY_TYPE}));
                if (!back) continue;
                const PropertyList& has = stored(bench, CxiBench::reference(back));
                CHECK(has.number(CXI_PROP_KEY_EXPORT) == std::uint32_t{CXI_KEY_EXPORT_ALLOW});
                CHECK(has.flag_or(CXI_PROP_SENSITIVE, false));
            }
        }
    }
}

TEST_CASE("a wrapped private key is no secret one, and a wrapped secret key is no private one") {
    CxiBench bench;
    const Bytes kek = bench.aes("G", "kek");
    for (int found = 0; found < 2;) {  // whose encoding ends with a byte that a shorter form would lack
        const auto pair = generate_ec("prime256v1");
        REQUIRE(pair);
        const SecretBytes der = private_key_der(**pair);
        if (der.back() != found) continue;
        ++found;
        const Bytes victim =
            bench.import(CXI_KEY_TYPE_PRIVATE, named(CXI_KEY_ALGO_EC, "pair " + std::to_string(found)), der);
        CHECK(code_of(unwrap(bench, wrapped(bench, victim, kek), kek, wide(CXI_KEY_ALGO_RAW))) ==
              E_CXI_KEY_TYPE);
    }
    // Bytes that decode to a private key that is written otherwise.
    const Bytes scalar(32, 0x11);
    const auto pair = ec_private_key("prime256v1", scalar);
    REQUIRE(pair);
    const Bytes other = compressed_form(**pair, scalar);
    const Bytes raw = bench.import(CXI_KEY_TYPE_SECRET, named(CXI_KEY_ALGO_RAW, "raw"), other);
    CHECK(code_of(unwrap(bench, wrapped(bench, raw, kek), kek, wide(CXI_KEY_ALGO_EC))) == E_CXI_KEY_TYPE);
}

TEST_CASE("a private key in another encoding comes back as what it was, and under its KAK") {
    CxiBench bench;
    const Bytes kek = CxiBench::reference(bench.generate(
        CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "kek"), CXI_FLAG_KEY_VOLATILE));  // needs no KAK
    const Bytes iv = iv_parameter(Bytes(12, 1));
    const Bytes scalar(32, 0x17);
    const auto pair = ec_private_key("prime256v1", scalar);
    REQUIRE(pair);
    PropertyList list = named(CXI_KEY_ALGO_EC, "pair");
    list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_DERIVE);
    const Bytes victim = bench.import(CXI_KEY_TYPE_PRIVATE, list, private_key_der(**pair));
    wrapped(bench, victim, kek);
    const auto forged =
        bench.crypt(kek, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM, iv, compressed_form(**pair, scalar));
    REQUIRE(code_of(forged) == 0);
    const auto back = unwrap(bench, *forged, kek, wide(CXI_KEY_ALGO_EC), CXI_MECH_CHAIN_GCM, iv);
    REQUIRE(code_of(back) == 0);
    const PropertyList& has = stored(bench, CxiBench::reference(back));
    CHECK(has.number(CXI_PROP_KEY_USAGE) == std::uint32_t{CXI_KEY_USAGE_DERIVE});
    CHECK(has.number(CXI_PROP_KEY_EXPORT) == std::uint32_t{CXI_KEY_EXPORT_ALLOW});

    // Under a key authorisation key it comes back so, too.
    bench.profile().key_authorisation = true;
    const auto kak = generate_rsa(2048);
    const Bytes krad =
        compose(LAYOUT_CXI_KRAD, {CXI_KRAD_PKCS1, CXI_KRAD_FORM, CXI_KRAD_RSA, key_number(**kak, "n").value(),
                                  key_number(**kak, "e").value()})
            .value();
    REQUIRE(code_of(bench.run(SFC_CXI_KEY_INITIALIZE, {victim, 0, krad})) == 0);
    const auto bound = unwrap(bench, *forged, kek, wide(CXI_KEY_ALGO_EC), CXI_MECH_CHAIN_GCM, iv);
    REQUIRE(code_of(bound) == 0);
    CHECK(to_bytes(stored(bench, CxiBench::reference(bound)).bytes(CXI_PROP_CC_KRAD)) == krad);
}

TEST_CASE("another kind of key with the same bytes widens nothing of a wrapped key") {
    CxiBench bench;
    const Bytes kek = bench.aes("G", "kek"), bytes = random_bytes(32);
    PropertyList narrow = named(CXI_KEY_ALGO_AES, "aes");
    narrow.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ENCRYPT);
    PropertyList free = wide(CXI_KEY_ALGO_RAW);
    const Bytes aes = bench.import(CXI_KEY_TYPE_SECRET, narrow, bytes);
    const Bytes raw = bench.import(CXI_KEY_TYPE_SECRET, free, bytes);
    const Bytes blob = wrapped(bench, aes, kek);
    CHECK(wrapped(bench, raw, kek) == blob);
    const auto back = unwrap(bench, blob, kek, wide(CXI_KEY_ALGO_AES));
    REQUIRE(code_of(back) == 0);
    const PropertyList& has = stored(bench, CxiBench::reference(back));
    CHECK(has.number(CXI_PROP_KEY_USAGE) == std::uint32_t{CXI_KEY_USAGE_ENCRYPT});
    CHECK(has.number(CXI_PROP_KEY_EXPORT) == std::uint32_t{CXI_KEY_EXPORT_ALLOW});
    const auto other = unwrap(bench, blob, kek, free);
    REQUIRE(code_of(other) == 0);  // as which these bytes were wrapped, too
    CHECK(stored(bench, CxiBench::reference(other)).number(CXI_PROP_KEY_EXPORT) ==
          std::uint32_t{CXI_KEY_EXPORT_ALLOW});
    CHECK(code_of(unwrap(bench, blob, kek, wide(CXI_KEY_ALGO_EC))) != 0);
}

TEST_CASE("FIPS mode: DH works in the groups of RFC 3526 and 7919 alone") {
    CxiBench bench;
    const DomainParameters with_q = group_of("dh_2048_256", "DHX");
    const DomainParameters own{with_q.p, {}, with_q.g};
    const Bytes kek = bench.aes("G", "kek");
    test::trust(bench, kek);
    const Bytes mine = CxiBench::reference(bench.generate(in_group("mine", own)));
    const Bytes theirs = CxiBench::reference(bench.generate(in_group("theirs", own)));
    const Bytes peer = bench.public_key(theirs), blob = wrapped(bench, mine, kek);
    CHECK(code_of(derive(bench, CXI_MECH_KDF_DH, mine, peer)) == 0);
    bench.set_modes(MODE_OPERATIONAL | MODE_FIPS);
    for (const DomainParameters& group : {own, with_q})
        CHECK(code_of(bench.generate(in_group("new", group))) == E_CXI_FIPS_PROP);
    CHECK(code_of(bench.run(SFC_CXI_KEY_PAIR_GEN, {0, 0, in_group("public", own).encode(),
                                                   in_group("private", own).encode()})) == E_CXI_FIPS_PROP);
    PropertyList list = named(CXI_KEY_ALGO_DH, "back");
    CHECK(code_of(bench.run(SFC_CXI_KEY_UNWRAP, {0, kKwp, kek, ByteView(), list.encode(), blob})) ==
          E_CXI_FIPS_PROP);
    CHECK(code_of(derive(bench, CXI_MECH_KDF_DH, mine, peer)) == E_CXI_FIPS_PROP);
    for (const char* name : {"modp_2048", "ffdhe2048", "ffdhe3072"}) {
        CAPTURE(name);
        const std::string text(name);
        const Bytes one = CxiBench::reference(bench.generate(in_group(text + " 1", group_of(name, "DH"))));
        const Bytes other = CxiBench::reference(bench.generate(in_group(text + " 2", group_of(name, "DH"))));
        CHECK(code_of(derive(bench, CXI_MECH_KDF_DH, one, bench.public_key(other))) == 0);
        PropertyList again = named(CXI_KEY_ALGO_DH, text + " 3");
        const Bytes moved = wrapped(bench, one, kek);
        const Bytes back = CxiBench::reference(
            bench.run(SFC_CXI_KEY_UNWRAP, {0, kKwp, kek, ByteView(), again.encode(), moved}));
        CHECK(code_of(derive(bench, CXI_MECH_KDF_DH, back, bench.public_key(other))) == 0);
    }
}

TEST_CASE("CFG_SECURE_DERIVATION: DH derives in the groups of RFC 3526 and 7919 alone") {
    CxiBench bench;
    const DomainParameters with_q = group_of("dh_2048_256", "DHX");
    const auto pair = [&](std::string_view name, const DomainParameters& group) {
        PropertyList list = in_group(name, group);
        list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY);
        return CxiBench::reference(bench.generate(list));
    };
    const Bytes own = pair("own", {with_q.p, {}, with_q.g}), good = pair("good", *dh_group(2048));
    bench.log_on(0x00000202, "CXI_GROUP=G");
    Bytes config{CXI_TAG_CONFIG};
    append(config, as_bytes("G"));
    CHECK(code_of(derive(bench, CXI_MECH_KDF_DH, own, bench.public_key(own))) == 0);
    REQUIRE(set(bench, config, number(CXI_PROP_CFG_SECURE_DERIVATION, 1)) == 0);
    CHECK(code_of(derive(bench, CXI_MECH_KDF_DH, own, bench.public_key(own))) == E_CXI_CRYPT_MECH);
    CHECK(code_of(derive(bench, CXI_MECH_KDF_DH, good, bench.public_key(good))) == 0);
}

TEST_CASE("keys are derived by HMAC, not by MACs that who knows the key can take back") {
    CxiBench bench;
    const Bytes aes = CxiBench::reference(bench.generate(named(CXI_KEY_ALGO_AES, "aes", 256)));
    const Bytes des = CxiBench::reference(bench.generate(named(CXI_KEY_ALGO_DES, "des", 128)));
    const Bytes nonce = compose(LAYOUT_CXI_GMAC_PARAMETER, {Bytes(12, 1)}).value();
    for (const std::uint16_t mode : {0, +MODE_FIPS, +MODE_CC}) {
        bench.set_modes(static_cast<std::uint16_t>(MODE_OPERATIONAL | mode));
        CAPTURE(mode);
        CHECK(code_of(derive(bench, CXI_MECH_KDF_HMAC | CXI_MECH_CHAIN_CMAC, aes, Bytes(16, 1), 0)) ==
              E_CXI_CRYPT_MECH);
        CHECK(code_of(derive(bench, CXI_MECH_KDF_HMAC | CXI_MECH_CHAIN_GCM, aes, nonce, 0)) ==
              E_CXI_CRYPT_MECH);
        if (mode != 0) continue;
        CHECK(code_of(derive(bench, CXI_MECH_KDF_HMAC | CXI_MECH_CHAIN_CMAC, des, Bytes(16, 1))) ==
              E_CXI_CRYPT_MECH);
        CHECK(code_of(derive(bench, CXI_MECH_KDF_HMAC | CXI_MECH_CHAIN_CBC_RETAIL, des, Bytes(16, 1))) ==
              E_CXI_CRYPT_MECH);
        CHECK(code_of(derive(bench, CXI_MECH_KDF_HMAC | CXI_MECH_HASH_SHA256, aes, Bytes(16, 1))) == 0);
    }
}

TEST_CASE("a key that no mechanism is left to does not come back with all of them") {
    CxiBench bench;
    const Bytes kek = bench.aes("G", "kek");
    PropertyList list = named(CXI_KEY_ALGO_AES, "victim", 256), other = wide(CXI_KEY_ALGO_AES);
    list.set(CXI_PROP_KEY_MECHS, ByteView(big_endian_bytes<4>(CXI_MECH_CHAIN_CBC)));
    other.set(CXI_PROP_KEY_MECHS, ByteView(big_endian_bytes<4>(CXI_MECH_CHAIN_CTR)));
    PropertyList none = named(CXI_KEY_ALGO_AES, "none", 256);
    none.set(CXI_PROP_KEY_MECHS, ByteView());
    const Bytes barred = CxiBench::reference(bench.generate(none));
    const auto back = unwrap(bench, wrapped(bench, barred, kek), kek, wide(CXI_KEY_ALGO_AES));
    REQUIRE(code_of(back) == 0);
    CHECK(stored(bench, CxiBench::reference(back)).has(CXI_PROP_KEY_MECHS));
    CHECK(stored(bench, CxiBench::reference(back)).bytes(CXI_PROP_KEY_MECHS).empty());
    CHECK(code_of(bench.crypt(CxiBench::reference(back), CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_ECB, {},
                              Bytes(16))) == E_CXI_KEY_MECH_NOT_ALLOWED);
    // None of both lists, and wrapped with neither.
    const Bytes victim = CxiBench::reference(bench.generate(list));
    const Bytes narrowed = CxiBench::reference(unwrap(bench, wrapped(bench, victim, kek), kek, other));
    CHECK(stored(bench, narrowed).bytes(CXI_PROP_KEY_MECHS).empty());
    const auto again = unwrap(bench, wrapped(bench, narrowed, kek), kek, wide(CXI_KEY_ALGO_AES));
    REQUIRE(code_of(again) == 0);
    CHECK(stored(bench, CxiBench::reference(again)).bytes(CXI_PROP_KEY_MECHS).size() == 4);  // the victim's
}

TEST_CASE("a note from before notes told an empty list from none is read as it was meant") {
    const auto noted = [](int guards, std::string_view expires, ByteView mechanisms) {
        return decode_policy(compose(LAYOUT_CXI_KEY_POLICY, {CXI_KEY_ALGO_AES, CXI_KEY_TYPE_SECRET, 1, 2, 1,
                                                             0, guards, expires, mechanisms})
                                 .value());
    };
    const KeyPolicy bare = noted(1, "", {}), listed = noted(0, "300101000000", big_endian_bytes<4>(7));
    CHECK(bare.wrap_with_trusted);
    CHECK_FALSE(bare.mechanisms);
    CHECK_FALSE(bare.expires);
    CHECK_FALSE(listed.wrap_with_trusted);
    CHECK(listed.mechanisms == std::vector<std::uint32_t>{7});
    CHECK(listed.expires == "300101000000");
    for (const KeyPolicy& policy : {bare, listed})
        CHECK(decode_policy(encode_policy(policy).value()) == policy);
}

TEST_CASE("a security officer alone sets TRUSTED and narrows nothing else") {
    CxiBench bench;
    const Bytes key = bench.aes("G", "key");
    bench.log_on(0x00000200, "CXI_GROUP=G");
    PropertyList mechanisms, sooner;
    mechanisms.set(CXI_PROP_KEY_MECHS, ByteView());
    sooner.set(CXI_PROP_KEY_DATE_EXP, "290101000000");
    for (const PropertyList& change :
         {number(CXI_PROP_KEY_USAGE, 0), number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY_BACKUP),
          flag(CXI_PROP_SENSITIVE, true), flag(CXI_PROP_EXTRACTABLE, false), flag(CXI_PROP_ENCRYPT, false),
          flag(CXI_PROP_WRAP_WITH_TRUSTED, true), mechanisms, sooner})
        CHECK(set(bench, key, change) == E_CXI_PERMISSION_DENIED);
    CHECK(set(bench, key, flag(CXI_PROP_TRUSTED, true)) == 0);
    bench.log_on(0x00000002, "CXI_GROUP=G");
    CHECK(set(bench, key, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ENCRYPT)) == 0);
}
