// Keys are not shared between certified modes and others (FIPS 140-3): only what such a mode made takes keys
// in and out there, whatever became of others before, and what it made keeps to its rules in any mode.
#include "test/unit/cxi/properties.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::uint32_t kKwp = CXI_MECH_CHAIN_KEY_WRAP | CXI_MECH_PAD_KWP;
constexpr std::uint32_t kOaep = CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256;
constexpr std::uint32_t kHmac = CXI_MECH_KDF_HMAC | CXI_MECH_HASH_SHA256;

struct Certified {
    std::uint16_t mode;
    std::uint32_t leaves, comes, mechanism, raw;
};
constexpr Certified kCertified[] = {
    {MODE_FIPS, E_CXI_FIPS_KEY_EXPORT, E_CXI_FIPS_KEY_IMPORT, E_CXI_FIPS_MECH, E_CXI_FIPS_BLOCKED},
    {MODE_CC, E_CXI_CC_EXPORT_PLAIN, E_CXI_CC_IMPORT_PLAIN, E_CXI_CC_MECH, E_CXI_CC_BLOCKED}};

void enter(CxiBench& bench, const Certified& now) {
    bench.set_modes(static_cast<std::uint16_t>(MODE_OPERATIONAL | now.mode));
}
void leave(CxiBench& bench) { bench.set_modes(MODE_OPERATIONAL); }

PropertyList aes(std::string_view name, std::uint32_t policy = CXI_KEY_EXPORT_DENY) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", name);
    list.set_number(CXI_PROP_KEY_EXPORT, policy);
    return list;
}

PropertyList raw(std::string_view name, std::uint32_t bits = 256) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RAW, bits, "G", name);
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN);
    return list;
}

PropertyList named(std::string_view name, std::string_view group = "G") {
    PropertyList list;
    list.set(CXI_PROP_KEY_GROUP, group);
    list.set(CXI_PROP_KEY_NAME, name);
    return list;
}

Bytes make(CxiBench& bench, const PropertyList& list, std::uint32_t flags = 0) {
    return CxiBench::reference(bench.generate(list, flags));
}

Result<Bytes> copy(CxiBench& bench, ByteView key, const PropertyList& changes, std::uint32_t flags = 0) {
    return bench.run(SFC_CXI_OBJ_COPY, {flags, key, changes.encode()});
}

Result<Bytes> wrap(CxiBench& bench, ByteView key, ByteView wrapping, std::uint32_t mechanism = kKwp,
                   ByteView parameter = {}) {
    return bench.run(SFC_CXI_KEY_WRAP, {mechanism, key, wrapping, parameter});
}

Result<Bytes> unwrap(CxiBench& bench, ByteView blob, ByteView wrapping, const PropertyList& list,
                     std::uint32_t mechanism = kKwp) {
    return bench.run(SFC_CXI_KEY_UNWRAP, {0, mechanism, wrapping, ByteView(), list.encode(), blob});
}

Result<Bytes> derive(CxiBench& bench, std::uint32_t mechanism, ByteView base, const PropertyList& list,
                     ByteView data) {
    return bench.run(SFC_CXI_KEY_DERIVE, {0, mechanism, base, list.encode(), data});
}

std::uint32_t export_in_clear(CxiBench& bench, ByteView key, std::uint32_t type = CXI_KEY_TYPE_SECRET) {
    return code_of(bench.run(SFC_CXI_KEY_EXPORT, {type, 0, key, ByteView(), ByteView()}));
}

std::uint32_t made_in(CxiBench& bench, ByteView key) { return (*bench.cxi.find(key))->object.made_in(); }

