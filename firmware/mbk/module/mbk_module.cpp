#include "firmware/mbk/module/mbk_module.h"

#include <algorithm>

#include "firmware/cmds/call.h"

namespace cs2sim {
namespace {

std::string name_text(ByteView name) {
    const std::string_view text = as_text(name);
    return std::string(text.substr(0, text.find('\0')));
}

Result<std::vector<MbkShare>> parse_shares(ByteView rest) {
    std::vector<MbkShare> shares;
    while (!rest.empty()) {
        CS2SIM_TRY_LET(fields, parse_prefix(LAYOUT_MBK_SHARE, rest));
        MbkShare& share = shares.emplace_back();
        std::ranges::copy(fields.bytes("info"), share.info.begin());
        share.share = to_secret(fields.bytes("share"));
    }
    return shares;
}

Result<Bytes> list_keys(Call& call) {
    CS2SIM_TRY_LET(slots, call.device.mbk.list());
    Bytes keys;
    for (const auto& [slot, info] : slots)
        CS2SIM_TRY(compose_into(keys, LAYOUT_MBK_SLOT, {slot, encode_key_info(info)}));
    return call.answer({keys});
}

Result<Bytes> generate(Call& call) {
    const Block& request = call.request;
    CS2SIM_TRY_LET(made, call.device.mbk.generate(request.u8("type"), request.u8("length"), request.u8("n"),
                                                  request.u8("k"), request.text("name")));
    Bytes shares;
    for (const MbkShare& share : made.shares)
        CS2SIM_TRY(compose_into(shares, LAYOUT_MBK_SHARE, {share.info, ByteView(share.share)}));
    call.audit(AUDIT_MBK, "MBK " + name_text(request.bytes("name")) + " generated" +
                              (made.loaded ? ", loaded" : ", not loaded: slot occupied"));
    auto answer = call.answer({made.loaded, shares});
    cleanse(shares.data(), shares.size());
    return answer;
}

Result<Bytes> import(Call& call) {
    CS2SIM_TRY_LET(shares, parse_shares(call.request.bytes("shares")));
    const std::uint32_t slot = call.request.u32("slot");
    CS2SIM_TRY_LET(info, call.device.mbk.import(slot, call.request.u32("flags"), shares));
    call.audit(AUDIT_MBK, "MBK " + name_text(info.name) + " imported into slot " + std::to_string(slot));
    return call.answer({encode_key_info(info)});
}

Result<Bytes> remove(Call& call) {
    const std::uint32_t slot = call.request.u32("slot");
    CS2SIM_TRY_LET(info, call.device.mbk.remove(slot));
    call.audit(AUDIT_MBK, "MBK " + name_text(info.name) + " deleted from slot " + std::to_string(slot));
    return call.answer({});
}

constexpr Function kMbk[] = {
    {SFC_MBK_LIST_KEYS, list_keys},
    {SFC_MBK_GENERATE, generate},
    {SFC_MBK_IMPORT, import},
    {SFC_MBK_DELETE, remove},
};

}  // namespace

Module mbk_module() { return {FC_MBK, kMbk}; }

}  // namespace cs2sim
