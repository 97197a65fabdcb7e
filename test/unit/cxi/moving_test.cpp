// Pairs, wrapping, derivation, storage objects, copies, and the first usage of RSA keys in FIPS mode.
#include "test/unit/cxi/interop.h"

using namespace cs2sim;

namespace {

constexpr std::uint32_t kGcm = CXI_MECH_CHAIN_GCM;
constexpr std::uint32_t kKeyWrap = CXI_MECH_CHAIN_KEY_WRAP;

PropertyList named(std::string_view name, std::string_view group = "G") {
    PropertyList list;
    list.set(CXI_PROP_KEY_GROUP, group);
    list.set(CXI_PROP_KEY_NAME, name);
    return list;
}

Bytes exportable(CxiBench& bench, std::uint32_t algorithm, std::uint32_t bits, std::string_view name,
                 std::uint32_t policy = CXI_KEY_EXPORT_ALLOW) {
    PropertyList list = CxiBench::key_template(algorithm, bits, "G", name);
    list.set_number(CXI_PROP_KEY_EXPORT, policy);
    return CxiBench::reference(bench.generate(list));
}

// The key's material in clear, past all policies.
SecretBytes material(CxiBench& bench, ByteView reference) {
    const auto key = bench.cxi.keys.find(reference.subspan(1));
    REQUIRE(key);
    return (*key)->object.material;
}

Result<Bytes> derive(CxiBench& bench, std::uint32_t mechanism, ByteView key, ByteView data,
                     std::uint32_t bits = 128, std::string_view name = "derived") {
    return bench.run(SFC_CXI_KEY_DERIVE,
                     {CXI_FLAG_KEY_OVERWRITE, mechanism, key,
                      CxiBench::key_template(CXI_KEY_ALGO_RAW, bits, "G", name).encode(), data});
}

}  // namespace

TEST_CASE("a key pair is two objects, made both or not at all") {
    CxiBench bench;
    const auto pair = [&](std::uint32_t flags, std::string_view public_name, std::string_view private_name) {
        PropertyList of_private = CxiBench::key_template(CXI_KEY_ALGO_RSA, 1024, "G", private_name);
        return bench.run(SFC_CXI_KEY_PAIR_GEN, {flags, 0, named(public_name).encode(), of_private.encode()});
    };
    const auto made = pair(0, "pub", "prv");
    REQUIRE(made);
    const auto block = parse("public:v4 private:v4", *made);
    const Bytes public_key = to_bytes(block->bytes("public")),
                private_key = to_bytes(block->bytes("private"));
    const std::uint32_t mechanism = CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256;
    const auto signature = bench.sign(private_key, mechanism, Bytes{1});
    REQUIRE(signature);
    CHECK(code_of(bench.verify(public_key, mechanism, Bytes{1}, *signature)) == 0);
    CHECK(code_of(bench.sign(public_key, mechanism, Bytes{1})) == E_CXI_KEY_TYPE);
    CHECK(*bench.cxi.keys.count() == 2);

    // One of the two is there already: nothing is stored, nothing replaced.
    CHECK(code_of(pair(0, "pub2", "prv")) == E_DB_EXISTS);
    CHECK(code_of(pair(0, "pub", "prv2")) == E_DB_EXISTS);
    CHECK(*bench.cxi.keys.count() == 2);
    CHECK(bench.public_key(private_key) == bench.public_key(public_key));
    CHECK(code_of(pair(CXI_FLAG_KEY_OVERWRITE, "pub", "prv")) == 0);
    CHECK(bench.public_key(private_key) == bench.public_key(public_key));
    CHECK(code_of(bench.verify(public_key, mechanism, Bytes{1}, *signature)) == E_CXI_CRYPT_SIGN_VERIFY);
    CHECK(code_of(pair(0, "same", "same")) == E_CXI_KEY_INVALID_NAME);
    CHECK(code_of(pair(CXI_FLAG_KEY_VOLATILE, "v1", "v2")) == 0);
    CHECK(code_of(pair(CXI_FLAG_KEY_VOLATILE, "v3", "v2")) == E_DB_EXISTS);
    CHECK(code_of(bench.run(SFC_CXI_KEY_OPEN, {0, named("v3").encode()})) == E_DB_NOT_FOUND);
    const auto outside = pair(CXI_FLAG_KEY_EXTERNAL, "e1", "e2");
    REQUIRE(outside);
    CHECK(parse("public:v4 private:v4", *outside)->bytes("private")[0] == CXI_TAG_EXTERNAL);
    CHECK(*bench.cxi.keys.count() == 2);
}

