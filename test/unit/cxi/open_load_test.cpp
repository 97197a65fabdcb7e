// What callers without logon may let the device do, and long work that nobody waits for.
#include <thread>

#include "firmware/crypto/finite_field.h"
#include "firmware/crypto/random.h"
#include "test/processor_time.h"
#include "test/unit/cxi/properties.h"

using namespace cs2sim;

namespace {

constexpr std::string_view kSlot = "SLOT_0000";

PropertyList open_object(std::string_view label = {}) {
    PropertyList list = test::open_object();
    if (!label.empty()) list.set(CXI_PROP_KEY_LABEL, label);
    return list;
}

PropertyList open_key(std::uint32_t algorithm, std::uint32_t bits) {
    PropertyList list = open_object();
    list.set_number(CXI_PROP_KEY_ALGO, algorithm);
    if (bits != 0) list.set_number(CXI_PROP_KEY_SIZE, bits);
    return list;
}

// A bench whose caller has not logged on.
struct Unknown : CxiBench {
    Unknown() { context.users.clear(); }
    Bytes key(std::uint32_t algorithm, std::uint32_t bits) {
        return reference(generate(open_key(algorithm, bits), CXI_FLAG_KEY_EXTERNAL));
    }
    Result<Bytes> import_public(const EVP_PKEY& key) {
        return run(SFC_CXI_KEY_IMPORT, {CXI_FLAG_KEY_EXTERNAL, CXI_KEY_TYPE_PUBLIC, 0, open_object().encode(),
                                        ByteView(), public_key_der(key), ByteView()});
    }
    std::uint32_t encrypt(ByteView key, std::uint32_t mechanism, std::size_t block, std::size_t bytes) {
        return code_of(crypt(key, CXI_MECH_MODE_ENCRYPT | mechanism,
                             block == 0 ? Bytes() : iv_parameter(Bytes(block, 1)), Bytes(bytes, 7)));
    }
};

double processor_microseconds(const std::function<void()>& work) {
    const double begun = test::processor_milliseconds(CLOCK_THREAD_CPUTIME_ID);
    work();
    return (test::processor_milliseconds(CLOCK_THREAD_CPUTIME_ID) - begun) * 1e3;
}

struct Work {
    std::uint32_t algorithm, bits, mechanism;
    std::size_t iv, most;
};
constexpr Work kCiphers[] = {
    {CXI_KEY_ALGO_DES, 192, CXI_MECH_CHAIN_CFB1, 8, 1 << 10},
    {CXI_KEY_ALGO_DES, 192, CXI_MECH_CHAIN_CFB8, 8, 8 << 10},
    {CXI_KEY_ALGO_DES, 192, CXI_MECH_CHAIN_CBC, 8, 16 << 10},
    {CXI_KEY_ALGO_DES, 192, CXI_MECH_CHAIN_ECB, 0, 16 << 10},
    {CXI_KEY_ALGO_DES, 192, CXI_MECH_CHAIN_OFB, 8, 16 << 10},
    {CXI_KEY_ALGO_AES, 256, CXI_MECH_CHAIN_CFB1, 16, 4 << 10},
    {CXI_KEY_ALGO_AES, 256, CXI_MECH_CHAIN_CFB8, 16, 16 << 10},
    {CXI_KEY_ALGO_AES, 256, CXI_MECH_CHAIN_KEY_WRAP, 0, 16 << 10},
    {CXI_KEY_ALGO_AES, 256, CXI_MECH_CHAIN_KEY_WRAP | CXI_MECH_PAD_KWP, 0, 16 << 10},
};

}  // namespace

TEST_CASE("without logon slow ciphers take little data at a time, of a user all of it") {
    Unknown bench;
    for (const Work& work : kCiphers) {
        INFO(work.algorithm << ' ' << std::hex << work.mechanism);
        const Bytes key = bench.key(work.algorithm, work.bits);
        const std::size_t with_parameter = work.iv == 0 ? 0 : iv_parameter(Bytes(work.iv)).size();
        const std::size_t most = (work.most - with_parameter) / 16 * 16;
        CHECK(bench.encrypt(key, work.mechanism, work.iv, most) == 0);
        CHECK(bench.encrypt(key, work.mechanism, work.iv, work.most + 16) == E_CXI_PERMISSION_DENIED);
        bench.log_on(0x00000002, "CXI_GROUP=SLOT_0000");
        CHECK(bench.encrypt(key, work.mechanism, work.iv, work.most + 16) == 0);
        bench.context.users.clear();
    }
    const Bytes fast = bench.key(CXI_KEY_ALGO_AES, 256);
    CHECK(bench.encrypt(fast, CXI_MECH_CHAIN_CBC, 16, CXI_MOST_DATA / 16 * 16) == 0);
}

