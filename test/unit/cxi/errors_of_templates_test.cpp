// Errors of what makes keys and objects: by its template, its flags and the settings of the group.
#include "test/unit/cxi/workshop.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::string_view kMaking =
    "CXI.KEY_GENERATE CXI.KEY_PAIR_GEN CXI.KEY_DSA_XGEN CXI.OBJ_CREATE CXI.KEY_IMPORT CXI.KEY_UNWRAP "
    "CXI.KEY_DERIVE CXI.OBJ_COPY CXI.KEY_RESTORE";
// Those that read a template of what they make, and place it outside when they are asked to.
constexpr std::string_view kByTemplate =
    "CXI.KEY_GENERATE CXI.KEY_PAIR_GEN CXI.KEY_DSA_XGEN CXI.OBJ_CREATE CXI.KEY_IMPORT CXI.KEY_UNWRAP "
    "CXI.KEY_DERIVE CXI.OBJ_COPY";
constexpr std::string_view kFlagged =
    "CXI.CRYPT CXI.SIGN CXI.SIGN_BULK CXI.VERIFY CXI.HASH_COMPUTE CXI.SECRET_AGREE CXI.KEY_OPEN";
constexpr std::string_view kOfSecrets =
    "CXI.KEY_GENERATE CXI.OBJ_CREATE CXI.KEY_IMPORT CXI.KEY_UNWRAP CXI.KEY_DERIVE";

constexpr std::uint32_t kReads = CXI_KEY_USAGE_WRAP | CXI_KEY_USAGE_DECRYPT;
constexpr std::uint32_t kChooses = CXI_KEY_USAGE_UNWRAP | CXI_KEY_USAGE_ENCRYPT;

// What KEY_RESTORE makes is what the backup says.
void make_with(Workshop& shop, Command& command, std::uint32_t property, std::uint32_t value) {
    if (!command.has("blob") || command.has("wrapping")) {
        command.with(property, value);
        return;
    }
    KeyObject object = shop.bench.cxi.external.seal.open(shop.gone).value();
    object.properties.set_number(property, value);
    command.set("blob", shop.bench.cxi.external.seal.seal(object).value());
}

// KEY_IMPORT of bytes in clear.
void import_in_clear(Command& command, ByteView blob) {
    command.set("wrapping", ByteView()).set("blob", blob);
}

template <std::uint32_t setting>
void set_in_group(Workshop& shop, Command&) {
    configure(shop.bench, "G", setting);
}

template <std::uint32_t usage>
void mix_under_policy(Workshop& shop, Command& command) {
    configure(shop.bench, "G", CXI_PROP_CFG_WRAP_POLICY);
    make_with(shop, command, CXI_PROP_KEY_USAGE, usage);
}

template <std::uint16_t mode>
void mix_in_mode(Workshop& shop, Command& command) {
    make_with(shop, command, CXI_PROP_KEY_USAGE, kReads);
    shop.enter(mode);
}