TEST_CASE("keys are wrapped and unwrapped: by both pairs of functions, with their IV") {
    Interop io;
    CxiBench& bench = io.bench;
    const Bytes kek = bench.aes("G", "kek"), secret = exportable(bench, CXI_KEY_ALGO_AES, 256, "secret");
    const Bytes rsa = exportable(bench, CXI_KEY_ALGO_RSA, 1024, "rsa"), rsa_kek = bench.rsa("rsa-kek");
    struct Way {
        std::uint32_t mechanism;
        Bytes wrapping;
        Bytes parameter;
    };
    const Way ways[] = {
        {kKeyWrap, kek, {}},
        {kKeyWrap | CXI_MECH_PAD_KWP, kek, {}},
        {kGcm, kek, iv_parameter(Bytes(12, 7), Bytes(3, 1))},
        {CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5, kek, iv_parameter(Bytes(16, 7))},
        {CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256, rsa_kek, {}},
    };
    for (const Way& way : ways)
        for (const Bytes& key : {secret, rsa}) {
            const bool is_rsa = key == rsa;
            if (is_rsa && way.wrapping == rsa_kek) continue;
            if (is_rsa && way.mechanism == kKeyWrap) continue;  // whole blocks of 8 only
            INFO(std::hex << way.mechanism);
            const auto wrapped =
                bench.run(SFC_CXI_KEY_WRAP, {way.mechanism, key, way.wrapping, way.parameter});
            REQUIRE(wrapped);
            PropertyList list = named("back");
            list.set_number(CXI_PROP_KEY_ALGO, is_rsa ? CXI_KEY_ALGO_RSA : CXI_KEY_ALGO_AES);
            const Bytes back = CxiBench::reference(
                bench.run(SFC_CXI_KEY_UNWRAP, {CXI_FLAG_KEY_OVERWRITE, way.mechanism, way.wrapping,
                                               way.parameter, list.encode(), *wrapped}));
            CHECK(material(bench, back) == material(bench, key));
            Bytes changed = *wrapped;
            changed[changed.size() / 2] ^= 1;
            if (way.mechanism != (CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5))  // nothing authenticates CBC
                CHECK(code_of(
                          bench.run(SFC_CXI_KEY_UNWRAP, {CXI_FLAG_KEY_OVERWRITE, way.mechanism, way.wrapping,
                                                         way.parameter, list.encode(), changed})) != 0);

            const std::uint32_t type = is_rsa ? CXI_KEY_TYPE_PRIVATE : CXI_KEY_TYPE_SECRET;
            const auto exported =
                bench.run(SFC_CXI_KEY_EXPORT, {type, way.mechanism, key, way.wrapping, way.parameter});
            REQUIRE(exported);
            const Bytes again = CxiBench::reference(
                bench.run(SFC_CXI_KEY_IMPORT, {CXI_FLAG_KEY_OVERWRITE, type, way.mechanism, list.encode(),
                                               way.wrapping, *exported, way.parameter}));
            CHECK(material(bench, again) == material(bench, key));
        }
    CHECK(code_of(bench.run(SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_SECRET, kGcm, secret, kek, ByteView()})) ==
          E_CXI_CRYPT_IV_LEN);
    // A key that another device wrapped with the command line's key wrap.
    const Bytes shared = io.secret("shared", CXI_KEY_ALGO_AES, Bytes(32, 5));
    io.put("key", Bytes(16, 0xC4));
    REQUIRE(io.openssl("enc -e -id-aes256-wrap -iv A6A6A6A6A6A6A6A6 -K " + to_hex(Bytes(32, 5)) +
                       " -in key -out wrapped"));
    PropertyList list = named("foreign");
    list.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    const Bytes foreign = CxiBench::reference(
        bench.run(SFC_CXI_KEY_UNWRAP, {0, kKeyWrap, shared, ByteView(), list.encode(), io.get("wrapped")}));
    CHECK(material(bench, foreign) == SecretBytes(16, 0xC4));
}

