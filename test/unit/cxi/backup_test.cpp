#include "test/unit/cxi/cxi_bench.h"

using namespace cs2sim;

namespace {

Result<Bytes> restore(CxiBench& bench, ByteView blob, std::uint32_t flags = 0,
                      const PropertyList& expected = {}) {
    return bench.run(SFC_CXI_KEY_RESTORE, {flags, expected.encode(), blob});
}

}  // namespace

TEST_CASE("G14, G16: single-key backup goes round in every mode with cryptographic-user permission alone") {
    for (const std::uint16_t mode : {0, int{MODE_FIPS}, int{MODE_CC}}) {
        CxiBench bench(static_cast<std::uint16_t>(MODE_OPERATIONAL | mode));
        bench.log_on(0x00000002, "CXI_GROUP=G");
        const Bytes key = bench.rsa("k");
        const Bytes before = bench.public_key(key);
        const auto blob = bench.run(SFC_CXI_KEY_BACKUP, {key});
        REQUIRE(blob);
        REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {key}));
        REQUIRE(restore(bench, *blob));
        CHECK(bench.public_key(key) == before);
        CHECK(code_of(restore(bench, *blob)) == E_DB_EXISTS);
        CHECK(code_of(restore(bench, *blob, CXI_FLAG_KEY_OVERWRITE)) ==
              (mode == MODE_CC ? std::uint32_t{E_CXI_CC_OVERWRITE} : 0u));
    }
}

TEST_CASE("a changed blob, another group's and another MBK's are refused with nothing changed") {
    CxiBench bench;
    const Bytes key = bench.aes("G", "k");
    const auto blob = bench.run(SFC_CXI_KEY_BACKUP, {key});
    REQUIRE(blob);
    REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {key}));
    for (std::size_t i = 0; i < blob->size(); ++i) {
        Bytes changed = *blob;
        changed[i] ^= 0x10;
        const std::uint32_t code = code_of(restore(bench, changed));
        INFO("byte " << i);
        const bool known =
            code == E_CXI_KEY_BLOB_MAC || code == E_CXI_KEY_BLOB_FORMAT || code == E_CXI_BB_WRONG_MBK;
        CHECK(known);
        if (i >= 19 + 2 && i < 19 + 3) CHECK(code == E_CXI_KEY_BLOB_MAC);  // the group's name
    }
    for (std::size_t size = 0; size < blob->size(); ++size)
        CHECK_FALSE(restore(bench, ByteView(*blob).first(size)));
    PropertyList expected;
    expected.set(CXI_PROP_KEY_GROUP, "H");
    CHECK(code_of(restore(bench, *blob, 0, expected)) == E_CXI_PROP_COMPARE);
    bench.log_on(2, "CXI_GROUP=H");
    CHECK(code_of(restore(bench, *blob)) == E_CXI_PERMISSION_DENIED);
    bench.log_on(2, "CXI_GROUP=*");

    const auto other = bench.mbk.generate(MBK_TYPE_AES, 32, 2, 2, "OTHER");
    REQUIRE(other);
    REQUIRE(bench.mbk.import(kMbkSlotAes, MBK_FLG_OW, other->shares));
    CHECK(code_of(restore(bench, *blob)) == E_CXI_BB_WRONG_MBK);
    CHECK(*bench.cxi.keys.count() == 0);
}

TEST_CASE("an external key works, is told from a stored one, and is refused in CC mode") {
    CxiBench bench;
    const PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RSA, 1024, "G", "outside");
    const Bytes key = CxiBench::reference(bench.generate(list, CXI_FLAG_KEY_EXTERNAL));
    CHECK(key[0] == CXI_TAG_EXTERNAL);
    CHECK(*bench.cxi.keys.count() == 0);
    const Bytes data{1, 2, 3};
    const std::uint32_t mechanism = CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256;
    const auto signature = bench.sign(key, mechanism, data);
    REQUIRE(signature);
    CHECK(code_of(bench.verify(key, mechanism, data, *signature)) == 0);
    CHECK(code_of(bench.run(SFC_CXI_KEY_BACKUP, {key})) == E_CXI_INTERNAL_INPUT_ONLY);
    CHECK(code_of(bench.run(SFC_CXI_KEY_DELETE, {key})) == E_CXI_INTERNAL_INPUT_ONLY);
    bench.log_on(2, "CXI_GROUP=H");
    CHECK(code_of(bench.sign(key, mechanism, data)) == E_CXI_PERMISSION_DENIED);
    bench.log_on(2, "CXI_GROUP=*");
    bench.set_modes(MODE_OPERATIONAL | MODE_CC);
    CHECK(code_of(bench.sign(key, mechanism, data)) == E_CXI_CC_EXTERNAL_KEYS);
}

