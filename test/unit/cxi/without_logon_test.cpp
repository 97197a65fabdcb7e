// Keys that anybody may bring, sealed for outside, cost the device next to nothing, whatever is asked of
// them.
#include <openssl/pem.h>

#include "firmware/crypto/finite_field.h"
#include "test/der.h"
#include "test/places.h"
#include "test/processor_time.h"
#include "test/unit/cxi/properties.h"

using namespace cs2sim;

namespace {

using test::kMostMilliseconds;

double processor_milliseconds() { return test::processor_milliseconds(CLOCK_THREAD_CPUTIME_ID); }

// What a command costs, the least of three, and the code of its answer.
template <class Command>
std::uint32_t cheap(std::string_view what, const Command& command) {
    double least = 1e9;
    std::uint32_t code = 0;
    for (int again = 0; again < 3 && least > kMostMilliseconds / 2; ++again) {
        const double before = processor_milliseconds();
        code = code_of(command());
        least = std::min(least, processor_milliseconds() - before);
    }
    INFO(what << ": " << least << " ms");
    CHECK(least < kMostMilliseconds);
    return code;
}

PropertyList open_object(std::uint32_t algorithm) {
    PropertyList list = test::open_object();
    list.set_number(CXI_PROP_KEY_ALGO, algorithm);
    return list;
}

constexpr std::uint32_t kOutside = CXI_FLAG_KEY_EXTERNAL;

Result<Bytes> bring(CxiBench& bench, std::uint32_t type, std::uint32_t algorithm, ByteView der) {
    return bench.run(SFC_CXI_KEY_IMPORT,
                     {kOutside, type, 0, open_object(algorithm).encode(), ByteView(), der, ByteView()});
}

Bytes list_of(std::size_t count, ByteView reference) {
    Bytes list;
    while (count-- > 0) compose_fitting_into(list, LAYOUT_CXI_BULK_ENTRY, reference.subspan(1));
    return list;
}

std::size_t rows_in(const Result<Bytes>& answer) {
    REQUIRE(code_of(answer) == 0);
    std::size_t rows = 0;
    for (ByteView rest = *answer; !rest.empty(); ++rows) REQUIRE(parse_prefix(LAYOUT_CXI_EXTERNAL_ROW, rest));
    return rows;
}

// A modulus that nobody can tell from a product without a long search.
Bytes public_rsa(unsigned bits) {
    const Bytes modulus(bits / 8, 0xC7), exponent{1, 0, 1};
    return public_key_der(**rsa_public_key(modulus, exponent));
}

// A key in a group that OpenSSL's genpkey -genparam has searched for, which takes seconds.
SecretBytes dsa_key(const char* file) {
    const std::string path = (source_folder() / "test" / "vectors" / file).string();
    const Handle<BIO> pem(BIO_new_file(path.c_str(), "r"));
    const Handle<EVP_PKEY> group(PEM_read_bio_Parameters(pem.get(), nullptr));
    REQUIRE(group);
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, group.get(), nullptr));
    EVP_PKEY* key = nullptr;
    REQUIRE(EVP_PKEY_keygen_init(context.get()) == 1);
    REQUIRE(EVP_PKEY_generate(context.get(), &key) == 1);
    return private_key_der(*Handle<EVP_PKEY>(key));
}

void let_anybody_use(CxiBench& bench, std::string_view group) {
    Bytes config{CXI_TAG_CONFIG};
    append(config, as_bytes(group));
    bench.log_on(0x00000202, "CXI_GROUP=*");
    REQUIRE(test::set(bench, config, test::number(CXI_PROP_CFG_AUTH_USER, 0)) == 0);
    bench.log_on(0x00000002, "CXI_GROUP=*");
}

}  // namespace

TEST_CASE("private keys whose check takes long are not taken from callers without logon") {
    CxiBench bench;
    const SecretBytes rsa = private_key_der(**generate_rsa(3072));
    const auto group = dh_group(2048);
    const SecretBytes dh = private_key_der(**generate_dh(*group));
    REQUIRE(bring(bench, CXI_KEY_TYPE_PRIVATE, CXI_KEY_ALGO_RSA, rsa));
    const Bytes open_rsa = CxiBench::reference(bring(bench, CXI_KEY_TYPE_PRIVATE, CXI_KEY_ALGO_RSA, rsa));
    const Bytes small = CxiBench::reference(
        bring(bench, CXI_KEY_TYPE_PRIVATE, CXI_KEY_ALGO_RSA, private_key_der(**generate_rsa(2048))));
    bench.context.users.clear();
    CHECK(cheap("RSA comes", [&] { return bring(bench, CXI_KEY_TYPE_PRIVATE, CXI_KEY_ALGO_RSA, rsa); }) ==
          E_CXI_PERMISSION_DENIED);
    CHECK(cheap("DH comes", [&] { return bring(bench, CXI_KEY_TYPE_PRIVATE, CXI_KEY_ALGO_DH_PKCS, dh); }) ==
          E_CXI_PERMISSION_DENIED);
    // Those of a user who has gone: short RSA keys work on.
    const std::uint32_t sha256 = CXI_MECH_HASH_SHA256 | CXI_MECH_PAD_PKCS1;
    CHECK(cheap("RSA signs", [&] { return bench.sign(open_rsa, sha256, Bytes(10)); }) ==
          E_CXI_PERMISSION_DENIED);
    CHECK(cheap("RSA of 2048 bits signs", [&] { return bench.sign(small, sha256, Bytes(10)); }) == 0);
}