TEST_CASE("what may not leave does not, wrapped or in clear") {
    CxiBench bench;
    const Bytes kek = bench.aes("G", "kek"), kept = bench.aes("G", "kept");
    const auto wrap = [&](ByteView key) {
        return code_of(bench.run(SFC_CXI_KEY_WRAP, {kKeyWrap, key, kek, ByteView()}));
    };
    const auto in_clear = [&](ByteView key) {
        return code_of(bench.run(SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_SECRET | CXI_KEY_TYPE_PLAINTEXT, 0, key,
                                                      ByteView(), ByteView()}));
    };
    CHECK(wrap(kept) == E_CXI_KEY_EXPORT_DENIED);
    CHECK(in_clear(kept) == E_CXI_KEY_EXPORT_DENIED);
    const Bytes wrapped_only = exportable(bench, CXI_KEY_ALGO_AES, 128, "wrapped-only");
    CHECK(wrap(wrapped_only) == 0);
    CHECK(in_clear(wrapped_only) == E_CXI_KEY_EXPORT_DENIED);
    const Bytes open = exportable(bench, CXI_KEY_ALGO_AES, 128, "open", CXI_KEY_EXPORT_ALLOW_PLAIN);
    CHECK(in_clear(open) == 0);
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 128, "G", "trusted-only");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    list.set_flag(CXI_PROP_WRAP_WITH_TRUSTED, true);
    const Bytes trusted_only = CxiBench::reference(bench.generate(list));
    CHECK(wrap(trusted_only) == E_CXI_KEY_EXPORT_DENIED);
    // A configured permission stands before plain import and export.
    bench.log_on(0x00000202, "CXI_GROUP=*");
    PropertyList config;
    config.set_number(CXI_PROP_CFG_AUTH_PLAIN, 0x00002000);
    REQUIRE(bench.run(SFC_CXI_KEY_PROP_SET, {Bytes{CXI_TAG_CONFIG, 'G'}, config.encode()}));
    CHECK(in_clear(open) == E_CXI_PERMISSION_DENIED);
    PropertyList value = named("plain");
    value.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    CHECK(code_of(bench.run(SFC_CXI_KEY_IMPORT, {0, CXI_KEY_TYPE_SECRET, 0, value.encode(), ByteView(),
                                                 Bytes(16, 1), ByteView()})) == E_CXI_PERMISSION_DENIED);
    value.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_SECRET);
    value.set(CXI_PROP_VALUE, ByteView(Bytes(16, 1)));
    CHECK(code_of(bench.run(SFC_CXI_OBJ_CREATE, {0, value.encode()})) == E_CXI_PERMISSION_DENIED);
    bench.log_on(0x00002002, "CXI_GROUP=*");
    CHECK(in_clear(open) == 0);
    CHECK(code_of(bench.run(SFC_CXI_OBJ_CREATE, {0, value.encode()})) == 0);
}

