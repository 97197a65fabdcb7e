// Vendor-defined mechanisms of a module, asked for through CXI.
#include <catch2/catch.hpp>

#include "firmware/crypto/digest.h"
#include "firmware/cxi/cxi.h"
#include "test/unit/modules/bench.h"

using namespace cs2sim;
using Catch::Contains;

namespace {

enum Number : std::uint32_t {
    mac = 21,
    chained = 22,
    by_type = 23,
    too_long = 10,
    nothing,
    state,
    writes_behind,
    crashes,
    damages,
    own_code
};

std::uint32_t vendor(std::uint32_t number) { return CXI_MECH_VDM_FLAG | number << 8; }

class VendorBench : public ModuleBench {
public:
    VendorBench() : cxi(services) {
        cxi.vendor_mechanisms = [this](Call& command, const VendorJob& job) {
            return modules.run_mechanism(command, job);
        };
        REQUIRE(scheduler.publish(cxi_module(cxi)));
        context.users = {{"USR", 0x00000002, "CXI_GROUP=*", {}}};
        PropertyList made;
        made.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
        made.set_number(CXI_PROP_KEY_SIZE, 256);
        made.set(CXI_PROP_KEY_GROUP, "G");
        made.set(CXI_PROP_KEY_NAME, "secret");
        const auto answer = cxi_command(SFC_CXI_KEY_GENERATE, {0, 0, made.encode()});
        REQUIRE(answer);
        key = to_bytes(parse(find_function(FC_CXI, SFC_CXI_KEY_GENERATE)->answer, *answer)->bytes("key"));
    }
    Result<Bytes> cxi_command(std::uint8_t sfc, std::initializer_list<Value> values) {
        return run(sfc, compose(find_function(FC_CXI, sfc)->request, values).value(), FC_CXI);
    }
    Result<Bytes> sign(std::uint32_t number, ByteView data = as_bytes("data")) {
        return cxi_command(SFC_CXI_SIGN, {0, vendor(number), key, ByteView(), data});
    }
    Result<Bytes> verify(ByteView signature, ByteView data = as_bytes("data")) {
        return cxi_command(SFC_CXI_VERIFY, {0, vendor(mac), key, ByteView(), signature, data});
    }
    Result<Bytes> crypt(std::uint32_t number, std::uint32_t direction, ByteView data,
                        std::uint32_t flags = CXI_FLAG_CRYPT_SINGLE_CALL) {
        const auto answer = cxi_command(
            SFC_CXI_CRYPT, {flags, vendor(number) | direction, 0, key, as_bytes("context"), data});
        if (!answer) return answer;
        return to_bytes(parse(find_function(FC_CXI, SFC_CXI_CRYPT)->answer, *answer)->bytes("data"));
    }

    PropertyList named(std::string_view name, std::uint32_t algorithm, std::uint32_t bits = 0) const {
        PropertyList made;
        made.set_number(CXI_PROP_KEY_ALGO, algorithm);
        if (bits != 0) made.set_number(CXI_PROP_KEY_SIZE, bits);
        made.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW_PLAIN);
        made.set(CXI_PROP_KEY_GROUP, "G");
        made.set(CXI_PROP_KEY_NAME, name);
        return made;
    }
    Result<Bytes> key_of(std::uint8_t sfc, const Result<Bytes>& answer) const {
        if (!answer) return answer;
        return to_bytes(parse(find_function(FC_CXI, sfc)->answer, *answer)->bytes("key"));
    }
    Result<Bytes> generate(std::uint32_t mechanism, const PropertyList& made) {
        return key_of(SFC_CXI_KEY_GENERATE, cxi_command(SFC_CXI_KEY_GENERATE, {0, mechanism, made.encode()}));
    }
    Result<Bytes> in_clear(ByteView of) {
        return cxi_command(SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_SECRET, 0, of, ByteView(), ByteView()});
    }
    Result<Bytes> sign_with(ByteView with, ByteView hash) {
        return cxi_command(SFC_CXI_SIGN, {0, vendor(by_type), with, ByteView(), hash});
    }

    Cxi cxi;
    Bytes key;
};

}  // namespace

