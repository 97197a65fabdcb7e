// What is made here verifies and decrypts with the openssl command line, and the reverse.
#include "test/unit/cxi/interop.h"

using namespace cs2sim;

namespace {

struct HashCase {
    std::uint32_t id;
    const char* name;
};
constexpr HashCase kHashes[] = {
    {CXI_MECH_HASH_SHA1, "sha1"},         {CXI_MECH_HASH_SHA224, "sha224"},
    {CXI_MECH_HASH_SHA256, "sha256"},     {CXI_MECH_HASH_SHA384, "sha384"},
    {CXI_MECH_HASH_SHA512, "sha512"},     {CXI_MECH_HASH_SHA3_224, "sha3-224"},
    {CXI_MECH_HASH_SHA3_256, "sha3-256"}, {CXI_MECH_HASH_SHA3_384, "sha3-384"},
    {CXI_MECH_HASH_SHA3_512, "sha3-512"}, {CXI_MECH_HASH_RMD160, "ripemd160"},
    {CXI_MECH_HASH_MD5, "md5"},
};

}  // namespace

TEST_CASE("RSA signatures") {
    Interop io;
    const Bytes key = io.foreign("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    for (const HashCase& hash : kHashes) {
        const std::string option = std::string("-") + hash.name;
        io.signatures(key, "rsa", hash.id | CXI_MECH_PAD_PKCS1, option);
        if (hash.id != CXI_MECH_HASH_RMD160)
            io.signatures(key, "rsa", hash.id | CXI_MECH_PAD_PSS,
                          option + " -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest");
    }
    CHECK(code_of(io.bench.sign(key, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256, Bytes(31), false)) ==
          E_CXI_CRYPT_DATA_LEN);
    CHECK(code_of(io.bench.sign(key, CXI_MECH_PAD_ISO7816 | CXI_MECH_HASH_SHA256, io.data)) ==
          E_CXI_CRYPT_MECH);
    CHECK(code_of(io.bench.sign(key, CXI_MECH_PAD_NONE, Bytes(255), false)) == E_CXI_CRYPT_DATA_LEN);
}

TEST_CASE("ECDSA signatures, in DER and plain") {
    Interop io;
    for (const std::string curve : {"P-224", "P-256", "P-384", "P-521", "brainpoolP256r1", "brainpoolP320t1",
                                    "brainpoolP384r1", "brainpoolP512t1", "secp256k1"}) {
        const Bytes key = io.foreign(curve, "-algorithm EC -pkeyopt ec_paramgen_curve:" + curve);
        io.signatures(key, curve, CXI_MECH_HASH_SHA256 | CXI_MECH_FORMAT_ASN1, "-sha256");
        const auto plain = io.bench.sign(key, CXI_MECH_HASH_SHA256, io.data);
        REQUIRE(plain);
        CHECK(plain->size() % 2 == 0);
        CHECK(code_of(io.bench.verify(key, CXI_MECH_HASH_SHA256, io.data, *plain)) == 0);
        const Bytes zeros(plain->size());
        CHECK(code_of(io.bench.verify(key, CXI_MECH_HASH_SHA256, io.data, zeros)) == E_CXI_CRYPT_SIGN_VERIFY);
    }
}

