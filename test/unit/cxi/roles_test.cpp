// The bytes of a key make keys, or tell what comes of them; they move keys, or do other work. Never both,
// where the mode or the group says so.
#include "test/unit/cxi/properties.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::uint32_t kHash = CXI_MECH_HASH_SHA256;
constexpr std::uint32_t kHmac = CXI_MECH_KDF_HMAC | kHash, kPrf = CXI_MECH_KDF_TLS12_PRF | kHash;
constexpr std::uint32_t kKeyWrap = CXI_MECH_CHAIN_KEY_WRAP;

PropertyList named(std::uint32_t algorithm, std::string_view name, std::uint32_t bits = 256,
                   std::string_view group = "G") {
    PropertyList list = CxiBench::key_template(algorithm, bits, group, name);
    list.set_flag(CXI_PROP_SENSITIVE, true);
    return list;
}

Bytes make(CxiBench& bench, const PropertyList& list) { return CxiBench::reference(bench.generate(list)); }

std::uint32_t derive(CxiBench& bench, ByteView base, std::uint32_t mechanism = kHmac,
                     ByteView data = Bytes(20, 1), std::uint32_t bits = 256) {
    const PropertyList list = named(CXI_KEY_ALGO_RAW, "derived", bits);
    const std::uint32_t flags =
        (bench.cxi.modes() & MODE_CC) != 0 ? 0u : std::uint32_t{CXI_FLAG_KEY_OVERWRITE};
    const auto out = bench.run(SFC_CXI_KEY_DERIVE, {flags, mechanism, base, list.encode(), data});
    if (out) REQUIRE(bench.cxi.keys.erase(ByteView(CxiBench::reference(out)).subspan(1)));
    return code_of(out);
}

struct Telling {
    std::string_view name;
    std::function<std::uint32_t(CxiBench&, ByteView)> run;
};

// Every command that tells what comes of a secret key.
const Telling kTelling[] = {
    {"HASH_COMPUTE",
     [](CxiBench& bench, ByteView key) {
         return code_of(bench.run(SFC_CXI_HASH_COMPUTE, {0, kHash, 0, key, Bytes(20, 1)}));
     }},
    {"HASH_COMPUTE in parts",
     [](CxiBench& bench, ByteView key) {
         return code_of(bench.run(SFC_CXI_HASH_COMPUTE,
                                  {std::uint32_t{CXI_FLAG_HASH_PART}, kHash, 0, key, Bytes(20, 1)}));
     }},
    {"SIGN",
     [](CxiBench& bench, ByteView key) { return code_of(bench.sign(key, kHash, Bytes(20, 1), false)); }},
    {"SIGN by the PRF",
     [](CxiBench& bench, ByteView key) {
         return code_of(bench.sign(key, kPrf, Bytes(20, 1), false, big_endian_bytes<2>(32)));
     }},
    {"SIGN_BULK",
     [](CxiBench& bench, ByteView key) {
         const Bytes entry = compose(LAYOUT_CXI_BULK_ENTRY, {Bytes(20, 1)}).value();
         return code_of(bench.run(SFC_CXI_SIGN_BULK, {0, kHash, key, ByteView(), entry}));
     }},
    {"VERIFY",
     [](CxiBench& bench, ByteView key) {
         const std::uint32_t code = code_of(bench.verify(key, kHash, Bytes(20, 1), Bytes(32), false));
         return code == E_CXI_CRYPT_SIGN_VERIFY ? 0 : code;
     }},
    {"CRYPT as MAC",
     [](CxiBench& bench, ByteView key) {
         return code_of(bench.crypt(key, CXI_MECH_MODE_MAC_SINGLE | kHash, {}, Bytes(20, 1)));
     }},
    {"CRYPT as the PRF",
     [](CxiBench& bench, ByteView key) {
         return code_of(
             bench.crypt(key, CXI_MECH_MODE_MAC_SINGLE | kPrf, big_endian_bytes<2>(32), Bytes(20, 1)));
     }},
};

