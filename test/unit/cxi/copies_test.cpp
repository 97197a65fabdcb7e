// What comes into a group out of one that lacks its settings, or out of an open object, is an import: by a
// copy, a derivation, an unwrapping or a restore. Who holds the original would else undo in the one group
// what the settings of the other keep.
#include "test/unit/cxi/properties.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::uint32_t kKeyWrap = CXI_MECH_CHAIN_KEY_WRAP, kOaep = CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256;
constexpr std::uint32_t kHmac = CXI_MECH_KDF_HMAC | CXI_MECH_HASH_SHA256;

PropertyList aes(std::string_view group, std::string_view name) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, group, name);
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    return list;
}

Bytes make(CxiBench& bench, const PropertyList& list, std::uint32_t flags = 0) {
    return CxiBench::reference(bench.generate(list, flags));
}

PropertyList open_aes(std::string_view group) {
    PropertyList list = test::open_object();
    list.set(CXI_PROP_KEY_GROUP, group);
    list.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    list.set_number(CXI_PROP_KEY_SIZE, 256);
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    return list;
}

// Changes that make a copy a key of the group, whatever the original is.
PropertyList into(std::string_view group, std::string_view name) {
    PropertyList list = flag(CXI_PROP_PRIVATE, true);
    list.set_flag(CXI_PROP_TOKEN, true);
    list.set(CXI_PROP_KEY_GROUP, group);
    list.set(CXI_PROP_KEY_NAME, name);
    return list;
}

Result<Bytes> copy(CxiBench& bench, ByteView key, const PropertyList& changes, std::uint32_t flags = 0) {
    return bench.run(SFC_CXI_OBJ_COPY, {flags, key, changes.encode()});
}

Result<Bytes> wrap(CxiBench& bench, ByteView key, ByteView wrapping, std::uint32_t mechanism = kKeyWrap) {
    return bench.run(SFC_CXI_KEY_WRAP, {mechanism, key, wrapping, ByteView()});
}

Result<Bytes> unwrap(CxiBench& bench, ByteView blob, ByteView wrapping, const PropertyList& list) {
    return bench.run(SFC_CXI_KEY_UNWRAP, {0, kKeyWrap, wrapping, ByteView(), list.encode(), blob});
}

Result<Bytes> derive(CxiBench& bench, ByteView base, const PropertyList& list) {
    return bench.run(SFC_CXI_KEY_DERIVE, {0, kHmac, base, list.encode(), Bytes(4)});
}

Bytes value(CxiBench& bench, ByteView key, std::uint32_t id) {
    return read_property(**bench.cxi.find(key), id).value();
}

bool has_history(CxiBench& bench, ByteView key) {
    const auto& properties = (*bench.cxi.find(key))->object.properties;
    return properties.flag_or(CXI_PROP_LOCAL, false) ||
           properties.flag_or(CXI_PROP_ALWAYS_SENSITIVE, false) ||
           properties.flag_or(CXI_PROP_NEVER_EXTRACTABLE, false);
}

void log_on_user(CxiBench& bench) { bench.log_on(0x00000002, "CXI_GROUP=A,B"); }

// Originals of a laxer group and of nobody's.
struct Origin {
    const char* what;
    Bytes key;
};
std::vector<Origin> origins(CxiBench& bench) {
    return {{"key of a group without settings", make(bench, aes("A", "original"))},
            {"open object", make(bench, open_aes("SLOT_0007"), CXI_FLAG_KEY_EXTERNAL)}};
}

}  // namespace

