// A wrapping key of another group, of nobody's, or of the caller's own making takes no key past the settings
// of its group.
#include "test/unit/cxi/properties.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::uint32_t kKeyWrap = CXI_MECH_CHAIN_KEY_WRAP, kOaep = CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256;

PropertyList aes(std::string_view group, std::string_view name, std::uint32_t policy = CXI_KEY_EXPORT_ALLOW) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, group, name);
    list.set_number(CXI_PROP_KEY_EXPORT, policy);
    return list;
}

Bytes make(CxiBench& bench, const PropertyList& list, std::uint32_t flags = 0) {
    return CxiBench::reference(bench.generate(list, flags));
}

// Of a slot, for whoever holds it.
Bytes make_open(CxiBench& bench, std::string_view group, std::uint32_t usage = CXI_KEY_USAGE_ALL) {
    PropertyList list = open_object();
    list.set(CXI_PROP_KEY_GROUP, group);
    list.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    list.set_number(CXI_PROP_KEY_SIZE, 256);
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    if (usage != CXI_KEY_USAGE_ALL) list.set_number(CXI_PROP_KEY_USAGE, usage);
    return make(bench, list, CXI_FLAG_KEY_EXTERNAL);
}

Result<Bytes> wrap(CxiBench& bench, ByteView key, ByteView wrapping, std::uint32_t mechanism = kKeyWrap,
                   ByteView parameter = {}) {
    return bench.run(SFC_CXI_KEY_WRAP, {mechanism, key, wrapping, parameter});
}

std::uint32_t code_of_wrap(CxiBench& bench, ByteView key, ByteView wrapping,
                           std::uint32_t mechanism = kKeyWrap, ByteView parameter = {}) {
    const auto exported =
        bench.run(SFC_CXI_KEY_EXPORT, {+CXI_KEY_TYPE_SECRET, mechanism, key, wrapping, parameter});
    const std::uint32_t code = code_of(wrap(bench, key, wrapping, mechanism, parameter));
    CHECK(code_of(exported) == code);  // both ways are one
    return code;
}

std::uint32_t unwrap(CxiBench& bench, ByteView blob, ByteView wrapping, const PropertyList& list,
                     std::uint32_t mechanism = kKeyWrap, ByteView parameter = {},
                     std::uint32_t flags = CXI_FLAG_KEY_OVERWRITE) {
    return code_of(
        bench.run(SFC_CXI_KEY_UNWRAP, {flags, mechanism, wrapping, parameter, list.encode(), blob}));
}

Bytes own_public(CxiBench& bench, std::string_view group) {
    return bench.import(CXI_KEY_TYPE_PUBLIC, CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, group, "own"),
                        public_key_der(**generate_rsa(2048)));
}

// Settings that a key keeps wherever it goes.
constexpr std::uint32_t kKept[] = {CXI_PROP_CFG_WRAP_POLICY, CXI_PROP_CFG_SECURE_DERIVATION,
                                   CXI_PROP_CFG_SECURE_IMPORT, CXI_PROP_CFG_CHECK_VALIDITY_PERIOD};

}  // namespace

TEST_CASE("an open object of another slot moves open objects alone") {
    CxiBench bench;
    const Bytes foreign = make_open(bench, "SLOT_0007"), target = make(bench, aes("SLOT_0000", "target"));
    const Bytes open = make_open(bench, "SLOT_0000");
    bench.log_on(0x00000002, "CXI_GROUP=SLOT_0000");
    CHECK(code_of_wrap(bench, target, foreign) == E_CXI_PERMISSION_DENIED);
    const auto chosen = bench.crypt(foreign, CXI_MECH_MODE_ENCRYPT | kKeyWrap, {}, Bytes(32, 7));
    REQUIRE(code_of(chosen) == 0);
    CHECK(unwrap(bench, *chosen, foreign, aes("SLOT_0000", "chosen")) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.run(SFC_CXI_KEY_IMPORT,
                            {0, +CXI_KEY_TYPE_SECRET, kKeyWrap, aes("SLOT_0000", "chosen").encode(), foreign,
                             *chosen, ByteView()})) == E_CXI_PERMISSION_DENIED);
    PropertyList outside = open_object();
    outside.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    CHECK(unwrap(bench, *chosen, foreign, outside, kKeyWrap, {}, CXI_FLAG_KEY_EXTERNAL) == 0);
    CHECK(code_of_wrap(bench, open, foreign) == 0);

    // Objects of his sessions wrap and unwrap a user's keys, open or not.
    PropertyList closed = open_object();
    closed.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    closed.set_number(CXI_PROP_KEY_SIZE, 256);
    closed.set_flag(CXI_PROP_PRIVATE, true);
    for (const Bytes& own : {open, make(bench, closed, CXI_FLAG_KEY_EXTERNAL)}) {
        const auto blob = wrap(bench, target, own);
        REQUIRE(code_of(blob) == 0);
        CHECK(unwrap(bench, *blob, own, aes("SLOT_0000", "back")) == 0);
    }
}