struct Where {
    std::uint16_t mode;
    std::uint32_t code;
};
// FIPS, CC, and a group with CFG_SECURE_DERIVATION.
const Where kWhere[] = {
    {MODE_FIPS, E_CXI_FIPS_KEY_USAGE}, {MODE_CC, E_CXI_CC_KEY_PROP}, {0, E_CXI_CRYPT_MECH}};

void enter(CxiBench& bench, const Where& where) {
    bench.set_modes(static_cast<std::uint16_t>(MODE_OPERATIONAL | where.mode));
    if (where.mode == 0) configure(bench, "G", CXI_PROP_CFG_SECURE_DERIVATION);
}

Bytes encrypted(CxiBench& bench, ByteView key, ByteView data) {
    const auto out = bench.crypt(key, CXI_MECH_MODE_ENCRYPT | kKeyWrap, {}, data);
    REQUIRE(code_of(out) == 0);
    return *out;
}

Result<Bytes> wrap(CxiBench& bench, ByteView key, ByteView wrapping) {
    return bench.run(SFC_CXI_KEY_WRAP, {kKeyWrap, key, wrapping, ByteView()});
}

std::uint32_t unwrap(CxiBench& bench, ByteView blob, ByteView wrapping) {
    const PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 0, "G", "back");
    return code_of(bench.run(SFC_CXI_KEY_UNWRAP, {std::uint32_t{CXI_FLAG_KEY_OVERWRITE}, kKeyWrap, wrapping,
                                                  ByteView(), list.encode(), blob}));
}

}  // namespace

TEST_CASE("a key that derives tells no MAC: by no command and in no object with its bytes") {
    for (const Where& where : kWhere) {
        CAPTURE(where.code);
        CxiBench bench;
        enter(bench, where);
        for (const std::uint32_t algorithm : {CXI_KEY_ALGO_RAW, CXI_KEY_ALGO_AES})
            for (const std::uint32_t mechanism : {kHmac, kPrf}) {
                const std::string name = std::to_string(algorithm) + "/" + std::to_string(mechanism);
                const Bytes base = make(bench, named(algorithm, name));
                REQUIRE(derive(bench, base, mechanism) == 0);
                PropertyList again;
                again.set(CXI_PROP_KEY_NAME, name + " again");
                const Bytes copy =
                    CxiBench::reference(bench.run(SFC_CXI_OBJ_COPY, {0, base, again.encode()}));
                for (const Telling& telling : kTelling) {
                    CAPTURE(telling.name);
                    CHECK(telling.run(bench, base) == where.code);
                    CHECK(telling.run(bench, copy) == where.code);
                }
                CHECK(derive(bench, base, mechanism) == 0);
            }
    }
}

TEST_CASE("a key that told a MAC derives nothing: whichever command it was") {
    for (const Where& where : kWhere) {
        CAPTURE(where.code);
        CxiBench bench;
        enter(bench, where);
        for (const Telling& telling : kTelling) {
            CAPTURE(telling.name);
            const Bytes base = make(bench, named(CXI_KEY_ALGO_RAW, telling.name));
            REQUIRE(telling.run(bench, base) == 0);
            CHECK(derive(bench, base) == where.code);
            CHECK(derive(bench, base, kPrf) == where.code);
            CHECK(telling.run(bench, base) == 0);
        }
        const Bytes ciphers = make(bench, named(CXI_KEY_ALGO_AES, "ciphers"));
        encrypted(bench, ciphers, Bytes(16, 1));
        CHECK(derive(bench, ciphers) == where.code);
    }
}