constexpr SpoiltRow kPlaces[] = {
    {kMaking, E_CXI_INVALID_FLAGS, [](Workshop&, Command& command) { command.set("flags", 0x80000000); }},
    {kFlagged, E_CXI_INVALID_FLAGS, [](Workshop&, Command& command) { command.set("flags", 0x80000000); }},
    {kMaking, E_CXI_KEY_EXTERNAL_ONLY, set_in_group<CXI_PROP_CFG_ENFORCE_EXT_KEYS>},
    {kByTemplate, E_CXI_OVERWRITE,
     [](Workshop&, Command& command) {
         command.set("flags", CXI_FLAG_KEY_EXTERNAL | CXI_FLAG_KEY_OVERWRITE);
     }},
    {"CXI.KEY_RESTORE", E_CXI_OVERWRITE,  // a stored key by a volatile one
     [](Workshop& shop, Command& command) {
         REQUIRE(shop.run(command));
         command.set("flags", CXI_FLAG_KEY_VOLATILE | CXI_FLAG_KEY_OVERWRITE);
     }},
    {kMaking, E_CXI_CC_OVERWRITE,
     [](Workshop& shop, Command& command) {
         command.set("flags", CXI_FLAG_KEY_OVERWRITE);
         shop.enter(MODE_CC);
     }},
    {kByTemplate, E_CXI_CC_EXTERNAL_KEYS,
     [](Workshop& shop, Command& command) {
         command.set("flags", CXI_FLAG_KEY_EXTERNAL);
         shop.enter(MODE_CC);
     }},
    {kByTemplate, E_MBK_SLOT_EMPTY,
     [](Workshop& shop, Command& command) {
         REQUIRE(shop.bench.mbk.erase_all());
         command.set("flags", CXI_FLAG_KEY_EXTERNAL);
     }},
    {kByTemplate, E_MBK_BAD_DB_FORMAT,
     [](Workshop& shop, Command& command) {
         shop.damage_mbk();
         command.set("flags", CXI_FLAG_KEY_EXTERNAL);
     }},
    {kMaking, E_CXI_MALLOC,
     [](Workshop& shop, Command& command) {
         shop.fill_handles();
         command.set("flags", CXI_FLAG_KEY_VOLATILE);
     }},
    {kMaking, E_DB_EXISTS,
     [](Workshop& shop, Command& command) {
         if (!shop.run(command)) shop.bench.context.handles.clear();  // an earlier function's key is there
     }},
    {"CXI.KEY_DSA_XGEN", E_CXI_PERMISSION_DENIED, [](Workshop& shop, Command&) { shop.log_on_elsewhere(); }},
    {"CXI.KEY_PROP_SET", E_MBK_SLOT_EMPTY,
     [](Workshop& shop, Command& command) {
         command.set("key", shop.outside);
         REQUIRE(shop.run(command));
         REQUIRE(shop.bench.mbk.erase_all());
     }},
};

constexpr SpoiltRow kPurposes[] = {
    {kMaking, E_CXI_SECURE_PROP_DECRYPT, mix_under_policy<kReads>},
    {kMaking, E_CXI_SECURE_PROP_ENCRYPT, mix_under_policy<kChooses>},
    {"CXI.KEY_PROP_SET", E_CXI_SECURE_PROP_DECRYPT, mix_under_policy<kReads>},
    {kMaking, E_CXI_FIPS_KEY_USAGE, mix_in_mode<MODE_FIPS>},
    {kMaking, E_CXI_CC_KEY_PROP, mix_in_mode<MODE_CC>},
};

