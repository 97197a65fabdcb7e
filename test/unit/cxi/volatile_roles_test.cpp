// What a volatile key is for is remembered as long as the key lives, in no note; and beyond, as soon as its
// bytes go where they outlive it. And notes of one group leave room to those of others.
#include "firmware/crypto/digest.h"
#include "firmware/cxi/noted_policies.h"
#include "test/unit/cxi/properties.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::uint32_t kVolatile = CXI_FLAG_KEY_VOLATILE, kKeyWrap = CXI_MECH_CHAIN_KEY_WRAP;

PropertyList aes(std::string_view name, std::string_view group = "G") {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, group, name);
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    list.set_flag(CXI_PROP_SENSITIVE, true);
    return list;
}

Bytes make(CxiBench& bench, const PropertyList& list, std::uint32_t flags = kVolatile) {
    return CxiBench::reference(bench.generate(list, flags));
}

std::uint32_t encrypt(CxiBench& bench, ByteView key) {
    return code_of(bench.crypt(key, CXI_MECH_MODE_ENCRYPT | kKeyWrap, {}, Bytes(16, 1)));
}

// Of what it wraps, to wrap nothing more.
Bytes wrap(CxiBench& bench, ByteView key, ByteView wrapping) {
    const auto out = bench.run(SFC_CXI_KEY_WRAP, {kKeyWrap, key, wrapping, ByteView()});
    REQUIRE(code_of(out) == 0);
    return *out;
}

Result<Bytes> copy(CxiBench& bench, ByteView key, std::string_view name, std::uint32_t flags) {
    PropertyList list;
    list.set(CXI_PROP_KEY_NAME, name);
    return bench.run(SFC_CXI_OBJ_COPY, {flags, key, list.encode()});
}

void erase(CxiBench& bench, ByteView key) { REQUIRE(code_of(bench.run(SFC_CXI_KEY_DELETE, {key})) == 0); }

struct Certified {
    std::uint16_t mode;
    std::uint32_t mixed;
};
const Certified kCertified[] = {{MODE_FIPS, E_CXI_FIPS_KEY_USAGE}, {MODE_CC, E_CXI_CC_KEY_PROP}};

}  // namespace

TEST_CASE("FIPS and CC: volatile keys work on where no note finds room, and other groups go on") {
    for (const Certified& now : kCertified) {
        CAPTURE(now.mode);
        CxiBench bench;
        bench.set_modes(MODE_OPERATIONAL | now.mode);
        const Bytes stored = make(bench, aes("stored"), 0), target = make(bench, aes("target"), 0),
                    elsewhere = make(bench, aes("elsewhere", "H"), 0);
        make(bench, aes("other", "H"), 0);
        wrap(bench, target, make(bench, aes("first")));  // which notes as what it left
        CHECK(bench.fill_notes("G") <= kSpareNotesOfOwner + 20 * kNotesOfEntry);
        CHECK(encrypt(bench, stored) == E_DB_NO_SPACE);
        for (int i = 0; i < 20; ++i) {
            const Bytes works = make(bench, aes("works")), moves = make(bench, aes("moves"));
            CHECK(encrypt(bench, works) == 0);
            wrap(bench, target, moves);
            CHECK(encrypt(bench, moves) == now.mixed);
            erase(bench, works);
            erase(bench, moves);
        }
        // What would outlive a volatile key wants its note.
        const Bytes works = make(bench, aes("works"));
        REQUIRE(encrypt(bench, works) == 0);
        CHECK(code_of(bench.run(SFC_CXI_KEY_BACKUP, {works})) == E_DB_NO_SPACE);
        CHECK(code_of(copy(bench, works, "copy", 0)) == E_DB_NO_SPACE);
        CHECK(code_of(copy(bench, works, "copy", kVolatile)) == 0);

        const Bytes other = make(bench, aes("another", "H"), 0), kek = make(bench, aes("kek", "H"), 0);
        CHECK(encrypt(bench, other) == 0);
        wrap(bench, elsewhere, kek);
        CHECK(encrypt(bench, kek) == now.mixed);
    }
}

