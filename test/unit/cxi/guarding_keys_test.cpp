// What has wrapped keys with WRAP_WITH_TRUSTED does no other work, whatever object has its bytes.
#include "test/unit/cxi/guarded_keys.h"

using namespace cs2sim;
using namespace cs2sim::test;

TEST_CASE("a trusted key that has wrapped a guarded one does no other work") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("kek")), other = make(bench, aes("other")),
                key = make(bench, guarded("key"));
    trust(bench, kek);
    trust(bench, other);
    const Bytes ctr = iv_parameter(Bytes(16)), gcm = iv_parameter(Bytes(12, 1), {}, 128);
    const auto works = [&](ByteView with) {
        std::vector<std::uint32_t> codes;
        for (const std::uint32_t mode : {CXI_MECH_MODE_ENCRYPT, CXI_MECH_MODE_DECRYPT})
            codes.push_back(code_of(bench.crypt(with, mode | CXI_MECH_CHAIN_CTR, ctr, Bytes(16))));
        codes.push_back(
            code_of(bench.run(SFC_CXI_HASH_COMPUTE, {0, +CXI_MECH_CHAIN_CMAC, 0, with, Bytes(16)})));  // CMAC
        PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 128, "G", "derived");
        codes.push_back(code_of(bench.run(
            SFC_CXI_KEY_DERIVE, {+CXI_FLAG_KEY_OVERWRITE, CXI_MECH_KDF_ENC_DATA | CXI_MECH_CHAIN_ECB, with,
                                 list.encode(), Bytes(16)})));
        return codes;
    };
    // A chain that was begun before ends, too.
    const auto begun =
        bench.run(SFC_CXI_CRYPT,
                  {+CXI_FLAG_CRYPT_INIT, CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_CTR, 0, kek, ctr, Bytes(16)});
    REQUIRE(code_of(begun) == 0);
    const std::uint32_t state =
        parse(find_function(FC_CXI, SFC_CXI_CRYPT)->answer, begun.value())->u32("state");
    CHECK(works(kek) == std::vector<std::uint32_t>(4, 0));
    const auto blob = wrap(bench, key, kek, {kKw, {}});
    REQUIRE(code_of(blob) == 0);
    CHECK(works(kek) == std::vector<std::uint32_t>(4, E_CXI_KEY_USAGE));
    CHECK(code_of(bench.crypt(kek, CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_GCM, gcm, *blob)) ==
          E_CXI_KEY_USAGE);
    CHECK(code_of(bench.run(SFC_CXI_CRYPT, {0, CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_CTR, state, ByteView(),
                                            ByteView(), Bytes(16)})) == E_CXI_KEY_USAGE);
    CHECK(works(other) == std::vector<std::uint32_t>(4, 0));
    // It goes on with what it is for; and what has its bytes now is TRUSTED as it is, or nobody's to make.
    CHECK(code_of(wrap(bench, key, kek, {kKw, {}})) == 0);
    bench.log_on(0x00000002, "CXI_GROUP=G");
    PropertyList named;
    named.set(CXI_PROP_KEY_NAME, "copy");
    CHECK(code_of(bench.run(SFC_CXI_OBJ_COPY, {0, kek, named.encode()})) == E_CXI_PERMISSION_DENIED);
    named.set_flag(CXI_PROP_TRUSTED, false);
    CHECK(code_of(bench.run(SFC_CXI_OBJ_COPY, {0, kek, named.encode()})) == E_CXI_PERMISSION_DENIED);
    const auto backup = bench.run(SFC_CXI_KEY_BACKUP, {kek});
    REQUIRE(code_of(backup) == 0);
    Bytes outside{CXI_TAG_EXTERNAL};
    append(outside, *backup);
    CHECK(works(outside) == std::vector<std::uint32_t>(4, E_CXI_KEY_USAGE));
}