TEST_CASE("what FIPS and CC do not approve is refused by code") {
    CxiBench bench;
    const Bytes rsa = bench.rsa("old", 1024);
    const Bytes aes = bench.aes("G", "aes");
    const Bytes good = bench.rsa("good");
    const Bytes data{1, 2, 3};
    bench.set_modes(MODE_OPERATIONAL | MODE_FIPS);
    const auto make = [&](std::uint32_t algorithm, std::uint32_t bits, std::string_view curve = {}) {
        PropertyList list = CxiBench::key_template(algorithm, bits, "G", "new");
        if (!curve.empty()) list.set(CXI_PROP_KEY_EC_CURVE, curve);
        return code_of(bench.generate(list, CXI_FLAG_KEY_VOLATILE | CXI_FLAG_KEY_OVERWRITE));
    };
    CHECK(make(CXI_KEY_ALGO_DES, 192) == E_CXI_FIPS_ALGO);
    CHECK(make(CXI_KEY_ALGO_RSA, 1024) == E_CXI_FIPS_KEY_SIZE);
    CHECK(make(CXI_KEY_ALGO_EC, 0, "secp256k1") == E_CXI_NO_FIPS_CURVE);
    CHECK(make(CXI_KEY_ALGO_EC, 0, "brainpoolP256r1") == E_CXI_NO_FIPS_CURVE);
    CHECK(make(CXI_KEY_ALGO_EC, 0, "NIST-P256") == 0);
    CHECK(code_of(bench.sign(rsa, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256, data)) == E_CXI_FIPS_KEY_SIZE);
    CHECK(code_of(bench.sign(good, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA1, data)) == E_CXI_FIPS_MECH);
    CHECK(code_of(bench.crypt(good, CXI_MECH_MODE_ENCRYPT | CXI_MECH_PAD_PKCS1, {}, data)) ==
          E_CXI_FIPS_MECH);
    CHECK(code_of(bench.run(SFC_CXI_HASH_COMPUTE, {0, CXI_MECH_HASH_MD5, 0, ByteView(), data})) ==
          E_CXI_FIPS_MECH);
    PropertyList secret = CxiBench::key_template(CXI_KEY_ALGO_AES, 128, "G", "imported");
    const auto import = [&] {
        return code_of(bench.run(SFC_CXI_KEY_IMPORT, {0, CXI_KEY_TYPE_SECRET, 0, secret.encode(), ByteView(),
                                                      Bytes(16, 1), ByteView()}));
    };
    CHECK(import() == E_CXI_FIPS_KEY_IMPORT);
    const auto export_plain = [&] {
        return code_of(bench.run(SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_SECRET | CXI_KEY_TYPE_PLAINTEXT, 0, aes,
                                                      ByteView(), ByteView()}));
    };
    CHECK(export_plain() == E_CXI_FIPS_KEY_EXPORT);
    CHECK(code_of(bench.run(SFC_CXI_SECRET_AGREE, {0, 0, aes, ByteView()})) == E_CXI_FIPS_BLOCKED);
    bench.set_modes(MODE_OPERATIONAL | MODE_CC);
    CHECK(import() == E_CXI_CC_IMPORT_PLAIN);
    CHECK(export_plain() == E_CXI_CC_EXPORT_PLAIN);
    CHECK(code_of(bench.crypt(good, CXI_MECH_MODE_ENCRYPT | CXI_MECH_PAD_PKCS1, {}, data)) ==
          E_CXI_CC_PADDING);
    CHECK(code_of(bench.run(SFC_CXI_SECRET_AGREE, {0, 0, aes, ByteView()})) == E_CXI_CC_BLOCKED);
    bench.set_modes(MODE_OPERATIONAL | MODE_ADMIN_ONLY);
    CHECK(code_of(bench.sign(good, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256, data)) ==
          E_CMDS_ADMIN_BAD_FUNC);
}