TEST_CASE("FIPS and CC: what a volatile key did stays with its bytes, on whatever way they outlive it") {
    struct Way {
        std::string_view name;
        std::function<Bytes(CxiBench&, ByteView key)> run;  // leaves a reference to an object with the bytes
    };
    const Way ways[] = {
        {"copy", [](CxiBench& bench, ByteView key) { return CxiBench::reference(copy(bench, key, "c", 0)); }},
        {"copy in memory",
         [](CxiBench& bench, ByteView key) { return CxiBench::reference(copy(bench, key, "c", kVolatile)); }},
        {"copy of a copy in memory",
         [](CxiBench& bench, ByteView key) {
             const Bytes first = CxiBench::reference(copy(bench, key, "first", kVolatile));
             erase(bench, key);
             const Bytes second = CxiBench::reference(copy(bench, first, "second", 0));
             erase(bench, first);
             return second;
         }},
        {"copy outside",
         [](CxiBench& bench, ByteView key) {
             return (bench.cxi.modes() & MODE_CC) != 0
                        ? to_bytes(key)
                        : CxiBench::reference(copy(bench, key, "c", CXI_FLAG_KEY_EXTERNAL));
         }},
        {"backup",
         [](CxiBench& bench, ByteView key) {
             const auto blob = bench.run(SFC_CXI_KEY_BACKUP, {key});
             REQUIRE(code_of(blob) == 0);
             erase(bench, key);
             return CxiBench::reference(bench.run(SFC_CXI_KEY_RESTORE, {0, ByteView(), *blob}));
         }},
        {"wrap",
         [](CxiBench& bench, ByteView key) {
             const Bytes kek = make(bench, aes("kek"), 0), blob = wrap(bench, key, kek);
             const PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 0, "G", "back");
             return CxiBench::reference(
                 bench.run(SFC_CXI_KEY_UNWRAP, {kVolatile, kKeyWrap, kek, ByteView(), list.encode(), blob}));
         }},
        {"another property",
         [](CxiBench& bench, ByteView key) {
             REQUIRE(set(bench, key, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ENCRYPT)) == 0);
             return to_bytes(key);
         }},
    };
    for (const Certified& now : kCertified)
        for (const Way& way : ways)
            for (const bool before : {true, false}) {  // it moves a key before its bytes go, or after
                CAPTURE(now.mode);
                CAPTURE(way.name);
                CAPTURE(before);
                CxiBench bench;
                bench.set_modes(MODE_OPERATIONAL | now.mode);
                const Bytes target = make(bench, aes("target"), 0), key = make(bench, aes("key"));
                if (before) wrap(bench, target, key);
                const Bytes other = way.run(bench, key);
                const bool gone = !bench.cxi.keys.find(ByteView(key).subspan(1));
                if (!before && (gone || other == key)) continue;
                if (!before) wrap(bench, target, key);
                if (!gone && other != key) erase(bench, key);
                CHECK(encrypt(bench, other) == now.mixed);
            }
}

TEST_CASE("FIPS and CC: an RSA pair in memory has one role with every public half of it") {
    constexpr std::uint32_t kOaep = CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256;
    for (const Certified& now : kCertified)
        for (const bool decrypts_first : {true, false}) {
            CAPTURE(now.mode);
            CAPTURE(decrypts_first);
            CxiBench bench;
            bench.set_modes(MODE_OPERATIONAL | now.mode);
            const Bytes target = make(bench, aes("target"), 0);
            const PropertyList of_public = CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", "public");
            const PropertyList of_private = CxiBench::key_template(CXI_KEY_ALGO_RSA, 2048, "G", "private");
            const auto pair =
                bench.run(SFC_CXI_KEY_PAIR_GEN, {kVolatile, 0, of_public.encode(), of_private.encode()});
            REQUIRE(code_of(pair) == 0);
            const Bytes own = to_bytes(parse("public:v4 private:v4", *pair)->bytes("private"));
            bench.log_on(0x00000202, "CXI_GROUP=G");
            const Bytes stored =
                bench.import(CXI_KEY_TYPE_PUBLIC, CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", "stored"),
                             bench.public_key(own));
            REQUIRE(set(bench, stored, flag(CXI_PROP_TRUSTED, true)) == 0);
            const auto sealed = bench.crypt(stored, CXI_MECH_MODE_ENCRYPT | kOaep, {}, Bytes(32, 1));
            REQUIRE(code_of(sealed) == 0);
            const auto decrypt = [&] {
                return code_of(bench.crypt(own, CXI_MECH_MODE_DECRYPT | kOaep, {}, *sealed));
            };
            const auto move = [&] {
                return code_of(bench.run(SFC_CXI_KEY_WRAP, {kOaep, target, stored, ByteView()}));
            };
            CHECK((decrypts_first ? decrypt() : move()) == 0);
            CHECK((decrypts_first ? move() : decrypt()) == now.mixed);
        }
}