TEST_CASE("who is not of a slot leaves no notes that take its room") {
    CxiBench bench;
    const Bytes open = make_open(bench, "SLOT_0000"), other = make_open(bench, "SLOT_0000");
    const Bytes ctr = iv_parameter(Bytes(16));
    const auto works = [&] {
        return code_of(bench.crypt(open, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CTR, ctr, Bytes(16)));
    };
    for (const bool noted : {false, true}) {
        CAPTURE(noted);
        if (noted) configure(bench, "SLOT_0000", CXI_PROP_CFG_SECURE_DERIVATION);
        bench.log_on(0x00000002, "CXI_GROUP=SLOT_0001");
        CHECK(code_of_wrap(bench, open, other) == E_CXI_PERMISSION_DENIED);
        CHECK(works() == (noted ? std::uint32_t{E_CXI_PERMISSION_DENIED} : 0u));
        for (const std::uint32_t own : {0x00000002u, 0x00000200u}) {  // a user, the security officer
            bench.log_on(own, "CXI_GROUP=SLOT_0000");
            CHECK(code_of_wrap(bench, open, other) == 0);
            CHECK(works() == 0);
        }
        bench.log_on(0x00000200, "CXI_GROUP=SLOT_0001");
        CHECK(code_of_wrap(bench, open, other) == E_CXI_PERMISSION_DENIED);
    }
}

TEST_CASE("a key manager who uses no keys neither wraps them nor lays them open nor brings any in") {
    CxiBench bench;
    const Bytes target = make(bench, aes("SLOT_0000", "target"));
    const Bytes open = make_open(bench, "SLOT_0000"), mine = own_public(bench, "SLOT_0000");
    configure(bench, "SLOT_0000", CXI_PROP_CFG_AUTH_KEYM, 0x00000020);
    bench.log_on(0x00000020, "CXI_GROUP=SLOT_0000");
    CHECK(code_of_wrap(bench, target, open) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(wrap(bench, target, mine, kOaep)) == E_CXI_PERMISSION_DENIED);
    const auto chosen = bench.crypt(open, CXI_MECH_MODE_ENCRYPT | kKeyWrap, {}, Bytes(32, 7));
    REQUIRE(code_of(chosen) == 0);
    CHECK(unwrap(bench, *chosen, open, aes("SLOT_0000", "chosen")) == E_CXI_PERMISSION_DENIED);

    const auto copy = [&](PropertyList changes, std::uint32_t flags) {
        return code_of(bench.run(SFC_CXI_OBJ_COPY, {flags, target, changes.encode()}));
    };
    PropertyList laid_open = flag(CXI_PROP_PRIVATE, false), elsewhere, beside;
    laid_open.set_flag(CXI_PROP_TOKEN, false);
    elsewhere.set(CXI_PROP_KEY_GROUP, "H");
    beside.set(CXI_PROP_KEY_NAME, "beside");
    CHECK(copy(laid_open, CXI_FLAG_KEY_EXTERNAL) == E_CXI_PERMISSION_DENIED);
    bench.context.users.push_back({"OTHER", 0x00000002, "CXI_GROUP=H", {}});
    CHECK(copy(elsewhere, 0) == E_CXI_PERMISSION_DENIED);
    CHECK(copy(beside, 0) == 0);
}

