// Keys from DER are read in a way of our own where OpenSSL's is slow: both must say the same of any bytes.
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <catch2/catch.hpp>

#include <functional>
#include <memory>

#include "firmware/crypto/pkey.h"
#include "test/processor_time.h"

using namespace cs2sim;

namespace {

// OpenSSL's own way: whatever the key is.
Handle<EVP_PKEY> by_openssl(ByteView der, bool is_private) {
    EVP_PKEY* key = nullptr;
    const std::unique_ptr<OSSL_DECODER_CTX, void (*)(OSSL_DECODER_CTX*)> decoder(
        OSSL_DECODER_CTX_new_for_pkey(&key, "DER", is_private ? "PrivateKeyInfo" : "SubjectPublicKeyInfo",
                                      nullptr, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, nullptr,
                                      nullptr),
        OSSL_DECODER_CTX_free);
    const unsigned char* rest = der.data();
    std::size_t size = der.size();
    const bool good = size != 0 && OSSL_DECODER_from_data(decoder.get(), &rest, &size) == 1 && size == 0;
    Handle<EVP_PKEY> owned(key);
    if (!good || (!is_private && is_at_infinity(*owned))) return nullptr;
    return owned;
}

Result<Handle<EVP_PKEY>> by_us(ByteView der, bool is_private) {
    return is_private ? private_key_from_der(der) : public_key_from_der(der);
}

Bytes der_of(const EVP_PKEY& key, bool is_private) {
    return is_private ? to_bytes(private_key_der(key)) : public_key_der(key);
}

void check_same(ByteView der, bool is_private) {
    const auto theirs = by_openssl(der, is_private);
    const auto ours = by_us(der, is_private);
    INFO(to_hex(der));
    REQUIRE(ours.has_value() == (theirs != nullptr));
    if (!theirs) return;
    CHECK(der_of(**ours, is_private) == der_of(*theirs, is_private));
    CHECK(EVP_PKEY_get_id(ours->get()) == EVP_PKEY_get_id(theirs.get()));
    CHECK(EVP_PKEY_get_bits(ours->get()) == EVP_PKEY_get_bits(theirs.get()));
    CHECK(ec_curve(**ours) == ec_curve(*theirs));
}

Handle<EVP_PKEY> made(const char* type) {
    return Handle<EVP_PKEY>(EVP_PKEY_Q_keygen(nullptr, nullptr, type));
}

double processor_microseconds(const std::function<void()>& work) {
    const double start = test::processor_milliseconds(CLOCK_THREAD_CPUTIME_ID);
    work();
    return (test::processor_milliseconds(CLOCK_THREAD_CPUTIME_ID) - start) * 1e3;
}

}  // namespace

TEST_CASE("every type of key is read from DER as OpenSSL reads it") {
    std::vector<Handle<EVP_PKEY>> keys;
    for (const char* curve : {"P-224", "P-256", "P-384", "P-521", "secp256k1", "brainpoolP256r1",
                              "brainpoolP320t1", "brainpoolP512r1"})
        keys.push_back(generate_ec(curve).value());
    for (const char* type : {"ED25519", "ED448", "X25519", "SM2"}) keys.push_back(made(type));
    keys.push_back(generate_rsa(1024).value());
    for (const auto& key : keys)
        for (const bool is_private : {true, false}) {
            const Bytes der = der_of(*key, is_private);
            REQUIRE_FALSE(der.empty());
            check_same(der, is_private);
            REQUIRE(by_us(der, is_private));
        }
}

TEST_CASE("DER that is cut or changed anywhere is a key exactly where OpenSSL finds one") {
    for (const char* curve : {"P-256", "P-521"}) {
        const auto key = generate_ec(curve).value();
        for (const bool is_private : {true, false}) {
            const Bytes der = der_of(*key, is_private);
            for (std::size_t i = 0; i < der.size(); ++i) {
                Bytes changed = der;
                changed[i] ^= static_cast<std::uint8_t>(1U << i % 8);
                check_same(changed, is_private);
                check_same(ByteView(der).first(i), is_private);
            }
            Bytes longer = der;
            longer.push_back(0);
            check_same(longer, is_private);
        }
    }
}

TEST_CASE("a private EC key of no use, or in another form, is taken as OpenSSL takes it") {
    const auto key = generate_ec("P-256").value();
    const Bytes der = der_of(*key, true);
    constexpr std::size_t kX = 36, kSize = 32;  // behind the outer form and ECPrivateKey's version
    for (const std::uint8_t byte : {0x00, 0xFF}) {
        Bytes changed = der;
        std::fill_n(changed.begin() + kX, kSize, byte);
        check_same(changed, true);
    }
    // With a compressed point, and with explicit parameters.
    auto other = generate_ec("P-256").value();
    REQUIRE(EVP_PKEY_set_utf8_string_param(other.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                           OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED) == 1);
    check_same(der_of(*other, true), true);
    check_same(der_of(*other, false), false);
    auto long_form = generate_ec("P-256").value();
    REQUIRE(EVP_PKEY_set_utf8_string_param(long_form.get(), OSSL_PKEY_PARAM_EC_ENCODING,
                                           OSSL_PKEY_EC_ENCODING_EXPLICIT) == 1);
    check_same(der_of(*long_form, true), true);
    check_same(der_of(*long_form, false), false);
}

// A find through PKCS#11 opens the key that it found: most of its time was OpenSSL's search for what it is.
TEST_CASE("a key is read from DER in a fraction of the time of OpenSSL's search for its type") {
    constexpr int kTimes = 50;
#ifdef __SANITIZE_ADDRESS__  // our part is instrumented, OpenSSL's is not
    constexpr double kFraction = 1;
#else
    constexpr double kFraction = 0.5;
#endif
    for (const auto& key : {generate_ec("P-256"), generate_rsa(2048)}) {
        const Bytes der = der_of(**key, true);
        const double theirs = processor_microseconds([&] {
            for (int i = 0; i < kTimes; ++i) REQUIRE(by_openssl(der, true));
        });
        const double ours = processor_microseconds([&] {
            for (int i = 0; i < kTimes; ++i) REQUIRE(by_us(der, true));
        });
        INFO(ours / kTimes << " us, OpenSSL " << theirs / kTimes << " us");
        CHECK(ours < theirs * kFraction);
    }
}