constexpr SpoiltRow kTemplates[] = {
    {kByTemplate, E_CXI_PROP_ABSENT,
     [](Workshop&, Command& command) { command.with(CXI_PROP_KEY_DATE_GEN, as_bytes("260101000000")); }},
    {"CXI.KEY_PROP_SET", E_CXI_PROP_ABSENT,
     [](Workshop&, Command& command) { command.with(CXI_PROP_CFG_WRAP_POLICY, 1); }},
    {"CXI.KEY_GENERATE CXI.OBJ_CREATE CXI.KEY_IMPORT CXI.KEY_UNWRAP CXI.KEY_DERIVE CXI.KEY_PAIR_GEN",
     E_CXI_PROP_NOT_FOUND,
     [](Workshop&, Command& command) {
         command.without(CXI_PROP_KEY_ALGO).with(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_SECRET);
     }},
    {"CXI.KEY_GENERATE CXI.OBJ_CREATE CXI.KEY_IMPORT CXI.KEY_UNWRAP CXI.KEY_DERIVE CXI.OBJ_COPY",
     E_CXI_PROP_COMPARE, [](Workshop&, Command& command) { command.with(CXI_PROP_CHECK_VALUE, Bytes(3)); }},
    {"CXI.KEY_PAIR_GEN", E_CXI_PROP_COMPARE,
     [](Workshop&, Command& command) {
         PropertyList list = PropertyList::decode(command.bytes("public")).value();
         list.set(CXI_PROP_KEY_EC_CURVE, "P-384");
         command.set("public", list);
     }},
    {"CXI.KEY_RESTORE", E_CXI_PROP_COMPARE,
     [](Workshop&, Command& command) { command.with(CXI_PROP_KEY_NAME, as_bytes("other")); }},
    {"CXI.KEY_GENERATE CXI.KEY_PAIR_GEN CXI.KEY_DSA_XGEN CXI.KEY_IMPORT CXI.KEY_DERIVE CXI.KEY_UNWRAP",
     E_CXI_KEY_INVALID_ALGO,
     [](Workshop&, Command& command) {
         command.with(CXI_PROP_KEY_ALGO, 99).with(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_SECRET);
     }},
    {"CXI.OBJ_CREATE", E_CXI_KEY_INVALID_ALGO,
     [](Workshop&, Command& command) { command.with(CXI_PROP_KEY_ALGO, 99); }},
    {"CXI.KEY_DSA_PQGEN", E_CXI_KEY_INVALID_ALGO,
     [](Workshop& shop, Command&) { shop.bench.profile().dsa = false; }},
    {"CXI.OBJ_COPY", E_CXI_KEY_INVALID_ALGO,
     [](Workshop& shop, Command& command) {
         command.set("key", shop.des());
         shop.bench.profile().des3 = false;
     }},
    {"CXI.KEY_RESTORE", E_CXI_KEY_INVALID_ALGO,
     [](Workshop& shop, Command& command) {
         const Bytes key = shop.des();
         command.set("blob", shop.bench.run(SFC_CXI_KEY_BACKUP, {key}).value());
         shop.bench.profile().des3 = false;
     }},
    {kOfSecrets, E_CXI_KEY_INVALID_SIZE,
     [](Workshop&, Command& command) { command.with(CXI_PROP_KEY_SIZE, 24); }},
    {"CXI.KEY_PAIR_GEN", E_CXI_KEY_INVALID_SIZE,
     [](Workshop&, Command& command) {
         command.with(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RSA).with(CXI_PROP_KEY_SIZE, 24);
     }},
    {"CXI.KEY_DSA_XGEN", E_CXI_KEY_INVALID_SIZE,
     [](Workshop&, Command& command) { command.with(CXI_PROP_KEY_DSA_P, Bytes(9, 1)); }},
    {"CXI.KEY_GENERATE CXI.KEY_PAIR_GEN", E_ECA_NOT_FOUND,
     [](Workshop&, Command& command) {
         command.with(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_EC).with(CXI_PROP_KEY_EC_CURVE, as_bytes("none"));
     }},
    {"CXI.KEY_GENERATE CXI.KEY_PAIR_GEN CXI.KEY_DSA_XGEN", E_CXI_KEY_MISSING_COMP,
     [](Workshop&, Command& command) {
         command.with(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_DSA)
             .with(CXI_PROP_KEY_DSA_P, dsa_group().p)
             .without(CXI_PROP_KEY_DSA_Q)
             .without(CXI_PROP_KEY_DSA_G);
     }},
    {"CXI.OBJ_CREATE", E_CXI_KEY_MISSING_COMP,
     [](Workshop&, Command& command) { command.without(CXI_PROP_VALUE); }},
    {"CXI.KEY_GENERATE CXI.KEY_PAIR_GEN CXI.KEY_DSA_XGEN", E_CXI_KEY_INVALID_COMP,
     [](Workshop&, Command& command) {
         command.with(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_DSA)
             .without(CXI_PROP_KEY_SIZE)
             .with(CXI_PROP_KEY_DSA_P, dsa_group().p)
             .with(CXI_PROP_KEY_DSA_Q, dsa_group().q)
             .with(CXI_PROP_KEY_DSA_G, Bytes{1});
     }},
    {"CXI.KEY_GENERATE CXI.KEY_PAIR_GEN CXI.KEY_DSA_XGEN CXI.OBJ_CREATE CXI.KEY_IMPORT", E_CXI_KEY_TYPE,
     [](Workshop&, Command& command) {
         import_in_clear(command.with(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_PUBLIC), Bytes(32, 1));
     }},
};