TEST_CASE("a key leaves a group with a setting into none without it, on no way") {
    for (const std::uint32_t setting : kKept) {
        CAPTURE(setting);
        CxiBench bench;
        PropertyList list = aes("G", "target");
        list.set_flag(CXI_PROP_SENSITIVE, true);
        const Bytes target = make(bench, list);
        const auto kek = [&](std::string_view group, std::string_view name) {
            PropertyList wraps = aes(group, name);
            wraps.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP | CXI_KEY_USAGE_UNWRAP);
            return make(bench, wraps);
        };
        const Bytes here = kek("G", "here"), there = kek("H", "there");
        const auto blob = wrap(bench, target, here),
                   other = wrap(bench, make(bench, aes("H", "other")), there);
        REQUIRE(code_of(blob) == 0);
        REQUIRE(code_of(other) == 0);
        const Bytes check = to_bytes(
            *read_property(**bench.cxi.keys.find(ByteView(target).subspan(1)), CXI_PROP_CHECK_VALUE));
        const auto run = [&](std::string_view group) {
            PropertyList back = aes(group, "back"), moved, derived = aes(group, "derived");
            back.set(CXI_PROP_CHECK_VALUE, ByteView(check));
            moved.set(CXI_PROP_KEY_GROUP, group);
            moved.set(CXI_PROP_KEY_NAME, "moved");
            derived.set_number(CXI_PROP_KEY_SIZE, 256);
            const std::uint32_t overwrite = CXI_FLAG_KEY_OVERWRITE;
            return std::vector<std::uint32_t>{
                unwrap(bench, *blob, here, back),
                code_of(bench.run(SFC_CXI_OBJ_COPY, {overwrite, target, moved.encode()})),
                code_of(bench.run(SFC_CXI_KEY_DERIVE, {overwrite, CXI_MECH_KDF_HMAC | CXI_MECH_HASH_SHA256,
                                                       target, derived.encode(), Bytes(4)}))};
        };
        const std::vector<std::uint32_t> allowed(3, 0), refused(3, E_CXI_PERMISSION_DENIED);
        CHECK(code_of_wrap(bench, target, there) == 0);
        CHECK(run("H") == allowed);
        configure(bench, "G", setting);
        CHECK(code_of_wrap(bench, target, there) == E_CXI_PERMISSION_DENIED);
        CHECK(run("H") == refused);
        CHECK(run("G") == allowed);
        configure(bench, "H", setting);
        CHECK(code_of_wrap(bench, target, there) == 0);
        CHECK(run("H") == allowed);
    }
}

TEST_CASE("what is wrapped under a key that the caller may know counts as exported in clear") {
    CxiBench bench;
    const Bytes target = make(bench, aes("G", "target")), local = make(bench, aes("G", "local"));
    const Bytes known = bench.import(CXI_KEY_TYPE_SECRET, aes("G", "known"), Bytes(32, 9));
    const Bytes mine = own_public(bench, "G"), elsewhere = make(bench, aes("H", "elsewhere"));
    const PropertyList of_public = CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", "public");
    const PropertyList of_private = CxiBench::key_template(CXI_KEY_ALGO_RSA, 2048, "G", "private");
    const auto pair = bench.run(SFC_CXI_KEY_PAIR_GEN, {0, 0, of_public.encode(), of_private.encode()});
    REQUIRE(code_of(pair) == 0);
    const auto halves = parse("public:v4 private:v4", *pair);
    const Bytes half = to_bytes(halves->bytes("public")), other_half = to_bytes(halves->bytes("private"));
    const Bytes blob = *wrap(bench, target, known), under_pair = *wrap(bench, target, half, kOaep);
    configure(bench, "G", CXI_PROP_CFG_AUTH_PLAIN, 0x00000200);

    bench.log_on(0x00000002, "CXI_GROUP=*");
    CHECK(code_of_wrap(bench, target, known) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of_wrap(bench, target, mine, kOaep) == E_CXI_PERMISSION_DENIED);
    CHECK(unwrap(bench, blob, known, aes("G", "back")) == E_CXI_PERMISSION_DENIED);
    CHECK(unwrap(bench, under_pair, other_half, aes("G", "back"), kOaep) == E_CXI_PERMISSION_DENIED);
    // The key of another group, where it could be exported in clear.
    CHECK(code_of_wrap(bench, target, elsewhere) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of_wrap(bench, target, local) == 0);
    CHECK(code_of_wrap(bench, target, half, kOaep) == 0);
    CHECK(unwrap(bench, *wrap(bench, target, local), local, aes("G", "back")) == 0);

    // The security officer stands for a key of the group, and has the right.
    bench.log_on(0x00000202, "CXI_GROUP=*");
    CHECK(code_of_wrap(bench, target, known) == 0);
    REQUIRE(set(bench, known, flag(CXI_PROP_TRUSTED, true)) == 0);
    bench.log_on(0x00000002, "CXI_GROUP=*");
    CHECK(code_of_wrap(bench, target, known) == 0);
    CHECK(unwrap(bench, blob, known, aes("G", "back")) == 0);
}

