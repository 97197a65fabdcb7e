// What a group keeps of its keys goes with them through no other group, and what nobody owns stays small and
// as narrow as it was.
#include "test/unit/cxi/properties.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::uint32_t kKwp = CXI_MECH_CHAIN_KEY_WRAP | CXI_MECH_PAD_KWP;
constexpr std::uint32_t kHmac = CXI_MECH_KDF_HMAC | CXI_MECH_HASH_SHA256;

PropertyList aes(std::string_view group, std::string_view name, std::uint32_t policy = CXI_KEY_EXPORT_ALLOW) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, group, name);
    list.set_number(CXI_PROP_KEY_EXPORT, policy);
    return list;
}

PropertyList with(PropertyList list, const PropertyList& more) {
    for (const Property& each : more) list.set(each.id, each.value());
    return list;
}

PropertyList into(std::string_view group, std::string_view name) {
    PropertyList list;
    list.set(CXI_PROP_KEY_GROUP, group);
    list.set(CXI_PROP_KEY_NAME, name);
    return list;
}

// An open object of another slot, as what an AES key is unwrapped or derived into.
PropertyList open_aes() {
    PropertyList list = with(open_object(), number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES));
    list.set(CXI_PROP_KEY_GROUP, "SLOT_0007");
    return with(list, number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW));
}

Bytes make(CxiBench& bench, const PropertyList& list, std::uint32_t flags = 0) {
    return CxiBench::reference(bench.generate(list, flags));
}

Result<Bytes> copy(CxiBench& bench, ByteView key, const PropertyList& changes, std::uint32_t flags = 0) {
    return bench.run(SFC_CXI_OBJ_COPY, {flags, key, changes.encode()});
}

Result<Bytes> wrap(CxiBench& bench, ByteView key, ByteView wrapping) {
    return bench.run(SFC_CXI_KEY_WRAP, {kKwp, key, wrapping, ByteView()});
}

Result<Bytes> unwrap(CxiBench& bench, ByteView blob, ByteView wrapping, const PropertyList& list,
                     std::uint32_t flags = 0) {
    return bench.run(SFC_CXI_KEY_UNWRAP, {flags, kKwp, wrapping, ByteView(), list.encode(), blob});
}

// The other command that unwraps.
Result<Bytes> import_wrapped(CxiBench& bench, ByteView blob, ByteView wrapping, const PropertyList& list,
                             std::uint32_t flags = 0) {
    return bench.run(SFC_CXI_KEY_IMPORT,
                     {flags, +CXI_KEY_TYPE_SECRET, kKwp, list.encode(), wrapping, blob, ByteView()});
}

Result<Bytes> derive(CxiBench& bench, std::uint32_t mechanism, ByteView base, const PropertyList& list,
                     ByteView data = {}, std::uint32_t flags = 0) {
    return bench.run(SFC_CXI_KEY_DERIVE, {flags, mechanism, base, list.encode(), data});
}

Bytes value(CxiBench& bench, ByteView key, std::uint32_t id) {
    return read_property(**bench.cxi.find(key), id).value();
}

struct Carrying {
    std::uint32_t mechanism;
    Bytes data;
};
// Derivations by which the base key's bytes come into the other.
std::vector<Carrying> carrying(ByteView other) {
    return {{CXI_MECH_KDF_CAT_BASE_AND_DATA, {}},
            {CXI_MECH_KDF_CAT_DATA_AND_BASE, {}},
            {CXI_MECH_KDF_XOR_BASE_AND_DATA, Bytes(32)},
            {CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY, Bytes(4)},
            {CXI_MECH_KDF_CAT_BASE_AND_KEY, to_bytes(other)}};
}

struct Certified {
    std::uint16_t modes;
    std::uint32_t leaves, comes;
};
constexpr Certified kCertified[] = {
    {MODE_OPERATIONAL | MODE_FIPS, E_CXI_FIPS_KEY_EXPORT, E_CXI_FIPS_KEY_IMPORT},
    {MODE_OPERATIONAL | MODE_CC, E_CXI_CC_EXPORT_PLAIN, E_CXI_CC_IMPORT_PLAIN}};

}  // namespace