// A DES key that SP 800-67 calls weak, where the group does not let them in.
constexpr SpoiltRow kWeakKeys[] = {
    {"CXI.OBJ_CREATE", E_CXI_KEY_INVALID_COMP,
     [](Workshop&, Command& command) {
         command.with(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_DES)
             .without(CXI_PROP_KEY_SIZE)
             .with(CXI_PROP_VALUE, Bytes(16, 1));
     }},
    {"CXI.KEY_DERIVE", E_CXI_KEY_INVALID_COMP,
     [](Workshop& shop, Command& command) {
         command.with(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_DES)
             .with(CXI_PROP_KEY_SIZE, 128)
             .set("mechanism", CXI_MECH_KDF_CAT_DATA_AND_BASE)
             .set("key", shop.aes(number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW)))
             .set("data", Bytes(16, 1));
     }},
    {"CXI.KEY_UNWRAP", E_CXI_KEY_INVALID_COMP,
     [](Workshop& shop, Command& command) {
         const Bytes raw =
             shop.secret(CXI_KEY_ALGO_RAW, Bytes(16, 1), number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW));
         command
             .set("wrapped",
                  shop.bench.run(SFC_CXI_KEY_WRAP, {CXI_MECH_CHAIN_KEY_WRAP, raw, shop.worker, ByteView()})
                      .value())
             .with(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_DES)
             .without(CXI_PROP_KEY_SIZE);
     }},
};

// What comes out of another group, or of nobody's, comes as an import does.
void derive_out_of_elsewhere(Workshop& shop, Command& command) {
    configure(shop.bench, "G", CXI_PROP_CFG_SECURE_IMPORT);
    PropertyList elsewhere = number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    elsewhere.set(CXI_PROP_KEY_GROUP, "H");
    command.set("key", shop.aes(elsewhere));
}

void restore_an_open_key(Workshop& shop, Command& command, std::uint32_t usage) {
    PropertyList open = open_object();
    open.set_number(CXI_PROP_KEY_USAGE, usage);
    const Bytes key = shop.aes(open, CXI_FLAG_KEY_EXTERNAL);
    configure(shop.bench, "SLOT_0000", CXI_PROP_CFG_SECURE_IMPORT);
    command.set("blob", ByteView(key).subspan(1));
}

// A curve that OpenSSL knows and the device does not.
SecretBytes key_of_unknown_curve() {
    const Handle<EVP_PKEY> key(EVP_EC_gen("sect233k1"));
    REQUIRE(key);
    return private_key_der(*key);
}