TEST_CASE("a copy that comes into a group with a setting out of none was not made there") {
    for (const std::uint32_t setting :
         {CXI_PROP_CFG_WRAP_POLICY, CXI_PROP_CFG_SECURE_DERIVATION, CXI_PROP_CFG_CHECK_VALIDITY_PERIOD}) {
        CAPTURE(setting);
        CxiBench bench;
        const std::vector<Origin> from = origins(bench);
        log_on_user(bench);
        for (const Origin& origin : from) {
            CAPTURE(origin.what);
            CHECK(has_history(bench, CxiBench::reference(copy(bench, origin.key, into("B", origin.what)))));
        }
        configure(bench, "B", setting);
        PropertyList changes = number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_DERIVE);
        for (const Property& each : into("B", "copy")) changes.set(each.id, each.value());
        for (const Origin& origin : from) {
            CAPTURE(origin.what);
            for (const std::uint32_t flags : {0u, +CXI_FLAG_KEY_VOLATILE, +CXI_FLAG_KEY_EXTERNAL}) {
                changes.set(CXI_PROP_KEY_NAME, std::string(origin.what) + std::to_string(flags));
                const Bytes made = CxiBench::reference(copy(bench, origin.key, changes, flags));
                CHECK_FALSE(has_history(bench, made));
                if (setting == CXI_PROP_CFG_SECURE_DERIVATION)
                    CHECK(code_of(derive(bench, made, aes("B", "derived"))) ==
                          E_CXI_SECURE_PROP_ALWAYS_SENSITIVE_FALSE);
            }
        }
        // Within the group, and between groups that have the setting, copies are what their originals were.
        PropertyList own = aes("B", "own");
        own.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_DERIVE);
        const Bytes key = make(bench, own);
        CHECK(has_history(bench, CxiBench::reference(copy(bench, key, into("B", "beside")))));
        configure(bench, "A", setting);
        CHECK(has_history(bench, CxiBench::reference(copy(bench, key, into("A", "elsewhere")))));
    }
}

TEST_CASE("CFG_AUTH_PLAIN: what comes in out of a group without it needs the right of a plain import") {
    CxiBench bench;
    const std::vector<Origin> from = origins(bench);
    const Bytes chosen(32, 7);
    log_on_user(bench);
    configure(bench, "B", CXI_PROP_CFG_AUTH_PLAIN, 0x00000200);
    const auto attempts = [&](const Origin& origin, const std::string& name) {
        const auto blob = bench.crypt(origin.key, CXI_MECH_MODE_ENCRYPT | kKeyWrap, {}, chosen);
        REQUIRE(blob);
        std::vector<std::uint32_t> codes{code_of(copy(bench, origin.key, into("B", name + "copy"))),
                                         code_of(derive(bench, origin.key, aes("B", name + "derived")))};
        if (std::string_view(origin.what) != "open object")  // which moves nothing of a group's
            codes.push_back(code_of(unwrap(bench, *blob, origin.key, aes("B", name + "unwrapped"))));
        return codes;
    };
    for (const Origin& origin : from)
        for (const std::uint32_t code : attempts(origin, "u")) CHECK(code == E_CXI_PERMISSION_DENIED);
    bench.context.users.push_back({"SO", 0x00000200, "CXI_GROUP=B", {}});
    for (const Origin& origin : from)
        for (const std::uint32_t code : attempts(origin, origin.what)) CHECK(code == 0);

    // A has CFG_AUTH_PLAIN, too, and then lacks another setting.
    log_on_user(bench);
    configure(bench, "A", CXI_PROP_CFG_AUTH_PLAIN, 0x00000200);
    CHECK(code_of(copy(bench, from[0].key, into("B", "alike"))) == 0);
    configure(bench, "B", CXI_PROP_CFG_SECURE_DERIVATION);
    for (const std::uint32_t code : attempts(from[0], "w")) CHECK(code == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("CFG_SECURE_IMPORT: a copy comes in with its check value and does not wrap") {
    CxiBench bench;
    const std::vector<Origin> from = origins(bench);
    const Bytes victim = make(bench, aes("B", "victim"));
    log_on_user(bench);
    configure(bench, "B", CXI_PROP_CFG_SECURE_IMPORT);
    for (const Origin& origin : from) {
        CAPTURE(origin.what);
        PropertyList wraps = into("B", origin.what), bare = wraps, wrong = wraps, right = wraps;
        wraps.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP);
        wrong.set(CXI_PROP_CHECK_VALUE, ByteView(Bytes(3)));
        right.set(CXI_PROP_CHECK_VALUE, ByteView(value(bench, origin.key, CXI_PROP_CHECK_VALUE)));
        CHECK(code_of(copy(bench, origin.key, wraps)) == E_CXI_SECURE_PROP_WRAP);
        CHECK(code_of(copy(bench, origin.key, bare)) == E_CXI_SECURE_PROP_CHECK_VALUE);
        CHECK(code_of(copy(bench, origin.key, wrong)) == E_CXI_SECURE_PROP_CHECK_VALUE);
        const Bytes made = CxiBench::reference(copy(bench, origin.key, right));
        CHECK_FALSE(has_history(bench, made));
        CHECK(code_of(wrap(bench, victim, made)) == E_CXI_SECURE_PROP_WRAP);
        CHECK(set(bench, made, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP)) == E_CXI_SECURE_PROP_WRAP);
        CHECK(code_of(derive(bench, origin.key, aes("B", "derived"))) == E_CXI_SECURE_PROP_CHECK_VALUE);
    }
    const Bytes own = make(bench, aes("B", "own"));
    const Bytes beside = CxiBench::reference(copy(bench, own, into("B", "beside")));
    CHECK(code_of(wrap(bench, victim, beside)) == 0);
}

