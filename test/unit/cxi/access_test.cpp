// Rights are asked before a template is decoded, and tell nobody what is there.
#include <set>
#include <utility>

#include "firmware/cxi/work/agreement.h"
#include "test/unit/cxi/properties.h"

using namespace cs2sim;

namespace {

PropertyList in_slot(bool is_private) {
    PropertyList list;
    list.set(CXI_PROP_KEY_GROUP, "SLOT_0000");
    list.set_flag(CXI_PROP_PRIVATE, is_private);
    return list;
}

std::size_t listed(CxiBench& bench, const PropertyList& filter) {
    const auto page = bench.run(SFC_CXI_KEY_LIST, {filter.encode(), ByteView(), ByteView(), 0});
    REQUIRE(code_of(page) == 0);
    std::size_t count = 0;
    const auto block = parse("more:u1 cursor:v2 rows:*", *page);
    for (ByteView rows = block->bytes("rows"); !rows.empty(); ++count)
        REQUIRE(parse_prefix(LAYOUT_CXI_ROW, rows));
    return count;
}

constexpr std::size_t kAtOnce = 256;

// In one change, as a change of the database takes long.
template <std::size_t... I>
Result<void> insert(DeviceKeys& keys, std::vector<KeyObject>& objects, std::index_sequence<I...>) {
    return keys.insert({&objects[I]...}, false);
}

}  // namespace

TEST_CASE("without a right every function that names a group refuses, whatever else its template holds") {
    CxiBench bench;
    const Bytes key = bench.aes("G", "k");
    bench.context.users.clear();
    PropertyList named = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "new");
    Bytes rubbish = named.encode();
    append(rubbish, Bytes{0, 0, 0, 1, 0, 0, 0, 0});  // GROUP for the second time
    CHECK(code_of(bench.run(SFC_CXI_KEY_GENERATE, {0, 0, rubbish})) == E_CXI_PROP_EXISTS);
    Bytes unknown = named.encode();
    append(unknown, Bytes{0x7F, 0, 0, 1, 0, 0, 0, 0});
    CHECK(code_of(bench.run(SFC_CXI_KEY_GENERATE, {0, 0, unknown})) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.run(SFC_CXI_OBJ_CREATE, {0, unknown})) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.run(SFC_CXI_KEY_PAIR_GEN, {0, 0, unknown, unknown})) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.run(SFC_CXI_KEY_IMPORT, {0, CXI_KEY_TYPE_SECRET, 0, unknown, ByteView(), ByteView(),
                                                 ByteView()})) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.run(SFC_CXI_KEY_DERIVE, {0, 0, key, unknown, ByteView()})) ==
          E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.run(SFC_CXI_KEY_INIT, {"G"})) == E_CXI_PERMISSION_DENIED);
    for (const std::uint8_t sfc : {SFC_CXI_KEY_BACKUP, SFC_CXI_KEY_DELETE})
        CHECK(code_of(bench.run(sfc, {key})) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.sign(key, 0, {})) == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("a reference by index answers the same for what is not there and for what is not the caller's") {
    CxiBench bench;
    const Bytes there = bench.aes("G", "k"), absent = index_reference(key_index("G", "other", 0));
    const auto both = [&](std::uint32_t code) {
        for (const Bytes& key : {there, absent}) {
            CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_GET, {key, ByteView()})) == code);
            CHECK(code_of(bench.run(SFC_CXI_KEY_DELETE, {key})) == code);
            CHECK(code_of(bench.run(SFC_CXI_KEY_BACKUP, {key})) == code);
        }
    };
    bench.log_on(0x00000002, "CXI_GROUP=ELSEWHERE");
    both(E_CXI_PERMISSION_DENIED);
    bench.log_on(0x00000200, "CXI_GROUP=G");
    both(E_CXI_PERMISSION_DENIED);
    bench.context.users.clear();
    both(E_CXI_PERMISSION_DENIED);
    bench.log_on(0x00000002, "CXI_GROUP=G");
    CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_GET, {there, ByteView()})) == 0);
    CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_GET, {absent, ByteView()})) == E_DB_NOT_FOUND);
}

