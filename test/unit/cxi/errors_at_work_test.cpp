// Errors of keys at work: what the key, its group, the mechanism and the data say.
#include "test/unit/cxi/workshop.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::string_view kWorking =
    "CXI.CRYPT CXI.KEY_WRAP CXI.KEY_UNWRAP CXI.KEY_IMPORT CXI.KEY_EXPORT CXI.KEY_DERIVE CXI.SIGN "
    "CXI.SIGN_BULK CXI.VERIFY CXI.HASH_COMPUTE CXI.SECRET_AGREE";
constexpr std::string_view kUnwrapping = "CXI.KEY_UNWRAP CXI.KEY_IMPORT";

// A key of the kind that does the command's work, with one property more.
void work_with(Workshop& shop, Command& command, const PropertyList& more, std::uint32_t flags = 0) {
    command.set(command.of_worker(), shop.like_worker(command, more, flags));
}

std::string_view of_wrapped(const Command& command) { return command.has("wrapped") ? "wrapped" : "blob"; }

constexpr SpoiltRow kOfKeys[] = {
    {kWorking, E_CXI_VALIDITY_PERIOD,
     [](Workshop& shop, Command& command) {
         configure(shop.bench, "G", CXI_PROP_CFG_CHECK_VALIDITY_PERIOD);
         PropertyList expired;
         expired.set(CXI_PROP_KEY_DATE_EXP, "010101000000");
         work_with(shop, command, expired);
     }},
    {kWorking, E_CXI_KEY_MECH_NOT_ALLOWED,
     [](Workshop& shop, Command& command) {
         work_with(shop, command, number(CXI_PROP_KEY_MECHS, CXI_MECH_HASH_SHA512));
     }},
    {kWorking, E_CXI_KEY_USAGE,
     [](Workshop& shop, Command& command) {
         work_with(shop, command, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_VERIFY_RECOVER));
     }},
    {kWorking, E_CXI_KEY_INVALID_ALGO,
     [](Workshop& shop, Command& command) {
         shop.bench.profile().des3 = true;
         command.set(command.of_worker(), shop.des());
         if (command.function().sfc == SFC_CXI_SECRET_AGREE) command.set("mechanism", CXI_MECH_KDF_DH);
         shop.bench.profile().des3 = false;
     }},
    {kWorking, E_CXI_CC_KEY_NOT_INITIALISED,
     [](Workshop& shop, Command& command) {
         // Work of a public half needs no KAK's leave.
         if (command.function().sfc == SFC_CXI_VERIFY) command.set("key", shop.worker);
         shop.bench.profile().key_authorisation = true;
     }},
};

// Each of these with a key that has a KAK.
void bind(Workshop& shop, ByteView key) {
    shop.bench.profile().key_authorisation = true;
    const auto done = shop.bench.run(SFC_CXI_KEY_INITIALIZE, {key, 0, krad_of(*kak())});
    REQUIRE(code_of(done) == 0);
}
// A key that is moved needs its own KAK's leave, work of a public half needs none.
std::string_view of_bound(const Command& command) {
    return command.has("key") ? std::string_view("key") : command.of_worker();
}
void work_with_bound(Workshop& shop, Command& command) {
    shop.bench.profile().key_authorisation = false;
    if (command.function().sfc == SFC_CXI_VERIFY || (command.has("key") && command.has("wrapping")))
        command.set("key", shop.aes(number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW)));
    else
        work_with(shop, command, {});
    bind(shop, command.bytes(of_bound(command)));
}
void fail_to_authorise(Workshop& shop, ByteView key) {
    const auto asked = shop.bench.run(SFC_CXI_KEY_AUTH_CHALLENGE, {key, 1});
    REQUIRE(asked);
    const std::uint32_t handle = parse("handle:u4 data:*", *asked)->u32("handle");
    CHECK(code_of(shop.bench.run(SFC_CXI_KEY_AUTHORIZE, {handle, Bytes(256)})) == E_CXI_CC_KEY_AUTH_FAILED);
}