struct Pair {
    Bytes open, own;
};
Pair pair(CxiBench& bench, std::string_view name, std::uint32_t policy = CXI_KEY_EXPORT_DENY) {
    const std::string of_public = std::string(name) + " public";
    PropertyList own = CxiBench::key_template(CXI_KEY_ALGO_RSA, 2048, "G", name);
    own.set_number(CXI_PROP_KEY_EXPORT, policy);
    const auto made =
        bench.run(SFC_CXI_KEY_PAIR_GEN,
                  {0, 0, CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", of_public).encode(), own.encode()});
    REQUIRE(code_of(made) == 0);
    const auto both = parse("public:v4 private:v4 told:*", *made);
    return {to_bytes(both->bytes("public")), to_bytes(both->bytes("private"))};
}

Bytes backup(CxiBench& bench, ByteView key) {
    const auto blob = bench.run(SFC_CXI_KEY_BACKUP, {key});
    REQUIRE(code_of(blob) == 0);
    return *blob;
}

Bytes restored(CxiBench& bench, ByteView key, ByteView blob) {
    REQUIRE(code_of(bench.run(SFC_CXI_KEY_DELETE, {key})) == 0);
    return CxiBench::reference(bench.run(SFC_CXI_KEY_RESTORE, {0, ByteView(), blob}));
}

// Of keys that the mode has yet to make: what tells them, which no note of a wrapped key records.
struct Told {
    std::string_view how;
    std::function<Bytes(CxiBench&)> make;  // a key that somebody knows, as far as it may be known
};
const Told kTold[] = {
    {"nobody asked", [](CxiBench& bench) { return make(bench, aes("kek")); }},
    {"a sibling by XOR was wrapped",
     [](CxiBench& bench) {
         const Bytes kek = make(bench, aes("kek", CXI_KEY_EXPORT_ALLOW));
         const Bytes known = bench.import(
             CXI_KEY_TYPE_SECRET, CxiBench::key_template(CXI_KEY_ALGO_AES, 0, "G", "known"), Bytes(32, 7));
         const auto sibling = derive(bench, CXI_MECH_KDF_XOR_BASE_AND_DATA, kek,
                                     aes("sibling", CXI_KEY_EXPORT_ALLOW), Bytes(32, 2));
         REQUIRE(code_of(wrap(bench, CxiBench::reference(sibling), known)) == 0);
         return kek;
     }},
    {"byte by byte, by check values",
     [](CxiBench& bench) {
         const Bytes kek = make(bench, aes("kek"));
         REQUIRE(code_of(derive(bench, CXI_MECH_KDF_CAT_DATA_AND_BASE, kek, raw("first byte"),
                                Bytes(31, 'A'))) == 0);
         return kek;
     }},
    {"a copy left in clear",
     [](CxiBench& bench) {
         const Bytes kek = make(bench, aes("kek"));
         const Bytes other = CxiBench::reference(copy(bench, kek, named("other")));
         test::configure(bench, "G", CXI_PROP_CFG_AUTH_KEYM, 0x00000020);
         const auto users = bench.context.users;
         bench.log_on(0x00000022, "CXI_GROUP=G");
         REQUIRE(set(bench, other, number(CXI_PROP_KEY_EXPORT, 3)) == 0);
         REQUIRE(export_in_clear(bench, other) == 0);
         bench.context.users = users;
         test::configure(bench, "G", CXI_PROP_CFG_AUTH_KEYM, 0x00000002);
         return kek;
     }},
};

}  // namespace

TEST_CASE("FIPS and CC: what became known before the mode came takes no key in or out whatever told it") {
    for (const Certified& now : kCertified)
        for (const Told& told : kTold) {
            CAPTURE(now.mode);
            CAPTURE(told.how);
            CxiBench bench;
            const Bytes kek = told.make(bench), before = backup(bench, kek);
            const Bytes other = CxiBench::reference(copy(bench, kek, named("copy")));
            enter(bench, now);
            const Bytes key = make(bench, aes("key", CXI_KEY_EXPORT_ALLOW)), good = make(bench, aes("good"));
            const auto blob = wrap(bench, key, good);
            REQUIRE(code_of(blob) == 0);
            CHECK(code_of(wrap(bench, key, kek)) == now.leaves);
            CHECK(code_of(wrap(bench, key, other)) == now.leaves);
            CHECK(code_of(unwrap(bench, *blob, kek, aes("came"))) == now.comes);
            const Bytes again = restored(bench, kek, before);
            CHECK(code_of(wrap(bench, key, again)) == now.leaves);
            // The security officer may stand for it.
            test::trust(bench, again);
            const auto trusted = wrap(bench, key, again);
            REQUIRE(code_of(trusted) == 0);
            CHECK(code_of(unwrap(bench, *trusted, again, aes("came"))) == 0);
        }
}

TEST_CASE("FIPS and CC: a public half wraps when the mode made its pair") {
    for (const Certified& now : kCertified) {
        CAPTURE(now.mode);
        CxiBench bench;
        const Pair known = pair(bench, "known", 3);
        REQUIRE(export_in_clear(bench, known.own, CXI_KEY_TYPE_PRIVATE) == 0);
        enter(bench, now);
        const Bytes key = make(bench, aes("key", CXI_KEY_EXPORT_ALLOW));
        CHECK(code_of(wrap(bench, key, known.open, kOaep)) == now.leaves);
        CHECK(code_of(wrap(bench, key, known.own, kOaep)) == now.leaves);
        const Pair good = pair(bench, "good", 3);
        CHECK(code_of(wrap(bench, key, good.open, kOaep)) == 0);
        // Its private half stays, in any mode.
        CHECK(export_in_clear(bench, good.own, CXI_KEY_TYPE_PRIVATE) == now.leaves);
        leave(bench);
        CHECK(export_in_clear(bench, good.own, CXI_KEY_TYPE_PRIVATE) == now.leaves);
        // What a host brings is what anybody may have made.
        const Bytes brought =
            bench.import(CXI_KEY_TYPE_PUBLIC, CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", "brought"),
                         bench.public_key(good.open));
        enter(bench, now);
        CHECK(code_of(wrap(bench, key, brought, kOaep)) == now.leaves);
    }
}

TEST_CASE("FIPS and CC: what the mode made moves keys and so do its copies and backups") {
    for (const Certified& now : kCertified) {
        CAPTURE(now.mode);
        CxiBench bench;
        enter(bench, now);
        const Bytes key = make(bench, aes("key", CXI_KEY_EXPORT_ALLOW)), kek = make(bench, aes("kek"));
        CHECK(made_in(bench, kek) == now.mode);
        const Bytes blob = *wrap(bench, key, kek);
        const auto works = [&](ByteView wrapping, const std::string& name) {
            CHECK(code_of(wrap(bench, key, wrapping)) == 0);
            CHECK(code_of(unwrap(bench, blob, wrapping, aes(name))) == 0);
        };
        works(CxiBench::reference(copy(bench, kek, named("copy"))), "one");
        works(restored(bench, kek, backup(bench, kek)), "two");
        if (now.mode == MODE_FIPS)
            works(CxiBench::reference(copy(bench, kek, named("outside"), CXI_FLAG_KEY_EXTERNAL)), "three");
        const Bytes in_memory = make(bench, aes("kek in memory"), CXI_FLAG_KEY_VOLATILE);
        const auto under = wrap(bench, key, in_memory);
        REQUIRE(code_of(under) == 0);
        CHECK(code_of(unwrap(bench, *under, in_memory, aes("four"))) == 0);
        // Another mode between changes nothing: it has the rules of the mode that made it there.
        leave(bench);
        enter(bench, now);
        works(kek, "five");
    }
}

TEST_CASE("what a certified mode made is told in no other mode nor what is made of it") {
    for (const Certified& now : kCertified) {
        CAPTURE(now.mode);
        CxiBench bench;
        const Bytes known = bench.import(
            CXI_KEY_TYPE_SECRET, CxiBench::key_template(CXI_KEY_ALGO_AES, 0, "G", "known"), Bytes(32, 7));
        const Bytes local = make(bench, aes("local"));
        enter(bench, now);
        const Bytes kek = make(bench, aes("kek")), key = make(bench, aes("key", 3)),
                    one = make(bench, raw("one")), sealed_one = make(bench, aes("sealed one")),
                    sealed_other = make(bench, aes("sealed other"));
        PropertyList agreeing = CxiBench::key_template(CXI_KEY_ALGO_ECDH, 0, "G", "agreeing");
        agreeing.set(CXI_PROP_KEY_EC_CURVE, "P-256");
        const Bytes curve = make(bench, agreeing);
        const Bytes blob = *wrap(bench, key, kek);
        const Bytes before = backup(bench, key);
        leave(bench);

        const auto stays = [&](ByteView of, const std::string& name) {
            CAPTURE(name);
            CHECK(made_in(bench, of) == now.mode);
            CHECK(export_in_clear(bench, of) == now.leaves);
            for (const Bytes& wrapping : {known, local})
                CHECK(code_of(wrap(bench, of, wrapping)) == now.leaves);
            CHECK(code_of(copy(bench, of, named(name, "H"))) == now.leaves);
            for (const std::uint32_t telling :
                 {CXI_MECH_KDF_HASH | CXI_MECH_HASH_SHA256, +CXI_MECH_KDF_XOR_BASE_AND_DATA,
                  +CXI_MECH_KDF_CAT_BASE_AND_DATA, +CXI_MECH_KDF_CAT_DATA_AND_BASE,
                  +CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY})
                CHECK(code_of(derive(bench, telling, of, raw(name + " told"), Bytes(4))) == now.mechanism);
        };
        stays(key, "key");
        stays(restored(bench, key, before), "restored");
        stays(CxiBench::reference(copy(bench, key, named("copy"))), "copy");
        stays(CxiBench::reference(unwrap(bench, blob, kek, aes("came", 3))), "came");
        stays(CxiBench::reference(copy(bench, key, named("outside"), CXI_FLAG_KEY_EXTERNAL)), "outside");
        const auto made = derive(bench, kHmac, one, raw("made"), Bytes(4));
        stays(CxiBench::reference(made), "made");
        // Two keys put together, of which the mode made one at least.
        CHECK(code_of(derive(bench, CXI_MECH_KDF_CAT_BASE_AND_KEY, sealed_one, raw("joined", 512), local)) ==
              now.mechanism);
        CHECK(code_of(derive(bench, CXI_MECH_KDF_CAT_BASE_AND_KEY, local, raw("joined", 512), sealed_one)) ==
              now.mechanism);
        const auto joined =
            derive(bench, CXI_MECH_KDF_CAT_BASE_AND_KEY, sealed_one, raw("joined", 512), sealed_other);
        REQUIRE(code_of(joined) == 0);
        CHECK(made_in(bench, CxiBench::reference(joined)) == now.mode);
        const auto agreed = derive(bench, CXI_MECH_KDF_ECDH, curve, raw("agreed"), bench.public_key(curve));
        stays(CxiBench::reference(agreed), "agreed");

        CHECK(code_of(wrap(bench, key, kek, CXI_MECH_CHAIN_CBC, iv_parameter(Bytes(16)))) == now.mechanism);
        CHECK(code_of(bench.run(SFC_CXI_SECRET_AGREE,
                                {0, CXI_MECH_KDF_ECDH, curve, bench.public_key(curve)})) == now.raw);
        // Nor does it make known what others wrap: what a certified mode did not make stays free.
        CHECK(made_in(bench, make(bench, aes("free"))) == 0);
        CHECK(code_of(wrap(bench, make(bench, aes("freer", 3)), known)) == 0);
    }
}

TEST_CASE("a trusted key of no certified mode tells in none what it wrapped of such a mode") {
    for (const Certified& now : kCertified) {
        CAPTURE(now.mode);
        CxiBench bench;
        const Bytes kek = make(bench, aes("kek")), pair = bench.rsa("pair"),
                    before = make(bench, aes("before", 1));
        const Bytes half =
            bench.import(CXI_KEY_TYPE_PUBLIC, CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", "half"),
                         bench.public_key(pair));
        for (const Bytes& each : {kek, half}) test::trust(bench, each);
        const auto decrypt = [&] {
            return code_of(bench.crypt(kek, CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_CBC,
                                       iv_parameter(Bytes(16)), Bytes(16)));
        };
        enter(bench, now);
        const Bytes key = make(bench, aes("key", CXI_KEY_EXPORT_ALLOW));
        leave(bench);
        REQUIRE(code_of(wrap(bench, before, kek)) == 0);
        CHECK(decrypt() == 0);
        enter(bench, now);
        const auto blob = wrap(bench, key, kek);
        REQUIRE(code_of(blob) == 0);
        leave(bench);
        CHECK(decrypt() == E_CXI_KEY_USAGE);
        CHECK(code_of(unwrap(bench, *blob, kek, aes("back"))) == 0);
        const auto sealed = wrap(bench, key, half, kOaep);
        REQUIRE(code_of(sealed) == 0);
        CHECK(code_of(bench.crypt(pair, CXI_MECH_MODE_DECRYPT | kOaep, {}, *sealed)) == E_CXI_KEY_USAGE);
    }
}

TEST_CASE("what a certified mode made in a slot is open to nobody in another mode") {
    for (const Certified& now : kCertified) {
        CAPTURE(now.mode);
        CxiBench bench;
        enter(bench, now);
        PropertyList list = aes("key", CXI_KEY_EXPORT_ALLOW);
        list.set(CXI_PROP_KEY_GROUP, "SLOT_0000");
        const Bytes key = make(bench, list);
        leave(bench);
        list = test::open_object();
        const auto outside = copy(bench, key, list, CXI_FLAG_KEY_EXTERNAL);
        REQUIRE(code_of(outside) == 0);
        list.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
        list.set_number(CXI_PROP_KEY_SIZE, 256);
        const Bytes open = make(bench, list, CXI_FLAG_KEY_EXTERNAL);
        bench.context.users.clear();
        const auto work = [&](ByteView with) {
            return code_of(bench.crypt(with, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CTR,
                                       iv_parameter(Bytes(16)), Bytes(16)));
        };
        CHECK(work(CxiBench::reference(outside)) == E_CXI_PERMISSION_DENIED);
        CHECK(work(open) == 0);
    }
}

TEST_CASE("what keeps to a mode is made in a group by who makes keys there") {
    CxiBench bench;
    enter(bench, {MODE_FIPS, 0, 0, 0, 0});
    const Bytes own = bench.curve("own", "P-256", CXI_KEY_ALGO_ECDH), peer = bench.public_key(own);
    leave(bench);
    const Bytes free = bench.curve("free", "P-256", CXI_KEY_ALGO_ECDH);
    PropertyList open = test::open_object();
    open.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    open.set_number(CXI_PROP_KEY_SIZE, 256);
    const auto agreed = [&](ByteView base, std::string_view groups) {
        bench.log_on(0x00000002, "CXI_GROUP=" + std::string(groups));
        return code_of(bench.run(SFC_CXI_KEY_DERIVE,
                                 {CXI_FLAG_KEY_EXTERNAL, CXI_MECH_KDF_ECDH, base, open.encode(), peer}));
    };
    // An open object is everybody's to make; sealed with the mode it is a key of the slot.
    CHECK(agreed(free, "G") == 0);
    CHECK(agreed(own, "G") == E_CXI_PERMISSION_DENIED);
    CHECK(agreed(own, "G,SLOT_0000") == 0);
}

TEST_CASE("nobody states which mode made a key and who sees the key reads it") {
    CxiBench bench;
    const auto stating = [](PropertyList list) {
        list.set_number(CXI_PROP_MADE_IN_MODE, MODE_FIPS);
        return list;
    };
    const Bytes known = bench.import(CXI_KEY_TYPE_SECRET,
                                     CxiBench::key_template(CXI_KEY_ALGO_AES, 0, "G", "known"), Bytes(32, 7));
    const Bytes key = make(bench, aes("key", CXI_KEY_EXPORT_ALLOW));
    const auto blob = wrap(bench, key, known);
    REQUIRE(code_of(blob) == 0);
    const PropertyList stated = stating(aes("stated"));
    CHECK(code_of(bench.generate(stated)) == E_CXI_PROP_ABSENT);
    CHECK(code_of(bench.run(SFC_CXI_KEY_IMPORT, {0, +CXI_KEY_TYPE_SECRET, 0, stated.encode(), ByteView(),
                                                 Bytes(32, 7), ByteView()})) == E_CXI_PROP_ABSENT);
    CHECK(code_of(unwrap(bench, *blob, known, stated)) == E_CXI_PROP_ABSENT);
    CHECK(code_of(derive(bench, kHmac, known, stated, Bytes(4))) == E_CXI_PROP_ABSENT);
    CHECK(code_of(copy(bench, known, stating(named("copy")))) == E_CXI_PROP_ABSENT);
    CHECK(code_of(bench.run(SFC_CXI_OBJ_CREATE, {0, stated.encode()})) == E_CXI_PROP_ABSENT);
    CHECK(set(bench, key, number(CXI_PROP_MADE_IN_MODE, MODE_FIPS)) == E_CXI_PROP_READONLY);
    CHECK(set(bench, key, number(CXI_PROP_MADE_IN_MODE, 0)) == E_CXI_PROP_READONLY);

    bench.set_modes(MODE_OPERATIONAL | MODE_FIPS);
    const Bytes made = make(bench, aes("made"));
    CHECK(set(bench, made, number(CXI_PROP_MADE_IN_MODE, 0)) == E_CXI_PROP_READONLY);
    const auto told = bench.run(SFC_CXI_KEY_PROP_GET, {made, ByteView()});
    REQUIRE(code_of(told) == 0);
    CHECK(PropertyList::decode(parse("properties:v4", *told)->bytes("properties"))
              ->number(CXI_PROP_MADE_IN_MODE) == MODE_FIPS);
}
