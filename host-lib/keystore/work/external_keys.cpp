#include "host-lib/keystore/work/external_keys.h"

namespace cs2sim::keystore {
namespace {

constexpr std::uint32_t kOfRows[] = {
    CXI_PROP_KEY_GROUP, CXI_PROP_KEY_NAME, CXI_PROP_KEY_SPEC, CXI_PROP_KEY_LABEL,    CXI_PROP_ID,
    CXI_PROP_KEY_TYPE,  CXI_PROP_KEY_ALGO, CXI_PROP_KEY_SIZE, CXI_PROP_KEY_EC_CURVE, CXI_PROP_PRIVATE};

Bytes list_of(const std::vector<StoredKey>& keys) {
    Bytes list;
    for (const StoredKey& key : keys) compose_into(list, LAYOUT_CXI_BULK_ENTRY, {ByteView(key.blob)});
    return list;
}

}  // namespace

Bytes properties_of_rows() {
    Bytes ids;
    for (const std::uint32_t id : kOfRows) append_big_endian(ids, id, 4);
    append_big_endian(ids, CXI_PROP_CUSTOM | 0x100, 4);  // CKA_KEY_TYPE where PKCS#11 keeps it
    return ids;
}

std::size_t fit_one_command(const std::vector<StoredKey>& keys, std::size_t from) {
    std::size_t bytes = 0, count = 0;
    while (from + count < keys.size() && count < CXI_MOST_EXTERNAL) {
        bytes += keys[from + count].blob.size() + 4;
        if (count != 0 && bytes > CXI_MOST_DATA / 2) break;  // the answer has to fit a frame, too
        ++count;
    }
    return count;
}

Result<std::vector<Opened>> open_keys(const Execute& execute, const std::vector<StoredKey>& keys) {
    const Bytes wanted = properties_of_rows();
    CS2SIM_TRY_LET(answer, execute(FC_CXI, SFC_CXI_EXTERNAL_PROPS, {ByteView(wanted), list_of(keys)}));
    std::vector<Opened> all;
    for (ByteView rest = answer.block.bytes("rows"); !rest.empty();) {
        const auto row = parse_prefix(LAYOUT_CXI_EXTERNAL_ROW, rest);
        if (!row) return fail(E_CSA_PROTOCOL);
        auto properties = PropertyList::decode(row->bytes("properties"));
        if (!properties) return fail(E_CSA_PROTOCOL);
        all.push_back({row->u32("code"), std::move(*properties)});
    }
    if (all.size() != keys.size()) return fail(E_CSA_PROTOCOL);
    return all;
}

Result<std::vector<Resealed>> reseal_keys(const Execute& execute, const std::vector<StoredKey>& keys) {
    CS2SIM_TRY_LET(answer, execute(FC_CXI, SFC_CXI_EXTERNAL_RESEAL, {list_of(keys)}));
    std::vector<Resealed> all;
    for (ByteView rest = answer.block.bytes("rows"); !rest.empty();) {
        const auto row = parse_prefix(LAYOUT_CXI_RESEALED, rest);
        if (!row) return fail(E_CSA_PROTOCOL);
        all.push_back({row->u32("code"), to_bytes(row->bytes("blob"))});
    }
    if (all.size() != keys.size()) return fail(E_CSA_PROTOCOL);
    return all;
}

}  // namespace cs2sim::keystore