TEST_CASE("Ed25519, and the test vector of RFC 8032") {
    Interop io;
    const Bytes key = io.foreign("ed", "-algorithm ED25519");
    const auto made = io.bench.sign(key, 0, io.data, false);
    REQUIRE(made);
    io.put("sig", *made);
    CHECK(io.openssl("pkeyutl -verify -rawin -in data -pubin -keyform DER -inkey ed.pub -sigfile sig"));
    REQUIRE(io.openssl("pkeyutl -sign -rawin -in data -keyform DER -inkey ed.der -out sig2"));
    CHECK(io.get("sig2") == *made);
    // RFC 8032, section 7.1, test 2
    Bytes pkcs8 = hex_bytes("302E020100300506032B657004220420");
    append(pkcs8, hex_bytes("4CCD089B28FF96DA9DB6C346EC114E0F5B8A319F35ABA624DA8CF6ED4FB8A6FB"));
    PropertyList list;
    list.set(CXI_PROP_KEY_NAME, "rfc8032");
    const Bytes known = io.bench.import(CXI_KEY_TYPE_PRIVATE, list, pkcs8);
    CHECK(to_hex(*io.bench.sign(known, 0, Bytes{0x72}, false)) ==
          "92A009A9F0D4CAB8720E820B5F642540A2B27B5416503F8FB3762223EBDB69DA"
          "085AC1E43E15996E458F3613D0F11D8C387B2EAEB4302AEEB00D291612BB0C00");
}

TEST_CASE("RSA encryption") {
    Interop io;
    const Bytes key = io.foreign("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    const auto both_ways = [&](std::uint32_t mechanism, const std::string& options) {
        INFO(options);
        REQUIRE(
            io.openssl("pkeyutl -encrypt -pubin -keyform DER -inkey rsa.pub -in data -out enc " + options));
        Bytes sealed = io.get("enc");
        CHECK(*io.bench.crypt(key, CXI_MECH_MODE_DECRYPT | mechanism, {}, sealed) == io.data);
        const auto made = io.bench.crypt(key, CXI_MECH_MODE_ENCRYPT | mechanism, {}, io.data);
        REQUIRE(made);
        io.put("enc2", *made);
        REQUIRE(io.openssl("pkeyutl -decrypt -keyform DER -inkey rsa.der -in enc2 -out dec " + options));
        CHECK(io.get("dec") == io.data);
        sealed[100] ^= 1;
        CHECK(code_of(io.bench.crypt(key, CXI_MECH_MODE_DECRYPT | mechanism, {}, sealed)) ==
              E_CXI_CRYPT_PADDING);
        sealed.pop_back();
        CHECK(code_of(io.bench.crypt(key, CXI_MECH_MODE_DECRYPT | mechanism, {}, sealed)) ==
              E_CXI_CRYPT_DATA_LEN);
        CHECK(code_of(io.bench.crypt(key, CXI_MECH_MODE_ENCRYPT | mechanism, {}, Bytes(250))) ==
              E_CXI_CRYPT_DATA_LEN);
    };
    both_ways(CXI_MECH_PAD_PKCS1, "");
    both_ways(CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA1, "-pkeyopt rsa_padding_mode:oaep");
    both_ways(CXI_MECH_PAD_OAEP | CXI_MECH_HASH_SHA256,
              "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256");
}

