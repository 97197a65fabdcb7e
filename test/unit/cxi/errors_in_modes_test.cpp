// Errors of CXI in FIPS and CC modes, and of the rules that bar whole functions in a mode.
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "test/unit/cxi/workshop.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

// SECRET_AGREE neither mode has.
constexpr std::string_view kWorking =
    "CXI.CRYPT CXI.KEY_WRAP CXI.KEY_UNWRAP CXI.KEY_IMPORT CXI.KEY_EXPORT CXI.KEY_DERIVE CXI.SIGN "
    "CXI.SIGN_BULK CXI.VERIFY CXI.HASH_COMPUTE";
constexpr std::string_view kMoving = "CXI.KEY_WRAP CXI.KEY_EXPORT CXI.KEY_UNWRAP CXI.KEY_IMPORT";

// A key that was made before the mode, and wraps in it as its security officer stands for it.
template <std::uint16_t mode>
void work_with_des(Workshop& shop, Command& command) {
    command.set(command.of_worker(), shop.trusted(shop.des()));
    shop.enter(mode);
}

template <std::uint16_t mode>
void work_with_rsa(Workshop& shop, Command& command, std::uint32_t bits, std::uint32_t mechanism,
                   std::uint32_t flags = 0) {
    shop.enter(0);
    const Bytes key = shop.rsa(bits, {}, flags);
    command.set(command.of_worker(), flags != 0 ? key : shop.trusted(key)).set("mechanism", mechanism);
    shop.enter(mode);
}

template <std::uint16_t mode>
void work_with_short_rsa(Workshop& shop, Command& command) {
    work_with_rsa<mode>(shop, command, 1024, CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256);
}

// Of seven bytes of a PRF's output somebody guesses one after the other, so that VERIFY asks as for making
// it.
template <std::uint16_t mode>
void compare_by_short_key(Workshop& shop, Command& command) {
    shop.enter(0);
    command.set("key", shop.secret(CXI_KEY_ALGO_RAW, Bytes(8, 1)))
        .set("flags", 0)
        .set("mechanism", CXI_MECH_KDF_TLS12_PRF | CXI_MECH_HASH_SHA256)
        .set("parameter", compose(LAYOUT_CXI_PRF_PARAMETER, {7}).value())
        .set("signature", Bytes(7));
    shop.enter(mode);
}

template <std::uint16_t mode>
void work_by_md5(Workshop& shop, Command& command) {
    command.set("mechanism", CXI_MECH_HASH_MD5);
    shop.enter(mode);
}

template <std::uint16_t mode>
void move_by_cbc(Workshop& shop, Command& command) {
    shop.enter(0);
    command.set("wrapping", shop.trusted(shop.aes()))
        .set("mechanism", CXI_MECH_CHAIN_CBC)
        .set("parameter", iv_parameter(Bytes(16)));
    shop.enter(mode);
}

template <std::uint16_t mode>
void wrap_by_what_encrypted(Workshop& shop, Command& command) {
    shop.enter(mode);
    const Bytes key = CxiBench::reference(
        shop.bench.generate(CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", command.function().name)));
    REQUIRE(code_of(shop.bench.crypt(key, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM, iv_parameter(Bytes(12)),
                                     Bytes(16))) == 0);
    command.set("wrapping", shop.trusted(key));
}

// RFC 5114, section 2.3.
DomainParameters own_group() {
    const Handle<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    REQUIRE(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "dh_2048_256", 0) ==
            1);
    const auto group = key_from_parameters("DHX", builder.get(), EVP_PKEY_KEY_PARAMETERS);
    REQUIRE(group);
    return domain_parameters(*group).value();
}

// DH in a group of its own, which FIPS mode does not trust.
void work_with_own_group(Workshop& shop, Command& command) {
    const auto group = own_group();
    PropertyList list;
    list.set(CXI_PROP_KEY_GROUP, "G");
    list.set(CXI_PROP_KEY_NAME, "own group");
    Bytes key = index_reference(key_index("G", "own group", 0));
    shop.enter(0);
    if (!shop.bench.cxi.keys.find(ByteView(key).subspan(1))) {
        list.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_DH);
        list.set(CXI_PROP_KEY_DSA_P, group.p);
        list.set(CXI_PROP_KEY_DSA_G, group.g);
        key = shop.trusted(CxiBench::reference(shop.bench.generate(list)));
    }
    command.set(command.of_worker(), key);
    shop.enter(MODE_FIPS);
}

constexpr std::uint32_t kPkcs1 = CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256;
constexpr std::uint32_t kPss = CXI_MECH_PAD_PSS | CXI_MECH_HASH_SHA256;

