// What takes OpenSSL seconds comes out as it does there, and ends when nobody waits.
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "firmware/crypto/dsa_seeds.h"
#include "firmware/crypto/long_power.h"
#include "firmware/crypto/random.h"
#include "firmware/crypto/rsa_check.h"

using namespace cs2sim;

namespace {

using Number = Handle<BIGNUM>;

// Another thread withdraws the command in the middle of `work`.
template <class Work>
std::uint32_t withdrawn(const Work& work) {
    Abandonment abandonment;
    std::thread hangs_up([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        abandonment.withdraw();
    });
    const auto done = work(&abandonment);
    hangs_up.join();
    return done ? 0 : done.error().code;
}

Number random_number(int bits) {
    Number number(BN_new());
    REQUIRE(BN_rand(number.get(), bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1);
    return number;
}

constexpr const char* kNames[] = {OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
                                  OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
                                  OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
                                  OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};

using Numbers = std::map<std::string, Number>;

Numbers numbers_of(const EVP_PKEY& key) {
    Numbers numbers;
    for (const char* name : kNames) {
        BIGNUM* number = nullptr;
        REQUIRE(EVP_PKEY_get_bn_param(&key, name, &number) == 1);
        numbers[name].reset(number);
    }
    return numbers;
}

PrivateKey key_of(const Numbers& numbers) {
    const std::unique_ptr<OSSL_PARAM_BLD, void (*)(OSSL_PARAM_BLD*)> build(OSSL_PARAM_BLD_new(),
                                                                           OSSL_PARAM_BLD_free);
    for (const auto& [name, number] : numbers)
        REQUIRE(OSSL_PARAM_BLD_push_BN(build.get(), name.c_str(), number.get()) == 1);
    const std::unique_ptr<OSSL_PARAM, void (*)(OSSL_PARAM*)> parameters(OSSL_PARAM_BLD_to_param(build.get()),
                                                                        OSSL_PARAM_free);
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    EVP_PKEY* key = nullptr;
    REQUIRE(EVP_PKEY_fromdata_init(context.get()) == 1);
    REQUIRE(EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.get()) == 1);
    return PrivateKey(key);
}

bool sound_to_openssl(const EVP_PKEY& key) {
    const Handle<EVP_PKEY_CTX> check(
        EVP_PKEY_CTX_new_from_pkey(nullptr, const_cast<EVP_PKEY*>(&key), nullptr));
    return EVP_PKEY_pairwise_check(check.get()) == 1;
}

}  // namespace

TEST_CASE("numbers of RSA keys are refused where OpenSSL refuses them") {
    const PrivateKey key = generate_rsa(1024).value();
    CHECK(check_rsa_pair(*key, nullptr));
    const Numbers whole = numbers_of(*key);
    for (const char* name : kNames)
        for (const BN_ULONG more : {1u, 2u, 4u}) {
            CAPTURE(name);
            CAPTURE(more);
            Numbers changed = numbers_of(*key);
            REQUIRE(BN_add_word(changed[name].get(), more) == 1);
            const PrivateKey other = key_of(changed);
            CHECK_FALSE(sound_to_openssl(*other));
            const auto checked = check_rsa_pair(*other, nullptr);
            REQUIRE_FALSE(checked);
            CHECK(checked.error().code == E_CXI_KEY_INVALID_COMP);
        }
    // All fits but that one factor is no prime.
    const Handle<BN_CTX> context(BN_CTX_new());
    Numbers odd = numbers_of(*key);
    const Number p1(BN_new()), q1(BN_new()), both(BN_new());
    BIGNUM* const p = odd[OSSL_PKEY_PARAM_RSA_FACTOR1].get();
    BIGNUM* const q = odd[OSSL_PKEY_PARAM_RSA_FACTOR2].get();
    do {
        REQUIRE(BN_add_word(p, 2) == 1);
        REQUIRE(BN_sub(p1.get(), p, BN_value_one()) == 1);
        REQUIRE(BN_sub(q1.get(), q, BN_value_one()) == 1);
        REQUIRE(BN_mul(both.get(), p1.get(), q1.get(), context.get()) == 1);
    } while (BN_check_prime(p, context.get(), nullptr) == 1 ||
             !BN_mod_inverse(odd[OSSL_PKEY_PARAM_RSA_D].get(), odd[OSSL_PKEY_PARAM_RSA_E].get(), both.get(),
                             context.get()) ||
             !BN_mod_inverse(odd[OSSL_PKEY_PARAM_RSA_COEFFICIENT1].get(), q, p, context.get()));
    BIGNUM* const d = odd[OSSL_PKEY_PARAM_RSA_D].get();
    REQUIRE(BN_mul(odd[OSSL_PKEY_PARAM_RSA_N].get(), p, q, context.get()) == 1);
    REQUIRE(BN_mod(odd[OSSL_PKEY_PARAM_RSA_EXPONENT1].get(), d, p1.get(), context.get()) == 1);
    REQUIRE(BN_mod(odd[OSSL_PKEY_PARAM_RSA_EXPONENT2].get(), d, q1.get(), context.get()) == 1);
    const PrivateKey composite = key_of(odd);
    CHECK_FALSE(sound_to_openssl(*composite));
    CHECK_FALSE(check_rsa_pair(*composite, nullptr));
}

TEST_CASE("the check of an RSA key ends when nobody waits") {
    const PrivateKey key = generate_rsa(4096).value();
    CHECK(check_rsa_pair(*key, nullptr));
    CHECK(withdrawn([&](const Abandonment* abandonment) { return check_rsa_pair(*key, abandonment); }) ==
          E_OS_PCI_CANCEL);
}

TEST_CASE("long powers are OpenSSL's, and end when nobody waits") {
    const Handle<BN_CTX> context(BN_CTX_new());
    const Number expected(BN_new());
    for (const bool odd : {true, false})
        for (const int exponent_bits : {0, 1, 511, 513, 1021}) {
            CAPTURE(odd);
            CAPTURE(exponent_bits);
            const Number modulus = random_number(4200), base = random_number(5000);
            REQUIRE((odd ? BN_set_bit : BN_clear_bit)(modulus.get(), 0) == 1);
            const Number exponent = exponent_bits == 0 ? Number(BN_new()) : random_number(exponent_bits);
            REQUIRE(BN_mod_exp(expected.get(), base.get(), exponent.get(), modulus.get(), context.get()) ==
                    1);
            const auto made = long_power(*base, *exponent, *modulus, context.get(), nullptr);
            REQUIRE(made);
            CHECK(BN_cmp(made->get(), expected.get()) == 0);
        }
    const Number modulus = random_number(16384), base = random_number(16384), exponent = random_number(16384);
    for (const bool odd : {true, false}) {
        REQUIRE((odd ? BN_set_bit : BN_clear_bit)(modulus.get(), 0) == 1);
        CHECK(withdrawn([&](const Abandonment* abandonment) {
                  return long_power(*base, *exponent, *modulus, context.get(), abandonment);
              }) == E_OS_PCI_CANCEL);
    }
}

TEST_CASE("an exponent longer than any that is compared with is refused at once") {
    Bytes exponent(2048);
    exponent.back() = 3;
    const Bytes start(64, 0x80);
    CHECK(prime_from({512, start, exponent, {}, {}}, nullptr));
    exponent.resize(1 << 20, 0xFF);
    const auto refused = prime_from({512, start, exponent, {}, {}}, nullptr);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == E_ECA_BAD_PARAM);
}