TEST_CASE("symmetric ciphers, whole and in pieces") {
    Interop io;
    struct Case {
        std::uint32_t algorithm;
        std::size_t key;
        std::uint32_t chain;
        std::string name;
        std::size_t iv;
    };
    const Case cases[] = {
        {CXI_KEY_ALGO_AES, 16, CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5, "aes-128-cbc", 16},
        {CXI_KEY_ALGO_AES, 24, CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5, "aes-192-cbc", 16},
        {CXI_KEY_ALGO_AES, 32, CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5, "aes-256-cbc", 16},
        {CXI_KEY_ALGO_AES, 32, CXI_MECH_CHAIN_ECB | CXI_MECH_PAD_PKCS5, "aes-256-ecb", 0},
        {CXI_KEY_ALGO_AES, 32, CXI_MECH_CHAIN_CTR, "aes-256-ctr", 16},
        {CXI_KEY_ALGO_AES, 16, CXI_MECH_CHAIN_OFB, "aes-128-ofb", 16},
        {CXI_KEY_ALGO_AES, 16, CXI_MECH_CHAIN_CFB, "aes-128-cfb", 16},
        {CXI_KEY_ALGO_AES, 32, CXI_MECH_CHAIN_CFB, "aes-256-cfb", 16},
        {CXI_KEY_ALGO_AES, 24, CXI_MECH_CHAIN_CFB8, "aes-192-cfb8", 16},
        {CXI_KEY_ALGO_AES, 32, CXI_MECH_CHAIN_CFB1, "aes-256-cfb1", 16},
        {CXI_KEY_ALGO_DES, 24, CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5, "des-ede3-cbc", 8},
        {CXI_KEY_ALGO_DES, 24, CXI_MECH_CHAIN_CFB, "des-ede3-cfb", 8},
        {CXI_KEY_ALGO_DES, 24, CXI_MECH_CHAIN_CFB8, "des-ede3-cfb8", 8},
        {CXI_KEY_ALGO_DES, 24, CXI_MECH_CHAIN_CFB1, "des-ede3-cfb1", 8},
    };
    for (const Case& each : cases) {
        INFO(each.name);
        Bytes raw(each.key), iv(each.iv);
        for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<std::uint8_t>(i * 7 + 1);
        for (std::size_t i = 0; i < iv.size(); ++i) iv[i] = static_cast<std::uint8_t>(0xF0 + i);
        const Bytes key = io.secret(each.name, each.algorithm, raw);
        const Bytes parameter = iv_parameter(iv);
        const auto made = io.bench.crypt(key, CXI_MECH_MODE_ENCRYPT | each.chain, parameter, io.data);
        REQUIRE(made);
        const std::string with_iv = each.iv != 0 ? " -iv " + to_hex(iv) : "";
        REQUIRE(io.openssl("enc -e -" + each.name + " -K " + to_hex(raw) + with_iv + " -in data -out enc"));
        CHECK(io.get("enc") == *made);
        CHECK(*io.bench.crypt(key, CXI_MECH_MODE_DECRYPT | each.chain, parameter, *made) == io.data);
        // In pieces of 5 bytes, both ways.
        for (const bool encrypt : {true, false}) {
            const Bytes& input = encrypt ? io.data : *made;
            const std::uint32_t mechanism =
                each.chain | (encrypt ? CXI_MECH_MODE_ENCRYPT : CXI_MECH_MODE_DECRYPT);
            Bytes out;
            std::uint32_t state = 0;
            for (std::size_t at = 0; at < input.size(); at += 5) {
                const bool last = at + 5 >= input.size();
                const std::uint32_t flags = (at == 0 ? 0x100u : 0u) | (last ? 0x200u : 0u);
                const ByteView part =
                    ByteView(input).subspan(at, std::min<std::size_t>(5, input.size() - at));
                const auto answer =
                    io.bench.run(SFC_CXI_CRYPT, {flags, mechanism, state, key, parameter, part});
                REQUIRE(answer);
                const auto block = parse("state:u4 iv:v2 data:*", *answer);
                state = block->u32("state");
                append(out, block->bytes("data"));
            }
            CHECK(state == 0);
            CHECK(out == (encrypt ? *made : io.data));
        }
    }
    const Bytes key = io.secret("edges", CXI_KEY_ALGO_AES, Bytes(16, 3));
    const std::uint32_t cbc = CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5;
    CHECK(code_of(io.bench.crypt(key, CXI_MECH_MODE_ENCRYPT | cbc, iv_parameter(Bytes(15)), io.data)) ==
          E_CXI_CRYPT_IV_LEN);
    CHECK(code_of(io.bench.crypt(key, CXI_MECH_MODE_DECRYPT | cbc, iv_parameter(Bytes(16)), Bytes(32, 9))) ==
          E_CXI_CRYPT_PADDING);
    CHECK(code_of(io.bench.crypt(key, CXI_MECH_MODE_DECRYPT | cbc, iv_parameter(Bytes(16)), Bytes(31, 9))) ==
          E_CXI_CRYPT_DATA_LEN);
    CHECK(code_of(io.bench.crypt(key, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CBC, iv_parameter(Bytes(16)),
                                 Bytes(31))) == E_CXI_CRYPT_DATA_LEN);
}

