// Many external keys in one command: what they are, and the change to another MBK (our assumption).
#include "firmware/cxi/access.h"
#include "firmware/cxi/cxi.h"
#include "firmware/cxi/handlers.h"
#include "firmware/protocol/cxi/sealed_key.h"

namespace cs2sim {
namespace {

Result<std::vector<ByteView>> blobs_of(const CxiCall& call) {
    std::vector<ByteView> blobs;
    for (ByteView list = call.request.bytes("blobs"); !list.empty();) {
        CS2SIM_TRY_LET(entry, parse_prefix(LAYOUT_CXI_BULK_ENTRY, list));
        if (blobs.size() == CXI_MOST_EXTERNAL) return fail(E_CXI_INVALID_PARAM_VAL);
        blobs.push_back(entry.bytes("entry"));
    }
    if (blobs.empty()) return fail(E_CXI_INVALID_PARAM_VAL);
    return blobs;
}

// What the caller may do in a group is read from the database: once for all keys of a group, which come one
// behind the other.
class RightsInGroups {
public:
    RightsInGroups(const CxiCall& call, std::uint16_t rights) : call_(call), rights_(rights) {}
    Result<void> require(std::string_view group) {
        if (!group_ || *group_ != group) {
            answer_ = call_.require(rights_, group);
            group_ = group;
        }
        return answer_;
    }

private:
    const CxiCall& call_;
    const std::uint16_t rights_;
    std::optional<std::string> group_;
    Result<void> answer_;
};

// Opened for this command alone: nothing of it goes into the cache of keys that are at work.
Result<KeyObject> opened_for(CxiCall& call, RightsInGroups& rights, ByteView blob) {
    auto object = call.cxi.external.seal.open(blob);
    CS2SIM_TRY(object);
    CS2SIM_TRY_LET(seen_by_all, call.has(RIGHT_SEE_PUBLIC, *object));
    if (!seen_by_all) CS2SIM_TRY(rights.require(object->group()));
    return object;
}

// The slot of the MBK that a blob names.
std::uint32_t slot_of(Services& device, ByteView blob) {
    const auto outer = parse_sealed_key(blob);
    const auto newest = device.mbk.info(kMbkSlotAes);
    const bool by_newest = outer && newest && std::ranges::equal(outer->mbk_hash, newest->hash);
    return by_newest ? kMbkSlotAes : kMbkSlotTemporary;
}

// It neither shows nor changes a key, so that who looks after the device may do it for all groups.
Result<Bytes> sealed_anew(CxiCall& call, RightsInGroups& rights, ByteView blob) {
    CS2SIM_TRY_LET(group, sealed_group(blob));
    CS2SIM_TRY(rights.require(group));
    return call.cxi.external.seal.seal_anew(blob);
}

}  // namespace

Result<Bytes> cxi_external_props(CxiCall& call) {
    CS2SIM_TRY(approve_act(call.cxi.modes(), Act::external_key));
    CS2SIM_TRY_LET(wanted, decode_property_ids(call.request.bytes("wanted")));
    CS2SIM_TRY_LET(blobs, blobs_of(call));
    RightsInGroups rights(call, RIGHT_USE | RIGHT_MANAGE);
    Bytes rows;
    Decodings decodings(call);
    for (const ByteView blob : blobs) {
        const auto object = opened_for(call, rights, blob);
        if (object && !decodings.suffice(*object, wanted)) break;
        const auto row = object ? row_of(*object, wanted) : fail(object.error());
        CS2SIM_TRY(compose_into(rows, LAYOUT_CXI_EXTERNAL_ROW,
                                {row ? 0 : row.error().code, row ? slot_of(call.device, blob) : 0,
                                 row ? row->encode() : Bytes()}));
    }
    return call.answer({rows});
}

Result<Bytes> cxi_external_reseal(CxiCall& call) {
    CS2SIM_TRY(approve_act(call.cxi.modes(), Act::external_key));
    CS2SIM_TRY_LET(blobs, blobs_of(call));
    CS2SIM_TRY(call.device.mbk.info(kMbkSlotAes));
    RightsInGroups rights(call, RIGHT_USE | RIGHT_MANAGE | RIGHT_ADMINISTRATOR);
    Bytes rows;
    std::size_t sealed = 0;
    for (const ByteView blob : blobs) {
        const auto anew = sealed_anew(call, rights, blob);
        if (anew) ++sealed;
        CS2SIM_TRY(compose_into(rows, LAYOUT_CXI_RESEALED,
                                {anew ? 0 : anew.error().code, anew ? ByteView(*anew) : ByteView()}));
    }
    if (sealed != 0)
        call.audit(AUDIT_KEY,
                   "CXI: " + std::to_string(sealed) + " external keys sealed by the MBK of slot 3");
    return call.answer({rows});
}

}  // namespace cs2sim