constexpr SpoiltRow kFips[] = {
    {kWorking, E_CXI_FIPS_ALGO, work_with_des<MODE_FIPS>},
    {"CXI.KEY_WRAP CXI.KEY_EXPORT CXI.SIGN CXI.SIGN_BULK", E_CXI_FIPS_KEY_SIZE,
     work_with_short_rsa<MODE_FIPS>},
    {"CXI.VERIFY", E_CXI_FIPS_KEY_SIZE, compare_by_short_key<MODE_FIPS>},
    {kWorking, E_CXI_NO_FIPS_CURVE,
     [](Workshop& shop, Command& command) {
         command.set(command.of_worker(), shop.trusted(shop.curve("brainpoolP256r1")));
         shop.enter(MODE_FIPS);
     }},
    {kWorking, E_CXI_FIPS_PROP, work_with_own_group},
    {"CXI.SIGN CXI.SIGN_BULK CXI.VERIFY CXI.HASH_COMPUTE", E_CXI_FIPS_MECH, work_by_md5<MODE_FIPS>},
    {kMoving, E_CXI_FIPS_MECH, move_by_cbc<MODE_FIPS>},
    {"CXI.KEY_EXPORT CXI.KEY_WRAP", E_CXI_FIPS_KEY_USAGE, wrap_by_what_encrypted<MODE_FIPS>},
    {"CXI.SIGN CXI.SIGN_BULK", E_CXI_FIPS_PAD_MECH_WRONG,
     [](Workshop& shop, Command& command) {
         work_with_rsa<MODE_FIPS>(shop, command, 2048, kPss);
         REQUIRE(code_of(shop.bench.sign(command.bytes("key"), kPss, Bytes(3))) == 0);
         command.set("mechanism", kPkcs1);
     }},
    {"CXI.SIGN CXI.SIGN_BULK", E_CXI_FIPS_USAGE_NOT_SET,
     [](Workshop& shop, Command& command) {
         work_with_rsa<MODE_FIPS>(shop, command, 2048, kPss, CXI_FLAG_KEY_EXTERNAL);
     }},
    {"CXI.CRYPT", E_CXI_FIPS_USAGE_NOT_SET,
     [](Workshop& shop, Command& command) {
         work_with_rsa<MODE_FIPS>(shop, command, 2048,
                                  CXI_MECH_MODE_DECRYPT | CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256,
                                  CXI_FLAG_KEY_EXTERNAL);
     }},
    {"CXI.KEY_UNWRAP CXI.KEY_IMPORT", E_CXI_FIPS_USAGE_NOT_SET,
     [](Workshop& shop, Command& command) {
         PropertyList trusted = flag(CXI_PROP_TRUSTED, true);
         shop.enter(0);
         command.set("wrapping", shop.rsa(2048, trusted, CXI_FLAG_KEY_EXTERNAL))
             .set("mechanism", CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256);
         shop.enter(MODE_FIPS);
     }},
    {"CXI.KEY_DSA_GGEN CXI.KEY_DSA_XGEN CXI.KEY_DSA_PQGEN", E_CXI_FIPS_ALGO,
     [](Workshop& shop, Command&) { shop.enter(MODE_FIPS); }},
    {"CXI.KEY_PAIR_GEN", E_CXI_FIPS_ALGO,
     [](Workshop& shop, Command& command) {
         command.with(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_DSA).with(CXI_PROP_KEY_SIZE, 1024);
         shop.enter(MODE_FIPS);
     }},
    {"CXI.KEY_PAIR_GEN", E_CXI_FIPS_KEY_SIZE,
     [](Workshop& shop, Command& command) {
         command.with(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RSA).with(CXI_PROP_KEY_SIZE, 1024);
         shop.enter(MODE_FIPS);
     }},
    {"CXI.KEY_PAIR_GEN", E_CXI_NO_FIPS_CURVE,
     [](Workshop& shop, Command& command) {
         command.with(CXI_PROP_KEY_EC_CURVE, as_bytes("brainpoolP256r1"));
         shop.enter(MODE_FIPS);
     }},
};