constexpr SpoiltRow kAuthorised[] = {
    {kWorking, E_CXI_CC_KEY_NOT_AUTHORISED, work_with_bound},
    {kWorking, E_CXI_CC_KEY_BLOCKED,
     [](Workshop& shop, Command& command) {
         work_with_bound(shop, command);
         shop.bench.profile().max_key_auth_fails = 1;
         fail_to_authorise(shop, command.bytes(of_bound(command)));
     }},
    {"CXI.KEY_UNBLOCK CXI.KEY_AUTH_CHALLENGE", E_CXI_CC_KEY_NOT_INITIALISED,
     [](Workshop& shop, Command& command) { command.set("key", shop.worker); }},
    {"CXI.KEY_UNBLOCK CXI.KEY_AUTH_CHALLENGE", E_CXI_CC_KEY_AUTH_PUBLIC,
     [](Workshop& shop, Command& command) {
         PropertyList list;
         list.set(CXI_PROP_KEY_GROUP, "G");
         list.set(CXI_PROP_KEY_NAME, command.function().name);
         command.set("key", shop.bench.import(CXI_KEY_TYPE_PUBLIC, list, public_key_der(*kak())));
     }},
    {"CXI.KEY_INITIALIZE CXI.KEY_UNBLOCK CXI.KEY_AUTH_CHALLENGE", E_CXI_KEY_TYPE,
     [](Workshop& shop, Command& command) {
         PropertyList list;
         list.set(CXI_PROP_KEY_GROUP, "G");
         list.set(CXI_PROP_KEY_NAME, command.function().name);
         list.set(CXI_PROP_VALUE, "data");
         command.set("key", shop.bench.reference(shop.bench.run(SFC_CXI_OBJ_CREATE, {0, list.encode()})));
     }},
    {"CXI.KEY_UNBLOCK", E_CXI_NOT_SUPPORTED,
     [](Workshop& shop, Command&) { shop.bench.profile().key_authorisation = false; }},
    {"CXI.KEY_AUTH_CHALLENGE", E_CXI_MALLOC, [](Workshop& shop, Command&) { shop.fill_handles(); }},
    {"CXI.KEY_EXPORT", E_CXI_CC_ASSIGNED_KEY_EXPORT,
     [](Workshop& shop, Command& command) {
         shop.bench.profile().key_authorisation = true;
         REQUIRE(shop.bench.run(SFC_CXI_KEY_INITIALIZE, {shop.moved, 1, krad_of(*kak())}));
         shop.bench.profile().key_authorisation = false;
         command.set("key", shop.moved);
     }},
};

void public_worker(Workshop& shop, Command& command) {
    PropertyList list;
    list.set(CXI_PROP_KEY_GROUP, "G");
    list.set(CXI_PROP_KEY_NAME, command.function().name);
    command.set("key", shop.bench.import(CXI_KEY_TYPE_PUBLIC, list, public_key_der(*kak())));
}