TEST_CASE("TRUSTED stands for keys of its own group alone") {
    CxiBench bench;
    PropertyList list = aes("G", "target");
    list.set_flag(CXI_PROP_WRAP_WITH_TRUSTED, true);
    const Bytes target = make(bench, list), here = make(bench, aes("G", "here"));
    const Bytes there = make(bench, aes("H", "there")), mine = own_public(bench, "H");
    bench.context.users.push_back({"SO", 0x00000202, "CXI_GROUP=H", {}});
    REQUIRE(set(bench, there, flag(CXI_PROP_TRUSTED, true)) == 0);
    REQUIRE(set(bench, mine, flag(CXI_PROP_TRUSTED, true)) == 0);
    CHECK(code_of_wrap(bench, target, there) == E_CXI_KEY_EXPORT_DENIED);
    for (const std::uint16_t mode : {MODE_FIPS, MODE_CC}) {
        bench.set_modes(static_cast<std::uint16_t>(MODE_OPERATIONAL | mode));
        CHECK(code_of_wrap(bench, target, mine, kOaep) ==
              (mode == MODE_FIPS ? E_CXI_FIPS_KEY_EXPORT : E_CXI_CC_EXPORT_PLAIN));
    }
    bench.set_modes(MODE_OPERATIONAL);
    bench.context.users.push_back({"SO", 0x00000202, "CXI_GROUP=G", {}});
    REQUIRE(set(bench, here, flag(CXI_PROP_TRUSTED, true)) == 0);
    CHECK(code_of_wrap(bench, target, here) == 0);
}

TEST_CASE("only the security officer widens what a trusted key may do") {
    CxiBench bench;
    PropertyList list = aes("G", "kek");
    list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP);
    list.set_flag(CXI_PROP_UNWRAP, false);
    list.set(CXI_PROP_KEY_MECHS, ByteView(big_endian_bytes<4>(kKeyWrap)));
    const Bytes kek = make(bench, list);
    const PropertyList wider = number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP | CXI_KEY_USAGE_SIGN);
    PropertyList mechanisms, copy = wider;
    mechanisms.set(CXI_PROP_KEY_MECHS, ByteView(big_endian_bytes<4>(CXI_MECH_CHAIN_CBC)));
    copy.set(CXI_PROP_KEY_NAME, "copy");
    copy.set_flag(CXI_PROP_TRUSTED, false);
    bench.log_on(0x00000200, "CXI_GROUP=G");
    REQUIRE(set(bench, kek, flag(CXI_PROP_TRUSTED, true)) == 0);
    bench.log_on(0x00000022, "CXI_GROUP=G");
    for (const PropertyList& change : {wider, mechanisms, flag(CXI_PROP_UNWRAP, true)})
        CHECK(set(bench, kek, change) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.run(SFC_CXI_OBJ_COPY, {0, kek, copy.encode()})) == E_CXI_PERMISSION_DENIED);
    CHECK(set(bench, kek, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP)) == 0);
    bench.log_on(0x00000200, "CXI_GROUP=G");
    CHECK(set(bench, kek, wider) == 0);
    bench.log_on(0x00000002, "CXI_GROUP=G");
    CHECK(set(bench, kek, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_SIGN)) == 0);
}