TEST_CASE("A module's mechanisms sign, verify, and chain operations in one command of CXI") {
    VendorBench bench;
    CHECK(bench.sign(mac).error().code == E_CXI_VDM_CB_NOT_REGISTERED);
    bench.start("vdm");
    INFO(bench.boot_log());
    REQUIRE(bench.stage("VDMA") == ModuleStage::ready);
    const auto signature = bench.sign(mac);
    REQUIRE(signature);
    CHECK(signature->size() == 32);
    CHECK(bench.verify(*signature));
    CHECK(bench.verify(*signature, as_bytes("other")).error().code == E_CXI_CRYPT_SIGN_VERIFY);

    const Bytes text(160, 't');
    const auto sealed = bench.crypt(chained, CXI_MECH_MODE_ENCRYPT, text);
    INFO((sealed ? "" : hex_code(sealed.error().code)));
    REQUIRE(sealed);
    CHECK(sealed->size() == text.size() + 32);
    CHECK(bench.crypt(chained, CXI_MECH_MODE_DECRYPT, *sealed).value() == text);
    Bytes forged = *sealed;
    forged[7] ^= 1;
    CHECK(bench.crypt(chained, CXI_MECH_MODE_DECRYPT, forged).error().code == 0xB1760001);
    CHECK(bench.crypt(chained, CXI_MECH_MODE_ENCRYPT, text, CXI_FLAG_CRYPT_INIT).error().code ==
          E_CXI_CRYPT_MECH);
    bench.context.users = {};
    CHECK(bench.sign(mac).error().code == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("What a mechanism's callback does wrong is answered by the code for it") {
    VendorBench bench;
    bench.start("vdm");
    CHECK(bench.sign(7).error().code == E_CXI_VDM_MECH_NOT_HANDLED);
    CHECK(bench.sign(too_long).error().code == E_CXI_VDM_CB_DATA_INCONSISTENT);
    CHECK(bench.sign(writes_behind).error().code == E_CXI_VDM_CB_DATA_INCONSISTENT);
    CHECK(bench.sign(nothing).error().code == E_CXI_VDM_CB_BUF_LEN_ZERO);
    CHECK(bench.crypt(state, CXI_MECH_MODE_ENCRYPT, as_bytes("x")).error().code ==
          E_CXI_VDM_CB_STATE_INVALID);
    CHECK(bench.sign(own_code).error().code == 0xB1760001);
    const auto made = bench.sign(damages);  // its heap: told, and the result stays
    REQUIRE(made);
    CHECK(as_text(*made).find("well") != std::string_view::npos);
    CHECK_THAT(bench.module_log("VDMA"),
               Contains("written behind the end of a block") && Contains("vdm.c:48"));
    CHECK(bench.sign(mac));
    CHECK(bench.sign(crashes).error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK(bench.stage("VDMA") == ModuleStage::failed);
    CHECK_THAT(bench.module_log("VDMA"), Contains("vdm.c:"));
    CHECK(bench.sign(mac).error().code == E_OS_MDL_NOT_AVAILABLE);
    bench.restart();
    CHECK(bench.sign(mac));
}

TEST_CASE("A module's mechanisms digest, make, derive, wrap and unwrap keys") {
    VendorBench bench;
    CHECK(bench.generate(vendor(mac), bench.named("early", CXI_KEY_ALGO_AES, 256)).error().code ==
          E_CXI_VDM_CB_NOT_REGISTERED);
    bench.start("vdm");
    const auto digest_by = [&](std::uint32_t mechanism, std::uint32_t flags = 0) {
        return bench.cxi_command(SFC_CXI_HASH_COMPUTE, {flags, mechanism, 0, ByteView(), as_bytes("data")});
    };
    const Bytes hash = digest("SHA256", {as_bytes("vdm"), as_bytes("data")});
    const auto made = digest_by(vendor(mac));
    REQUIRE(made);
    CHECK(to_bytes(parse(find_function(FC_CXI, SFC_CXI_HASH_COMPUTE)->answer, *made)->bytes("hash")) == hash);
    CHECK(digest_by(CXI_MECH_VDM_FLAG | 0x6745));  // 4567, as standard mechanisms are numbered
    CHECK(digest_by(vendor(mac), CXI_FLAG_HASH_PART).error().code == E_CXI_INVALID_FLAGS);
    CHECK(digest_by(vendor(mac) | 1).error().code == E_CXI_VDM_MECH_NOT_HANDLED);

    const auto aes = bench.generate(vendor(mac), bench.named("aes", CXI_KEY_ALGO_AES, 256));
    REQUIRE(aes);
    Bytes counted(32);
    for (std::size_t at = 0; at < counted.size(); ++at) counted[at] = static_cast<std::uint8_t>(at);
    CHECK(bench.in_clear(*aes).value() == counted);
    CHECK(bench.generate(vendor(too_long), bench.named("x", CXI_KEY_ALGO_AES, 256)).error().code ==
          E_CXI_VDM_CB_DATA_INCONSISTENT);
    CHECK(bench.generate(vendor(nothing), bench.named("x", CXI_KEY_ALGO_AES, 256)).error().code ==
          E_CXI_VDM_CB_BUF_LEN_ZERO);
    CHECK(bench.generate(vendor(mac), bench.named("x", CXI_KEY_ALGO_AES, 512)).error().code ==
          E_CXI_KEY_INVALID_SIZE);
    CHECK(bench.generate(vendor(mac), bench.named("x", CXI_KEY_ALGO_RSA, 2048)).error().code ==
          E_CXI_KEY_INVALID_ALGO);

    const auto derived = bench.key_of(
        SFC_CXI_KEY_DERIVE,
        bench.cxi_command(SFC_CXI_KEY_DERIVE,
                          {0, vendor(mac), *aes, bench.named("derived", CXI_KEY_ALGO_AES, 128).encode(),
                           as_bytes("label")}));
    REQUIRE(derived);
    Bytes expected = hmac_sha256(counted, {as_bytes("label")});
    expected.resize(16);
    CHECK(bench.in_clear(*derived).value() == expected);

    const auto wrapped =
        bench.cxi_command(SFC_CXI_KEY_WRAP, {vendor(mac), *derived, *aes, as_bytes("parameter")});
    REQUIRE(wrapped);
    CHECK(*wrapped != expected);
    const auto back = bench.key_of(
        SFC_CXI_KEY_UNWRAP,
        bench.cxi_command(SFC_CXI_KEY_UNWRAP, {0, vendor(mac), *aes, as_bytes("parameter"),
                                               bench.named("back", CXI_KEY_ALGO_AES).encode(), *wrapped}));
    REQUIRE(back);
    CHECK(bench.sign_with(*back, Bytes(32)).error().code == E_CXI_VDM_MECH_NOT_HANDLED);
    const auto by_both = [&](ByteView with) {
        return bench.cxi_command(SFC_CXI_SIGN, {0, vendor(mac), with, ByteView(), as_bytes("same")}).value();
    };
    CHECK(by_both(*back) == by_both(*derived));
}

TEST_CASE("Callbacks see RSA, EC, DSA and custom keys as their types have them") {
    VendorBench bench;
    bench.start("vdm");
    const Bytes hash = digest("SHA256", {as_bytes("data")});
    const auto rsa = bench.generate(0, bench.named("rsa", CXI_KEY_ALGO_RSA, 2048));
    const auto by_rsa = bench.sign_with(rsa.value(), hash);
    REQUIRE(by_rsa);
    CHECK(bench.cxi_command(SFC_CXI_VERIFY,
                            {0, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256, *rsa, ByteView(), *by_rsa, hash}));
    PropertyList curve = bench.named("ec", CXI_KEY_ALGO_EC);
    curve.set(CXI_PROP_KEY_EC_CURVE, "NIST-P256");
    const auto ec = bench.generate(0, curve);
    const auto by_ec = bench.sign_with(ec.value(), hash);
    REQUIRE(by_ec);
    CHECK(by_ec->size() == 64);
    CHECK(bench.cxi_command(SFC_CXI_VERIFY, {0, 0, *ec, ByteView(), *by_ec, hash}));

    const PropertyList custom = bench.named("own", CXI_KEY_ALGO_CUSTOM | 7);
    CHECK(bench.generate(0, custom).error().code == E_CXI_KEY_INVALID_ALGO);
    const auto own = bench.generate(vendor(mac), custom);
    REQUIRE(own);
    const auto by_own = bench.sign_with(*own, hash);
    Bytes token(40);
    for (std::size_t at = 0; at < token.size(); ++at) token[at] = static_cast<std::uint8_t>(at);
    Bytes signed_text = to_bytes(as_bytes("open!"));
    append(signed_text, hash);
    CHECK(by_own.value() == hmac_sha256(token, {signed_text}));
    CHECK(bench.cxi_command(SFC_CXI_SIGN, {0, CXI_MECH_PAD_PKCS1, *own, ByteView(), hash}).error().code != 0);
    // Its module is asked before it ends, and objects at first.
    CHECK(bench.cxi_command(SFC_CXI_KEY_DELETE, {*own}).error().code == 0xB1760001);
    CHECK(bench.sign_with(*own, hash));
    CHECK(bench.cxi_command(SFC_CXI_KEY_DELETE, {*own}));
    CHECK_THAT(bench.module_log("VDMA"), Contains("a key of 40 bytes ends"));
    CHECK(bench.cxi_command(SFC_CXI_KEY_DELETE, {*rsa}));
}

TEST_CASE("A module puts keys into CXI and takes them out, by their numbers") {
    VendorBench bench;
    bench.start("newer");
    INFO(bench.boot_log());
    const auto answer = bench.run(21);
    REQUIRE(answer);
    if (answer->size() == 4) FAIL("probe_keys.h, line " << big_endian(*answer));
    // What came is a key like any other, under its own policy.
    PropertyList names;
    names.set(CXI_PROP_KEY_GROUP, "G");
    names.set(CXI_PROP_KEY_NAME, "probed");
    const auto opened = bench.cxi_command(SFC_CXI_KEY_OPEN, {0, names.encode()});
    REQUIRE(opened);
    const Bytes reference =
        to_bytes(parse(find_function(FC_CXI, SFC_CXI_KEY_OPEN)->answer, *opened)->bytes("key"));
    CHECK(bench.in_clear(reference).value() == to_bytes(as_bytes("thirty-two bytes of a secret key")));
}