TEST_CASE("what has the bytes of a key that guards others does no other work either") {
    CxiBench bench;
    const Bytes key = make(bench, guarded("key")), kek = make(bench, aes("kek"));
    const auto decrypts = [&](ByteView with) {
        return code_of(bench.crypt(with, CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_ECB, {}, Bytes(16)));
    };
    const auto derived = [&](std::uint32_t mechanism, ByteView data, std::string_view name) {
        return CxiBench::reference(bench.run(
            SFC_CXI_KEY_DERIVE,
            {0, mechanism, kek, CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", name).encode(), data}));
    };
    std::vector<Bytes> twins{copied(bench, kek, "before")};
    const auto backup = bench.run(SFC_CXI_KEY_BACKUP, {kek});
    REQUIRE(code_of(backup) == 0);
    twins.push_back(derived(CXI_MECH_KDF_XOR_BASE_AND_DATA, Bytes(32), "changed by nothing"));
    twins.push_back(derived(CXI_MECH_KDF_CAT_BASE_AND_DATA, {}, "joined with nothing"));
    trust(bench, kek);
    const Bytes other = make(bench, aes("other"));
    for (const Bytes& twin : twins) CHECK(decrypts(twin) == 0);
    CHECK(decrypts(other) == 0);
    REQUIRE(code_of(wrap(bench, key, kek, {kKw, {}})) == 0);
    for (const Bytes& twin : twins) CHECK(decrypts(twin) == E_CXI_KEY_USAGE);
    CHECK(decrypts(other) == 0);
    const Bytes restored = CxiBench::reference(
        bench.run(SFC_CXI_KEY_RESTORE, {+CXI_FLAG_KEY_OVERWRITE, PropertyList().encode(), *backup}));
    CHECK_FALSE((*bench.cxi.find(restored))->object.properties.flag_or(CXI_PROP_TRUSTED, false));
    CHECK(decrypts(restored) == E_CXI_KEY_USAGE);
}

TEST_CASE("of a trusted key its security officer alone makes one that has its bytes") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("kek")), other = make(bench, aes("other"));
    struct Derivation {
        std::uint32_t mechanism;
        ByteView base, data;
        bool has_bytes;
    };
    const Bytes nothing, zeros(32), first(4);
    const Derivation derivations[] = {
        {CXI_MECH_KDF_XOR_BASE_AND_DATA, kek, zeros, true},
        {CXI_MECH_KDF_CAT_BASE_AND_DATA, kek, nothing, true},
        {CXI_MECH_KDF_CAT_DATA_AND_BASE, kek, nothing, true},
        {CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY, kek, first, true},
        {CXI_MECH_KDF_CAT_BASE_AND_KEY, kek, other, true},
        {CXI_MECH_KDF_CAT_BASE_AND_KEY, other, kek, true},
        {CXI_MECH_KDF_HMAC | CXI_MECH_HASH_SHA256, kek, zeros, false},
        {CXI_MECH_KDF_ENC_DATA | CXI_MECH_CHAIN_ECB, kek, zeros, false},
    };
    const auto all = [&](std::uint32_t code) {
        for (const Derivation& by : derivations) {
            CAPTURE(by.mechanism);
            const PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RAW, 32, "G", "derived");
            CHECK(code_of(bench.run(SFC_CXI_KEY_DERIVE, {+CXI_FLAG_KEY_OVERWRITE, by.mechanism, by.base,
                                                         list.encode(), by.data})) ==
                  (by.has_bytes ? code : 0u));
        }
    };
    all(0);
    trust(bench, kek);
    all(E_CXI_PERMISSION_DENIED);
    bench.log_on(0x00000202, "CXI_GROUP=G");
    all(0);
}