TEST_CASE("nobody has a trusted key in clear: not where management is apart, nor by the officer") {
    constexpr std::uint32_t kInClear = CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN;
    CxiBench bench;
    configure(bench, "G", CXI_PROP_CFG_AUTH_KEYM, 0x00000020);
    bench.log_on(0x00000022, "CXI_GROUP=G");
    const Bytes kek = make(bench, aes("G", "kek", CXI_KEY_EXPORT_DENY));
    const Bytes clear = make(bench, aes("G", "clear", kInClear));
    PropertyList list = aes("G", "hidden", kInClear);
    list.set_flag(CXI_PROP_SENSITIVE, true);
    const Bytes hidden = make(bench, list);
    const auto has_in_clear = [&](ByteView key) {
        return code_of(bench.run(SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_SECRET, 0, key, ByteView(), ByteView()}));
    };
    bench.log_on(0x00000200, "CXI_GROUP=G");
    REQUIRE(set(bench, kek, flag(CXI_PROP_TRUSTED, true)) == 0);
    CHECK(set(bench, clear, flag(CXI_PROP_TRUSTED, true)) == E_CXI_PERMISSION_DENIED);
    CHECK(set(bench, hidden, flag(CXI_PROP_TRUSTED, true)) == 0);
    bench.log_on(0x00000022, "CXI_GROUP=G");
    for (const std::uint32_t policy : {std::uint32_t{CXI_KEY_EXPORT_ALLOW}, kInClear})
        CHECK(set(bench, kek, number(CXI_PROP_KEY_EXPORT, policy)) == E_CXI_PERMISSION_DENIED);
    CHECK(has_in_clear(kek) == E_CXI_KEY_EXPORT_DENIED);
    CHECK(has_in_clear(hidden) == E_CXI_KEY_EXPORT_DENIED);
    CHECK(has_in_clear(clear) == 0);

    bench.log_on(0x00000222, "CXI_GROUP=G");
    CHECK(set(bench, kek, number(CXI_PROP_KEY_EXPORT, kInClear)) == E_CXI_PERMISSION_DENIED);
    CHECK(set(bench, kek, number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW)) == 0);
    list = aes("G", "made", kInClear);
    list.set_flag(CXI_PROP_TRUSTED, true);
    CHECK(code_of(bench.generate(list)) == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("CFG_WRAP_POLICY: by AES-KW and OAEP, else under an IV that the device makes") {
    CxiBench bench;
    const Bytes target = make(bench, aes("G", "target"));
    PropertyList wraps = aes("G", "kek");
    wraps.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP | CXI_KEY_USAGE_UNWRAP);
    const Bytes kek = make(bench, wraps), rsa = bench.rsa("rsa");
    struct Way {
        std::uint32_t mechanism;
        std::size_t iv;
        std::uint32_t wrapping, unwrapping;
    };
    const Way kWays[] = {
        {CXI_MECH_CHAIN_KEY_WRAP, 0, 0, 0},
        {CXI_MECH_CHAIN_KEY_WRAP | CXI_MECH_PAD_KWP, 0, 0, 0},
        {CXI_MECH_CHAIN_GCM, 12, E_CXI_CRYPT_MECH, 0},
        {CXI_MECH_CHAIN_CCM, 12, E_CXI_CRYPT_MECH, 0},
        {CXI_MECH_CHAIN_CBC, 16, E_CXI_CRYPT_MECH, E_CXI_CRYPT_MECH},
        {CXI_MECH_CHAIN_ECB, 0, E_CXI_CRYPT_MECH, E_CXI_CRYPT_MECH},
        {CXI_MECH_CHAIN_CTR, 16, E_CXI_CRYPT_MECH, E_CXI_CRYPT_MECH},
        {CXI_MECH_CHAIN_OFB, 16, E_CXI_CRYPT_MECH, E_CXI_CRYPT_MECH},
        {CXI_MECH_CHAIN_CFB, 16, E_CXI_CRYPT_MECH, E_CXI_CRYPT_MECH},
        {CXI_MECH_CHAIN_CFB8, 16, E_CXI_CRYPT_MECH, E_CXI_CRYPT_MECH},
    };
    for (const Way& way : kWays) {
        CAPTURE(way.mechanism);
        const std::uint16_t tag =
            way.mechanism == CXI_MECH_CHAIN_GCM || way.mechanism == CXI_MECH_CHAIN_CCM ? 128 : 0;
        const Bytes given = way.iv == 0 ? Bytes() : iv_parameter(Bytes(way.iv, 1), {}, tag);
        configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY, 0);
        const auto blob = wrap(bench, target, kek, way.mechanism, given);
        REQUIRE(code_of(blob) == 0);
        configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY);
        CHECK(code_of_wrap(bench, target, kek, way.mechanism, given) == way.wrapping);
        CHECK(unwrap(bench, *blob, kek, aes("G", "back"), way.mechanism, given) == way.unwrapping);
        if (way.iv == 0) continue;
        // Nobody is told an IV that the device makes, so that it makes none.
        const Bytes made =
            compose(LAYOUT_CXI_CRYPT_PARAMETER, {CXI_IV_GENERATE, ByteView(), ByteView(), tag}).value();
        CHECK(code_of_wrap(bench, target, kek, way.mechanism, made) == E_CXI_CRYPT_MECH);
        configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY, 0);
        CHECK(code_of_wrap(bench, target, kek, way.mechanism, made) == E_CXI_CRYPT_MECH_PARA);
    }
    configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY, 0);
    const auto padded = wrap(bench, target, rsa, CXI_MECH_PAD_PKCS1), oaep = wrap(bench, target, rsa, kOaep);
    configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY);
    REQUIRE(set(bench, rsa, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_UNWRAP)) == 0);
    CHECK(unwrap(bench, *padded, rsa, aes("G", "back"), CXI_MECH_PAD_PKCS1) == E_CXI_CRYPT_MECH);
    CHECK(unwrap(bench, *oaep, rsa, aes("G", "back"), kOaep) == 0);
}