TEST_CASE("what only TRUSTED keys of its group wrap, or none, stays there on every way") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("G", "kek", CXI_KEY_EXPORT_DENY)),
                other = make(bench, aes("G", "other"));
    trust(bench, kek);
    for (const auto& [property, on] :
         {std::pair(CXI_PROP_WRAP_WITH_TRUSTED, true), std::pair(CXI_PROP_EXTRACTABLE, false)}) {
        CAPTURE(property);
        const std::string name = std::to_string(property);
        const Bytes key = make(bench, with(aes("G", name), flag(property, on)));
        for (const std::uint32_t flags : {0u, +CXI_FLAG_KEY_VOLATILE, +CXI_FLAG_KEY_EXTERNAL})
            CHECK(code_of(copy(bench, key, into("H", name), flags)) == E_CXI_KEY_EXPORT_DENIED);
        for (const Carrying& way : carrying(other)) {
            CAPTURE(way.mechanism);
            CHECK(code_of(derive(bench, way.mechanism, key, aes("H", name), way.data)) ==
                  E_CXI_KEY_EXPORT_DENIED);
            CHECK(code_of(derive(bench, way.mechanism, key, aes("G", name + std::to_string(way.mechanism)),
                                 way.data)) == 0);
        }
        CHECK(code_of(copy(bench, key, into("G", name + "c"))) == 0);
    }
    // The second of two keys that are put together, too.
    const Bytes guarded = make(bench, with(aes("G", "second"), flag(CXI_PROP_WRAP_WITH_TRUSTED, true)));
    CHECK(code_of(derive(bench, CXI_MECH_KDF_CAT_BASE_AND_KEY, kek, aes("H", "joined"), guarded)) ==
          E_CXI_KEY_EXPORT_DENIED);
    // A key that HMAC makes of one that TRUSTED keys guard is guarded by them; elsewhere by others.
    CHECK(code_of(derive(bench, kHmac, guarded, aes("H", "made"), Bytes(4))) == E_CXI_KEY_EXPORT_DENIED);
    CHECK(code_of(derive(bench, kHmac, guarded, aes("G", "made"), Bytes(4))) == 0);

    const auto blob = wrap(bench, guarded, kek);
    REQUIRE(code_of(blob) == 0);
    CHECK(code_of(unwrap(bench, *blob, kek, aes("H", "came"))) == E_CXI_KEY_EXPORT_DENIED);
    CHECK(code_of(import_wrapped(bench, *blob, kek, aes("H", "came"))) == E_CXI_KEY_EXPORT_DENIED);
    CHECK(code_of(unwrap(bench, *blob, kek, open_aes(), CXI_FLAG_KEY_EXTERNAL)) == E_CXI_KEY_EXPORT_DENIED);
    CHECK(code_of(unwrap(bench, *blob, kek, aes("G", "came"))) == 0);
    // What nothing guards goes where it went.
    const Bytes free = make(bench, aes("G", "free"));
    CHECK(code_of(copy(bench, free, into("H", "free"))) == 0);
    CHECK(code_of(unwrap(bench, *wrap(bench, free, kek), kek, aes("H", "unwrapped"))) == 0);
}

TEST_CASE("FIPS and CC: a key comes into no group whose security officer trusts other keys") {
    for (const Certified& mode : kCertified) {
        CxiBench bench;
        bench.set_modes(mode.modes);
        const Bytes key = make(bench, aes("G", "key")), kek = make(bench, aes("G", "kek", 0));
        CHECK(code_of(copy(bench, key, into("H", "copy"))) == mode.leaves);
        CHECK(code_of(copy(bench, key, into("G", "copy"))) == 0);
        const auto blob = wrap(bench, key, kek);
        REQUIRE(code_of(blob) == 0);
        CHECK(code_of(unwrap(bench, *blob, kek, aes("H", "came"))) == mode.comes);
        CHECK(code_of(unwrap(bench, *blob, kek, aes("G", "came"))) == 0);
        // Nor does it travel under a key of the other group, which may have left under one that somebody
        // knows.
        const Bytes theirs = make(bench, aes("H", "theirs", 0));
        CHECK(code_of(wrap(bench, key, theirs)) == mode.leaves);
        const auto blob_of_theirs = wrap(bench, make(bench, aes("H", "other")), theirs);
        REQUIRE(code_of(blob_of_theirs) == 0);
        CHECK(code_of(unwrap(bench, *blob_of_theirs, theirs, aes("G", "planted"))) == mode.comes);
        const Bytes base = make(bench, aes("G", "base"));
        CHECK(code_of(derive(bench, kHmac, base, aes("H", "made"), Bytes(4))) == mode.leaves);
        CHECK(code_of(derive(bench, kHmac, base, aes("G", "made"), Bytes(4))) == 0);
    }
}