TEST_CASE(
    "what has the bytes of a trusted key is derived by the security officer alone whatever way it came") {
    CxiBench bench;
    const auto short_key = [&](ByteView base, std::uint32_t mechanism, ByteView data) {
        const PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RAW, 32, "G", "short");
        return code_of(
            bench.run(SFC_CXI_KEY_DERIVE, {+CXI_FLAG_KEY_OVERWRITE, mechanism, base, list.encode(), data}));
    };
    const Bytes root = make(bench, aes("root")), other = make(bench, aes("other")), known(32, 0x4B);
    trust(bench, root);
    PropertyList list = aes("travels", flag(CXI_PROP_SENSITIVE, true));
    list.set_flag(CXI_PROP_WRAP_WITH_TRUSTED, true);
    const Bytes travels = make(bench, list), before = copied(bench, travels, "before"),
                stays = make(bench, aes("stays"));
    const auto backup = bench.run(SFC_CXI_KEY_BACKUP, {stays});
    REQUIRE(code_of(backup) == 0);
    for (const Bytes& twin : {before, stays})
        CHECK(short_key(twin, CXI_MECH_KDF_CAT_DATA_AND_BASE, Bytes(3)) == 0);
    trust(bench, travels);
    trust(bench, stays);
    const auto blob = wrap(bench, travels, root, {kKw, {}});
    REQUIRE(code_of(blob) == 0);
    const Bytes back = CxiBench::reference(unwrap(bench, *blob, root, aes("back"), {kKw, {}}));
    CHECK_FALSE((*bench.cxi.find(back))->object.properties.flag_or(CXI_PROP_TRUSTED, false));
    PropertyList outside;
    outside.set(CXI_PROP_KEY_NAME, "outside");
    std::vector<Bytes> twins{
        back, before, copied(bench, back, "a copy"),
        CxiBench::reference(bench.run(SFC_CXI_OBJ_COPY, {+CXI_FLAG_KEY_EXTERNAL, back, outside.encode()})),
        CxiBench::reference(
            bench.run(SFC_CXI_KEY_RESTORE, {+CXI_FLAG_KEY_OVERWRITE, PropertyList().encode(), *backup}))};
    // A plain key, and one of the same bytes that comes as TRUSTED.
    const auto come = [&](std::string_view name, bool trusted) {
        PropertyList comes = aes(name, flag(CXI_PROP_TRUSTED, trusted));
        return bench.import(CXI_KEY_TYPE_SECRET, comes, known);
    };
    twins.push_back(come("plain", false));
    bench.log_on(0x00000202, "CXI_GROUP=G");
    come("trusted", true);
    const auto all = [&](std::uint32_t code) {
        for (std::size_t i = 0; i < twins.size(); ++i) {
            CAPTURE(i);
            CHECK(short_key(twins[i], CXI_MECH_KDF_CAT_DATA_AND_BASE, Bytes(3)) == code);
            CHECK(short_key(twins[i], CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY, Bytes(4)) == code);
            CHECK(short_key(other, CXI_MECH_KDF_CAT_BASE_AND_KEY, twins[i]) == code);
            CHECK(short_key(twins[i], CXI_MECH_KDF_HMAC | CXI_MECH_HASH_SHA256, Bytes(3)) == 0);
        }
    };
    all(0);
    bench.log_on(0x00000002, "CXI_GROUP=G");
    all(E_CXI_PERMISSION_DENIED);
    CHECK(short_key(other, CXI_MECH_KDF_CAT_DATA_AND_BASE, Bytes(3)) == 0);
}

TEST_CASE("the bytes of a trusted key are not had in clear nor told by the officer of another group") {
    CxiBench bench;
    const Bytes root = make(bench, aes("root")), travels = make(bench, aes("travels"));
    trust(bench, root);
    trust(bench, travels);
    const auto blob = wrap(bench, travels, root, {kKw, {}});
    REQUIRE(code_of(blob) == 0);
    PropertyList there = aes("back");
    there.set(CXI_PROP_KEY_GROUP, "H");
    const Bytes theirs = CxiBench::reference(unwrap(bench, *blob, root, there, {kKw, {}}));
    const Bytes back = CxiBench::reference(unwrap(bench, *blob, root, aes("back"), {kKw, {}}));
    // Where management is apart a manager widens the export policy of what is not TRUSTED.
    configure(bench, "G", CXI_PROP_CFG_AUTH_KEYM, 0x00000020);
    bench.log_on(0x00000022, "CXI_GROUP=G");
    REQUIRE(test::set(bench, back, number(CXI_PROP_KEY_EXPORT, 3)) == 0);
    CHECK(code_of(bench.run(SFC_CXI_KEY_EXPORT, {+CXI_KEY_TYPE_SECRET, 0u, back, ByteView(), ByteView()})) ==
          E_CXI_KEY_EXPORT_DENIED);
    bench.log_on(0x00000202, "CXI_GROUP=H");
    const PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RAW, 32, "H", "short");
    CHECK(code_of(bench.run(SFC_CXI_KEY_DERIVE, {0, +CXI_MECH_KDF_CAT_DATA_AND_BASE, theirs, list.encode(),
                                                 Bytes(3)})) == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("a guard that was set after a key had been wrapped is not lost when it is wrapped again") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("kek")), other = make(bench, aes("other")),
                key = make(bench, aes("key"));
    const auto early = wrap(bench, key, other, {kKw, {}});
    REQUIRE(code_of(early) == 0);
    REQUIRE(test::set(bench, key, flag(CXI_PROP_WRAP_WITH_TRUSTED, true)) == 0);
    trust(bench, kek);
    const auto late = wrap(bench, key, kek, {kKw, {}});
    REQUIRE(code_of(late) == 0);
    const auto is_guarded = [&](const Result<Bytes>& back) {
        REQUIRE(code_of(back) == 0);
        const Bytes has = CxiBench::reference(back);
        CHECK(code_of(wrap(bench, has, other, {kKw, {}})) == E_CXI_KEY_EXPORT_DENIED);
        return (*bench.cxi.find(has))->object.properties.flag_or(CXI_PROP_WRAP_WITH_TRUSTED, false);
    };
    CHECK(is_guarded(unwrap(bench, *late, kek, aes("late"), {kKw, {}})));
    CHECK(is_guarded(unwrap(bench, *early, other, aes("early"), {kKw, {}})));
}