TEST_CASE(
    "CFG_SECURE_IMPORT: what came from outside wraps neither by another USAGE nor from an older backup") {
    CxiBench bench;
    const Bytes target = make(bench, aes("G", "target"));
    PropertyList list = aes("G", "known");
    list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP);
    const Bytes known = bench.import(CXI_KEY_TYPE_SECRET, list, Bytes(32, 9)), mine = own_public(bench, "G");
    const Bytes local = make(bench, aes("G", "local"));
    const auto backup = bench.run(SFC_CXI_KEY_BACKUP, {known});
    REQUIRE(code_of(backup) == 0);
    configure(bench, "G", CXI_PROP_CFG_SECURE_IMPORT);
    CHECK(code_of_wrap(bench, target, known) == E_CXI_SECURE_PROP_WRAP);
    CHECK(code_of_wrap(bench, target, mine, kOaep) == E_CXI_SECURE_PROP_WRAP);
    CHECK(code_of_wrap(bench, target, local) == 0);
    REQUIRE(set(bench, known, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_SIGN)) == 0);
    PropertyList copy = number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP);
    CHECK(set(bench, known, copy) == E_CXI_SECURE_PROP_WRAP);
    copy.set(CXI_PROP_KEY_NAME, "copy");
    CHECK(code_of(bench.run(SFC_CXI_OBJ_COPY, {0, known, copy.encode()})) == E_CXI_SECURE_PROP_WRAP);
    REQUIRE(code_of(bench.run(SFC_CXI_KEY_RESTORE,
                              {std::uint32_t{CXI_FLAG_KEY_OVERWRITE}, ByteView(), *backup})) == 0);
    CHECK(code_of_wrap(bench, target, known) == E_CXI_SECURE_PROP_WRAP);
    bench.context.users.push_back({"SO", 0x00000200, "CXI_GROUP=G", {}});
    REQUIRE(set(bench, known, flag(CXI_PROP_TRUSTED, true)) == 0);
    CHECK(code_of_wrap(bench, target, known) == 0);
}

TEST_CASE("without logon nobody works with open objects where the settings note what keys are for") {
    for (const std::uint32_t setting : {CXI_PROP_CFG_WRAP_POLICY, CXI_PROP_CFG_SECURE_DERIVATION}) {
        CxiBench bench;
        const Bytes open = make_open(bench, "SLOT_0000", CXI_KEY_USAGE_ENCRYPT);
        const auto encrypt = [&] {
            return code_of(bench.crypt(open, CXI_MECH_MODE_ENCRYPT | kKeyWrap, {}, Bytes(32, 7)));
        };
        const std::vector<LoggedOnUser> users = std::exchange(bench.context.users, {});
        CHECK(encrypt() == 0);
        bench.context.users = users;
        configure(bench, "SLOT_0000", setting);
        CHECK(encrypt() == 0);
        bench.context.users.clear();
        CHECK(encrypt() == E_CXI_PERMISSION_DENIED);
    }
}