TEST_CASE("the rest of a chained command, MACs, derivation and unwrapping are bounded alike") {
    Unknown bench;
    const Bytes des = bench.key(CXI_KEY_ALGO_DES, 192), aes = bench.key(CXI_KEY_ALGO_AES, 256);
    const std::uint32_t one_bit = CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CFB1;
    const auto begun = bench.run(
        SFC_CXI_CRYPT, {CXI_FLAG_CRYPT_INIT, one_bit, 0, des, iv_parameter(Bytes(8, 1)), Bytes(100, 1)});
    REQUIRE(code_of(begun) == 0);
    const std::uint32_t state = parse("state:u4 iv:v2 data:*", *begun)->u32("state");
    CHECK(code_of(bench.run(SFC_CXI_CRYPT, {0, one_bit, state, ByteView(), ByteView(), Bytes(1000, 1)})) ==
          0);
    CHECK(code_of(bench.run(SFC_CXI_CRYPT, {0, one_bit, state, ByteView(), ByteView(), Bytes(2000, 1)})) ==
          E_CXI_PERMISSION_DENIED);

    const Bytes much(20000, 1);
    CHECK(code_of(bench.run(SFC_CXI_HASH_COMPUTE, {0, CXI_MECH_CHAIN_CMAC, 0, des, much})) ==
          E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.run(SFC_CXI_HASH_COMPUTE, {0, CXI_MECH_CHAIN_CMAC, 0, aes, much})) == 0);
    CHECK(code_of(bench.sign(des, CXI_MECH_CHAIN_CBC_RETAIL | CXI_MECH_PAD_ISO7816, much, false)) ==
          E_CXI_PERMISSION_DENIED);
    const PropertyList derived = open_key(CXI_KEY_ALGO_AES, 256);
    CHECK(code_of(bench.run(SFC_CXI_KEY_DERIVE,
                            {CXI_FLAG_KEY_EXTERNAL, CXI_MECH_KDF_ENC_DATA | CXI_MECH_CHAIN_CFB1, aes,
                             derived.encode(), much})) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.run(SFC_CXI_KEY_UNWRAP, {CXI_FLAG_KEY_EXTERNAL, CXI_MECH_CHAIN_CFB1, aes,
                                                 iv_parameter(Bytes(16, 1)), derived.encode(), much})) ==
          E_CXI_PERMISSION_DENIED);
    const auto prf = [&](unsigned length) {
        const Bytes parameter = compose(LAYOUT_CXI_PRF_PARAMETER, {length}).value();
        return code_of(bench.sign(bench.key(CXI_KEY_ALGO_RAW, 256),
                                  CXI_MECH_KDF_TLS12_PRF | CXI_MECH_HASH_SHA256, Bytes(64, 1), false,
                                  parameter));
    };
    CHECK(prf(64) == 0);
    CHECK(prf(0xFFFF) == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("without logon RSA keys bring usual exponents, and their modulus is not tested for primes") {
    Unknown bench;
    const PrivateKey pair = *generate_rsa(3072);
    REQUIRE(code_of(bench.import_public(*pair)) == 0);
    BIGNUM* number = nullptr;
    REQUIRE(EVP_PKEY_get_bn_param(pair.get(), "n", &number) == 1);
    // A long modulus without small factors: by a prime that is all but 2^3072, so that it has 6144 bits.
    const Handle<BIGNUM> modulus(number), prime(BN_get_rfc3526_prime_3072(nullptr)), product(BN_new());
    const Handle<BN_CTX> context(BN_CTX_new());
    REQUIRE(BN_mul(product.get(), modulus.get(), prime.get(), context.get()) == 1);
    Bytes long_modulus(768);
    REQUIRE(BN_bn2binpad(product.get(), long_modulus.data(), 768) == 768);
    Result<Bytes> imported = fail(E_CXI_INTERNAL);
    const auto import = [&] {
        imported = bench.import_public(**rsa_public_key(long_modulus, Bytes{1, 0, 1}));
    };
    const auto unknown = processor_microseconds(import);
    REQUIRE(code_of(imported) == 0);
    CHECK(code_of(bench.run(SFC_CXI_CRYPT,
                            {CXI_FLAG_CRYPT_SINGLE_CALL, CXI_MECH_MODE_ENCRYPT | CXI_MECH_PAD_PKCS1, 0,
                             CxiBench::reference(imported), ByteView(), Bytes(10, 1)})) == 0);
    bench.log_on(0x00000002, "CXI_GROUP=SLOT_0000");
    CHECK(unknown * 2 < processor_microseconds(import));  // a hundredth
    CHECK(code_of(imported) == 0);
    bench.context.users.clear();

    Bytes n(384), exponent(383, 0xFF);
    BN_bn2binpad(number, n.data(), 384);
    const auto slow = bench.import_public(**rsa_public_key(n, exponent));
    REQUIRE(code_of(slow) == 0);
    const Bytes key = CxiBench::reference(slow);
    CHECK(code_of(bench.verify(key, CXI_MECH_HASH_SHA256 | CXI_MECH_PAD_PKCS1, Bytes(32, 1), Bytes(384, 1),
                               false)) == E_CXI_PERMISSION_DENIED);
    CHECK(bench.public_key(key).size() > 384);
}

TEST_CASE("without logon private keys that take long to check are not unwrapped") {
    Unknown bench;
    const Bytes aes = bench.key(CXI_KEY_ALGO_AES, 256);
    const auto unwrap = [&](const EVP_PKEY& key) {
        const SecretBytes der = private_key_der(key);
        const auto wrapped = bench.crypt(aes, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5,
                                         iv_parameter(Bytes(16, 1)), der);
        REQUIRE(code_of(wrapped) == 0);
        PropertyList list = open_object();
        list.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_PRIVATE);
        return code_of(
            bench.run(SFC_CXI_KEY_UNWRAP, {CXI_FLAG_KEY_EXTERNAL, CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5,
                                           aes, iv_parameter(Bytes(16, 1)), list.encode(), *wrapped}));
    };
    CHECK(unwrap(**generate_ec("prime256v1")) == 0);
    CHECK(unwrap(**generate_rsa(1024)) == E_CXI_PERMISSION_DENIED);
    CHECK(unwrap(**generate_dh(*dh_group(2048))) == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("long symmetric work that nobody waits for ends, of users too") {
    CxiBench bench;
    auto abandonment = std::make_shared<Abandonment>();
    bench.context.abandonment = abandonment;
    const Bytes des =
        CxiBench::reference(bench.generate(CxiBench::key_template(CXI_KEY_ALGO_DES, 192, "G", "des")));
    const Bytes much(CXI_MOST_DATA, 1), iv = iv_parameter(Bytes(8, 1));
    const auto abandoned = [&](const std::function<Result<Bytes>()>& work) {
        abandonment->begin();
        std::thread hangs_up([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            abandonment->withdraw();
        });
        const std::uint32_t code = code_of(work());
        hangs_up.join();
        abandonment->begin();
        return code;
    };
    const std::uint32_t one_bit = CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CFB1;
    CHECK(abandoned([&] { return bench.crypt(des, one_bit, iv, much); }) == E_OS_PCI_CANCEL);
    CHECK(abandoned([&] {
              return bench.run(SFC_CXI_CRYPT, {CXI_FLAG_CRYPT_INIT, one_bit, 0, des, iv, much});
          }) == E_OS_PCI_CANCEL);
    CHECK(bench.context.handles.size() == 0);
    const PropertyList derived = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "derived");
    CHECK(abandoned([&] {
              return bench.run(SFC_CXI_KEY_DERIVE,
                               {0, CXI_MECH_KDF_ENC_DATA | CXI_MECH_CHAIN_CFB1, des, derived.encode(), much});
          }) == E_OS_PCI_CANCEL);
    CHECK(bench.cxi.keys.count() == 1u);
    CHECK(bench.crypt(des, one_bit, iv, Bytes(5000, 1)));
}

TEST_CASE("portions make the same text as one piece") {
    CxiBench bench;
    const Bytes des =
        CxiBench::reference(bench.generate(CxiBench::key_template(CXI_KEY_ALGO_DES, 192, "G", "des")));
    const Bytes text = random_bytes(50001);
    for (const std::uint32_t mechanism :
         std::vector<std::uint32_t>{CXI_MECH_CHAIN_CFB1, CXI_MECH_CHAIN_CFB8, CXI_MECH_CHAIN_OFB,
                                    CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5}) {
        const Bytes iv = iv_parameter(Bytes(8, 1));
        const auto whole = bench.crypt(des, CXI_MECH_MODE_ENCRYPT | mechanism, iv, text);
        REQUIRE(code_of(whole) == 0);
        CHECK(bench.crypt(des, CXI_MECH_MODE_DECRYPT | mechanism, iv, *whole) == text);
        Bytes pieces;
        std::uint32_t state = 0;
        for (std::size_t at = 0; at < text.size(); at += 777) {
            const std::size_t size = std::min<std::size_t>(777, text.size() - at);
            const std::uint32_t flags = (at == 0 ? std::uint32_t{CXI_FLAG_CRYPT_INIT} : 0) |
                                        (at + size == text.size() ? std::uint32_t{CXI_FLAG_CRYPT_FINAL} : 0);
            const auto out = bench.run(
                SFC_CXI_CRYPT,
                {flags, CXI_MECH_MODE_ENCRYPT | mechanism, state, at == 0 ? ByteView(des) : ByteView(),
                 at == 0 ? ByteView(iv) : ByteView(), ByteView(text).subspan(at, size)});
            REQUIRE(code_of(out) == 0);
            const auto block = parse("state:u4 iv:v2 data:*", *out);
            state = block->u32("state");
            append(pieces, block->bytes("data"));
        }
        CHECK(pieces == *whole);
    }
}

TEST_CASE(
    "without logon a label that no open object has is looked for among few, and no cursor tells of others") {
    CxiBench bench;
    const auto object = [&](bool hidden, std::string_view label) {
        PropertyList list;
        list.set(CXI_PROP_KEY_GROUP, kSlot);
        list.set_flag(CXI_PROP_PRIVATE, hidden);
        list.set(CXI_PROP_KEY_LABEL, label);
        list.set(CXI_PROP_VALUE, "value");
        REQUIRE(code_of(bench.run(SFC_CXI_OBJ_CREATE, {0, list.encode()})) == 0);
    };
    for (int i = 0; i < 600; ++i) object(false, "open" + std::to_string(i % 300));
    object(true, "hidden");
    object(true, "open7");
    bench.context.users.clear();
    struct Page {
        std::size_t rows = 0;
        bool more = false;
        Bytes cursor;
    };
    const auto list = [&](std::uint32_t property, std::string_view value, ByteView cursor = {},
                          std::uint32_t limit = 0) {
        PropertyList filter;
        filter.set(CXI_PROP_KEY_GROUP, kSlot);
        filter.set(property, value);
        const auto answer = bench.run(SFC_CXI_KEY_LIST, {filter.encode(), ByteView(), cursor, limit});
        REQUIRE(code_of(answer) == 0);
        const auto block = parse("more:u1 cursor:v2 rows:*", *answer);
        Page page{0, block->u8("more") != 0, to_bytes(block->bytes("cursor"))};
        for (ByteView rows = block->bytes("rows"); !rows.empty(); ++page.rows)
            REQUIRE(parse_prefix(LAYOUT_CXI_ROW, rows));
        return page;
    };
    const auto missed = processor_microseconds([&] { CHECK(list(CXI_PROP_KEY_LABEL, "none").rows == 0); });
    const auto searched =
        processor_microseconds([&] { CHECK(list(CXI_PROP_APPLICATION, "none").rows == 0); });
    CHECK(missed * 3 < searched);  // a hundredth
    const Page hidden = list(CXI_PROP_KEY_LABEL, "hidden");
    CHECK(hidden.rows == 0);
    CHECK_FALSE(hidden.more);
    CHECK(hidden.cursor.empty());
    CHECK(list(CXI_PROP_KEY_LABEL, "open7").rows == 2);
    const Page first = list(CXI_PROP_KEY_LABEL, "open7", {}, 1);
    CHECK(first.rows == 1);
    REQUIRE(first.more);
    CHECK(list(CXI_PROP_KEY_LABEL, "open7", first.cursor, 5).rows == 1);
}