TEST_CASE("FIPS: the purpose of a volatile RSA key wants no note until its bytes outlive it") {
    constexpr std::uint32_t kPkcs1 = CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256;
    constexpr std::uint32_t kPss = CXI_MECH_PAD_PSS | CXI_MECH_HASH_SHA256;
    CxiBench bench;
    bench.set_modes(MODE_OPERATIONAL | MODE_FIPS);
    const auto rsa = [&](std::string_view name, std::string_view group) {
        return make(bench, CxiBench::key_template(CXI_KEY_ALGO_RSA, 2048, group, name));
    };
    const auto sign = [&](ByteView key, std::uint32_t mechanism) {
        return code_of(bench.sign(key, mechanism, Bytes(1)));
    };
    make(bench, aes("target"), 0);
    CHECK(bench.fill_notes("G") <= kSpareNotesOfOwner + 20 * kNotesOfEntry);
    const Bytes first = rsa("first", "G"), second = rsa("second", "G");
    for (const Bytes& key : {first, second}) {
        CHECK(sign(key, kPkcs1) == 0);
        CHECK(sign(key, kPss) == E_CXI_FIPS_PAD_MECH_WRONG);
    }
    const Bytes beside = CxiBench::reference(copy(bench, first, "beside", kVolatile));
    CHECK(sign(beside, kPss) == E_CXI_FIPS_PAD_MECH_WRONG);
    CHECK(code_of(bench.run(SFC_CXI_KEY_BACKUP, {first})) == E_DB_NO_SPACE);
    CHECK(code_of(copy(bench, first, "stored", 0)) == E_DB_NO_SPACE);

    // Where there is room, what outlives it has the same purpose: of before, and of after.
    const Bytes used = rsa("used", "H"), fresh = rsa("fresh", "H");
    CHECK(sign(used, kPkcs1) == 0);
    const Bytes of_used = CxiBench::reference(copy(bench, used, "of used", 0)),
                of_fresh = CxiBench::reference(copy(bench, fresh, "of fresh", 0));
    CHECK(sign(fresh, kPkcs1) == 0);
    erase(bench, used);
    erase(bench, fresh);
    for (const Bytes& key : {of_used, of_fresh}) CHECK(sign(key, kPss) == E_CXI_FIPS_PAD_MECH_WRONG);
}

TEST_CASE("CFG_WRAP_POLICY: what is cut out of a volatile key has its role") {
    CxiBench bench;
    configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY);
    const Bytes target = make(bench, aes("target"), 0);
    for (const std::uint32_t mechanism :
         {CXI_MECH_KDF_CAT_BASE_AND_DATA, CXI_MECH_KDF_CAT_DATA_AND_BASE, CXI_MECH_KDF_XOR_BASE_AND_DATA,
          CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY}) {
        CAPTURE(mechanism);
        PropertyList list = aes("key");
        list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_DERIVE);
        const Bytes key = make(bench, list);
        list = aes("derived " + std::to_string(mechanism));
        list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP);
        const Bytes zeros(mechanism == CXI_MECH_KDF_XOR_BASE_AND_DATA      ? 32
                          : mechanism == CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY ? 4
                                                                           : 0);
        const auto cut = bench.run(SFC_CXI_KEY_DERIVE, {0, mechanism, key, list.encode(), zeros});
        REQUIRE(code_of(cut) == 0);
        erase(bench, key);
        CHECK(code_of(bench.run(SFC_CXI_KEY_WRAP, {kKeyWrap, target, CxiBench::reference(cut),
                                                   ByteView()})) == E_CXI_SECURE_PROP_DECRYPT);
    }
}

TEST_CASE("notes of the form before count on, and become one with the next") {
    CxiBench bench;
    configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY);
    const auto secret = bench.services.smos.master_key.derive("notes of keys");
    REQUIRE(secret);
    const Bytes value(32, 0x5A);  // without parity bits as it is
    const auto name = [&](std::uint8_t kind) {
        Bytes of = digest("SHA256", {*secret, Bytes{kind, 0}, value});
        of.resize(20);
        return of;
    };
    KeyPolicy old;
    old.algorithm = CXI_KEY_ALGO_AES;
    old.type = CXI_KEY_TYPE_SECRET;
    old.usage = CXI_KEY_USAGE_SIGN;
    const Bytes policy = encode_policy(old).value();
    const auto keys = bench.services.databases.open("CXIKEY.db");
    REQUIRE((*keys)->change([&](Batch& batch) -> Result<void> {
        CS2SIM_TRY(batch.set_note(name(1), Bytes{ROLE_WRAPS}));
        return batch.set_note(name(2), policy);
    }));
    PropertyList list = aes("key");
    list.erase(CXI_PROP_KEY_SIZE);
    const Bytes key = bench.import(CXI_KEY_TYPE_SECRET, list, value), target = make(bench, aes("target"), 0);
    CHECK(encrypt(bench, key) == E_CXI_SECURE_PROP_ENCRYPT);
    list = aes("kek");
    list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP | CXI_KEY_USAGE_UNWRAP);
    const Bytes kek = make(bench, list, 0);
    const auto found = bench.cxi.keys.find(ByteView(key).subspan(1));
    REQUIRE(found);
    CHECK(bench.cxi.keys.policies(**found).value() == std::vector<Bytes>{policy});
    wrap(bench, key, kek);
    CHECK((*keys)->note(name(1))->empty());
    CHECK((*keys)->note(name(2))->empty());
    const Bytes noted = (*keys)->note(name(6)).value();
    REQUIRE(noted.size() > 2);
    CHECK(noted[0] == ROLE_WRAPS);
    CHECK(noted[1] == ROLE_OPEN);
    // The old note knows no group.
    CHECK(decode_policy(ByteView(noted).subspan(2)) == either(old, policy_of((*found)->object)));
}