TEST_CASE("a key that derives does not sign by another USAGE afterwards") {
    for (const Where& where : kWhere) {
        CAPTURE(where.code);
        CxiBench bench;
        enter(bench, where);
        PropertyList list = named(CXI_KEY_ALGO_AES, "base");
        list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_DERIVE);
        const Bytes base = make(bench, list);
        REQUIRE(derive(bench, base) == 0);
        CHECK(kTelling[0].run(bench, base) == E_CXI_KEY_USAGE);
        REQUIRE(set(bench, base, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_SIGN)) == 0);
        CHECK(kTelling[0].run(bench, base) == where.code);
    }
}

TEST_CASE("without the setting and outside the modes a key signs and derives and wraps") {
    CxiBench bench;
    const Bytes base = make(bench, named(CXI_KEY_ALGO_AES, "base"));
    for (const Telling& telling : kTelling) CHECK(telling.run(bench, base) == 0);
    CHECK(derive(bench, base) == 0);
    PropertyList list = named(CXI_KEY_ALGO_AES, "target");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    const auto blob = wrap(bench, make(bench, list), base);
    REQUIRE(code_of(blob) == 0);
    CHECK(unwrap(bench, *blob, base) == 0);
    CHECK(code_of(bench.crypt(base, CXI_MECH_MODE_DECRYPT | kKeyWrap, {}, *blob)) == 0);
}

TEST_CASE("each setting keeps apart what it is about") {
    CxiBench bench;
    PropertyList list = named(CXI_KEY_ALGO_AES, "target");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    const Bytes target = make(bench, list);
    SECTION("CFG_WRAP_POLICY: signs and derives") {
        configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY);
        const Bytes key = make(bench, named(CXI_KEY_ALGO_AES, "key"));
        CHECK(kTelling[0].run(bench, key) == 0);
        CHECK(derive(bench, key) == 0);
    }
    SECTION("CFG_SECURE_DERIVATION: wraps and does other work") {
        configure(bench, "G", CXI_PROP_CFG_SECURE_DERIVATION);
        const Bytes key = make(bench, named(CXI_KEY_ALGO_AES, "key"));
        CHECK(code_of(wrap(bench, target, key)) == 0);
        CHECK(kTelling[0].run(bench, key) == 0);
        CHECK(code_of(wrap(bench, target, key)) == 0);
    }
}

TEST_CASE(
    "CFG_WRAP_POLICY: what was wrapped is not decrypted and what was encrypted not unwrapped by another "
    "USAGE") {
    CxiBench bench;
    configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY);
    const auto usable = [&](std::string_view name, std::uint32_t usage) {
        PropertyList list = named(CXI_KEY_ALGO_AES, name);
        list.set_number(CXI_PROP_KEY_USAGE, usage);
        list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
        return make(bench, list);
    };
    const Bytes target = usable("target", CXI_KEY_USAGE_ENCRYPT);
    const Bytes kek = usable("kek", CXI_KEY_USAGE_WRAP | CXI_KEY_USAGE_UNWRAP);
    const auto older = bench.run(SFC_CXI_KEY_BACKUP, {kek});
    const auto blob = wrap(bench, target, kek);
    REQUIRE(code_of(blob) == 0);
    const auto decrypt = [&](ByteView key) {
        return code_of(bench.crypt(key, CXI_MECH_MODE_DECRYPT | kKeyWrap, {}, *blob));
    };
    REQUIRE(set(bench, kek, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_DECRYPT)) == 0);
    CHECK(decrypt(kek) == E_CXI_SECURE_PROP_DECRYPT);
    PropertyList copy = number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_DECRYPT);
    copy.set(CXI_PROP_KEY_NAME, "copy");
    CHECK(decrypt(CxiBench::reference(bench.run(SFC_CXI_OBJ_COPY, {0, kek, copy.encode()}))) ==
          E_CXI_SECURE_PROP_DECRYPT);
    REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {kek}));
    REQUIRE(bench.run(SFC_CXI_KEY_RESTORE, {0, ByteView(), *older}));
    REQUIRE(set(bench, kek, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_DECRYPT)) == 0);
    CHECK(decrypt(kek) == E_CXI_SECURE_PROP_DECRYPT);

    const Bytes works = usable("works", CXI_KEY_USAGE_ENCRYPT);
    const Bytes chosen = encrypted(bench, works, Bytes(32, 7));
    REQUIRE(set(bench, works, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_UNWRAP)) == 0);
    CHECK(unwrap(bench, chosen, works) == E_CXI_SECURE_PROP_ENCRYPT);
    REQUIRE(set(bench, works, number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP)) == 0);
    CHECK(code_of(wrap(bench, target, works)) == E_CXI_SECURE_PROP_DECRYPT);
}