constexpr SpoiltRow kOfMechanisms[] = {
    {"CXI.RND_GEN", E_CXI_CRYPT_MECH, [](Workshop&, Command& command) { command.set("mechanism", 2); }},
    {"CXI.RND_GEN", E_CXI_INVALID_PARAM_VAL,
     [](Workshop&, Command& command) { command.set("length", CXI_MOST_RANDOM + 1); }},
    {"CXI.KEY_INIT CXI.P11_PERMISSIONS", E_CXI_INVALID_PARAM_LEN,
     [](Workshop&, Command& command) { command.set("group", Bytes(CXI_MAX_STR + 1, 0x61)); }},
    {"CXI.HASH_COMPUTE CXI.SIGN_BULK CXI.KEY_DERIVE", E_CXI_KEY_TYPE, public_worker},
    {"CXI.KEY_WRAP", E_CXI_KEY_TYPE,  // RSA wraps secret keys
     [](Workshop& shop, Command& command) {
         command.set("key", shop.curve("P-256", number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW)))
             .set("wrapping", shop.rsa(2048))
             .set("mechanism", CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256);
     }},
    {"CXI.KEY_EXPORT", E_CXI_KEY_TYPE,
     [](Workshop&, Command& command) { command.set("type", CXI_KEY_TYPE_PUBLIC); }},
    {"CXI.SIGN_BULK CXI.SIGN CXI.VERIFY", E_CXI_CRYPT_MECH_PARA,
     [](Workshop& shop, Command& command) {
         command.set("key", shop.rsa(2048))
             .set("mechanism", CXI_MECH_PAD_PSS | CXI_MECH_HASH_SHA256)
             .set("parameter", Bytes(5));
     }},
    {"CXI.KEY_IMPORT CXI.KEY_UNWRAP CXI.KEY_WRAP", E_CXI_CRYPT_MECH_PARA,
     [](Workshop&, Command& command) { command.set("parameter", Bytes(5)); }},
    {"CXI.KEY_WRAP CXI.KEY_UNWRAP CXI.KEY_IMPORT", E_CXI_CRYPT_IV_LEN,
     [](Workshop&, Command& command) {
         command.set("mechanism", CXI_MECH_CHAIN_CBC).set("parameter", iv_parameter(Bytes(3)));
     }},
    {"CXI.KEY_DERIVE", E_CXI_CRYPT_IV_LEN,  // CCM takes no nonce of a whole block
     [](Workshop&, Command& command) {
         command.set("mechanism", CXI_MECH_KDF_ENC_DATA | CXI_MECH_CHAIN_CCM);
     }},
    {"CXI.KEY_EXPORT CXI.KEY_WRAP", E_CXI_CRYPT_DATA_LEN,
     [](Workshop& shop, Command& command) {
         command.set("key", shop.aes(number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW), 0, 192))
             .set("mechanism", CXI_MECH_CHAIN_CBC)
             .set("parameter", iv_parameter(Bytes(16)));
     }},
    {"CXI.HASH_COMPUTE", E_CXI_CRYPT_DATA_LEN,
     [](Workshop&, Command& command) { command.set("data", Bytes(CXI_MOST_DATA + 1)); }},
    {"CXI.VERIFY", E_CXI_CRYPT_DATA_LEN, [](Workshop&, Command& command) { command.set("flags", 0); }},
    {kUnwrapping, E_CXI_CRYPT_DATA_LEN,
     [](Workshop&, Command& command) { command.set(of_wrapped(command), Bytes(3)); }},
    {kUnwrapping, E_AES_KEYWRAP,
     [](Workshop&, Command& command) { command.set(of_wrapped(command), Bytes(40)); }},
    {kUnwrapping, E_AES_TAG_VERIFICATION,
     [](Workshop&, Command& command) {
         command.set("mechanism", CXI_MECH_CHAIN_GCM)
             .set("parameter", iv_parameter(Bytes(12)))
             .set(of_wrapped(command), Bytes(48));
     }},
    {kUnwrapping, E_CXI_CRYPT_PADDING,
     [](Workshop& shop, Command& command) {
         command.set("mechanism", CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256)
             .set("wrapping", shop.rsa(2048))
             .set(of_wrapped(command), Bytes(256, 1));
     }},
};

void wrap_under_policy(Workshop& shop, Command& command, std::uint32_t usage) {
    configure(shop.bench, "G", CXI_PROP_CFG_WRAP_POLICY, 0);
    command.set("wrapping", shop.aes(number(CXI_PROP_KEY_USAGE, usage)));
    configure(shop.bench, "G", CXI_PROP_CFG_WRAP_POLICY);
}

// Settings of the group that keep what a key does apart: the bytes of the wrapping key have done something
// else.
void moved_before(Workshop& shop, Command& command) {
    const Bytes key = shop.aes(
        number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ALL & ~CXI_KEY_USAGE_DECRYPT & ~CXI_KEY_USAGE_ENCRYPT));
    configure(shop.bench, "G", CXI_PROP_CFG_WRAP_POLICY);
    const auto done =
        shop.bench.run(SFC_CXI_KEY_WRAP, {CXI_MECH_CHAIN_KEY_WRAP, shop.moved, key, ByteView()});
    REQUIRE(code_of(done) == 0);
    command.set("key", key);
}