TEST_CASE("derived keys are what the command line derives") {
    Interop io;
    CxiBench& bench = io.bench;
    const Bytes raw = hex_bytes("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
    const Bytes base = io.secret("base", CXI_KEY_ALGO_RAW, raw),
                aes = io.secret("aes", CXI_KEY_ALGO_AES, raw);
    const auto check = [&](std::uint32_t mechanism, ByteView key, ByteView data, const Bytes& expected) {
        INFO(std::hex << mechanism);
        const auto bits = static_cast<std::uint32_t>(expected.size() * 8);
        const auto made = derive(bench, mechanism, key, data, bits);
        REQUIRE(made);
        const SecretBytes secret = material(bench, CxiBench::reference(made));
        CHECK(Bytes(secret.begin(), secret.end()) == expected);
    };
    Bytes joined = raw;
    append(joined, io.data);
    io.put("joined", joined);
    REQUIRE(io.openssl("dgst -sha256 -binary -out hash joined"));
    check(CXI_MECH_KDF_HASH | CXI_MECH_HASH_SHA256, base, io.data, io.get("hash"));
    REQUIRE(io.openssl("dgst -sha384 -binary -mac HMAC -macopt hexkey:" + to_hex(raw) + " -out mac data"));
    check(CXI_MECH_KDF_HMAC | CXI_MECH_HASH_SHA384, base, io.data, io.get("mac"));
    io.put("blocks", Bytes(32, 0x2A));
    REQUIRE(io.openssl("enc -e -aes-256-cbc -nopad -K " + to_hex(raw) +
                       " -iv 00000000000000000000000000000000 -in blocks -out enc"));
    check(CXI_MECH_KDF_ENC_DATA | CXI_MECH_CHAIN_CBC, aes, Bytes(32, 0x2A), io.get("enc"));
    REQUIRE(io.openssl("enc -e -aes-256-ecb -nopad -K " + to_hex(raw) + " -in blocks -out enc"));
    check(CXI_MECH_KDF_ENC_DATA | CXI_MECH_CHAIN_ECB, aes, Bytes(32, 0x2A), io.get("enc"));
    REQUIRE(io.openssl("kdf -keylen 48 -binary -kdfopt digest:SHA256 -kdfopt hexsecret:" + to_hex(raw) +
                       " -kdfopt hexseed:" + to_hex(io.data) + " -out prf TLS1-PRF"));
    check(CXI_MECH_KDF_TLS12_PRF | CXI_MECH_HASH_SHA256, base, io.data, io.get("prf"));
    Bytes flipped = raw;
    for (std::uint8_t& byte : flipped) byte = static_cast<std::uint8_t>(byte ^ 0xFF);
    check(CXI_MECH_KDF_XOR_BASE_AND_DATA, base, Bytes(32, 0xFF), flipped);
    check(CXI_MECH_KDF_CAT_BASE_AND_DATA, base, io.data, joined);
    Bytes reversed = io.data;
    append(reversed, raw);
    check(CXI_MECH_KDF_CAT_DATA_AND_BASE, base, io.data, reversed);
    Bytes twice = raw;
    append(twice, raw);
    check(CXI_MECH_KDF_CAT_BASE_AND_KEY, base, aes, twice);
    check(CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY, base, Bytes{0, 0, 0, 128}, Bytes(raw.begin() + 16, raw.end()));

    const Bytes own = io.foreign("own", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384");
    io.foreign("peer", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384");
    REQUIRE(io.openssl(
        "pkeyutl -derive -keyform DER -inkey peer.der -peerform DER -peerkey own.pub -out shared"));
    check(CXI_MECH_KDF_ECDH, own, io.get("peer.pub"), io.get("shared"));
    check(CXI_MECH_KDF_ECDH_COF, own, io.get("peer.pub"), io.get("shared"));  // cofactor 1
    REQUIRE(io.openssl("dgst -sha256 -binary -out hash shared"));
    check(CXI_MECH_KDF_ECDH | CXI_MECH_HASH_SHA256, own, io.get("peer.pub"), io.get("hash"));
}

TEST_CASE("derivations that cannot be have their codes") {
    CxiBench bench;
    const Bytes base = bench.aes("G", "base"), rsa = bench.rsa("rsa", 1024);
    const auto code = [&](std::uint32_t mechanism, ByteView key, ByteView data, std::uint32_t bits = 128) {
        return code_of(derive(bench, mechanism, key, data, bits));
    };
    CHECK(code(0x30000000, base, Bytes(4)) == E_CXI_CRYPT_MECH);
    CHECK(code(CXI_MECH_KDF_HASH, base, Bytes(4)) == E_CXI_CRYPT_MECH);
    CHECK(code(CXI_MECH_KDF_HASH | CXI_MECH_HASH_SHA256, base, Bytes(4), 264) == E_CXI_KEY_INVALID_SIZE);
    CHECK(code(CXI_MECH_KDF_HASH | CXI_MECH_HASH_SHA256, base, Bytes(4), 0) == E_CXI_KEY_INVALID_SIZE);
    CHECK(code(CXI_MECH_KDF_HASH | CXI_MECH_HASH_SHA256, base, Bytes(4), 100) == E_CXI_KEY_INVALID_SIZE);
    CHECK(code(CXI_MECH_KDF_HASH | CXI_MECH_HASH_SHA256, rsa, Bytes(4)) == E_CXI_KEY_TYPE);
    CHECK(code(CXI_MECH_KDF_ECDH, base, Bytes(4)) == E_CXI_KEY_TYPE);
    CHECK(code(CXI_MECH_KDF_ECDH, rsa, Bytes(4)) == E_CXI_KEY_TYPE);
    CHECK(code(CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY, base, Bytes{0, 0, 0, 3}) == E_CXI_CRYPT_MECH_PARA);
    CHECK(code(CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY, base, Bytes{0, 0, 1, 0}) == E_CXI_CRYPT_MECH_PARA);
    CHECK(code(CXI_MECH_KDF_ENC_DATA | CXI_MECH_CHAIN_CBC, base, Bytes(15)) == E_CXI_CRYPT_DATA_LEN);
    // A derived key may not go out more freely than its base.
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RAW, 128, "G", "derived");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW_PLAIN);
    const Bytes derived = CxiBench::reference(
        bench.run(SFC_CXI_KEY_DERIVE, {0, CXI_MECH_KDF_CAT_BASE_AND_DATA, base, list.encode(), Bytes(1)}));
    CHECK(code_of(bench.run(SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_SECRET | CXI_KEY_TYPE_PLAINTEXT, 0, derived,
                                                 ByteView(), ByteView()})) == E_CXI_KEY_EXPORT_DENIED);
}