constexpr SpoiltRow kCc[] = {
    {kWorking, E_CXI_CC_ALGO, work_with_des<MODE_CC>},
    {"CXI.KEY_WRAP CXI.KEY_EXPORT CXI.SIGN CXI.SIGN_BULK", E_CXI_CC_KEY_SIZE, work_with_short_rsa<MODE_CC>},
    {"CXI.VERIFY", E_CXI_CC_KEY_SIZE, compare_by_short_key<MODE_CC>},
    {"CXI.CRYPT", E_CXI_CC_MECH, [](Workshop& shop, Command&) { shop.enter(MODE_CC); }},
    {"CXI.SIGN CXI.SIGN_BULK CXI.VERIFY CXI.HASH_COMPUTE", E_CXI_CC_MECH, work_by_md5<MODE_CC>},
    {kMoving, E_CXI_CC_MECH, move_by_cbc<MODE_CC>},
    {kMoving, E_CXI_CC_PADDING,
     [](Workshop& shop, Command& command) { work_with_rsa<MODE_CC>(shop, command, 2048, kPkcs1); }},
    {"CXI.SIGN CXI.SIGN_BULK", E_CXI_CC_PADDING,
     [](Workshop& shop, Command& command) {
         work_with_rsa<MODE_CC>(shop, command, 2048, CXI_MECH_PAD_NONE);
     }},
    {"CXI.KEY_EXPORT CXI.KEY_WRAP", E_CXI_CC_KEY_PROP, wrap_by_what_encrypted<MODE_CC>},
    {"CXI.KEY_DSA_GGEN CXI.KEY_DSA_XGEN CXI.KEY_DSA_PQGEN", E_CXI_CC_ALGO,
     [](Workshop& shop, Command&) { shop.enter(MODE_CC); }},
    {"CXI.KEY_PAIR_GEN", E_CXI_CC_ALGO,
     [](Workshop& shop, Command& command) {
         command.with(CXI_PROP_KEY_EC_CURVE, as_bytes("secp256k1"));
         shop.enter(MODE_CC);
     }},
    {"CXI.KEY_PAIR_GEN", E_CXI_CC_KEY_SIZE,
     [](Workshop& shop, Command& command) {
         command.with(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RSA).with(CXI_PROP_KEY_SIZE, 1024);
         shop.enter(MODE_CC);
     }},
};

// Keys from before the mode that are stored anew in it.
template <std::uint16_t mode>
void store_anew(Workshop& shop, Command& command, Bytes (*make)(Workshop&)) {
    shop.enter(0);
    const Bytes key = make(shop);
    if (command.has("blob"))
        command.set("blob", shop.bench.run(SFC_CXI_KEY_BACKUP, {key}).value());
    else
        command.set("key", key);
    shop.enter(mode);
}

Bytes des_key(Workshop& shop) { return shop.des(); }
Bytes brainpool_key(Workshop& shop) { return shop.curve("brainpoolP256r1"); }
Bytes short_rsa(Workshop& shop) { return shop.rsa(1024); }
Bytes with_low_exponent(Workshop& shop) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RSA, 2048, "G", "low exponent");
    list.set(CXI_PROP_KEY_RSA_EXP, Bytes{3});
    return CxiBench::reference(shop.bench.generate(list, CXI_FLAG_KEY_OVERWRITE));
}

constexpr std::string_view kStoring = "CXI.OBJ_COPY CXI.KEY_RESTORE";
constexpr SpoiltRow kStored[] = {
    {kStoring, E_CXI_FIPS_ALGO,
     [](Workshop& shop, Command& command) { store_anew<MODE_FIPS>(shop, command, des_key); }},
    {kStoring, E_CXI_CC_ALGO,
     [](Workshop& shop, Command& command) { store_anew<MODE_CC>(shop, command, des_key); }},
    {kStoring, E_CXI_NO_FIPS_CURVE,
     [](Workshop& shop, Command& command) { store_anew<MODE_FIPS>(shop, command, brainpool_key); }},
    {kStoring, E_CXI_FIPS_KEY_SIZE,
     [](Workshop& shop, Command& command) { store_anew<MODE_FIPS>(shop, command, short_rsa); }},
    {kStoring, E_CXI_CC_KEY_SIZE,
     [](Workshop& shop, Command& command) { store_anew<MODE_CC>(shop, command, short_rsa); }},
    {kStoring, E_CXI_FIPS_PROP,
     [](Workshop& shop, Command& command) { store_anew<MODE_FIPS>(shop, command, with_low_exponent); }},
};

constexpr std::uint16_t kModes[] = {MODE_ADMIN_ONLY, MODE_MAINTENANCE, MODE_BOOTLOADER, MODE_ALARM,
                                    MODE_FIPS,       MODE_FIPS_ERROR,  MODE_CC,         MODE_CC_ERROR};

}  // namespace

TEST_CASE("every function keeps to what FIPS mode approves") { provoke(kFips); }
TEST_CASE("every function keeps to what CC mode approves") { provoke(kCc); }
TEST_CASE("keys from before the mode are stored anew when it approves them") { provoke(kStored); }

TEST_CASE("every function is barred in the modes that its row names") {
    CxiBench bench;
    for (const FunctionSignature& function : function_catalogue()) {
        if (function.fc != FC_CXI) continue;
        for (const std::uint16_t mode : kModes) {
            const std::uint32_t barred = barred_by(function.rules, mode);
            if (barred == 0) continue;
            bench.set_modes(mode);
            INFO(full_name(function) << " in mode " << mode_names(mode));
            CHECK(code_of(bench.run_block(function.sfc, {})) == barred);
        }
    }
}