TEST_CASE("a reference by index does not tell whether a group has settings, nor that a record is damaged") {
    CxiBench bench;
    test::configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY, 0);
    const Bytes settings = index_reference(key_index("G", "", 0)),
                absent = index_reference(key_index("H", "", 0));
    const Bytes damaged = index_reference(key_index("G", "damaged", 0));
    const auto keys = bench.services.databases.open(kKeyDatabase);
    REQUIRE(keys);
    REQUIRE((*keys)->insert(key_index("G", "damaged", 0), Bytes(40, 7)));
    const auto all = [&](const Bytes& key, std::uint32_t code) {
        CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_GET, {key, ByteView()})) == code);
        CHECK(code_of(bench.run(SFC_CXI_KEY_DELETE, {key})) == code);
        CHECK(code_of(bench.crypt(key, CXI_MECH_MODE_ENCRYPT, {}, Bytes(16))) == code);
    };
    for (const std::string user : {"", "CXI_GROUP=ELSEWHERE"}) {
        CAPTURE(user);
        bench.context.users.clear();
        if (!user.empty()) bench.log_on(0x00000002, user);
        for (const Bytes& key : {settings, absent, damaged}) all(key, E_CXI_PERMISSION_DENIED);
    }
    bench.log_on(0x00000002, "CXI_GROUP=G");
    all(settings, E_CXI_INVALID_PARAM_VAL);
    all(damaged, E_CXI_KEY_BLOB_FORMAT);
}

TEST_CASE("objects with PRIVATE = false are there without log-on, to look at and, without secret, to use") {
    CxiBench bench;
    PropertyList of_private = in_slot(true), of_public = in_slot(false);
    of_private.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_EC);
    of_private.set(CXI_PROP_KEY_EC_CURVE, "secp256r1");
    const auto pair = bench.run(SFC_CXI_KEY_PAIR_GEN, {0, 0, of_public.encode(), of_private.encode()});
    REQUIRE(pair);
    const auto block = parse("public:v4 private:v4", *pair);
    const Bytes open = to_bytes(block->bytes("public")), closed = to_bytes(block->bytes("private"));
    const Bytes data(10, 1);
    const auto signature = bench.sign(closed, CXI_MECH_HASH_SHA256, data);
    REQUIRE(signature);
    PropertyList secret = in_slot(false);
    secret.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    secret.set_number(CXI_PROP_KEY_SIZE, 256);
    const Bytes visible_secret = CxiBench::reference(bench.generate(secret));
    CHECK(listed(bench, PropertyList()) == 3);

    bench.context.users.clear();
    PropertyList all;
    all.set(CXI_PROP_KEY_GROUP, "SLOT_0000");
    CHECK(listed(bench, all) == 2);
    CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_GET, {open, ByteView()})) == 0);
    CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_GET, {visible_secret, ByteView()})) == 0);
    CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_GET, {closed, ByteView()})) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.verify(open, CXI_MECH_HASH_SHA256, data, *signature)) == 0);
    CHECK(bench.public_key(open).size() > 60);
    CHECK(code_of(bench.sign(closed, CXI_MECH_HASH_SHA256, data)) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.crypt(visible_secret, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM,
                              iv_parameter(Bytes(12)), data)) == E_CXI_PERMISSION_DENIED);
    PropertyList change;
    change.set(CXI_PROP_KEY_LABEL, "mine");
    CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_SET, {open, change.encode()})) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.run(SFC_CXI_KEY_DELETE, {open})) == E_CXI_PERMISSION_DENIED);
    PropertyList name = all;
    name.set_number(CXI_PROP_KEY_SPEC, 2);
    CHECK(code_of(bench.run(SFC_CXI_KEY_OPEN, {0, name.encode()})) == 0);
    name.set_number(CXI_PROP_KEY_SPEC, 1);
    CHECK(code_of(bench.run(SFC_CXI_KEY_OPEN, {0, name.encode()})) == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("a chain ends with its key, and with what its key may do") {
    CxiBench bench;
    const auto begin = [&](ByteView key) {
        const auto begun =
            bench.run(SFC_CXI_CRYPT, {CXI_FLAG_CRYPT_INIT, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CTR, 0, key,
                                      iv_parameter(Bytes(16)), Bytes(16)});
        REQUIRE(begun);
        return parse("state:u4 iv:v2 data:*", *begun)->u32("state");
    };
    const auto go_on = [&](std::uint32_t state, ByteView key) {
        return code_of(bench.run(SFC_CXI_CRYPT, {0, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CTR, state, key,
                                                 ByteView(), Bytes(16)}));
    };
    const Bytes key = bench.aes("G", "k");
    std::uint32_t state = begin(key);
    CHECK(go_on(state, {}) == 0);
    PropertyList narrow;
    narrow.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_DECRYPT);
    REQUIRE(bench.run(SFC_CXI_KEY_PROP_SET, {key, narrow.encode()}));
    CHECK(go_on(state, {}) == E_CXI_KEY_USAGE);
    CHECK(go_on(state, {}) == E_CXI_INVALID_PARAM_VAL);

    const Bytes other = bench.aes("G", "other");
    state = begin(other);
    REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {other}));
    CHECK(go_on(state, {}) == E_DB_NOT_FOUND);
    state = begin(bench.aes("G", "other"));
    const PropertyList again = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "other");
    REQUIRE(bench.generate(again, CXI_FLAG_KEY_OVERWRITE));
    CHECK(go_on(state, {}) == E_DB_NOT_FOUND);

    state = begin(bench.aes("G", "of a group that goes"));
    REQUIRE(bench.run(SFC_CXI_KEY_INIT, {"G"}));
    CHECK(go_on(state, {}) == E_DB_NOT_FOUND);
    CHECK(go_on(state, {}) == E_CXI_INVALID_PARAM_VAL);
    state = begin(bench.aes("G", "of who goes"));
    bench.log_on(0x00000002, "CXI_GROUP=H");
    CHECK(go_on(state, {}) == E_CXI_PERMISSION_DENIED);
    bench.log_on(0x00000002, "CXI_GROUP=*");
    CHECK(go_on(state, {}) == E_CXI_INVALID_PARAM_VAL);
}