TEST_CASE("certificates and data are stored, read, changed and backed up, but do no work") {
    CxiBench bench;
    PropertyList data = named("note");
    data.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_DATA);
    CHECK(code_of(bench.run(SFC_CXI_OBJ_CREATE, {0, data.encode()})) == E_CXI_KEY_MISSING_COMP);
    data.set(CXI_PROP_VALUE, "what it says");
    const Bytes note = CxiBench::reference(bench.run(SFC_CXI_OBJ_CREATE, {0, data.encode()}));
    CHECK(code_of(bench.run(SFC_CXI_OBJ_CREATE, {0, data.encode()})) == E_DB_EXISTS);
    PropertyList cert = named("cert");
    cert.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_CERT);
    cert.set(CXI_PROP_VALUE, ByteView(Bytes(1500, 0x30)));
    REQUIRE(bench.run(SFC_CXI_OBJ_CREATE, {0, cert.encode()}));
    const auto value = [&] {
        const auto answer =
            bench.run(SFC_CXI_KEY_PROP_GET, {note, compose("id:u4", {CXI_PROP_VALUE}).value()});
        REQUIRE(answer);
        return std::string(
            PropertyList::decode(parse("properties:v4", *answer)->bytes("properties"))->text(CXI_PROP_VALUE));
    };
    CHECK(value() == "what it says");
    const auto blob = bench.run(SFC_CXI_KEY_BACKUP, {note});
    REQUIRE(blob);
    PropertyList change;
    change.set(CXI_PROP_VALUE, "something else");
    CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_SET, {note, change.encode()})) == 0);
    CHECK(value() == "something else");
    CHECK(code_of(bench.run(SFC_CXI_KEY_RESTORE, {CXI_FLAG_KEY_OVERWRITE, ByteView(), *blob})) == 0);
    CHECK(value() == "what it says");
    CHECK(code_of(bench.sign(note, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256, Bytes(1))) == E_CXI_KEY_TYPE);
    CHECK(code_of(bench.crypt(note, CXI_MECH_MODE_ENCRYPT | kGcm, iv_parameter(Bytes(12)), Bytes(1))) ==
          E_CXI_KEY_TYPE);
    data.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_CONFIG);
    CHECK(code_of(bench.run(SFC_CXI_OBJ_CREATE, {0, data.encode()})) == E_CXI_KEY_TYPE);
}