TEST_CASE("where plain keys are for some alone, only those wrap under a key of another group") {
    CxiBench bench;
    const Bytes key = make(bench, aes("G", "key")), theirs = make(bench, aes("H", "theirs"));
    for (const char* group : {"G", "H"}) configure(bench, group, CXI_PROP_CFG_AUTH_PLAIN, 0x00000200);
    bench.context.users = {{"USR", 0x00000002, "CXI_GROUP=G,H", {}}};
    CHECK(code_of(wrap(bench, key, theirs)) == E_CXI_PERMISSION_DENIED);  // others have `theirs` in clear
    CHECK(code_of(wrap(bench, key, make(bench, aes("G", "ours")))) == 0);
    bench.context.users.push_back({"SO", 0x00000200, "CXI_GROUP=G", {}});
    CHECK(code_of(wrap(bench, key, theirs)) == 0);
}

TEST_CASE("a key that may not be exported comes into no other group by a derivation that keeps its bytes") {
    CxiBench bench;
    const Bytes key = make(bench, aes("G", "key", CXI_KEY_EXPORT_DENY)),
                other = make(bench, aes("G", "other"));
    CHECK(code_of(copy(bench, key, into("H", "copy"))) == E_CXI_KEY_EXPORT_DENIED);
    for (const Carrying& way : carrying(other)) {
        CAPTURE(way.mechanism);
        const std::string name = std::to_string(way.mechanism);
        CHECK(code_of(derive(bench, way.mechanism, key, aes("H", name), way.data)) ==
              E_CXI_KEY_EXPORT_DENIED);
        CHECK(code_of(derive(bench, way.mechanism, key, aes("G", name), way.data)) == 0);
    }
    CHECK(code_of(derive(bench, kHmac, key, aes("H", "made"), Bytes(4))) == 0);
}

TEST_CASE("who makes a key out of another manages the group of that one") {
    CxiBench bench;
    const Bytes key = make(bench, aes("G", "key")), kek = make(bench, aes("G", "kek"));
    const auto blob = wrap(bench, key, kek);
    REQUIRE(code_of(blob) == 0);
    configure(bench, "G", CXI_PROP_CFG_AUTH_KEYM, 0x00000020);
    const PropertyList sized = with(open_aes(), number(CXI_PROP_KEY_SIZE, 256));
    const auto attempts = [&](const std::string& name) {
        return std::vector<std::uint32_t>{
            code_of(unwrap(bench, *blob, kek, open_aes(), CXI_FLAG_KEY_EXTERNAL)),
            code_of(import_wrapped(bench, *blob, kek, open_aes(), CXI_FLAG_KEY_EXTERNAL)),
            code_of(derive(bench, CXI_MECH_KDF_CAT_BASE_AND_DATA, key, sized, {}, CXI_FLAG_KEY_EXTERNAL)),
            code_of(derive(bench, kHmac, key, sized, Bytes(4), CXI_FLAG_KEY_EXTERNAL)),
            code_of(unwrap(bench, *blob, kek, aes("H", name + "u"))),
            code_of(import_wrapped(bench, *blob, kek, aes("H", name + "i"))),
            code_of(derive(bench, kHmac, key, aes("H", name + "d"), Bytes(4)))};
    };
    bench.context.users = {{"USR", 0x00000002, "CXI_GROUP=G,H", {}}};
    for (const std::uint32_t code : attempts("user")) CHECK(code == E_CXI_PERMISSION_DENIED);
    const Bytes mine = make(bench, aes("H", "mine"));
    CHECK(code_of(derive(bench, CXI_MECH_KDF_CAT_BASE_AND_KEY, mine, aes("H", "joined"), key)) ==
          E_CXI_PERMISSION_DENIED);
    bench.context.users.push_back({"KM", 0x00000020, "CXI_GROUP=G", {}});
    for (const std::uint32_t code : attempts("manager")) CHECK(code == 0);
    // Of open objects whoever holds them makes others.
    bench.context.users.clear();
    const Bytes open = make(bench, sized, CXI_FLAG_KEY_EXTERNAL);
    CHECK(code_of(derive(bench, kHmac, open, sized, Bytes(4), CXI_FLAG_KEY_EXTERNAL)) == 0);
}

