// Keys as they are asked for: exponents, Edwards curves, DES; and work that gives back more than yes or no.
#include <bit>

#include "test/unit/cxi/cxi_bench.h"

using namespace cs2sim;

namespace {

Bytes property(CxiBench& bench, ByteView key, std::uint32_t id) {
    const auto answer = bench.run(SFC_CXI_KEY_PROP_GET, {key, big_endian_bytes<4>(id)});
    REQUIRE(answer);
    return to_bytes(PropertyList::decode(parse("properties:v4", *answer)->bytes("properties"))->bytes(id));
}

}  // namespace

TEST_CASE("an RSA key has the public exponent that was asked for") {
    CxiBench bench;
    const auto made = [&](std::string_view name, const Bytes& exponent) {
        PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RSA, 1024, "G", name);
        list.set(CXI_PROP_KEY_RSA_EXP, ByteView(exponent));
        return bench.generate(list);
    };
    for (const Bytes& exponent : {Bytes{3}, Bytes{17}, Bytes{1, 0, 1}, Bytes{1, 0, 0, 0, 0, 0, 15}}) {
        INFO(to_hex(exponent));
        const Bytes key = CxiBench::reference(made("e" + to_hex(exponent), exponent));
        CHECK(property(bench, key, CXI_PROP_KEY_RSA_EXP) == exponent);
        const auto signature = bench.sign(key, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256, as_bytes("text"));
        REQUIRE(signature);
        CHECK(bench.verify(key, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256, as_bytes("text"), *signature));
    }
    for (const Bytes& exponent : {Bytes{0}, Bytes{1}, Bytes{4}, Bytes{1, 0, 0}, Bytes(33, 0xFF)}) {
        INFO(to_hex(exponent));
        CHECK(code_of(made("bad", exponent)) == E_CXI_PROP_VAL);
    }
    PropertyList list =
        CxiBench::key_template(CXI_KEY_ALGO_RSA, 1024, "G", "bad");  // none of them was stored
    CHECK(bench.generate(list));
}

TEST_CASE("Edwards and Montgomery keys are made by either name of their curve") {
    CxiBench bench;
    for (const std::string_view curve : {"Ed25519", "edwards25519", "ED25519"}) {
        INFO(curve);
        const Bytes key = bench.curve(curve, curve);
        const auto signature = bench.sign(key, 0, as_bytes("text"), false);
        REQUIRE(signature);
        CHECK(signature->size() == 64);  // RFC 8032, section 5.1.6
        CHECK(bench.verify(key, 0, as_bytes("text"), *signature, false));
        CHECK(code_of(bench.verify(key, 0, as_bytes("other"), *signature, false)) == E_CXI_CRYPT_SIGN_VERIFY);
    }
    const Bytes agreement = bench.curve("x", "X25519", CXI_KEY_ALGO_ECDH);
    CHECK_FALSE(bench.sign(agreement, 0, as_bytes("text"), false));
}

TEST_CASE("DES keys have two or three parts of odd parity, and encrypt") {
    CxiBench bench;
    for (const std::uint32_t bits : {128u, 192u}) {
        INFO(bits);
        PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_DES, bits, "G", "des" + std::to_string(bits));
        list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN);
        const Bytes key = CxiBench::reference(bench.generate(list));
        const auto raw = bench.run(SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_SECRET | CXI_KEY_TYPE_PLAINTEXT, 0, key,
                                                        ByteView(), ByteView()});
        REQUIRE(raw);
        CHECK(raw->size() == bits / 8);
        for (const std::uint8_t byte : *raw) CHECK(std::popcount(byte) % 2 == 1);
        const auto hidden = bench.crypt(key, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5,
                                        iv_parameter(Bytes(8)), as_bytes("some text"));
        REQUIRE(hidden);
        CHECK(hidden->size() == 16);
        const auto shown = bench.crypt(key, CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5,
                                       iv_parameter(Bytes(8)), *hidden);
        REQUIRE(shown);
        CHECK(*shown == to_bytes(as_bytes("some text")));
    }
    for (const std::uint32_t bits : {56u, 64u, 256u})
        CHECK(code_of(bench.generate(CxiBench::key_template(CXI_KEY_ALGO_DES, bits, "G", "bad"))) ==
              E_CXI_KEY_INVALID_SIZE);
}

TEST_CASE("CRYPT in MAC mode gives the MAC that SIGN gives, in one call only") {
    CxiBench bench;
    const Bytes key = bench.aes("G", "mac");
    const Bytes data(100, 0x5A);
    const auto mac = bench.crypt(key, CXI_MECH_MODE_MAC_SINGLE | CXI_MECH_CHAIN_CMAC, {}, data);
    REQUIRE(mac);
    CHECK(mac->size() == 16);
    const auto signature = bench.sign(key, CXI_MECH_CHAIN_CMAC, data);
    REQUIRE(signature);
    CHECK(*mac == *signature);
    CHECK(code_of(bench.run(SFC_CXI_CRYPT, {std::uint32_t{CXI_FLAG_CRYPT_INIT},
                                            std::uint32_t{CXI_MECH_MODE_MAC_SINGLE | CXI_MECH_CHAIN_CMAC}, 0,
                                            key, ByteView(), data})) == E_CXI_CRYPT_MECH);
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "no-mac");
    list.set_flag(CXI_PROP_SIGN, false);
    const Bytes barred = CxiBench::reference(bench.generate(list));
    CHECK(code_of(bench.crypt(barred, CXI_MECH_MODE_MAC_SINGLE | CXI_MECH_CHAIN_CMAC, {}, data)) ==
          code_of(bench.sign(barred, CXI_MECH_CHAIN_CMAC, data)));
}

TEST_CASE("VERIFY with recovery gives back what was signed") {
    CxiBench bench;
    const Bytes key = bench.rsa("recover");
    const Bytes message = to_bytes(as_bytes("a message that is recovered"));
    const auto signature = bench.sign(key, CXI_MECH_PAD_PKCS1, message, false);
    REQUIRE(signature);
    const auto recovered = [&](ByteView by, std::uint32_t mechanism, const Bytes& of) {
        return bench.run(SFC_CXI_VERIFY,
                         {std::uint32_t{CXI_FLAG_VERIFY_RECOVER}, mechanism, by, ByteView(), of, ByteView()});
    };
    const auto answer = recovered(key, CXI_MECH_PAD_PKCS1, *signature);
    REQUIRE(answer);
    CHECK(*answer == message);
    Bytes changed = *signature;
    changed[100] ^= 1;
    CHECK(code_of(recovered(key, CXI_MECH_PAD_PKCS1, changed)) == E_CXI_CRYPT_SIGN_VERIFY);
    CHECK(code_of(recovered(key, CXI_MECH_PAD_PKCS1, Bytes(3))) == E_CXI_CRYPT_SIGN_VERIFY);
    CHECK(code_of(recovered(key, CXI_MECH_PAD_PSS | CXI_MECH_HASH_SHA256, *signature)) == E_CXI_CRYPT_MECH);
    CHECK(code_of(recovered(bench.curve("ec", "NIST-P256"), CXI_MECH_PAD_PKCS1, *signature)) ==
          E_CXI_KEY_TYPE);
}

TEST_CASE("numbers of functions that this firmware has no more are answered as such") {
    CxiBench bench;
    for (const std::uint8_t retired : {SFC_CXI_CHECK_GENUINENESS, SFC_CXI_GET_PERSKEY, SFC_CXI_KEY_HASH_GET})
        for (const std::string_view data : {"", "any bytes"})
            CHECK(code_of(bench.run(retired, {data})) == E_CXI_NOT_SUPPORTED);
}