TEST_CASE("a copy has what the original had, never more") {
    CxiBench bench;
    const Bytes key = bench.aes("G", "k");
    const auto copy = [&](const PropertyList& list, ByteView from) {
        return bench.run(SFC_CXI_OBJ_COPY, {0, from, list.encode()});
    };
    const Bytes made = CxiBench::reference(copy(named("copy"), key));
    CHECK(material(bench, made) == material(bench, key));
    CHECK(code_of(copy(named("copy"), key)) == E_DB_EXISTS);
    CHECK(code_of(copy(named("copy", "H"), key)) == E_CXI_KEY_EXPORT_DENIED);  // out of its group
    PropertyList wider = named("wider");
    wider.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW_PLAIN);
    CHECK(code_of(copy(wider, key)) == E_CXI_PROP_PROTECTED);
    PropertyList other = named("other");
    other.set_number(CXI_PROP_KEY_SIZE, 128);
    CHECK(code_of(copy(other, key)) == E_CXI_PROP_READONLY);
    const Bytes free = exportable(bench, CXI_KEY_ALGO_AES, 128, "free");
    CHECK(code_of(copy(named("free", "H"), free)) == 0);
    bench.log_on(2, "CXI_GROUP=G");
    CHECK(code_of(copy(named("free2", "H"), free)) == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("FIPS mode: the first use of an RSA key fixes what it is for") {
    CxiBench bench;
    const std::uint32_t pkcs1 = CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256;
    const std::uint32_t pss = CXI_MECH_PAD_PSS | CXI_MECH_HASH_SHA256;
    const std::uint32_t oaep = CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256;
    const Bytes signer = bench.rsa("signer"), opener = bench.rsa("opener");
    const Bytes sealed = *bench.crypt(opener, CXI_MECH_MODE_ENCRYPT | oaep, {}, Bytes(5, 1));
    CHECK(code_of(bench.sign(signer, pss, Bytes(1))) == 0);  // outside FIPS nothing is fixed
    CHECK(code_of(bench.sign(signer, pkcs1, Bytes(1))) == 0);
    bench.set_modes(MODE_OPERATIONAL | MODE_FIPS);
    const auto usage = [&](ByteView key) {
        return bench.run(SFC_CXI_KEY_PROP_GET,
                         {key, compose("id:u4", {CXI_PROP_FIPS_KEY_USAGE_PADDING}).value()});
    };
    CHECK(code_of(usage(signer)) == E_CXI_PROP_NOT_FOUND);
    CHECK(code_of(bench.sign(signer, pss, Bytes(1))) == 0);
    CHECK(code_of(usage(signer)) == 0);
    CHECK(code_of(bench.sign(signer, pss, Bytes(1))) == 0);
    CHECK(code_of(bench.sign(signer, pkcs1, Bytes(1))) == E_CXI_FIPS_PAD_MECH_WRONG);
    CHECK(code_of(bench.crypt(signer, CXI_MECH_MODE_DECRYPT | oaep, {}, sealed)) == E_CXI_FIPS_KEY_USAGE);
    CHECK(*bench.crypt(opener, CXI_MECH_MODE_DECRYPT | oaep, {}, sealed) == Bytes(5, 1));
    CHECK(code_of(bench.sign(opener, pss, Bytes(1))) == E_CXI_FIPS_KEY_USAGE);
    // It stays with the key: through backup and restore too.
    const auto blob = bench.run(SFC_CXI_KEY_BACKUP, {signer});
    REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {signer}));
    REQUIRE(bench.run(SFC_CXI_KEY_RESTORE, {0, ByteView(), *blob}));
    CHECK(code_of(bench.sign(signer, pkcs1, Bytes(1))) == E_CXI_FIPS_PAD_MECH_WRONG);
    // A key that lives outside cannot be written to: it brings its usage along.
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RSA, 2048, "G", "outside");
    const Bytes without = CxiBench::reference(bench.generate(list, CXI_FLAG_KEY_EXTERNAL));
    CHECK(code_of(bench.sign(without, pss, Bytes(1))) == E_CXI_FIPS_USAGE_NOT_SET);
    list.set_number(CXI_PROP_FIPS_KEY_USAGE_PADDING, CXI_KEY_FIPS_USAGE_RSA_PSS);
    const Bytes with = CxiBench::reference(bench.generate(list, CXI_FLAG_KEY_EXTERNAL));
    CHECK(code_of(bench.sign(with, pss, Bytes(1))) == 0);
    CHECK(code_of(bench.sign(with, pkcs1, Bytes(1))) == E_CXI_FIPS_PAD_MECH_WRONG);
}