TEST_CASE("what an open object may do is widened by nobody, but where it was made as one") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("SLOT_0000", "kek"));
    const PropertyList narrow = number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ENCRYPT | CXI_KEY_USAGE_DERIVE);
    const Bytes key = make(bench, with(aes("SLOT_0000", "key"), narrow));
    const PropertyList open = with(open_aes(), narrow);
    const PropertyList sized = with(open, number(CXI_PROP_KEY_SIZE, 256));
    PropertyList laid_open = flag(CXI_PROP_PRIVATE, false);
    laid_open.set_flag(CXI_PROP_TOKEN, false);
    constexpr std::uint32_t kOutside = CXI_FLAG_KEY_EXTERNAL;
    const std::vector<Bytes> bound = {
        CxiBench::reference(unwrap(bench, *wrap(bench, key, kek), kek, open, kOutside)),
        CxiBench::reference(derive(bench, CXI_MECH_KDF_CAT_BASE_AND_DATA, key, sized, {}, kOutside)),
        CxiBench::reference(derive(bench, kHmac, key, sized, Bytes(4), kOutside)),
        CxiBench::reference(copy(bench, key, laid_open, kOutside))};
    const PropertyList wider[] = {number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL),
                                  number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW_PLAIN)};
    const auto check = [&](ByteView object, std::uint32_t code) {
        for (const PropertyList& each : wider) CHECK(set(bench, object, each) == code);
        // Who works in the group, but does not make keys there, copies none.
        const bool works = !bench.context.users.empty() && bench.context.users[0].permission == 0x00000002;
        CHECK(code_of(copy(bench, object, wider[0], kOutside)) ==
              (works ? std::uint32_t{E_CXI_PERMISSION_DENIED} : code));
        CHECK(set(bench, object, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ENCRYPT)) == 0);
        PropertyList label;
        label.set(CXI_PROP_KEY_LABEL, "label");
        CHECK(set(bench, object, label) == 0);
    };
    configure(bench, "SLOT_0007", CXI_PROP_CFG_AUTH_KEYM, 0x00000020);
    configure(bench, "SLOT_0000", CXI_PROP_CFG_AUTH_KEYM, 0x00000020);
    for (const std::uint32_t permission : {0x00000002u, 0x00000022u, 0x00000222u}) {
        CAPTURE(permission);
        bench.log_on(permission, "CXI_GROUP=*");
        for (const Bytes& object : bound) check(object, E_CXI_PROP_PROTECTED);
    }
    bench.context.users.clear();
    for (const Bytes& object : bound) check(object, E_CXI_PROP_PROTECTED);
    // Who generated an object that is nobody's says what it is for; nobody lets it out who may not elsewhere.
    const Bytes own = make(bench, sized, kOutside);
    CHECK(set(bench, own, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL)) == 0);
    CHECK(set(bench, own, number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW_PLAIN)) == E_CXI_PROP_PROTECTED);
}

