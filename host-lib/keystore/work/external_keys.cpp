#include "host-lib/keystore/work/external_keys.h"

#include <algorithm>
#include <span>

namespace cs2sim::keystore {
namespace {

constexpr std::uint32_t kOfRows[] = {
    CXI_PROP_KEY_GROUP, CXI_PROP_KEY_NAME, CXI_PROP_KEY_SPEC, CXI_PROP_KEY_LABEL,    CXI_PROP_ID,
    CXI_PROP_KEY_TYPE,  CXI_PROP_KEY_ALGO, CXI_PROP_KEY_SIZE, CXI_PROP_KEY_EC_CURVE, CXI_PROP_PRIVATE};

// What tells a key's value without giving it away.
constexpr std::uint32_t kOfValue[] = {CXI_PROP_KEY_RSA_MOD, CXI_PROP_KEY_DSA_PUBKEY, CXI_PROP_KEY_EC_PUBKEY,
                                      CXI_PROP_CHECK_VALUE, CXI_PROP_VALUE};

Bytes list_of(std::span<const StoredKey> keys) {
    Bytes list;
    for (const StoredKey& key : keys) compose_into(list, LAYOUT_CXI_BULK_ENTRY, {ByteView(key.blob)});
    return list;
}

// Does the row say what the seal confirms?
bool is_as_sealed(const StoredKey& row, const PropertyList& properties) {
    const auto sealed = row_of(row.blob, properties);
    return sealed && row.index == sealed->index && row.mbk == sealed->mbk &&
           row.key_class == sealed->key_class && row.key_type == sealed->key_type &&
           row.label == sealed->label && row.id == sealed->id && row.is_private == sealed->is_private;
}

// Those of rows, and the others that are not among them.
Bytes together(ByteView also) {
    Bytes ids = properties_of_rows();
    const std::size_t of_rows = ids.size();
    for (; also.size() >= 4; also = also.subspan(4)) {
        bool known = false;
        for (std::size_t at = 0; at < of_rows && !known; at += 4)
            known = std::ranges::equal(ByteView(ids).subspan(at, 4), also.first(4));
        if (!known) append(ids, also.first(4));
    }
    return ids;
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

Result<std::vector<Opened>> open_keys(const Execute& execute, const std::vector<StoredKey>& keys,
                                      ByteView also) {
    const Bytes wanted = together(also);
    std::vector<Opened> all;
    while (all.size() < keys.size()) {
        const std::size_t before = all.size();
        CS2SIM_TRY_LET(answer, execute(FC_CXI, SFC_CXI_EXTERNAL_PROPS,
                                       {ByteView(wanted), list_of(std::span(keys).subspan(before))}));
        for (ByteView rest = answer.block.bytes("rows"); !rest.empty();) {
            const auto row = parse_prefix(LAYOUT_CXI_EXTERNAL_ROW, rest);
            if (!row) return fail(E_CSA_PROTOCOL);
            auto properties = PropertyList::decode(row->bytes("properties"));
            if (!properties) return fail(E_CSA_PROTOCOL);
            all.push_back({row->u32("code"), std::move(*properties)});
        }
        if (all.size() == before || all.size() > keys.size()) return fail(E_CSA_PROTOCOL);
    }
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (all[i].code == 0 && !is_as_sealed(keys[i], all[i].properties))
            all[i].code = E_CXI_KEY_BLOB_FORMAT;
    return all;
}

Result<bool> are_of_one_key(const Execute& execute, const StoredKey& one, const StoredKey& other) {
    Bytes wanted;
    append_big_endian(wanted, CXI_PROP_KEY_DATE_GEN, 4);
    for (const std::uint32_t id : kOfValue) append_big_endian(wanted, id, 4);
    CS2SIM_TRY_LET(opened, open_keys(execute, {one, other}, wanted));
    if (opened[0].code != 0 || opened[1].code != 0) return false;
    const bool told = std::ranges::any_of(kOfValue, [&](std::uint32_t id) {
        return opened[0].properties.has(id) && !opened[0].properties.bytes(id).empty();
    });
    return told && opened[0].properties == opened[1].properties;
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
