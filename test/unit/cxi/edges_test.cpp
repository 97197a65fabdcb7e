// What a verifier must refuse: signatures, ciphertexts and points that look almost right. Each is made here
// from a good one, or from the private key with the padding left to us.
#include <openssl/bn.h>

#include "test/unit/cxi/interop.h"

using namespace cs2sim;

namespace {

constexpr std::uint32_t kRsa = CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256;

Bytes sha256_of(const Interop& io) {
    REQUIRE(io.openssl("dgst -sha256 -binary -out digest data"));
    return io.get("digest");
}

// What PKCS#1 v1.5 signs: 00 01 FF … 00 and `content`.
Bytes padded(ByteView content, std::size_t filling, std::uint8_t type = 1, std::uint8_t with = 0xFF) {
    Bytes block{0, type};
    block.insert(block.end(), filling, with);
    block.push_back(0);
    append(block, content);
    return block;
}

Bytes der(std::initializer_list<ByteView> integers) {
    Bytes body;
    for (const ByteView integer : integers) {
        body.push_back(0x02);
        body.push_back(static_cast<std::uint8_t>(integer.size()));
        append(body, integer);
    }
    Bytes out{0x30, static_cast<std::uint8_t>(body.size())};
    append(out, body);
    return out;
}

Bytes plus(ByteView number, ByteView addend, std::size_t size) {
    BIGNUM* a = BN_bin2bn(number.data(), static_cast<int>(number.size()), nullptr);
    BIGNUM* b = BN_bin2bn(addend.data(), static_cast<int>(addend.size()), nullptr);
    BN_add(a, a, b);
    Bytes out(size);
    REQUIRE(BN_bn2binpad(a, out.data(), static_cast<int>(size)) == static_cast<int>(size));
    BN_free(a);
    BN_free(b);
    return out;
}

}  // namespace