TEST_CASE("an open object does not grow into a key of its group") {
    CxiBench bench;
    const auto grown = [](std::size_t bytes) {
        PropertyList list;
        list.set(CXI_PROP_KEY_LABEL, ByteView(Bytes(bytes, 'L')));
        return list;
    };
    const PropertyList sized = with(open_aes(), number(CXI_PROP_KEY_SIZE, 256));
    const Bytes open = make(bench, sized, CXI_FLAG_KEY_EXTERNAL);
    CHECK(set(bench, open, grown(4200)) == E_CXI_PROP_LEN);
    CHECK(set(bench, open, grown(3000)) == 0);

    // One that was large from the start is a user's to make, and no backup either; nor is it one in a mode
    // that has no open objects.
    const Bytes large = make(bench, with(sized, grown(4200)), CXI_FLAG_KEY_EXTERNAL);
    const auto restore = [&](ByteView sealed) {
        return bench.run(SFC_CXI_KEY_RESTORE, {+CXI_FLAG_KEY_OVERWRITE, ByteView(), sealed.subspan(1)});
    };
    configure(bench, "SLOT_0007", CXI_PROP_CFG_AUTH_PLAIN, 0x00000200);
    bench.log_on(0x00000002, "CXI_GROUP=SLOT_0007");
    for (const Bytes& object : {open, large}) CHECK(code_of(restore(object)) == E_CXI_PERMISSION_DENIED);
    bench.context.users.push_back({"SO", 0x00000200, "CXI_GROUP=SLOT_0007", {}});
    bench.set_modes(MODE_OPERATIONAL | MODE_FIPS);
    for (const Bytes& object : {open, large}) {
        const Bytes made = CxiBench::reference(restore(object));
        CHECK(value(bench, made, CXI_PROP_LOCAL) == Bytes{0});
        CHECK(value(bench, made, CXI_PROP_ALWAYS_SENSITIVE) == Bytes{0});
    }
}

TEST_CASE("copies and backups bring in no RSA and DES keys that the group does not take") {
    CxiBench bench;
    const Bytes weak(16, 1);
    configure(bench, "G", CXI_PROP_CFG_ALLOW_WEAK_DES_KEYS);
    PropertyList des = CxiBench::key_template(CXI_KEY_ALGO_DES, 0, "G", "des");
    PropertyList rsa = CxiBench::key_template(CXI_KEY_ALGO_RSA, 1024, "G", "rsa");
    PropertyList low = CxiBench::key_template(CXI_KEY_ALGO_RSA, 2048, "G", "low");
    low.set(CXI_PROP_KEY_RSA_EXP, ByteView(Bytes{3}));
    for (PropertyList* each : {&des, &rsa, &low}) each->set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    struct Case {
        std::string name;
        Bytes key;
        std::uint32_t code;
    };
    const Case cases[] = {{"des", bench.import(CXI_KEY_TYPE_SECRET, des, weak), E_CXI_KEY_INVALID_COMP},
                          {"rsa", make(bench, rsa), E_CXI_KEY_INVALID_SIZE},
                          {"low", make(bench, low), E_CXI_KEY_INVALID_COMP}};
    configure(bench, "H", CXI_PROP_CFG_SECURE_RSA_COMPONENTS);
    for (const Case& each : cases) {
        CAPTURE(each.name);
        CHECK(code_of(copy(bench, each.key, into("H", each.name))) == each.code);
        CHECK(code_of(copy(bench, each.key, into("G", each.name + "copy"))) == 0);
    }
    // The setting came after the key.
    std::vector<Bytes> backups;
    for (const Case& each : cases) {
        const auto backup = bench.run(SFC_CXI_KEY_BACKUP, {each.key});
        REQUIRE(code_of(backup) == 0);
        backups.push_back(*backup);
    }
    const auto restore = [&](ByteView backup) {
        return code_of(bench.run(SFC_CXI_KEY_RESTORE, {+CXI_FLAG_KEY_OVERWRITE, ByteView(), backup}));
    };
    for (const Bytes& backup : backups) CHECK(restore(backup) == 0);
    configure(bench, "G", CXI_PROP_CFG_ALLOW_WEAK_DES_KEYS, 0);
    configure(bench, "G", CXI_PROP_CFG_SECURE_RSA_COMPONENTS);
    for (std::size_t i = 0; i < backups.size(); ++i) CHECK(restore(backups[i]) == cases[i].code);
    CHECK(code_of(copy(bench, cases[1].key, into("G", "again"))) == E_CXI_KEY_INVALID_SIZE);

    bench.set_modes(MODE_OPERATIONAL | MODE_FIPS);
    CHECK(code_of(copy(bench, cases[1].key, into("G", "again"))) == E_CXI_FIPS_KEY_SIZE);
}