TEST_CASE("GCM and CCM: published vectors, tag lengths, and every changed byte noticed") {
    Interop io;
    // McGrew and Viega, "The Galois/Counter Mode of Operation", test case 4
    const Bytes gcm = io.secret("gcm", CXI_KEY_ALGO_AES, hex_bytes("FEFFE9928665731C6D6A8F9467308308"));
    const Bytes plain = hex_bytes(
        "D9313225F88406E5A55909C5AFF5269A86A7A9531534F7DA2E4C303D8A318A721C3C0C95956809532FCF0E2449A6B525B16A"
        "EDF5AA0DE657BA637B39");
    const Bytes associated = hex_bytes("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2");
    const Bytes nonce = hex_bytes("CAFEBABEFACEDBADDECAF888");
    const std::uint32_t encrypt = CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM;
    const std::uint32_t decrypt = CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_GCM;
    const auto sealed = io.bench.crypt(gcm, encrypt, iv_parameter(nonce, associated), plain);
    REQUIRE(sealed);
    CHECK(to_hex(*sealed) ==
          "42831EC2217774244B7221B784D0D49CE3AA212F2C02A4E035C17E2329ACA12E21D514B25466931C7D8F6A5AAC84AA051B"
          "A30B396A0AAC973D58E091"
          "5BC94FBC3221A5DB94FAE95AE7121A47");
    for (std::size_t i = 0; i < sealed->size(); ++i) {
        Bytes changed = *sealed;
        changed[i] ^= 1;
        CHECK(code_of(io.bench.crypt(gcm, decrypt, iv_parameter(nonce, associated), changed)) ==
              E_AES_TAG_VERIFICATION);
    }
    for (const std::uint16_t bits : {32, 64, 96, 104, 112, 120, 128}) {
        const auto shorter = io.bench.crypt(gcm, encrypt, iv_parameter(nonce, associated, bits), plain);
        REQUIRE(shorter);
        CHECK(shorter->size() == plain.size() + bits / 8u);
        CHECK(*io.bench.crypt(gcm, decrypt, iv_parameter(nonce, associated, bits), *shorter) == plain);
    }
    for (const std::uint16_t bits : {1, 8, 16, 40, 88, 136})
        CHECK(code_of(io.bench.crypt(gcm, encrypt, iv_parameter(nonce, {}, bits), plain)) ==
              E_CXI_CRYPT_MECH_PARA);
    CHECK(code_of(io.bench.crypt(gcm, encrypt, iv_parameter({}), plain)) == E_CXI_CRYPT_IV_LEN);
    CHECK(code_of(io.bench.crypt(gcm, decrypt, iv_parameter(nonce), Bytes(15))) == E_CXI_CRYPT_DATA_LEN);
    // RFC 3610, packet vector 1
    const Bytes ccm = io.secret("ccm", CXI_KEY_ALGO_AES, hex_bytes("C0C1C2C3C4C5C6C7C8C9CACBCCCDCECF"));
    const Bytes parameter =
        iv_parameter(hex_bytes("00000003020100A0A1A2A3A4A5"), hex_bytes("0001020304050607"), 64);
    const Bytes packet = hex_bytes("08090A0B0C0D0E0F101112131415161718191A1B1C1D1E");
    const auto closed = io.bench.crypt(ccm, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CCM, parameter, packet);
    REQUIRE(closed);
    CHECK(to_hex(*closed) == "588C979A61C663D2F066D0C2C0F989806D5F6B61DAC38417E8D12CFDF926E0");
    CHECK(*io.bench.crypt(ccm, CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_CCM, parameter, *closed) == packet);
    Bytes changed = *closed;
    changed[3] ^= 1;
    CHECK(code_of(io.bench.crypt(ccm, CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_CCM, parameter, changed)) ==
          E_AES_TAG_VERIFICATION);
}