TEST_CASE("a MAC in pieces ends with its key, as a chained cipher does") {
    CxiBench bench;
    const auto hash = [&](std::uint32_t state, ByteView key) {
        return bench.run(SFC_CXI_HASH_COMPUTE,
                         {CXI_FLAG_HASH_PART, CXI_MECH_HASH_SHA256, state, key, Bytes(16)});
    };
    const auto begin = [&](ByteView key) {
        const auto begun = hash(0, key);
        REQUIRE(begun);
        return parse("state:u4 hash:*", *begun)->u32("state");
    };
    const Bytes key = bench.aes("G", "k");
    std::uint32_t state = begin(key);
    CHECK(hash(state, {}));
    REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {key}));
    CHECK(code_of(hash(state, {})) == E_DB_NOT_FOUND);
    CHECK(code_of(hash(state, {})) == E_CXI_INVALID_PARAM_VAL);
    state = begin(bench.aes("G", "k"));
    bench.context.users.clear();
    CHECK(code_of(hash(state, {})) == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("volatile keys end with the session that made them, or with the device when that is asked for") {
    CxiBench bench;
    const auto make = [&](std::string_view name, std::uint32_t flags) {
        return code_of(bench.generate(CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", name), flags));
    };
    const auto there = [&](std::string_view name) {
        return bench.cxi.keys.find(key_index("G", name, 0)).has_value();
    };
    CHECK(make("wrong", CXI_FLAG_KEY_UNTIL_RESTART) == E_CXI_INVALID_FLAGS);
    REQUIRE(make("session", CXI_FLAG_KEY_VOLATILE) == 0);
    REQUIRE(make("device", CXI_FLAG_KEY_VOLATILE | CXI_FLAG_KEY_UNTIL_RESTART) == 0);
    CHECK(there("session"));
    bench.context.handles.clear();  // as when the session's context goes
    CHECK_FALSE(there("session"));
    CHECK(there("device"));
    bench.cxi.start();
    CHECK_FALSE(there("device"));
}

TEST_CASE("volatile keys have a bound of number and of bytes, and room comes back") {
    CxiBench bench;
    PropertyList large;
    large.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_DATA);
    large.set(CXI_PROP_KEY_GROUP, "G");
    large.set(CXI_PROP_VALUE, ByteView(Bytes(200'000, 1)));
    const auto create = [&](int number) {
        large.set(CXI_PROP_KEY_NAME, std::to_string(number));
        return code_of(bench.run(SFC_CXI_OBJ_CREATE, {CXI_FLAG_KEY_VOLATILE, large.encode()}));
    };
    int made = 0;
    while (made < 1000 && create(made) == 0) ++made;
    CHECK(made == (16 << 20) / (200'000 + 1000));
    CHECK(create(made) == E_CXI_MALLOC);
    REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {index_reference(key_index("G", "0", 0))}));
    CHECK(create(made) == 0);
    CHECK(create(made + 1) == E_CXI_MALLOC);
}

// PKCS#11's public session objects: blobs that the caller keeps, made and used without logon.
TEST_CASE(
    "who is not logged on makes and copies open keys outside the device, and nothing else comes of them") {
    CxiBench bench;
    const auto open_key = [](std::uint32_t algorithm, std::uint32_t bits) {
        PropertyList list;
        list.set(CXI_PROP_KEY_GROUP, "SLOT_0000");
        list.set_number(CXI_PROP_KEY_ALGO, algorithm);
        list.set_number(CXI_PROP_KEY_SIZE, bits);
        list.set_flag(CXI_PROP_PRIVATE, false);
        list.set_flag(CXI_PROP_TOKEN, false);
        list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
        return list;
    };
    bench.context.users.clear();
    const auto made = bench.generate(open_key(CXI_KEY_ALGO_AES, 256), CXI_FLAG_KEY_EXTERNAL);
    REQUIRE(code_of(made) == 0);
    const Bytes key = CxiBench::reference(made);

    const auto copy = [&](std::uint32_t flags, const PropertyList& changes) {
        return code_of(bench.run(SFC_CXI_OBJ_COPY, {flags, key, changes.encode()}));
    };
    PropertyList nothing, stored, is_private;
    stored.set_flag(CXI_PROP_TOKEN, true);
    stored.set_number(CXI_PROP_KEY_SPEC, 21);
    is_private.set_flag(CXI_PROP_PRIVATE, true);
    for (const std::uint32_t flags : {0u, +CXI_FLAG_KEY_OVERWRITE, +CXI_FLAG_KEY_VOLATILE,
                                      CXI_FLAG_KEY_VOLATILE | CXI_FLAG_KEY_UNTIL_RESTART})
        for (const PropertyList* changes : {&nothing, &stored, &is_private}) {
            CAPTURE(flags);
            CHECK(copy(flags, *changes) == E_CXI_PERMISSION_DENIED);
        }
    CHECK(copy(CXI_FLAG_KEY_EXTERNAL, stored) == E_CXI_PERMISSION_DENIED);
    CHECK(copy(CXI_FLAG_KEY_EXTERNAL, is_private) == E_CXI_PERMISSION_DENIED);
    CHECK(copy(CXI_FLAG_KEY_EXTERNAL, nothing) == 0);

    // What leaves a trace on the device, costs a search for primes, or is much work at once.
    CHECK(code_of(bench.run(SFC_CXI_KEY_WRAP, {CXI_MECH_CHAIN_KEY_WRAP, key, key, ByteView()})) ==
          E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.run(SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_SECRET, CXI_MECH_CHAIN_KEY_WRAP, key, key,
                                                 ByteView()})) == E_CXI_PERMISSION_DENIED);
    for (const std::uint32_t algorithm : {CXI_KEY_ALGO_RSA, CXI_KEY_ALGO_DSA, CXI_KEY_ALGO_DH})
        CHECK(code_of(bench.generate(open_key(algorithm, 2048), CXI_FLAG_KEY_EXTERNAL)) ==
              E_CXI_PERMISSION_DENIED);
    PropertyList large = open_key(CXI_KEY_ALGO_AES, 256);
    large.set(CXI_PROP_KEY_LABEL, std::string(5000, 'x'));
    CHECK(code_of(bench.generate(large, CXI_FLAG_KEY_EXTERNAL)) == E_CXI_PERMISSION_DENIED);
    CHECK(bench.cxi.keys.list({}, {}, 10, [](const KeyObject&) { return true; })->keys.empty());
}

TEST_CASE("shared information of key derivation is bounded, as it is hashed for each piece of output") {
    const HashRow& hash = *find_hash(CXI_MECH_HASH_SHA256);
    const Bytes secret(32, 1);
    CHECK(x963_kdf(hash, secret, Bytes(256, 2), 1000));
    CHECK(code_of(x963_kdf(hash, secret, Bytes(257, 2), 1000)) == E_CXI_CRYPT_MECH_PARA);
    CHECK(code_of(x963_kdf(hash, secret, Bytes(), 70000)) == E_CXI_CRYPT_MECH_PARA);
}

TEST_CASE("no cursor of a list names a key that the caller may not see, and the list goes on all the same") {
    CxiBench bench;
    const auto object = [&](std::string_view group, std::string_view name) {
        PropertyList list;
        list.set(CXI_PROP_KEY_GROUP, group);
        list.set(CXI_PROP_KEY_NAME, name);
        list.set(CXI_PROP_VALUE, "value");
        return CxiBench::reference(bench.run(SFC_CXI_OBJ_CREATE, {0, list.encode()}));
    };
    std::set<Bytes> hidden;  // by index
    for (std::size_t i = 0; i < DeviceKeys::kScanPerPage + 100; i += kAtOnce) {
        std::vector<KeyObject> some(kAtOnce);
        for (std::size_t j = 0; j < kAtOnce; ++j) {
            some[j].properties = CxiBench::key_template(CXI_KEY_ALGO_RAW, 0, "hidden", std::to_string(i + j));
            some[j].properties.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_DATA);
            hidden.insert(key_index(some[j]));
        }
        REQUIRE(insert(bench.cxi.keys, some, std::make_index_sequence<kAtOnce>()));
    }
    std::set<std::string> own;
    for (const char* name : {"a", "b", "c", "d"}) {
        object("own", name);
        own.insert(name);
    }
    bench.log_on(0x00000002, "CXI_GROUP=own");
    const auto walk = [&](std::uint32_t limit) {
        std::set<std::string> names;
        Bytes cursor;
        std::size_t pages = 0;
        for (bool more = true; more; ++pages) {
            const auto answer =
                bench.run(SFC_CXI_KEY_LIST, {PropertyList().encode(), ByteView(), cursor, limit});
            REQUIRE(code_of(answer) == 0);
            const auto page = parse("more:u1 cursor:v2 rows:*", *answer);
            more = page->u8("more") != 0;
            const Bytes next = to_bytes(page->bytes("cursor"));
            for (const Bytes& index : hidden)
                if (as_text(next).find(as_text(index)) != std::string_view::npos) FAIL("a hidden key");
            CHECK(next.empty() == !more);
            CHECK((!more || as_text(next) > as_text(cursor)));
            for (ByteView rows = page->bytes("rows"); !rows.empty();) {
                const auto row = parse_prefix(LAYOUT_CXI_ROW, rows);
                names.insert(
                    std::string(PropertyList::decode(row->bytes("properties"))->text(CXI_PROP_KEY_NAME)));
            }
            cursor = next;
            REQUIRE(pages < 20);
        }
        CHECK(names == own);
        return pages;
    };
    CHECK(walk(1) >= 5);
    CHECK(walk(100) >= 2);
    Bytes forged(60, 0);
    const auto code = [&](ByteView cursor) {
        return code_of(bench.run(SFC_CXI_KEY_LIST, {PropertyList().encode(), ByteView(), cursor, 1}));
    };
    CHECK(code(forged) == E_CXI_INVALID_PARAM_VAL);
    CHECK(code(ByteView(forged).first(3)) == E_CXI_INVALID_PARAM_LEN);
    // Nor does a place of one's own making: whether more follows it would tell where hidden keys stand.
    Bytes place{1};
    append(place, *hidden.begin());
    CHECK(code(place) == E_CXI_INVALID_PARAM_VAL);
    CHECK(code(Bytes{1}) == E_CXI_INVALID_PARAM_LEN);
}

TEST_CASE("who has the raw secret of an agreement could derive it and export it in clear") {
    CxiBench bench;
    const Bytes own = bench.curve("own", "P-256", CXI_KEY_ALGO_ECDH);
    const Bytes peer = bench.public_key(bench.curve("peer", "P-256", CXI_KEY_ALGO_ECDH));
    const auto agree = [&](std::uint32_t permission) {
        const auto users = bench.context.users;
        bench.log_on(permission, "CXI_GROUP=G");
        const auto secret = bench.run(SFC_CXI_SECRET_AGREE, {0, CXI_MECH_KDF_ECDH, own, peer});
        bench.context.users = users;
        return code_of(secret);
    };
    constexpr std::uint32_t kUser = 0x00000002, kManager = 0x00000020, kOfficer = 0x00000200;
    CHECK(agree(kUser) == 0);
    test::configure(bench, "G", CXI_PROP_CFG_AUTH_KEYM, kManager);
    CHECK(agree(kUser) == E_CXI_PERMISSION_DENIED);
    CHECK(agree(kManager) == E_CXI_PERMISSION_DENIED);
    CHECK(agree(kUser | kManager) == 0);
    test::configure(bench, "G", CXI_PROP_CFG_AUTH_PLAIN, kOfficer);
    CHECK(agree(kUser | kManager) == E_CXI_PERMISSION_DENIED);
    CHECK(agree(kUser | kManager | kOfficer) == 0);
}
