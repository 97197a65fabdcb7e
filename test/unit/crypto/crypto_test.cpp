#include <catch2/catch.hpp>
#include <set>
#include "test/unit/scratch.h"

#include "firmware/crypto/aead.h"
#include "firmware/crypto/cipher.h"
#include "firmware/crypto/digest.h"
#include "firmware/crypto/kdf.h"
#include "firmware/crypto/pkey.h"
#include "firmware/crypto/random.h"
#include "firmware/crypto/start.h"

using namespace cs2sim;

TEST_CASE("MDC-2 gives OpenSSL's published test vector") {
    // openssl, test/mdc2test.c: "Now is the time for all " without padding
    const auto hash = mdc2(as_bytes("Now is the time for all "));
    REQUIRE(hash);
    CHECK(to_hex(*hash) == "42E50CD224BACEBA760BDD2BD409281A");
}

TEST_CASE("the point at infinity is no public key, in whatever form it comes") {
    for (const char* point : {"", "00", "0000"}) {
        INFO(point);
        CHECK(ec_public_key("NIST-P256", hex_bytes(point)).error().code == E_ECA_BAD_POINT);
    }
    const auto key = public_key_from_der(hex_bytes("3019301306072A8648CE3D020106082A8648CE3D03010703020000"));
    REQUIRE(!key);
    CHECK(key.error().code == E_ECA_BAD_POINT);
}

TEST_CASE("HMAC-SHA-256 and AES-CMAC give the vectors of RFC 4231 and SP 800-38B") {
    CHECK(to_hex(hmac_sha256(as_bytes("Jefe"), {as_bytes("what do ya want "), as_bytes("for nothing?")})) ==
          "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843");
    CHECK(to_hex(aes_cmac(hex_bytes("2B7E151628AED2A6ABF7158809CF4F3C"),
                          {hex_bytes("6BC1BEE22E409F96E93D7E117393172A")})) ==
          "070A16B46B4D4144F79BDD9DD04A287C");
}

TEST_CASE("key derivation is SP 800-108 in counter mode") {
    // Computed with python3's hmac: HMAC-SHA256(key, 00000001 | label | 00 | context | 00000140) and i = 2
    const auto key = derive_key(hex_bytes("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"),
                                "label", as_bytes("context"), 40);
    CHECK(to_hex(key) == "C5115A8E2C9CF655FABBFECBE725E440A9838838F5B46130C654F368F780EDD650D532C0FDEB6A35");
}

TEST_CASE("a sealed record opens, and not when a byte of it or of its binding changes") {
    const SecretBytes key = random_secret(32);
    Aead aead(key);
    Bytes sealed = aead.seal(as_bytes("record"), {as_bytes("user.db"), as_bytes("ADMIN")});
    CHECK(sealed.size() == 6 + Aead::kOverhead);
    CHECK(as_text(*aead.open(sealed, {as_bytes("user.db"), as_bytes("ADMIN")})) == "record");
    // parts may not shift into each other
    CHECK_FALSE(aead.open(sealed, {as_bytes("user.d"), as_bytes("bADMIN")}));
    for (auto& byte : sealed) {
        byte ^= 1;
        const auto opened = aead.open(sealed, {as_bytes("user.db"), as_bytes("ADMIN")});
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == E_AES_TAG_VERIFICATION);
        byte ^= 1;
    }
    CHECK_FALSE(aead.open(ByteView(sealed).first(27), {}));
    CHECK(aead.open(aead.seal({}, {}), {})->empty());
}

TEST_CASE("no two seals have a nonce in common, whichever object made them") {
    const SecretBytes key = random_secret(32);
    std::set<std::string> nonces;
    for (int object = 0; object < 8; ++object) {
        Aead aead(key);
        for (int seal = 0; seal < 4; ++seal) nonces.insert(to_hex(ByteView(aead.seal({}, {})).first(12)));
    }
    CHECK(nonces.size() == 32);
}

TEST_CASE("what a start looks up beside itself is there for who needs it at once") {
    for (int i = 0; i < 3; ++i) {
        const OpensslStart start;
        CHECK(to_hex(digest("SHA256", {})) ==
              "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855");
        Aead aead(random_secret(32));
        CHECK(as_text(*aead.open(aead.seal(as_bytes("record"), {}), {})) == "record");
    }
}

TEST_CASE("block modes want whole blocks") {
    const Bytes key(32), iv(16), data(17);
    CHECK(encrypt_blocks("AES-256-CBC", key, iv, data).error().code == E_AES_DATA_LEN);
    // openssl enc -aes-256-cbc -K 00… -iv 00… -nopad over 16 zero bytes
    CHECK(to_hex(*encrypt_blocks("AES-256-CBC", key, iv, Bytes(16))) == "DC95C078A2408989AD48A21492842087");
}

TEST_CASE("curves are found by the names of users") {
    CHECK(openssl_curve_name("BRAINPOOLP320T1") == "brainpoolP320t1");
    CHECK(openssl_curve_name("NIST-P256") == "prime256v1");
    CHECK(openssl_curve_name("curve of mine").empty());
    CHECK(generate_ec("curve of mine").error().code == E_ECA_NOT_FOUND);
}

TEST_CASE("keys survive DER and sign what the other half verifies") {
    for (const auto* curve : {"brainpoolP320t1", "P-256", "P-521"}) {
        INFO(curve);
        const auto key = generate_ec(curve);
        REQUIRE(key);
        const auto again = private_key_from_der(private_key_der(**key));
        REQUIRE(again);
        const auto signature = sign_sha256(**again, as_bytes("message"));
        REQUIRE(signature);
        const auto half = public_key_from_der(public_key_der(**key));
        REQUIRE(half);
        CHECK(verify_sha256(**half, as_bytes("message"), *signature));
        CHECK_FALSE(verify_sha256(**half, as_bytes("massage"), *signature));
        CHECK(ec_public_key(curve, ec_point(**key)));
        Bytes off_curve = ec_point(**key);
        off_curve.back() ^= 1;
        CHECK(ec_public_key(curve, off_curve).error().code == E_ECA_BAD_POINT);
    }
    CHECK(public_key_from_der(as_bytes("no key")).error().code == E_ASN1_DECODE_ERR);
    CHECK(private_key_from_der({}).error().code == E_ASN1_DECODE_ERR);
}

TEST_CASE("the generation of an RSA key ends when nobody waits for it") {
    Abandonment caller;
    caller.withdraw();
    CHECK(code_of(generate_rsa(8192, {}, &caller)) == E_OS_PCI_CANCEL);
    caller.begin();
    CHECK(generate_rsa(1024, {}, &caller));

    // Until one was under way, which it is for seconds.
    std::uint32_t code = 0;
    while (code == 0) {
        caller.begin();
        std::thread impatient([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            caller.withdraw();
        });
        code = code_of(generate_rsa(8192, {}, &caller));
        impatient.join();
    }
    CHECK(code == E_OS_PCI_CANCEL);
}