constexpr SpoiltRow kImports[] = {
    {"CXI.KEY_IMPORT", E_ECA_NOT_FOUND,
     [](Workshop&, Command& command) {
         import_in_clear(command.without(CXI_PROP_KEY_ALGO).without(CXI_PROP_KEY_SIZE),
                         key_of_unknown_curve());
         command.set("type", CXI_KEY_TYPE_PRIVATE);
     }},
    {"CXI.KEY_UNWRAP", E_ECA_NOT_FOUND,
     [](Workshop& shop, Command& command) {
         const std::uint32_t kwp = CXI_MECH_CHAIN_KEY_WRAP | CXI_MECH_PAD_KWP;
         const Bytes raw = shop.secret(CXI_KEY_ALGO_RAW, key_of_unknown_curve(),
                                       number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW));
         command.set("wrapped", shop.bench.run(SFC_CXI_KEY_WRAP, {kwp, raw, shop.worker, ByteView()}).value())
             .set("mechanism", kwp)
             .with(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_EC)
             .without(CXI_PROP_KEY_SIZE);
     }},
    {"CXI.OBJ_CREATE CXI.KEY_IMPORT", E_CXI_SECURE_PROP_WRAP,
     [](Workshop& shop, Command& command) {
         configure(shop.bench, "G", CXI_PROP_CFG_SECURE_IMPORT);
         command.with(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP);
     }},
    {"CXI.OBJ_CREATE CXI.KEY_IMPORT", E_CXI_SECURE_PROP_CHECK_VALUE,
     set_in_group<CXI_PROP_CFG_SECURE_IMPORT>},
    {"CXI.KEY_DERIVE", E_CXI_SECURE_PROP_WRAP,
     [](Workshop& shop, Command& command) {
         derive_out_of_elsewhere(shop, command);
         command.with(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP);
     }},
    {"CXI.KEY_RESTORE", E_CXI_SECURE_PROP_WRAP,
     [](Workshop& shop, Command& command) { restore_an_open_key(shop, command, CXI_KEY_USAGE_WRAP); }},
    {"CXI.KEY_RESTORE", E_CXI_SECURE_PROP_CHECK_VALUE,
     [](Workshop& shop, Command& command) { restore_an_open_key(shop, command, CXI_KEY_USAGE_SIGN); }},
    {"CXI.OBJ_CREATE", E_CXI_FIPS_KEY_IMPORT, [](Workshop& shop, Command&) { shop.enter(MODE_FIPS); }},
    {"CXI.OBJ_CREATE", E_CXI_CC_IMPORT_PLAIN, [](Workshop& shop, Command&) { shop.enter(MODE_CC); }},
    {"CXI.KEY_EXPORT CXI.KEY_IMPORT", E_CXI_NOT_SUPPORTED,
     [](Workshop&, Command& command) { command.set("type", 0x00020000 | CXI_KEY_TYPE_SECRET); }},
};

}  // namespace

TEST_CASE("every function that makes keys says where it may not put them") { provoke(kPlaces); }
TEST_CASE("every function that makes keys keeps to their purposes") { provoke(kPurposes); }
TEST_CASE("every function that makes keys refuses templates of none") {
    provoke(kTemplates);
    provoke(kWeakKeys);
}
TEST_CASE("what comes in comes as the group wants it") { provoke(kImports); }

TEST_CASE("a volatile key grows to the bound of all together at most") {
    Profile profile;
    profile.volatile_kib = 8;
    Workshop shop(profile);
    // The longest label that there is room for.
    const auto fill = [&](ByteView key) {
        Command command = shop.good("CXI.KEY_PROP_SET");
        std::size_t fits = 0, too_long = 8192;
        while (fits + 1 < too_long) {
            const std::size_t tried = (fits + too_long) / 2;
            const auto done = shop.run(command.set("key", key).with(CXI_PROP_KEY_LABEL, Bytes(tried)));
            if (!done) CHECK(code_of(done) == E_CXI_MALLOC);
            (done ? fits : too_long) = tried;
        }
    };
    SECTION("a KAK") {
        const Bytes key = shop.aes({}, CXI_FLAG_KEY_VOLATILE);
        fill(key);
        CHECK(code_of(shop.run(shop.good("CXI.KEY_INITIALIZE").set("key", key))) == E_CXI_MALLOC);
    }
    SECTION("the purpose that FIPS mode notes at the first use") {
        const Bytes key = shop.rsa(2048, {}, CXI_FLAG_KEY_VOLATILE);
        fill(key);
        for (const char* function : {"CXI.SIGN", "CXI.SIGN_BULK"}) {
            Command command = shop.good(function);
            shop.enter(MODE_FIPS);
            command.set("key", key).set("mechanism", CXI_MECH_PAD_PSS | CXI_MECH_HASH_SHA256);
            CHECK(code_of(shop.run(command)) == E_CXI_MALLOC);
        }
    }
}