TEST_CASE("private keys work without logon up to 2048 bits, wherever they are kept") {
    CxiBench bench;
    let_anybody_use(bench, "OPEN");
    test::configure(bench, "OPEN", CXI_PROP_CFG_AUTH_KEYM, 0);  // as an agreement makes a key
    struct Row {
        std::uint32_t algorithm;
        unsigned bits;
        SecretBytes der;
    };
    const std::vector<Row> rows = {
        {CXI_KEY_ALGO_RSA, 2048, private_key_der(**generate_rsa(2048))},
        {CXI_KEY_ALGO_RSA, 2112, private_key_der(**generate_rsa(2112))},
        {CXI_KEY_ALGO_DH_PKCS, 2048, private_key_der(**generate_dh(*dh_group(2048)))},
        {CXI_KEY_ALGO_DH_PKCS, 3072, private_key_der(**generate_dh(*dh_group(3072)))},
        {CXI_KEY_ALGO_DSA, 2048, dsa_key("dsa_2048_256.pem")},
        {CXI_KEY_ALGO_DSA, 3072, dsa_key("dsa_3072_256.pem")},
    };
    for (const Row& row : rows) {
        PropertyList stored = CxiBench::key_template(row.algorithm, 0, "OPEN",
                                                     std::to_string(row.algorithm * 10000 + row.bits));
        const Bytes keys[] = {CxiBench::reference(bring(bench, CXI_KEY_TYPE_PRIVATE, row.algorithm, row.der)),
                              bench.import(CXI_KEY_TYPE_PRIVATE, stored, row.der)};
        for (const Bytes& key : keys) {
            INFO("algorithm " << row.algorithm << ", " << row.bits << " bits, "
                              << (&key == keys ? "outside" : "of an open group"));
            const Bytes peer = row.algorithm == CXI_KEY_ALGO_DH_PKCS
                                   ? *public_value(**generate_dh(*dh_group(row.bits)))
                                   : Bytes();
            const auto work = [&] {
                if (!peer.empty()) return bench.run(SFC_CXI_SECRET_AGREE, {0, 0, key, peer});
                const std::uint32_t pad = row.algorithm == CXI_KEY_ALGO_RSA ? CXI_MECH_PAD_PKCS1 : 0u;
                return bench.sign(key, CXI_MECH_HASH_SHA256 | pad, Bytes(10));
            };
            bench.log_on(0x00000002, "CXI_GROUP=*");
            CHECK(code_of(work()) == 0);
            bench.context.users.clear();
            CHECK(cheap("its work", work) == (row.bits <= 2048 ? 0u : E_CXI_PERMISSION_DENIED));
        }
        bench.log_on(0x00000002, "CXI_GROUP=*");
    }
}

TEST_CASE("public keys and curves of callers without logon are taken, at little cost") {
    CxiBench bench;
    bench.context.users.clear();
    for (const unsigned bits : {2048u, 8192u}) {
        const Bytes der = public_rsa(bits);
        CHECK(cheap("an RSA public key",
                    [&] { return bring(bench, CXI_KEY_TYPE_PUBLIC, CXI_KEY_ALGO_RSA, der); }) == 0);
    }
    Bytes even(256, 0xC6);
    const Bytes three{3};
    if (const auto key = rsa_public_key(even, three))
        CHECK(code_of(bring(bench, CXI_KEY_TYPE_PUBLIC, CXI_KEY_ALGO_RSA, public_key_der(**key))) ==
              E_CXI_KEY_INVALID_COMP);
    for (const std::string_view curve : {"NIST-P256", "NIST-P521", "brainpoolP512r1"}) {
        PropertyList list = open_object(CXI_KEY_ALGO_EC);
        list.set(CXI_PROP_KEY_EC_CURVE, curve);
        CHECK(cheap(curve, [&] { return bench.generate(list, kOutside); }) == 0);
        const Bytes key = CxiBench::reference(bench.generate(list, kOutside));
        CHECK(cheap(curve, [&] { return bench.sign(key, CXI_MECH_HASH_SHA256, Bytes(10)); }) == 0);
    }
}