TEST_CASE("RSA signatures with forged padding are refused") {
    Interop io;
    const Bytes key = io.foreign("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    const Bytes prefix = hex_bytes("3031300D060960864801650304020105000420");
    const auto signed_block = [&](const Bytes& block) {
        REQUIRE(block.size() == 256);
        const auto signature = io.bench.sign(key, CXI_MECH_PAD_NONE, block, false);
        REQUIRE(signature);
        return code_of(io.bench.verify(key, kRsa, io.data, *signature));
    };
    const Bytes hash = sha256_of(io);
    Bytes info = prefix;
    append(info, hash);
    CHECK(signed_block(padded(info, 256 - 3 - info.size())) == 0);
    const auto refused = [&](const Bytes& block) { CHECK(signed_block(block) == E_CXI_CRYPT_SIGN_VERIFY); };
    refused(padded(info, 256 - 3 - info.size(), 2));        // block type of encryption
    refused(padded(info, 256 - 3 - info.size(), 1, 0xFE));  // filling
    Bytes garbage = info;
    garbage.resize(info.size() + 100);  // short filling, then garbage (Bleichenbacher 2006)
    refused(padded(garbage, 256 - 3 - garbage.size()));
    refused(padded(hash, 256 - 3 - hash.size()));  // no DigestInfo
    Bytes other = hex_bytes("3021300906052B0E03021A05000414");
    append(other, ByteView(hash).first(20));  // another algorithm
    refused(padded(other, 256 - 3 - other.size()));
    Bytes longer = hex_bytes("308131300D060960864801650304020105000420");
    append(longer, hash);  // BER, not DER
    refused(padded(longer, 256 - 3 - longer.size()));
    const Bytes good = *io.bench.sign(key, kRsa, io.data);
    for (Bytes wrong : {Bytes(256), Bytes(256, 0xFF), Bytes(255, 1), Bytes(257, 1)})
        CHECK(code_of(io.bench.verify(key, kRsa, io.data, wrong)) == E_CXI_CRYPT_SIGN_VERIFY);
    Bytes with_zero{0};
    append(with_zero, good);
    CHECK(code_of(io.bench.verify(key, kRsa, io.data, with_zero)) == E_CXI_CRYPT_SIGN_VERIFY);
    CHECK(code_of(io.bench.verify(key, CXI_MECH_PAD_PSS | CXI_MECH_HASH_SHA256, io.data, good)) ==
          E_CXI_CRYPT_SIGN_VERIFY);
    CHECK(code_of(io.bench.verify(key, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA512, io.data, good)) ==
          E_CXI_CRYPT_SIGN_VERIFY);
}

TEST_CASE("bulk: as many signatures as data, up to 16, all or none") {
    Interop io;
    const Bytes rsa = io.foreign("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    const Bytes p256 = io.foreign("p256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    const auto bulk = [&](ByteView key, std::uint32_t mechanism, const std::vector<Bytes>& data,
                          std::uint32_t flags = CXI_FLAG_HASH_DATA) {
        Bytes list;
        for (const Bytes& each : data) compose_into(list, LAYOUT_CXI_BULK_ENTRY, {each});
        return io.bench.run(SFC_CXI_SIGN_BULK, {flags, mechanism, key, ByteView(), list});
    };
    for (const auto& [key, mechanism] : {std::pair(rsa, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256),
                                         std::pair(p256, +CXI_MECH_HASH_SHA256)}) {
        std::vector<Bytes> data;
        for (std::uint8_t i = 0; i < 16; ++i) data.push_back(Bytes(i, i));
        const auto signatures = bulk(key, mechanism, data);
        REQUIRE(signatures);
        ByteView list = *signatures;
        for (const Bytes& each : data) {
            const auto entry = parse_prefix(LAYOUT_CXI_BULK_ENTRY, list);
            REQUIRE(entry);
            CHECK(code_of(io.bench.verify(key, mechanism, each, entry->bytes("entry"))) == 0);
        }
        CHECK(list.empty());
        data.push_back(Bytes{16});
        CHECK(code_of(bulk(key, mechanism, data)) == E_ECDSA_BULK_MAX);
        CHECK(code_of(bulk(key, mechanism, {})) == E_CXI_CRYPT_DATA_LEN);
        CHECK(code_of(bulk(key, mechanism, {Bytes(32), Bytes(31)}, 0)) == E_CXI_CRYPT_DATA_LEN);
        CHECK(code_of(bulk(key, CXI_MECH_PAD_ISO7816, {Bytes(32)})) == E_CXI_CRYPT_MECH);
        CHECK(code_of(io.bench.run(SFC_CXI_SIGN_BULK, {CXI_FLAG_HASH_DATA, mechanism, key, ByteView(),
                                                       Bytes{0, 0, 0, 9, 1}})) == E_CMDS_DATA_LEN);
    }
}

TEST_CASE("PSS: the salt's length is part of the signature, and MGF1's hash too") {
    Interop io;
    const Bytes key = io.foreign("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    const std::uint32_t pss = CXI_MECH_PAD_PSS | CXI_MECH_HASH_SHA256;
    const auto verify = [&](ByteView parameter, ByteView signature) {
        return code_of(
            io.bench.run(SFC_CXI_VERIFY, {CXI_FLAG_HASH_DATA, pss, key, parameter, signature, io.data}));
    };
    for (const std::uint32_t salt : {0u, 20u, 32u, 222u}) {
        const Bytes parameter = compose(LAYOUT_CXI_PSS_PARAMETER, {0, salt}).value();
        const auto made = io.bench.sign(key, pss, io.data, true, parameter);
        REQUIRE(made);
        io.put("sig", *made);
        const std::string option =
            "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:" + std::to_string(salt) +
            " -keyform DER ";
        CHECK(io.openssl(option + "-verify rsa.pub -signature sig data"));
        REQUIRE(io.openssl(option + "-sign rsa.der -out sig2 data"));
        CHECK(verify(parameter, io.get("sig2")) == 0);
        if (salt != 32) CHECK(verify({}, *made) == E_CXI_CRYPT_SIGN_VERIFY);
    }
    const Bytes sha1 = compose(LAYOUT_CXI_PSS_PARAMETER, {CXI_MECH_HASH_SHA1, 32}).value();
    const auto mixed = io.bench.sign(key, pss, io.data, true, sha1);
    CHECK(verify(sha1, *mixed) == 0);
    CHECK(verify({}, *mixed) == E_CXI_CRYPT_SIGN_VERIFY);
    CHECK(code_of(
              io.bench.sign(key, pss, io.data, true, compose(LAYOUT_CXI_PSS_PARAMETER, {0, 223}).value())) ==
          E_CXI_CRYPT_MECH_PARA);
    CHECK(code_of(io.bench.sign(key, pss, io.data, true, Bytes(3))) == E_CXI_CRYPT_MECH_PARA);
}

TEST_CASE("ECDSA: numbers out of range and encodings that are no DER are refused") {
    Interop io;
    const Bytes key = io.foreign("P-256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    const std::uint32_t plain = CXI_MECH_HASH_SHA256, in_der = CXI_MECH_HASH_SHA256 | CXI_MECH_FORMAT_ASN1;
    const Bytes order = hex_bytes("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
    const auto good = io.bench.sign(key, plain, io.data);
    REQUIRE(good);
    const ByteView r = ByteView(*good).first(32), s = ByteView(*good).last(32);
    const auto code = [&](std::uint32_t mechanism, ByteView signature) {
        return code_of(io.bench.verify(key, mechanism, io.data, signature));
    };
    const auto half = [&](ByteView first, ByteView second) {
        Bytes both = to_bytes(first);
        append(both, second);
        return both;
    };
    const Bytes zero(32), one = hex_bytes(std::string(62, '0') + "01");
    for (const Bytes& wrong : {half(zero, s), half(r, zero), half(order, s), half(r, order), half(one, one),
                               half(s, r), half(r, s.first(31)), Bytes()})
        CHECK(code(plain, wrong) == E_CXI_CRYPT_SIGN_VERIFY);

    const auto number = [](ByteView value) {  // as DER has it: a zero before a set first bit
        Bytes out;
        if ((value[0] & 0x80) != 0) out.push_back(0);
        append(out, value);
        return out;
    };
    const auto encoded = io.bench.sign(key, in_der, io.data);
    REQUIRE(encoded);
    CHECK(code(in_der, *encoded) == 0);
    const Bytes larger = plus(r, order, 33);  // the same value modulo the order
    for (const Bytes& wrong :
         {der({larger, number(s)}), der({Bytes{0}, number(s)}), der({number(r), Bytes{0}}), der({number(r)}),
          der({number(r), number(s), Bytes{1}}), Bytes{0x30, 0x00}})
        CHECK(code(in_der, wrong) == E_CXI_CRYPT_SIGN_VERIFY);
    Bytes trailing = *encoded;
    trailing.push_back(0);
    CHECK(code(in_der, trailing) == E_CXI_CRYPT_SIGN_VERIFY);
    Bytes long_form{0x30, 0x81};
    append(long_form, ByteView(*encoded).subspan(1));
    CHECK(code(in_der, long_form) == E_CXI_CRYPT_SIGN_VERIFY);
    for (std::size_t size = 0; size < encoded->size(); ++size)
        CHECK(code(in_der, ByteView(*encoded).first(size)) == E_CXI_CRYPT_SIGN_VERIFY);
    CHECK(code(plain, *encoded) == E_CXI_CRYPT_SIGN_VERIFY);
    CHECK(code(in_der, *good) == E_CXI_CRYPT_SIGN_VERIFY);
}

TEST_CASE("Ed25519: a second encoding of the same signature is refused (RFC 8032, section 8.4)") {
    Interop io;
    const Bytes key = io.foreign("ed", "-algorithm ED25519");
    const Bytes good = *io.bench.sign(key, 0, io.data, false);
    const auto code = [&](ByteView signature) {
        return code_of(io.bench.verify(key, 0, io.data, signature, false));
    };
    CHECK(code(good) == 0);
    // S + L, where L is the order of the group; both are little-endian there
    Bytes order = hex_bytes("1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED");
    Bytes s(good.rbegin(), good.rbegin() + 32);
    Bytes more = plus(s, order, 32);
    Bytes malleated(good.begin(), good.begin() + 32);
    malleated.insert(malleated.end(), more.rbegin(), more.rend());
    CHECK(code(malleated) == E_CXI_CRYPT_SIGN_VERIFY);
    CHECK(code(Bytes(64)) == E_CXI_CRYPT_SIGN_VERIFY);
    CHECK(code(ByteView(good).first(63)) == E_CXI_CRYPT_SIGN_VERIFY);
    CHECK(code_of(io.bench.sign(key, CXI_MECH_HASH_SHA256, io.data)) == E_CXI_CRYPT_MECH);
}

TEST_CASE("OAEP: label and hashes must be those of the encryption") {
    Interop io;
    const Bytes key = io.foreign("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    const std::string cli =
        "pkeyutl -keyform DER -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 "
        "-pkeyopt rsa_mgf1_md:sha1 -pkeyopt rsa_oaep_label:6C6162656C ";
    const std::uint32_t oaep = CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256;
    const auto parameter = [](std::uint32_t mgf, std::string_view label) {
        return compose(LAYOUT_CXI_OAEP_PARAMETER, {mgf, label}).value();
    };
    const Bytes right = parameter(CXI_MECH_HASH_SHA1, "label");
    REQUIRE(io.openssl(cli + "-encrypt -pubin -inkey rsa.pub -in data -out enc"));
    const Bytes sealed = io.get("enc");
    const auto opened = [&](ByteView with) {
        return io.bench.crypt(key, CXI_MECH_MODE_DECRYPT | oaep, with, sealed);
    };
    CHECK(*opened(right) == io.data);
    CHECK(code_of(opened(parameter(CXI_MECH_HASH_SHA1, "other"))) == E_CXI_CRYPT_PADDING);
    CHECK(code_of(opened(parameter(CXI_MECH_HASH_SHA256, "label"))) == E_CXI_CRYPT_PADDING);
    CHECK(code_of(opened(parameter(CXI_MECH_HASH_SHA1, ""))) == E_CXI_CRYPT_PADDING);
    CHECK(code_of(opened(Bytes(1))) == E_CXI_CRYPT_MECH_PARA);
    io.put("enc2", *io.bench.crypt(key, CXI_MECH_MODE_ENCRYPT | oaep, right, io.data));
    REQUIRE(io.openssl(cli + "-decrypt -inkey rsa.der -in enc2 -out dec"));
    CHECK(io.get("dec") == io.data);
    for (const Bytes& wrong : {Bytes(256), Bytes(256, 0xFF)})
        CHECK(code_of(io.bench.crypt(key, CXI_MECH_MODE_DECRYPT | oaep, right, wrong)) ==
              E_CXI_CRYPT_PADDING);
}

TEST_CASE("block padding: every wrong one is refused, each mechanism by its own rule") {
    Interop io;
    const Bytes raw(16, 0x42), iv(16);
    const Bytes key = io.secret("k", CXI_KEY_ALGO_AES, raw);
    const auto decrypted = [&](std::uint32_t pad, const std::string& last_block) {
        io.put("in", hex_bytes(std::string(32, '5') + last_block));
        REQUIRE(io.openssl("enc -e -aes-128-cbc -nopad -K " + to_hex(raw) + " -iv " + to_hex(iv) +
                           " -in in -out enc"));
        return io.bench.crypt(key, CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_CBC | pad, iv_parameter(iv),
                              io.get("enc"));
    };
    CHECK(decrypted(CXI_MECH_PAD_PKCS5, std::string(30, '7') + "01")->size() == 31);
    CHECK(decrypted(CXI_MECH_PAD_PKCS5, "10101010101010101010101010101010")->size() == 16);
    for (const char* end : {"00000000000000000000000000000000", "77777777777777777777777777777711",
                            "77777777777777777777777777020302", "77777777777777777777777777030203"})
        CHECK(code_of(decrypted(CXI_MECH_PAD_PKCS5, end)) == E_CXI_CRYPT_PADDING);
    CHECK(decrypted(CXI_MECH_PAD_RANDOM, "77777777777777777777777777111103")->size() == 29);
    CHECK(code_of(decrypted(CXI_MECH_PAD_RANDOM, "77777777777777777777777777111100")) == E_CXI_CRYPT_PADDING);
    CHECK(decrypted(CXI_MECH_PAD_ISO7816, "80000000000000000000000000000000")->size() == 16);
    CHECK(decrypted(CXI_MECH_PAD_ISO7816, std::string(30, '7') + "80")->size() == 31);
    for (const char* end : {"00000000000000000000000000000000", "77777777777777777777777777777701",
                            "77777777777777777777777777778100"})
        CHECK(code_of(decrypted(CXI_MECH_PAD_ISO7816, end)) == E_CXI_CRYPT_PADDING);
    CHECK(decrypted(CXI_MECH_PAD_ZERO, "77000000000000000000000000000000")->size() == 32);
    CHECK(code_of(io.bench.crypt(key, CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5,
                                 iv_parameter(iv), {})) == E_CXI_CRYPT_DATA_LEN);
}

TEST_CASE("GCM in pieces is GCM, and tells at the end when it was not") {
    CxiBench bench;
    const Bytes key = bench.aes("G", "k");
    Bytes data(10'000);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i);
    const Bytes parameter = iv_parameter(Bytes(12, 9), Bytes(5, 1));
    const auto pieces = [&](std::uint32_t mode, ByteView input, std::size_t piece) -> Result<Bytes> {
        Bytes out;
        std::uint32_t state = 0;
        for (std::size_t at = 0; at < input.size(); at += piece) {
            const ByteView part = input.subspan(at, std::min(piece, input.size() - at));
            const std::uint32_t flags =
                (at == 0 ? 0x100u : 0u) | (at + part.size() == input.size() ? 0x200u : 0u);
            const auto answer =
                bench.run(SFC_CXI_CRYPT, {flags, mode | CXI_MECH_CHAIN_GCM, state, key, parameter, part});
            if (!answer) return answer;
            const auto block = parse("state:u4 iv:v2 data:*", *answer);
            state = block->u32("state");
            append(out, block->bytes("data"));
        }
        return out;
    };
    const auto whole = bench.crypt(key, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM, parameter, data);
    REQUIRE(whole);
    for (const std::size_t piece : {3u, 16u, 17u, 4096u, 9999u}) {
        CHECK(*pieces(CXI_MECH_MODE_ENCRYPT, data, piece) == *whole);
        CHECK(*pieces(CXI_MECH_MODE_DECRYPT, *whole, piece) == data);
        Bytes changed = *whole;
        changed[7] ^= 1;
        CHECK(code_of(pieces(CXI_MECH_MODE_DECRYPT, changed, piece)) == E_AES_TAG_VERIFICATION);
    }
    const auto made = bench.run(
        SFC_CXI_CRYPT,
        {CXI_FLAG_CRYPT_SINGLE_CALL, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM, 0, key,
         compose(LAYOUT_CXI_CRYPT_PARAMETER, {CXI_IV_GENERATE, ByteView(), ByteView(), 128}).value(), data});
    REQUIRE(made);
    const auto block = parse("state:u4 iv:v2 data:*", *made);
    CHECK(*bench.crypt(key, CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_GCM, iv_parameter(block->bytes("iv")),
                       block->bytes("data")) == data);
}

// Contexts of a key are kept for its next command (ReadyContexts): nothing of the last one may stay in them.
TEST_CASE("a command with a key owes nothing to the one before it") {
    Interop io;
    const Bytes secret(32, 0x5C);
    const Bytes used = io.secret("used", CXI_KEY_ALGO_AES, secret);
    struct Message {
        std::uint32_t chain;
        std::size_t iv, associated, tag_bits, data;
    };
    const Message messages[] = {
        {CXI_MECH_CHAIN_GCM, 12, 0, 128, 100}, {CXI_MECH_CHAIN_GCM, 12, 0, 128, 100},
        {CXI_MECH_CHAIN_GCM, 7, 20, 96, 33},   {CXI_MECH_CHAIN_GCM, 64, 1, 32, 0},
        {CXI_MECH_CHAIN_GCM, 12, 0, 128, 15},  {CXI_MECH_CHAIN_CCM, 12, 9, 64, 40},
        {CXI_MECH_CHAIN_CBC, 16, 0, 0, 48},    {CXI_MECH_CHAIN_CBC, 16, 0, 0, 16},
        {CXI_MECH_CHAIN_CTR, 16, 0, 0, 21},    {CXI_MECH_CHAIN_CTR, 16, 0, 0, 5},
        {CXI_MECH_CHAIN_OFB, 16, 0, 0, 9},     {CXI_MECH_CHAIN_OFB, 16, 0, 0, 31},
        {CXI_MECH_CHAIN_ECB, 0, 0, 0, 32},     {CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5, 16, 0, 0, 5},
        {CXI_MECH_CHAIN_CBC, 16, 0, 0, 48},    {CXI_MECH_CHAIN_GCM, 12, 3, 120, 17},
    };
    const auto parameter_of = [](const Message& message, std::uint8_t number) {
        return iv_parameter(Bytes(message.iv, number), Bytes(message.associated, 2),
                            static_cast<std::uint16_t>(message.tag_bits));
    };
    std::vector<Bytes> ciphertexts;
    for (const Message& message : messages) {
        const auto number = static_cast<std::uint8_t>(ciphertexts.size());
        const Bytes fresh = io.secret("fresh" + std::to_string(number), CXI_KEY_ALGO_AES, secret);
        const auto made = io.bench.crypt(fresh, CXI_MECH_MODE_ENCRYPT | message.chain,
                                         parameter_of(message, number), Bytes(message.data, number));
        REQUIRE(made);
        ciphertexts.push_back(*made);
    }
    for (const std::uint32_t mode : {CXI_MECH_MODE_ENCRYPT, CXI_MECH_MODE_DECRYPT}) {
        std::uint8_t number = 0;
        for (const Message& message : messages) {
            CAPTURE(mode, int{number});
            const Bytes parameter = parameter_of(message, number);
            const Bytes clear(message.data, number);
            const Bytes& sealed = ciphertexts[number++];
            const bool encrypts = mode == CXI_MECH_MODE_ENCRYPT;
            for (int again = 0; again < 2; ++again) {
                CHECK(*io.bench.crypt(used, mode | message.chain, parameter, encrypts ? clear : sealed) ==
                      (encrypts ? sealed : clear));
                // One that is never finished, and one that fails when it may.
                static_cast<void>(io.bench.run(SFC_CXI_CRYPT, {CXI_FLAG_CRYPT_INIT, mode | message.chain, 0,
                                                               used, parameter, Bytes(3, 9)}));
                static_cast<void>(io.bench.crypt(used, mode | message.chain, parameter, Bytes(35, 1)));
            }
        }
    }
}