TEST_CASE("hashes, HMAC, CMAC and key wrap") {
    Interop io;
    for (const HashCase& hash : kHashes) {
        const auto made = io.bench.run(SFC_CXI_HASH_COMPUTE, {0, hash.id, 0, ByteView(), io.data});
        REQUIRE(made);
        REQUIRE(io.openssl(std::string("dgst -binary -") + hash.name + " -out hash data"));
        CHECK(to_bytes(ByteView(*made).subspan(4)) == io.get("hash"));
        const Bytes key = io.secret(std::string("mac ") + hash.name, CXI_KEY_ALGO_RAW, Bytes(20, 0x0B));
        const auto mac = io.bench.sign(key, CXI_MECH_MODE_HMAC | hash.id, io.data);
        REQUIRE(mac);
        REQUIRE(io.openssl(std::string("dgst -binary -") + hash.name +
                           " -mac HMAC -macopt hexkey:" + to_hex(Bytes(20, 0x0B)) + " -out mac data"));
        CHECK(*mac == io.get("mac"));
        CHECK(code_of(io.bench.verify(key, CXI_MECH_MODE_HMAC | hash.id, io.data, Bytes(mac->size()))) ==
              E_CXI_CRYPT_SIGN_VERIFY);
    }
    // SP 800-38B, example D.1 (AES-128, 40 bytes)
    const Bytes cmac = io.secret("cmac", CXI_KEY_ALGO_AES, hex_bytes("2B7E151628AED2A6ABF7158809CF4F3C"));
    CHECK(
        to_hex(*io.bench.sign(
            cmac, CXI_MECH_CHAIN_CMAC,
            hex_bytes("6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E5130C81C46A35CE411"))) ==
        "DFA66747DE9AE63030CA32611497C827");
    for (const std::size_t size : {16, 24, 32}) {
        const Bytes raw(size, 0x3C);
        const Bytes key = io.secret("cmac" + std::to_string(size), CXI_KEY_ALGO_AES, raw);
        const auto mac = io.bench.sign(key, CXI_MECH_CHAIN_CMAC, io.data);
        REQUIRE(mac);
        REQUIRE(io.openssl("mac -cipher AES-" + std::to_string(size * 8) +
                           "-CBC -macopt hexkey:" + to_hex(raw) + " -binary -in data -out mac CMAC"));
        CHECK(*mac == io.get("mac"));
        for (const bool padded : {false, true}) {
            const std::uint32_t pad = padded ? CXI_MECH_PAD_KWP : CXI_MECH_PAD_NONE;
            const Bytes content = padded ? io.data : Bytes(40, 0x77);
            io.put("content", content);
            const std::string cli = "enc -id-aes" + std::to_string(size * 8) + "-wrap" +
                                    (padded ? "-pad -iv A65959A6" : " -iv A6A6A6A6A6A6A6A6") + " -K " +
                                    to_hex(raw);
            const auto made =
                io.bench.crypt(key, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_KEY_WRAP | pad, {}, content);
            REQUIRE(made);
            REQUIRE(io.openssl(cli + " -e -in content -out wrapped"));
            CHECK(*made == io.get("wrapped"));
            CHECK(*io.bench.crypt(key, CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_KEY_WRAP | pad, {},
                                  io.get("wrapped")) == content);
        }
    }
    // RFC 3394, section 4.6; RFC 5649, section 6
    const Bytes kek =
        io.secret("kek", CXI_KEY_ALGO_AES,
                  hex_bytes("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"));
    const std::uint32_t wrap = CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_KEY_WRAP;
    const std::uint32_t unwrap = CXI_MECH_MODE_DECRYPT | CXI_MECH_CHAIN_KEY_WRAP;
    const Bytes key_data = hex_bytes("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F");
    const auto wrapped = io.bench.crypt(kek, wrap, {}, key_data);
    REQUIRE(wrapped);
    CHECK(to_hex(*wrapped) ==
          "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21");
    CHECK(*io.bench.crypt(kek, unwrap, {}, *wrapped) == key_data);
    Bytes changed = *wrapped;
    changed[0] ^= 1;
    CHECK(code_of(io.bench.crypt(kek, unwrap, {}, changed)) == E_AES_KEYWRAP);
    const Bytes kwp =
        io.secret("kwp", CXI_KEY_ALGO_AES, hex_bytes("5840DF6E29B02AF1AB493B705BF16EA1AE8338F4DCC176A8"));
    CHECK(to_hex(*io.bench.crypt(kwp, wrap | CXI_MECH_PAD_KWP, {}, hex_bytes("466F7250617369"))) ==
          "AFBEB0F07DFBF5419200F2CCB50BB24F");
}