TEST_CASE(
    "a wrapped key that length, padding or form betray is told by one code, where nothing authenticates") {
    CxiBench bench;
    const Bytes wrapping = bench.aes("G", "w");
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "k");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    const Bytes key = bench.reference(bench.generate(list));
    PropertyList rsa_list = CxiBench::key_template(CXI_KEY_ALGO_RSA, 1024, "G", "r");
    rsa_list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    const Bytes rsa = bench.reference(bench.generate(rsa_list));
    const Bytes parameter = iv_parameter(Bytes(16));
    const auto unwrapped = [&](std::uint32_t mechanism, std::uint32_t algorithm, ByteView blob,
                               std::uint32_t bits = 0) {
        return code_of(bench.run(SFC_CXI_KEY_UNWRAP,
                                 {CXI_FLAG_KEY_OVERWRITE, mechanism, wrapping, parameter,
                                  CxiBench::key_template(algorithm, bits, "G", "back").encode(), blob}));
    };
    const auto cut = [](const Bytes& blob, std::size_t by) { return Bytes(blob.begin(), blob.end() - by); };
    for (const std::uint32_t mechanism : {CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5, CXI_MECH_CHAIN_CTR + 0u,
                                          CXI_MECH_CHAIN_CFB + 0u, CXI_MECH_CHAIN_OFB + 0u}) {
        INFO(std::hex << mechanism);
        const Bytes blob = *bench.run(SFC_CXI_KEY_WRAP, {mechanism, key, wrapping, parameter});
        CHECK(unwrapped(mechanism, CXI_KEY_ALGO_AES, blob) == 0);
        CHECK(unwrapped(mechanism, CXI_KEY_ALGO_AES, cut(blob, 1)) == E_CXI_KEY_BLOB_FORMAT);
        CHECK(unwrapped(mechanism, CXI_KEY_ALGO_AES, cut(blob, 16), 256) == E_CXI_KEY_BLOB_FORMAT);
        CHECK(unwrapped(mechanism, CXI_KEY_ALGO_AES, {}) == E_CXI_KEY_BLOB_FORMAT);
        const Bytes pair = *bench.run(SFC_CXI_KEY_WRAP, {mechanism, rsa, wrapping, parameter});
        CHECK(unwrapped(mechanism, CXI_KEY_ALGO_RSA, pair) == 0);
        for (const std::size_t by : {1u, 16u, 64u})
            CHECK(unwrapped(mechanism, CXI_KEY_ALGO_RSA, cut(pair, by)) == E_CXI_KEY_BLOB_FORMAT);
    }
    // What cannot be told (README.md): under a stream cipher half of an AES-256 key is an AES-128 key.
    const Bytes stream = *bench.run(SFC_CXI_KEY_WRAP, {CXI_MECH_CHAIN_CTR, key, wrapping, parameter});
    CHECK(unwrapped(CXI_MECH_CHAIN_CTR, CXI_KEY_ALGO_AES, cut(stream, 16)) == 0);
    // Those that authenticate have codes of their own.
    const Bytes kw = *bench.run(SFC_CXI_KEY_WRAP, {CXI_MECH_CHAIN_KEY_WRAP, key, wrapping, ByteView()});
    CHECK(code_of(bench.run(SFC_CXI_KEY_UNWRAP,
                            {0, CXI_MECH_CHAIN_KEY_WRAP, wrapping, ByteView(),
                             CxiBench::key_template(CXI_KEY_ALGO_AES, 0, "G", "kw").encode(), cut(kw, 8)})) ==
          E_AES_KEYWRAP);
}