TEST_CASE("CFG_WRAP_POLICY: the private half of a pair that wrapped decrypts nothing") {
    CxiBench bench;
    configure(bench, "G", CXI_PROP_CFG_WRAP_POLICY);
    constexpr std::uint32_t kOaep = CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256;
    PropertyList list = named(CXI_KEY_ALGO_AES, "target");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    const Bytes target = make(bench, list);
    const PropertyList of_public = CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", "public");
    const PropertyList of_private = CxiBench::key_template(CXI_KEY_ALGO_RSA, 2048, "G", "private");
    const auto pair = bench.run(SFC_CXI_KEY_PAIR_GEN, {0, 0, of_public.encode(), of_private.encode()});
    REQUIRE(code_of(pair) == 0);
    const auto halves = parse("public:v4 private:v4", *pair);
    bench.log_on(0x00000202, "CXI_GROUP=G");
    REQUIRE(set(bench, halves->bytes("public"), test::flag(CXI_PROP_TRUSTED, true)) == 0);
    const auto narrow = number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP);
    REQUIRE(set(bench, halves->bytes("public"), narrow) == 0);
    const auto blob = bench.run(SFC_CXI_KEY_WRAP, {kOaep, target, halves->bytes("public"), ByteView()});
    REQUIRE(code_of(blob) == 0);
    CHECK(code_of(bench.crypt(halves->bytes("private"), CXI_MECH_MODE_DECRYPT | kOaep, {}, *blob)) ==
          E_CXI_SECURE_PROP_DECRYPT);
}

TEST_CASE("CFG_SECURE_DERIVATION: nothing tells what two keys agreed on, or a derived key piece by piece") {
    CxiBench bench;
    const auto curve = [&](std::string_view name) {
        PropertyList list = named(CXI_KEY_ALGO_ECDH, name, 0);
        list.set(CXI_PROP_KEY_EC_CURVE, "P-256");
        return make(bench, list);
    };
    const Bytes own = curve("own"), peer = bench.public_key(curve("peer"));
    const auto agree = [&] { return code_of(bench.run(SFC_CXI_SECRET_AGREE, {0, 0, own, peer})); };
    const Bytes base = make(bench, named(CXI_KEY_ALGO_RAW, "base"));
    const Bytes long_base = make(bench, named(CXI_KEY_ALGO_RAW, "long", 520));
    CHECK(agree() == 0);
    CHECK(derive(bench, base, kHmac, Bytes(20, 1), 32) == 0);
    configure(bench, "G", CXI_PROP_CFG_SECURE_DERIVATION);
    CHECK(agree() == E_CXI_CRYPT_MECH);
    CHECK(derive(bench, own, CXI_MECH_KDF_ECDH, peer) == 0);
    // The check values of 32, 40, 48… bits would tell a byte each.
    for (const std::uint32_t bits : {32, 64, 104})
        CHECK(derive(bench, base, kHmac, Bytes(20, 1), bits) == E_CXI_KEY_INVALID_SIZE);
    CHECK(derive(bench, base, kHmac, Bytes(20, 1), 112) == 0);
    // HMAC works with the hash of a key that is longer than its block: of one that would not be noted.
    CHECK(derive(bench, long_base, CXI_MECH_KDF_HASH | kHash, {}) == E_CXI_CRYPT_MECH);
    CHECK(derive(bench, base, CXI_MECH_KDF_HASH | kHash, {}) == 0);
}