TEST_CASE(
    "the private half of a pair that guards keys does no other work in their group, and elsewhere does") {
    CxiBench bench;
    const Bytes key = make(bench, guarded("key")), pair = bench.rsa("pair");
    const auto half_in = [&](std::string_view group) {
        const Bytes half =
            bench.import(CXI_KEY_TYPE_PUBLIC, CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, group, "half"),
                         bench.public_key(pair));
        trust(bench, half);
        return half;
    };
    PropertyList list = guarded("theirs");
    list.set(CXI_PROP_KEY_GROUP, "H");
    const Bytes theirs = make(bench, list);
    const auto decrypts = [&](ByteView blob) {
        return code_of(bench.crypt(pair, CXI_MECH_MODE_DECRYPT | kOaep, {}, blob));
    };
    const auto signs = [&] {
        return code_of(bench.sign(pair, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256, Bytes(9)));
    };
    // Whoever brings the public key into another group puts nothing out of work here.
    const auto foreign = wrap(bench, theirs, half_in("H"), {kOaep, {}});
    REQUIRE(code_of(foreign) == 0);
    CHECK(decrypts(*foreign) == 0);
    CHECK(signs() == 0);
    const Bytes half = half_in("G");
    const auto blob = wrap(bench, key, half, {kOaep, {}});
    REQUIRE(code_of(blob) == 0);
    CHECK(decrypts(*blob) == E_CXI_KEY_USAGE);
    CHECK(signs() == E_CXI_KEY_USAGE);
    CHECK(code_of(bench.crypt(half, CXI_MECH_MODE_ENCRYPT | kOaep, {}, Bytes(9))) == 0);
    CHECK(code_of(bench.crypt(pair, CXI_MECH_MODE_ENCRYPT | kOaep, {}, Bytes(9))) == 0);
    CHECK(code_of(unwrap(bench, *blob, pair, aes("back"), {kOaep, {}})) == 0);
}

TEST_CASE("a chain of an external key ends when the key begins to guard others") {
    CxiBench bench;
    bench.log_on(0x00000202, "CXI_GROUP=G");
    const Bytes kek =
        CxiBench::reference(bench.generate(aes("kek", flag(CXI_PROP_TRUSTED, true)), CXI_FLAG_KEY_EXTERNAL));
    const Bytes key = make(bench, guarded("key"));
    const auto go_on = [&](std::uint32_t flags, std::uint32_t state, ByteView with) {
        return bench.run(SFC_CXI_CRYPT, {flags, CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_ECB, state, with,
                                         ByteView(), Bytes(16)});
    };
    const auto begun = go_on(CXI_FLAG_CRYPT_INIT, 0, kek);
    REQUIRE(code_of(begun) == 0);
    const std::uint32_t state =
        parse(find_function(FC_CXI, SFC_CXI_CRYPT)->answer, begun.value())->u32("state");
    CHECK(code_of(go_on(0, state, {})) == 0);
    REQUIRE(code_of(wrap(bench, key, kek, {kKw, {}})) == 0);
    CHECK(code_of(go_on(0, state, {})) == E_CXI_KEY_USAGE);
    CHECK(code_of(go_on(0, state, {})) == E_CXI_INVALID_PARAM_VAL);
}

TEST_CASE("a mechanism of a user's module proves nothing, whatever its other bits say") {
    CxiBench bench;
    bench.cxi.vendor_mechanisms = [](Call&, const VendorJob&) -> Result<VendorResult> {
        VendorResult made;
        made.made = to_secret(Bytes(32, 7));
        return made;
    };
    const Bytes kek = make(bench, aes("kek"));
    for (const std::uint32_t chain : {CXI_MECH_CHAIN_ECB, CXI_MECH_CHAIN_KEY_WRAP, CXI_MECH_CHAIN_GCM}) {
        CAPTURE(chain);
        PropertyList list = aes("key " + std::to_string(chain));
        list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN);
        const auto key = unwrap(bench, Bytes(40), kek, list, {CXI_MECH_VDM_FLAG | 0x100 | chain, {}});
        REQUIRE(code_of(key) == 0);
        CHECK(code_of(bench.run(SFC_CXI_KEY_EXPORT, {+CXI_KEY_TYPE_SECRET, 0u, CxiBench::reference(key),
                                                     ByteView(), ByteView()})) == E_CXI_KEY_EXPORT_DENIED);
    }
}
