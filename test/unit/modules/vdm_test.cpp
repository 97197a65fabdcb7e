// Vendor-defined mechanisms of a module, asked for through CXI.
#include <catch2/catch.hpp>

#include "firmware/cxi/cxi.h"
#include "test/unit/modules/bench.h"

using namespace cs2sim;
using Catch::Contains;

namespace {

enum Number : std::uint32_t {
    mac = 21,
    chained = 22,
    too_long = 10,
    nothing,
    state,
    writes_behind,
    crashes,
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
    CHECK(bench.sign(mac));
    CHECK(bench.sign(crashes).error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK(bench.stage("VDMA") == ModuleStage::failed);
    CHECK_THAT(bench.module_log("VDMA"), Contains("vdm.c:"));
    CHECK(bench.sign(mac).error().code == E_OS_MDL_NOT_AVAILABLE);
    bench.restart();
    CHECK(bench.sign(mac));
}