TEST_CASE("FIPS and CC and CFG_SECURE_DERIVATION: a curve's key that derives decrypts nothing by ECIES") {
    for (const Where& where : kWhere) {
        CAPTURE(where.code);
        CxiBench bench;
        enter(bench, where);
        PropertyList list = named(CXI_KEY_ALGO_ECDH, "own", 0);
        list.set(CXI_PROP_KEY_EC_CURVE, "P-256");
        const Bytes own = make(bench, list), peer = bench.public_key(own);
        const Bytes parameter =
            compose(LAYOUT_CXI_ECIES_PARAMETER, {0, kHash, 4, ByteView(), ByteView()}).value();
        REQUIRE(derive(bench, own, CXI_MECH_KDF_ECDH, peer) == 0);
        CHECK(code_of(bench.crypt(own, CXI_MECH_MODE_DECRYPT | kHash, parameter, Bytes(90, 4))) ==
              where.code);
    }
}

TEST_CASE("a MAC that is to be compared is told to nobody, nor compared by a key that only makes it") {
    CxiBench bench;
    const auto key_for = [&](std::uint32_t usage) {
        PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RAW, 256, "G", "k" + std::to_string(usage));
        list.set_number(CXI_PROP_KEY_USAGE, usage);
        return make(bench, list);
    };
    constexpr std::uint32_t kPart = CXI_FLAG_HASH_PART, kVerify = CXI_FLAG_HASH_VERIFY;
    const auto hash = [&](std::uint32_t flags, std::uint32_t state, ByteView key, ByteView data) {
        return bench.run(SFC_CXI_HASH_COMPUTE, {flags, kHash, state, key, data});
    };
    const auto state_of = [](const Result<Bytes>& answer) {
        return parse(find_function(FC_CXI, SFC_CXI_HASH_COMPUTE)->answer, answer.value())->u32("state");
    };
    const Bytes data(20, 1), guess(32, 7);
    const Bytes verifies = key_for(CXI_KEY_USAGE_VERIFY), signs = key_for(CXI_KEY_USAGE_SIGN);

    CHECK(code_of(hash(0, 0, verifies, data)) == E_CXI_KEY_USAGE);
    CHECK(code_of(hash(kPart, 0, verifies, data)) == E_CXI_KEY_USAGE);
    CHECK(code_of(hash(kPart | kVerify, 0, signs, data)) == E_CXI_KEY_USAGE);
    CHECK(code_of(hash(kVerify, 0, verifies, data)) == E_CXI_INVALID_FLAGS);
    CHECK(code_of(hash(kPart | kVerify, 0, ByteView(), data)) == E_CXI_INVALID_FLAGS);
    // A chain stays what it was begun as, and ends when it shall become the other.
    for (const auto& [key, begun, then] :
         {std::tuple(verifies, kPart | kVerify, 0u), std::tuple(verifies, kPart | kVerify, kPart),
          std::tuple(signs, kPart, kVerify)}) {
        const auto first = hash(begun, 0, key, data);
        REQUIRE(code_of(first) == 0);
        CHECK(code_of(hash(then, state_of(first), ByteView(), guess)) == E_CXI_INVALID_FLAGS);
        CHECK(code_of(hash(begun, state_of(first), ByteView(), data)) == E_CXI_INVALID_PARAM_VAL);
    }
    for (const std::size_t size : {8u, 31u, 32u, 33u}) {
        const auto first = hash(kPart | kVerify, 0, verifies, data);
        REQUIRE(code_of(first) == 0);
        CHECK(code_of(hash(kVerify, state_of(first), ByteView(), Bytes(size, 7))) == E_CXI_CRYPT_SIGN_VERIFY);
    }
}