TEST_CASE("of many keys a caller without logon is shown a few at a time, and the rest on asking again") {
    CxiBench bench;
    const Bytes wanted = to_bytes(big_endian_bytes<4>(CXI_PROP_KEY_RSA_MOD));
    const Bytes label = to_bytes(big_endian_bytes<4>(CXI_PROP_KEY_LABEL));
    const Bytes key = CxiBench::reference(
        bring(bench, CXI_KEY_TYPE_PRIVATE, CXI_KEY_ALGO_RSA, private_key_der(**generate_rsa(2048))));
    const auto ask = [&](const Bytes& ids) {
        return bench.run(SFC_CXI_EXTERNAL_PROPS, {ids, list_of(CXI_MOST_EXTERNAL, key)});
    };
    CHECK(rows_in(ask(wanted)) == CXI_MOST_EXTERNAL);
    PropertyList stored = open_object(CXI_KEY_ALGO_RSA);
    stored.set_flag(CXI_PROP_TOKEN, true);
    for (int i = 0; i < 64; ++i)
        REQUIRE(bench.run(SFC_CXI_KEY_IMPORT, {0, CXI_KEY_TYPE_PUBLIC, 0, stored.encode(), ByteView(),
                                               public_key_der(**generate_rsa(1024)), ByteView()}));

    bench.context.users.clear();
    CHECK(cheap("64 keys outside", [&] { return ask(wanted); }) == 0);
    CHECK(rows_in(ask(wanted)) == 4);
    CHECK(rows_in(ask(label)) == CXI_MOST_EXTERNAL);  // which needs no key decoded
    PropertyList filter;
    filter.set(CXI_PROP_KEY_GROUP, "SLOT_0000");
    Bytes cursor;
    std::size_t pages = 0, rows = 0;
    const auto page = [&] { return bench.run(SFC_CXI_KEY_LIST, {filter.encode(), wanted, cursor, 0}); };
    CHECK(cheap("64 keys inside", page) == 0);
    for (bool more = true; more; ++pages) {
        const auto answer = page();
        REQUIRE(answer);
        const auto block = parse("more:u1 cursor:v2 rows:*", *answer);
        for (ByteView rest = block->bytes("rows"); !rest.empty(); ++rows)
            REQUIRE(parse_prefix(LAYOUT_CXI_ROW, rest));
        cursor = to_bytes(block->bytes("cursor"));
        more = block->u8("more") != 0;
        REQUIRE(pages < 100);
    }
    CHECK(rows == 64);
    CHECK(pages == 16);
}

TEST_CASE("a caller without logon has eight chained commands at a time, of whatever kind") {
    CxiBench bench;
    const Bytes key = CxiBench::reference(bench.generate(
        [] {
            PropertyList list = open_object(CXI_KEY_ALGO_AES);
            list.set_number(CXI_PROP_KEY_SIZE, 256);
            return list;
        }(),
        kOutside));
    bench.context.users.clear();
    const auto hash = [&](std::uint32_t state, std::uint32_t flags) {
        return bench.run(SFC_CXI_HASH_COMPUTE, {flags, CXI_MECH_HASH_SHA256, state, ByteView(), Bytes(16)});
    };
    const auto cipher = [&] {
        return bench.run(SFC_CXI_CRYPT, {CXI_FLAG_CRYPT_INIT, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CTR, 0,
                                         key, iv_parameter(Bytes(16)), Bytes(16)});
    };
    const auto first = hash(0, CXI_FLAG_HASH_PART);
    REQUIRE(first);
    const std::uint32_t state = parse("state:u4 hash:*", *first)->u32("state");
    for (int i = 1; i < 4; ++i) REQUIRE(hash(0, CXI_FLAG_HASH_PART));
    for (int i = 0; i < 4; ++i) REQUIRE(cipher());
    CHECK(code_of(cipher()) == E_CXI_MALLOC);
    CHECK(code_of(hash(0, CXI_FLAG_HASH_PART)) == E_CXI_MALLOC);
    CHECK(hash(state, CXI_FLAG_HASH_PART));
    CHECK(hash(0, 0));      // in one command, which leaves nothing
    CHECK(hash(state, 0));  // ends one
    CHECK(cipher());
    CHECK(code_of(cipher()) == E_CXI_MALLOC);
    bench.log_on(0x00000002, "CXI_GROUP=*");
    for (int i = 0; i < 20; ++i) CHECK(cipher());
}