// The command line has no GCM or CCM: their parts are CTR, GMAC, ECB and CBC, and these it has.
TEST_CASE("GCM and CCM against the command line, by their parts") {
    Interop io;
    for (const std::size_t size : {16, 24, 32}) {
        const Bytes raw(size, 0x21), nonce = hex_bytes("000102030405060708090A0B"), aad(21, 0xAA);
        const Bytes key = io.secret("k" + std::to_string(size), CXI_KEY_ALGO_AES, raw);
        const std::string aes = "-aes-" + std::to_string(size * 8);
        const auto enc = [&](const std::string& mode, const std::string& iv, ByteView content) {
            io.put("in", content);
            const std::string option = iv.empty() ? "" : " -iv " + iv;
            REQUIRE(io.openssl("enc -e " + aes + mode + " -nopad -K " + to_hex(raw) + option + " -in in"));
            return io.get("out");
        };
        // SP 800-38D, section 7.1: J0 is the nonce and 1, the text begins with counter 2.
        const std::uint32_t gcm = CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM;
        const Bytes sealed = *io.bench.crypt(key, gcm, iv_parameter(nonce, aad), io.data);
        CHECK(to_bytes(ByteView(sealed).first(io.data.size())) ==
              enc("-ctr", to_hex(nonce) + "00000002", io.data));
        io.put("aad", aad);
        REQUIRE(io.openssl("mac -cipher AES-" + std::to_string(size * 8) + "-GCM -macopt hexkey:" +
                           to_hex(raw) + " -macopt hexiv:" + to_hex(nonce) + " -binary -in aad GMAC"));
        CHECK(*io.bench.crypt(key, gcm, iv_parameter(nonce, aad), {}) == io.get("out"));
        // RFC 3610, sections 2.2 and 2.3, with a nonce of 12 bytes (L = 3) and a tag of 16.
        Bytes blocks = hex_bytes("7A");  // flags: associated data, M = 16, L = 3
        append(blocks, nonce);
        append_big_endian(blocks, io.data.size(), 3);
        append_big_endian(blocks, aad.size(), 2);
        append(blocks, aad);
        blocks.resize((blocks.size() + 15) / 16 * 16);
        append(blocks, io.data);
        blocks.resize((blocks.size() + 15) / 16 * 16);
        const Bytes macs = enc("-cbc", std::string(32, '0'), blocks);
        const Bytes mask = enc("-ecb", "", hex_bytes("02" + to_hex(nonce) + "000000"));
        Bytes expected = enc("-ctr", "02" + to_hex(nonce) + "000001", io.data);
        for (std::size_t i = 0; i < 16; ++i)
            expected.push_back(static_cast<std::uint8_t>(macs[macs.size() - 16 + i] ^ mask[i]));
        CHECK(*io.bench.crypt(key, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CCM, iv_parameter(nonce, aad),
                              io.data) == expected);
    }
}

