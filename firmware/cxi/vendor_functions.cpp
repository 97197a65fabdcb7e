// Vendor-defined mechanisms: keys checked and handed to the modules that know them.
//
// OUR ASSUMPTION: the number stands in the byte below CXI_MECH_VDM_FLAG; such a mechanism works in one
// command; it takes secret keys, whose bytes are what T_VDM_KEY calls the private token.
#include "firmware/cmds/vendor_mechanism.h"
#include "firmware/cxi/access.h"
#include "firmware/cxi/cxi.h"
#include "firmware/cxi/handlers.h"

namespace cs2sim {
namespace {

struct KeyTypeRow {
    std::uint32_t algorithm;
    std::uint8_t type;  // VDM_TYPE_*
};
constexpr KeyTypeRow kKeyTypes[] = {{CXI_KEY_ALGO_RAW, 0}, {CXI_KEY_ALGO_DES, 1}, {CXI_KEY_ALGO_AES, 2}};

Result<Bytes> run(CxiCall& call, VendorWork work, Use use, ByteView signature) {
    const Mechanism mechanism{call.request.u32("mechanism")};
    const ByteView parameter = call.request.bytes("parameter");
    if (call.request.bytes("data").size() > CXI_MOST_DATA) return fail(E_CXI_CRYPT_DATA_LEN);
    const SharedKey key = call.find("key");
    if (!key) return fail(E_CXI_INVALID_PARAM_LEN);
    const auto* row = std::ranges::find(kKeyTypes, key->object.algorithm(), &KeyTypeRow::algorithm);
    if (row == std::end(kKeyTypes) || !key->object.is_secret()) return fail(E_CXI_KEY_INVALID_ALGO);
    CS2SIM_TRY(call.cxi.use(*key, use, mechanism, parameter));
    if (!call.cxi.vendor_mechanisms) return fail(E_CXI_VDM_CB_NOT_REGISTERED);
    const auto bits = static_cast<std::uint32_t>(key->secret().size() * 8);
    return call.cxi.vendor_mechanisms(call, {work, mechanism.vendor(), row->type, bits, key->secret(),
                                             key->object.properties.bytes(CXI_PROP_PUBLIC_VDM_DATA),
                                             parameter, call.request.bytes("data"), signature});
}

}  // namespace

Result<Bytes> vendor_crypt(CxiCall& call) {
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, CXI_FLAG_CRYPT_SINGLE_CALL));
    if (flags != CXI_FLAG_CRYPT_SINGLE_CALL) return fail(E_CXI_CRYPT_MECH);
    const bool encrypt = Mechanism{call.request.u32("mechanism")}.mode() == CXI_MECH_MODE_ENCRYPT;
    CS2SIM_TRY_LET(out, run(call, encrypt ? VendorWork::encrypt : VendorWork::decrypt,
                            encrypt ? USE_ENCRYPT : USE_DECRYPT, {}));
    auto answer = call.answer({0, ByteView(), out});
    cleanse(out.data(), out.size());
    return answer;
}

Result<Bytes> vendor_sign(CxiCall& call) {
    CS2SIM_TRY(check_flags(call.request.u32("flags"), 0));
    CS2SIM_TRY_LET(signature, run(call, VendorWork::sign, USE_SIGN, {}));
    return call.answer({signature});
}

Result<Bytes> vendor_verify(CxiCall& call) {
    CS2SIM_TRY(check_flags(call.request.u32("flags"), 0));
    CS2SIM_TRY(run(call, VendorWork::verify, USE_VERIFY, call.request.bytes("signature")));
    return call.answer({ByteView()});
}

}  // namespace cs2sim