TEST_CASE("a public half is made here in the group of its private half alone") {
    CxiBench bench;
    const Bytes victim = make(bench, aes("B", "victim"));
    const auto pair_of = [&](std::string_view of_public, std::string_view name) {
        const PropertyList half = CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, of_public, name);
        const PropertyList secret =
            CxiBench::key_template(CXI_KEY_ALGO_RSA, 2048, "A", std::string(name) + "s");
        const auto pair = bench.run(SFC_CXI_KEY_PAIR_GEN, {0, 0, half.encode(), secret.encode()});
        REQUIRE(code_of(pair) == 0);
        return to_bytes(parse("public:v4 private:v4", *pair)->bytes("public"));
    };
    const Bytes apart = pair_of("B", "apart"), together = pair_of("A", "together");
    CHECK_FALSE(has_history(bench, apart));
    CHECK(has_history(bench, together));
    configure(bench, "B", CXI_PROP_CFG_AUTH_PLAIN, 0x00000200);
    log_on_user(bench);
    CHECK(code_of(wrap(bench, victim, apart, kOaep)) == E_CXI_PERMISSION_DENIED);
    const Bytes brought = CxiBench::reference(copy(bench, together, into("B", "brought")));
    CHECK_FALSE(has_history(bench, brought));
    CHECK(code_of(wrap(bench, victim, brought, kOaep)) == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("an open object becomes no key of its group by a copy or as if it were a backup") {
    CxiBench bench;
    const Bytes open = make(bench, open_aes("SLOT_0000"), CXI_FLAG_KEY_EXTERNAL);
    const Bytes sealed = to_bytes(ByteView(open).subspan(1));
    const PropertyList closed = into("SLOT_0000", "closed");
    const auto restore = [&](ByteView blob) {
        return bench.run(SFC_CXI_KEY_RESTORE, {+CXI_FLAG_KEY_OVERWRITE, ByteView(), blob});
    };
    bench.log_on(0x00000002, "CXI_GROUP=SLOT_0000");
    CHECK(has_history(bench, CxiBench::reference(restore(sealed))));
    configure(bench, "SLOT_0000", CXI_PROP_CFG_AUTH_PLAIN, 0x00000200);
    CHECK(code_of(copy(bench, open, closed)) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(restore(sealed)) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(copy(bench, open, PropertyList(), CXI_FLAG_KEY_EXTERNAL)) == 0);  // open as it was
    const Bytes own = make(bench, aes("SLOT_0000", "own"));
    const auto backup = bench.run(SFC_CXI_KEY_BACKUP, {own});
    REQUIRE(backup);
    CHECK(has_history(bench, CxiBench::reference(restore(*backup))));
    bench.context.users.push_back({"SO", 0x00000200, "CXI_GROUP=SLOT_0000", {}});
    CHECK_FALSE(has_history(bench, CxiBench::reference(restore(sealed))));
    CHECK_FALSE(has_history(bench, CxiBench::reference(copy(bench, open, closed))));
}