TEST_CASE("the retail MAC of ISO/IEC 9797-1") {
    Interop io;
    const Bytes raw = hex_bytes("0123456789ABCDEFFEDCBA9876543210");
    const Bytes key = io.secret("retail", CXI_KEY_ALGO_DES, raw);
    const auto mac = [&](std::uint32_t pad, std::string_view text) {
        return io.bench.sign(key, CXI_MECH_CHAIN_CBC_RETAIL | pad, as_bytes(text));
    };
    // annex of the standard: algorithm 3 with padding methods 1 and 2
    CHECK(to_hex(*mac(CXI_MECH_PAD_ZERO, "Now is the time for all ")) == "A1C72E74EA3FA9B6");
    CHECK(to_hex(*mac(CXI_MECH_PAD_ZERO, "Now is the time for it")) == "2E2B1428CC78254F");
    CHECK(to_hex(*mac(CXI_MECH_PAD_ISO7816, "Now is the time for it")) == "5A692CE64F404145");
    CHECK(code_of(mac(CXI_MECH_PAD_NONE, "odd")) == E_CXI_CRYPT_DATA_LEN);
    CHECK(code_of(mac(CXI_MECH_PAD_PKCS5, "Now is t")) == E_CXI_CRYPT_MECH);
    const Bytes aes = io.secret("aes", CXI_KEY_ALGO_AES, Bytes(16));
    CHECK(code_of(io.bench.sign(aes, CXI_MECH_CHAIN_CBC_RETAIL, Bytes(8))) == E_CXI_KEY_TYPE);
}

TEST_CASE("ECDH agrees with the command line; points of small order are refused") {
    Interop io;
    for (const std::string algorithm :
         {"X25519", "EC -pkeyopt ec_paramgen_curve:P-256", "EC -pkeyopt ec_paramgen_curve:P-521",
          "EC -pkeyopt ec_paramgen_curve:brainpoolP384r1", "EC -pkeyopt ec_paramgen_curve:secp256k1"}) {
        const std::string name = algorithm == "X25519" ? algorithm : algorithm.substr(30);
        const Bytes key = io.foreign(name, "-algorithm " + algorithm);
        io.foreign(name + "peer", "-algorithm " + algorithm);
        const auto secret =
            io.bench.run(SFC_CXI_SECRET_AGREE, {0, CXI_MECH_KDF_ECDH, key, io.get(name + "peer.pub")});
        REQUIRE(secret);
        REQUIRE(io.openssl("pkeyutl -derive -keyform DER -inkey " + name +
                           "peer.der -peerform DER -peerkey " + name + ".pub -out shared"));
        CHECK(*secret == io.get("shared"));
    }
    const auto agree = [&](const std::string& key, ByteView point) {
        PropertyList names;
        names.set(CXI_PROP_KEY_GROUP, "G");
        names.set(CXI_PROP_KEY_NAME, key);
        Bytes reference{CXI_TAG_NAME};
        append(reference, names.encode());
        return code_of(io.bench.run(SFC_CXI_SECRET_AGREE, {0, CXI_MECH_KDF_ECDH, reference, point}));
    };
    // RFC 7748, section 6.1, and the points of small order of curve25519
    for (const char* point : {"0000000000000000000000000000000000000000000000000000000000000000",
                              "0100000000000000000000000000000000000000000000000000000000000000",
                              "E0EB7A7C3B41B8AE1656E3FAF19FC46ADA098DEB9C32B1FD866205165F49B800",
                              "5F9C95BCA3508C24B1D0B1559C83EF5B04445CC4581C8E86D8224EDDD09F1157"})
        CHECK(agree("X25519", hex_bytes(point)) == E_ECA_BAD_POINT);
    Bytes off_curve(65, 1);
    off_curve[0] = 4;
    CHECK(agree("P-256", off_curve) == E_ECA_BAD_POINT);
    CHECK(agree("P-256", Bytes{0}) == E_ECA_BAD_POINT);
}
