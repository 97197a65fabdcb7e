// Certified modes: secret keys of no cipher have a least length, whichever way they come in.
#include "test/unit/cxi/properties.h"

using namespace cs2sim;

namespace {

struct Certified {
    std::uint16_t mode;
    std::uint32_t least;  // bits
    std::uint32_t code;
};
constexpr Certified kCertified[] = {{MODE_FIPS, 112, E_CXI_FIPS_KEY_SIZE}, {MODE_CC, 128, E_CXI_CC_KEY_SIZE}};

constexpr std::uint32_t kKwp = CXI_MECH_CHAIN_KEY_WRAP | CXI_MECH_PAD_KWP;

PropertyList raw(std::string_view name, std::uint32_t bits = 0) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RAW, bits, "G", name);
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    return list;
}

// A key of `bits` made before the device is certified, in each form in which it can come.
struct Forms {
    Forms(CxiBench& bench, ByteView kek, std::uint32_t bits)
        : key(CxiBench::reference(bench.generate(raw("kept", bits)))) {
        const Bytes other = CxiBench::reference(bench.generate(raw("gone", bits)));
        const auto blob = bench.run(SFC_CXI_KEY_WRAP, {kKwp, other, kek, ByteView()});
        const auto saved = bench.run(SFC_CXI_KEY_BACKUP, {other});
        REQUIRE(code_of(blob) == 0);
        REQUIRE(code_of(saved) == 0);
        wrapped = *blob;
        backup = *saved;
        REQUIRE(code_of(bench.run(SFC_CXI_KEY_DELETE, {other})) == 0);
    }
    Bytes key, wrapped, backup;
};

}  // namespace

TEST_CASE("in certified modes no short key comes in, by no way, and none that is there works") {
    for (const Certified& certified : kCertified)
        for (const std::uint32_t bits : {certified.least - 8, certified.least}) {
            INFO(bits << " bits in mode " << certified.mode);
            CxiBench bench;
            const Bytes kek = bench.aes("G", "kek");
            test::trust(bench, kek);
            const Bytes base = CxiBench::reference(bench.generate(raw("base", 256)));
            const Forms forms(bench, kek, bits);
            const Bytes deriving = CxiBench::reference(bench.generate(raw("deriving", bits)));
            bench.set_modes(MODE_OPERATIONAL | certified.mode);
            const std::uint32_t expected = bits < certified.least ? certified.code : 0u;
            const std::uint32_t kdf = CXI_MECH_KDF_HMAC | CXI_MECH_HASH_SHA256;

            CHECK(code_of(bench.generate(raw("generated", bits))) == expected);
            CHECK(code_of(bench.run(SFC_CXI_KEY_UNWRAP, {0, kKwp, kek, ByteView(), raw("unwrapped").encode(),
                                                         forms.wrapped})) == expected);
            CHECK(
                code_of(bench.run(SFC_CXI_KEY_IMPORT, {0, CXI_KEY_TYPE_SECRET, kKwp, raw("imported").encode(),
                                                       kek, forms.wrapped, ByteView()})) == expected);
            CHECK(code_of(bench.run(SFC_CXI_KEY_DERIVE,
                                    {0, kdf, base, raw("derived", bits).encode(), Bytes(10)})) == expected);
            CHECK(code_of(bench.run(SFC_CXI_KEY_RESTORE, {0, PropertyList().encode(), forms.backup})) ==
                  expected);

            const Bytes data(10);
            CHECK(code_of(bench.sign(forms.key, CXI_MECH_HASH_SHA256, data, false)) == expected);
            CHECK(code_of(bench.crypt(forms.key, CXI_MECH_MODE_MAC_SINGLE | CXI_MECH_HASH_SHA256, {},
                                      data)) == expected);
            CHECK(code_of(bench.run(SFC_CXI_HASH_COMPUTE, {0, CXI_MECH_HASH_SHA256, 0, forms.key, data})) ==
                  expected);
            CHECK(code_of(bench.run(SFC_CXI_KEY_DERIVE,
                                    {0, kdf, deriving, raw("from it", 128).encode(), data})) == expected);
        }
}

// Check values would tell from its beginning, byte by byte, what such a mode derives.
TEST_CASE("what a certified mode made is made short in no other mode either") {
    for (const Certified& certified : kCertified) {
        CAPTURE(certified.mode);
        CxiBench bench;
        bench.set_modes(MODE_OPERATIONAL | certified.mode);
        const Bytes base = CxiBench::reference(bench.generate(raw("base", 256)));
        const Bytes curve = bench.curve("curve", "NIST-P256", CXI_KEY_ALGO_ECDH);
        bench.set_modes(MODE_OPERATIONAL);
        const Bytes free = CxiBench::reference(bench.generate(raw("free", 256)));
        const auto derive = [&](std::uint32_t mechanism, ByteView from, std::uint32_t bits, ByteView data) {
            const std::string name = std::to_string(bits) + " by " + std::to_string(mechanism);
            return code_of(bench.run(SFC_CXI_KEY_DERIVE, {+CXI_FLAG_KEY_OVERWRITE, mechanism, from,
                                                          raw(name, bits).encode(), data}));
        };
        for (const std::uint32_t kdf : {CXI_MECH_KDF_HMAC, CXI_MECH_KDF_TLS12_PRF}) {
            CAPTURE(kdf);
            const std::uint32_t mechanism = kdf | CXI_MECH_HASH_SHA256;
            CHECK(derive(mechanism, base, certified.least, Bytes(10)) == 0);
            for (const std::uint32_t bits : {32u, certified.least - 8}) {
                CHECK(derive(mechanism, base, bits, Bytes(10)) == certified.code);
                CHECK(derive(mechanism, free, bits, Bytes(10)) == 0);
            }
        }
        CHECK(derive(CXI_MECH_KDF_ECDH, curve, certified.least, bench.public_key(curve)) == 0);
        CHECK(derive(CXI_MECH_KDF_ECDH, curve, 32, bench.public_key(curve)) == certified.code);
    }
}