TEST_CASE("a MAC is not guessed byte by byte with a key that only verifies") {
    CxiBench bench;
    constexpr std::uint32_t kPart = CXI_FLAG_HASH_PART, kVerify = CXI_FLAG_HASH_VERIFY;
    const Bytes bytes(32, 0x4D), data(20, 1);
    const auto key_for = [&](std::uint32_t usage) {
        PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RAW, 256, "G", "k" + std::to_string(usage));
        list.set_number(CXI_PROP_KEY_USAGE, usage);
        return bench.import(CXI_KEY_TYPE_SECRET, list, bytes);
    };
    const auto hash = [&](std::uint32_t flags, std::uint32_t state, ByteView key, ByteView piece) {
        return bench.run(SFC_CXI_HASH_COMPUTE, {flags, kHash, state, key, piece});
    };
    const auto answer_of = [](const Result<Bytes>& answer) {
        return parse(find_function(FC_CXI, SFC_CXI_HASH_COMPUTE)->answer, answer.value()).value();
    };
    const Bytes verifies = key_for(CXI_KEY_USAGE_VERIFY), signs = key_for(CXI_KEY_USAGE_SIGN),
                both = key_for(CXI_KEY_USAGE_SIGN | CXI_KEY_USAGE_VERIFY);
    const auto made = hash(0, 0, signs, data);
    REQUIRE(code_of(made) == 0);
    const Bytes mac = to_bytes(answer_of(made).bytes("hash"));
    const auto compare = [&](ByteView key, ByteView told) {
        const auto begun = hash(kPart | kVerify, 0, key, data);
        REQUIRE(code_of(begun) == 0);
        return code_of(hash(kVerify, answer_of(begun).u32("state"), ByteView(), told));
    };
    for (std::size_t size = 1; size <= mac.size(); ++size) {
        CAPTURE(size);
        Bytes right(mac.begin(), mac.begin() + static_cast<std::ptrdiff_t>(size)), wrong = right;
        wrong.back() ^= 1;
        CHECK(compare(verifies, right) == (size < 8 ? std::uint32_t{E_CXI_KEY_USAGE} : 0u));
        CHECK(compare(verifies, wrong) ==
              (size < 8 ? std::uint32_t{E_CXI_KEY_USAGE} : std::uint32_t{E_CXI_CRYPT_SIGN_VERIFY}));
        CHECK(compare(both, right) == 0);
        CHECK(compare(both, wrong) == E_CXI_CRYPT_SIGN_VERIFY);
    }
    // VERIFY compares as many bytes of a PRF's output as its parameter says.
    constexpr std::uint32_t kPrf = CXI_MECH_KDF_TLS12_PRF | CXI_MECH_HASH_SHA256;
    for (const std::uint16_t size : {1, 7, 8, 12}) {
        CAPTURE(size);
        const Bytes length = compose(LAYOUT_CXI_PRF_PARAMETER, {size}).value();
        const auto check = [&](ByteView key, ByteView told) {
            return code_of(bench.run(SFC_CXI_VERIFY, {0, kPrf, key, length, told, data}));
        };
        const auto output = bench.sign(signs, kPrf, data, false, length);
        REQUIRE(code_of(output) == 0);
        Bytes wrong = *output;
        wrong.back() ^= 1;
        CHECK(check(verifies, *output) == (size < 8 ? std::uint32_t{E_CXI_KEY_USAGE} : 0u));
        CHECK(check(verifies, wrong) ==
              (size < 8 ? std::uint32_t{E_CXI_KEY_USAGE} : std::uint32_t{E_CXI_CRYPT_SIGN_VERIFY}));
        CHECK(check(both, *output) == 0);
        CHECK(check(both, wrong) == E_CXI_CRYPT_SIGN_VERIFY);
    }
    // Whole MACs are compared whole: a short one is a wrong one.
    CHECK(code_of(bench.verify(verifies, kHash, data, Bytes(4), false)) == E_CXI_CRYPT_SIGN_VERIFY);
}