TEST_CASE("a key with too long numbers is refused before anything is computed with it, however it comes") {
    using namespace test::der;
    CxiBench bench;
    PropertyList aes = open_object(CXI_KEY_ALGO_AES);
    aes.set_number(CXI_PROP_KEY_SIZE, 128);
    bench.context.users.clear();
    const Bytes wrapping = CxiBench::reference(bench.generate(aes, kOutside));
    const Bytes iv = iv_parameter(Bytes(16, 1));
    const std::uint32_t mechanism = CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5;
    const auto sealed = [&](const Bytes& der) {
        const auto answer = bench.crypt(wrapping, CXI_MECH_MODE_ENCRYPT | mechanism, iv, der);
        REQUIRE(code_of(answer) == 0);
        return *answer;
    };
    const auto each_way = [&](const char* what, std::uint32_t algorithm, const Bytes& der,
                              std::uint32_t expected) {
        PropertyList list = open_object(algorithm);
        // By CBC, which proves nothing, what is no key of ours is told by one code.
        const std::uint32_t unwrapped =
            expected == E_CXI_PERMISSION_DENIED ? expected : std::uint32_t{E_CXI_KEY_BLOB_FORMAT};
        CHECK(cheap(what, [&] { return bring(bench, CXI_KEY_TYPE_PRIVATE, algorithm, der); }) == expected);
        const Bytes blob = sealed(der);
        CHECK(cheap(what, [&] {
                  return bench.run(SFC_CXI_KEY_IMPORT,
                                   {kOutside, CXI_KEY_TYPE_PRIVATE, CXI_MECH_MODE_DECRYPT | mechanism,
                                    list.encode(), wrapping, blob, iv});
              }) == unwrapped);
        list.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_PRIVATE);
        CHECK(cheap(what, [&] {
                  return bench.run(SFC_CXI_KEY_UNWRAP, {kOutside, CXI_MECH_MODE_DECRYPT | mechanism, wrapping,
                                                        iv, list.encode(), blob});
              }) == unwrapped);
    };
    const Bytes x = number(Bytes(250, 0x5A));
    const auto all = [&](unsigned bits, std::uint32_t of_nobody_or_too_long) {
        INFO(bits);
        each_way("DSA", CXI_KEY_ALGO_DSA, pkcs8(group(kDsa, bits, 256), x), of_nobody_or_too_long);
        each_way("DH", CXI_KEY_ALGO_DH_PKCS, pkcs8(group(kDh, bits, 0), x), of_nobody_or_too_long);
        each_way("DHX", CXI_KEY_ALGO_DH, pkcs8(group(kDhx, bits, 256), x), of_nobody_or_too_long);
    };
    for (const unsigned bits : {2048u, 8192u, 16384u, 32768u}) all(bits, E_CXI_PERMISSION_DENIED);
    // Longer than any key.
    all(131072, E_CXI_KEY_INVALID_SIZE);
    bench.log_on(0x00000002, "CXI_GROUP=SLOT_0000");
    for (const unsigned bits : {16384u, 32768u, 131072u}) all(bits, E_CXI_KEY_INVALID_SIZE);
    bench.context.users.clear();

    for (const auto& [what, der, algorithm] :
         {std::tuple("RSA public", rsa_public(16384, 24), CXI_KEY_ALGO_RSA),
          std::tuple("DSA public", spki(group(kDsa, 16384, 16384), long_number(16000)), CXI_KEY_ALGO_DSA),
          std::tuple("DHX public", spki(group(kDhx, 16384, 16000), long_number(16000)), CXI_KEY_ALGO_DH)})
        CHECK(cheap(what, [&, d = der, a = algorithm] { return bring(bench, CXI_KEY_TYPE_PUBLIC, a, d); }) ==
              E_CXI_KEY_INVALID_SIZE);
}

TEST_CASE("a peer that is no key of the own kind is refused at once") {
    using namespace test::der;
    CxiBench bench;
    bench.context.users.clear();
    PropertyList curve = open_object(CXI_KEY_ALGO_EC);
    curve.set(CXI_PROP_KEY_EC_CURVE, "NIST-P256");
    const Bytes own = CxiBench::reference(bench.generate(curve, kOutside));
    PropertyList derived = open_object(CXI_KEY_ALGO_AES);
    derived.set_number(CXI_PROP_KEY_SIZE, 128);
    for (const Bytes& peer :
         {rsa_public(8192, 24), rsa_public(16384, 24), spki(group(kDhx, 8192, 8184), long_number(8184)),
          spki(group(kDsa, 3072, 3064), long_number(3064)), spki(group(kDh, 10000, 0), long_number(9992))}) {
        CHECK(cheap("agrees", [&] {
                  return bench.run(SFC_CXI_SECRET_AGREE, {0, 0, own, peer});
              }) == E_ECA_BAD_POINT);
        for (const std::uint32_t kdf : {+CXI_MECH_KDF_ECDH, CXI_MECH_KDF_ECDH | CXI_MECH_HASH_SHA256})
            CHECK(cheap("derives", [&] {
                      return bench.run(SFC_CXI_KEY_DERIVE, {kOutside, kdf, own, derived.encode(), peer});
                  }) == E_ECA_BAD_POINT);
    }
}