constexpr SpoiltRow kApart[] = {
    {"CXI.SIGN CXI.SIGN_BULK CXI.VERIFY CXI.HASH_COMPUTE CXI.KEY_DERIVE", E_CXI_SECURE_PROP_ENCRYPT,
     moved_before},
    {"CXI.KEY_EXPORT CXI.KEY_WRAP", E_CXI_SECURE_PROP_DECRYPT,
     [](Workshop& shop, Command& command) {
         wrap_under_policy(shop, command, CXI_KEY_USAGE_WRAP | CXI_KEY_USAGE_DECRYPT);
     }},
    {"CXI.KEY_EXPORT CXI.KEY_WRAP", E_CXI_SECURE_PROP_ENCRYPT,
     [](Workshop& shop, Command& command) {
         wrap_under_policy(shop, command, CXI_KEY_USAGE_WRAP | CXI_KEY_USAGE_UNWRAP | CXI_KEY_USAGE_ENCRYPT);
     }},
    {"CXI.KEY_EXPORT CXI.KEY_WRAP", E_CXI_SECURE_PUBLIC_WRAPPING,
     [](Workshop& shop, Command& command) {
         public_worker(shop, command);
         command.set("wrapping", command.bytes("key")).set("key", shop.moved);
         command.set("mechanism", CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256);
         configure(shop.bench, "G", CXI_PROP_CFG_WRAP_POLICY);
     }},
};

// Nobody waits for the answer any more.
constexpr SpoiltRow kAbandoned[] = {
    {"CXI.KEY_DSA_PQGEN CXI.KEY_DSA_XGEN CXI.SIGN_BULK CXI.KEY_EXPORT", E_OS_PCI_CANCEL,
     [](Workshop& shop, Command&) {
         const auto abandonment = std::make_shared<Abandonment>();
         abandonment->withdraw();
         shop.bench.context.abandonment = abandonment;
     }},
    {"CXI.KEY_PAIR_GEN", E_OS_PCI_CANCEL,
     [](Workshop& shop, Command& command) {
         const auto abandonment = std::make_shared<Abandonment>();
         abandonment->withdraw();
         shop.bench.context.abandonment = abandonment;
         command.with(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RSA).with(CXI_PROP_KEY_SIZE, 2048);
     }},
};

}  // namespace

TEST_CASE("every function keeps to what its key may do") { provoke(kOfKeys); }
TEST_CASE("every function asks for the leave of a key's KAK") { provoke(kAuthorised); }
TEST_CASE("every function refuses mechanisms and data that do not fit") { provoke(kOfMechanisms); }
TEST_CASE("every function keeps apart what the group's settings part") { provoke(kApart); }
TEST_CASE("what nobody waits for ends") { provoke(kAbandoned); }

TEST_CASE("a key that changed between its challenge and the signature is not authorised") {
    Workshop shop;
    shop.bench.profile().key_authorisation = true;
    const auto authorise = [&](auto between) {
        const auto asked = shop.run(shop.good("CXI.KEY_AUTH_CHALLENGE"));
        REQUIRE(asked);
        const std::uint32_t handle = parse("handle:u4 data:*", *asked)->u32("handle");
        between();
        return code_of(shop.bench.run(SFC_CXI_KEY_AUTHORIZE, {handle, Bytes(256)}));
    };
    const auto replace = [&](ByteView krad) {
        KeyObject object = shop.bench.cxi.keys.find(ByteView(shop.bound).subspan(1)).value()->object;
        object.properties.set(CXI_PROP_CC_KRAD, krad);
        shop.store(object.name(), encode_key(object));
    };
    CHECK(authorise([&] { shop.bench.profile().max_key_auth_fails = 1; }) == E_CXI_CC_KEY_AUTH_FAILED);
    shop.bench.profile().max_key_auth_fails = 0;
    CHECK(authorise([&] { shop.bench.profile().max_key_auth_fails = 1; }) == E_CXI_CC_KEY_BLOCKED);
    shop.bench.profile().max_key_auth_fails = 0;
    CHECK(authorise([&] { replace(Bytes{1}); }) == E_CXI_CC_KRAD_INTEGRITY_FAILED);
    CHECK(authorise([&] { replace({}); }) == E_CXI_CC_KEY_NOT_INITIALISED);
    replace(krad_of(*kak()));
    CHECK(authorise([&] { REQUIRE(shop.bench.run(SFC_CXI_KEY_DELETE, {shop.bound})); }) == E_DB_NOT_FOUND);
}