TEST_CASE("FIPS and CC: a key that was wrapped before the mode came wraps nothing") {
    for (const Certified& mode : kCertified) {
        CxiBench bench;
        const Bytes kek = make(bench, aes("G", "kek"));
        const Bytes key = make(bench, aes("G", "key")), other = make(bench, aes("G", "other"));
        const Bytes known = bench.import(
            CXI_KEY_TYPE_SECRET, CxiBench::key_template(CXI_KEY_ALGO_AES, 0, "G", "known"), Bytes(32, 7));
        REQUIRE(code_of(wrap(bench, kek, known)) == 0);
        const Bytes again = CxiBench::reference(copy(bench, kek, into("G", "again")));
        bench.set_modes(mode.modes);
        const Bytes beside = make(bench, aes("G", "beside"));
        CHECK(code_of(wrap(bench, key, kek)) == mode.leaves);
        CHECK(code_of(wrap(bench, key, again)) == mode.leaves);
        const auto blob = wrap(bench, key, beside);
        CHECK(code_of(blob) == 0);
        CHECK(code_of(unwrap(bench, *blob, kek, aes("G", "came"))) == mode.comes);
        // In the mode itself nobody knows what a key was wrapped under.
        REQUIRE(code_of(wrap(bench, beside, make(bench, aes("G", "outer", 0)))) == 0);
        CHECK(code_of(wrap(bench, other, beside)) == 0);
        // A security officer may trust it.
        trust(bench, kek);
        CHECK(code_of(wrap(bench, key, kek)) == 0);
    }
}

TEST_CASE("FIPS mode: one purpose for the bytes of an RSA key, in every object that has them") {
    CxiBench bench;
    const std::uint32_t pkcs1 = CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256;
    const std::uint32_t pss = CXI_MECH_PAD_PSS | CXI_MECH_HASH_SHA256;
    const std::uint32_t oaep = CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256;
    bench.set_modes(MODE_OPERATIONAL | MODE_FIPS);
    const Bytes key = bench.rsa("key");
    const Bytes sealed = *bench.crypt(key, CXI_MECH_MODE_ENCRYPT | oaep, {}, Bytes(5, 1));
    const Bytes first = CxiBench::reference(copy(bench, key, into("G", "first")));
    const Bytes second = CxiBench::reference(copy(bench, key, into("G", "second")));
    const auto backup = bench.run(SFC_CXI_KEY_BACKUP, {key});
    REQUIRE(code_of(backup) == 0);
    CHECK(code_of(bench.sign(first, pkcs1, Bytes(1))) == 0);
    CHECK(code_of(bench.sign(second, pss, Bytes(1))) == E_CXI_FIPS_PAD_MECH_WRONG);
    CHECK(code_of(bench.crypt(key, CXI_MECH_MODE_DECRYPT | oaep, {}, sealed)) == E_CXI_FIPS_KEY_USAGE);
    REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {key}));
    REQUIRE(bench.run(SFC_CXI_KEY_RESTORE, {0, ByteView(), *backup}));
    CHECK(code_of(bench.crypt(key, CXI_MECH_MODE_DECRYPT | oaep, {}, sealed)) == E_CXI_FIPS_KEY_USAGE);
    CHECK(code_of(bench.sign(key, pkcs1, Bytes(1))) == 0);
    CHECK(code_of(bench.sign(second, pkcs1, Bytes(1))) == 0);

    // One that says what it is for says it of its bytes.
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RSA, 2048, "G", "stated");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    const Bytes stated = make(bench, list), kek = make(bench, aes("G", "kek", 0));
    const auto blob = wrap(bench, stated, kek);
    REQUIRE(code_of(blob) == 0);
    CHECK(code_of(bench.sign(stated, pss, Bytes(1))) == 0);
    list.set(CXI_PROP_KEY_NAME, "came");
    list.set_number(CXI_PROP_FIPS_KEY_USAGE_PADDING, CXI_KEY_FIPS_USAGE_RSA_PKCS);
    for (const std::uint32_t flags : {0u, +CXI_FLAG_KEY_EXTERNAL}) {
        const Bytes came = CxiBench::reference(unwrap(bench, *blob, kek, list, flags));
        CHECK(code_of(bench.sign(came, pkcs1, Bytes(1))) == E_CXI_FIPS_PAD_MECH_WRONG);
        CHECK(code_of(bench.sign(came, pss, Bytes(1))) == E_CXI_FIPS_PAD_MECH_WRONG);
    }
}
