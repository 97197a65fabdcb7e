#include "firmware/mbk/mbk.h"

#include <algorithm>
#include <ctime>

#include "firmware/crypto/digest.h"
#include "firmware/crypto/kdf.h"
#include "firmware/crypto/random.h"
#include "firmware/mbk/share_info.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/databases.h"
#include "firmware/protocol/functions.h"
#include "firmware/smos/smos.h"

namespace cs2sim {
namespace {

constexpr std::size_t kInfoSize = 35;

// Which slots exist, and what each takes (0: yes). A key that seals is only replaced.
struct SlotRow {
    std::uint32_t import_refused, removal_refused;
};
constexpr SlotRow kSlots[kMbkSlots] = {
    {E_MBK_KEY_TYPE, E_MBK_NOT_SUPPORTED},       // kMbkSlotDes
    {0, 0},                                      // kMbkSlotTemporary
    {E_MBK_NOT_SUPPORTED, E_MBK_NOT_SUPPORTED},  // nothing reads one from here
    {0, E_MBK_NOT_SUPPORTED},                    // kMbkSlotAes
};

std::array<std::uint8_t, 4> search_key(std::uint32_t slot) { return big_endian_bytes<4>(slot); }

std::array<std::uint8_t, 6> bcd_time(std::int64_t milliseconds) {
    const std::time_t seconds = milliseconds / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    const int values[] = {parts.tm_year % 100, parts.tm_mon + 1, parts.tm_mday,
                          parts.tm_hour,       parts.tm_min,     parts.tm_sec};
    std::array<std::uint8_t, 6> bcd{};
    std::ranges::transform(values, bcd.begin(),
                           [](int value) { return static_cast<std::uint8_t>(value / 10 << 4 | value % 10); });
    return bcd;
}

// The name without its filling, which may be zeros or blanks. Error: E_MBK_KEY_NAME.
Result<std::array<std::uint8_t, 8>> name_of(std::string_view name) {
    while (!name.empty() && (name.back() == '\0' || name.back() == ' ')) name.remove_suffix(1);
    const auto printable = [](char c) { return c >= 0x20 && c <= 0x7E; };
    if (name.empty() || name.size() > 8 || !std::ranges::all_of(name, printable)) return fail(E_MBK_KEY_NAME);
    std::array<std::uint8_t, 8> out{};
    std::ranges::copy(name, out.begin());
    return out;
}

SecretBytes record_of(const MbkKeyInfo& info, ByteView key) {
    SecretBytes record = to_secret(encode_key_info(info));
    record.reserve(kInfoSize + kMbkLength);
    record.insert(record.end(), key.begin(), key.end());
    return record;
}

constexpr std::string_view kFactoryName = "AUTO-GEN";  // device-formats.md, section 2

bool is_factory_key(const MbkKeyInfo& info) {
    return std::ranges::equal(info.name, kFactoryName) && info.n == 1 && info.k == 1;
}

bool is_factory_record(ByteView record) {
    return record.size() == kInfoSize + kMbkLength &&
           is_factory_key(decode_key_info(record.first(kInfoSize)));
}

}  // namespace

MbkStore::MbkStore(Smos& smos, DatabaseStore& databases) : smos_(smos), databases_(databases) {}

Result<std::shared_ptr<Database>> MbkStore::database() {
    return databases_.create(kMasterKeyDatabase, database_policy(kMasterKeyDatabase)->info);
}

Result<ResidentMbk> MbkStore::resident(std::uint32_t slot) {
    if (slot >= kMbkSlots) return fail(E_MBK_KEY_NO);
    CS2SIM_TRY_LET(store, database());
    auto record = store->find(search_key(slot));
    if (!record)
        return fail(record.error().code == E_DB_NOT_FOUND ? Error{E_MBK_SLOT_EMPTY} : record.error());
    if (record->size() != kInfoSize + kMbkLength) return fail(E_MBK_BAD_DB_FORMAT);
    const ByteView all = *record;
    return ResidentMbk(decode_key_info(all.first(kInfoSize)), to_secret(all.subspan(kInfoSize)));
}

Result<MbkStore::Made> MbkStore::make(std::uint8_t type, std::uint8_t length, unsigned n, unsigned k,
                                      std::string_view name) {
    if (type != MBK_TYPE_AES) return fail(E_MBK_KEY_TYPE);
    if (length != kMbkLength) return fail(E_MBK_KEY_LB);
    if (k < 1 || k > n || n > 255) return fail(E_MBK_SHARE_CNT);
    CS2SIM_TRY_LET(full_name, name_of(name));

    SecretBytes key = random_secret(kMbkLength);
    auto values = mbk_split(key, k, n);
    while (!values && values.error().code == E_MBK_OVER_UNDER_FLOW) {  // not below p: 189 chances in 2^256
        key = random_secret(kMbkLength);
        values = mbk_split(key, k, n);
    }
    CS2SIM_TRY(values);
    CS2SIM_TRY_LET(hash, mdc2(key));
    const MbkKeyInfo info{full_name,
                          MBK_TYPE_AES,
                          bcd_time(smos_.clock.milliseconds()),
                          kMbkLength,
                          hash,
                          static_cast<std::uint8_t>(n),
                          static_cast<std::uint8_t>(k),
                          0};
    return Made{info, std::move(key), std::move(*values)};
}

Result<MbkStore::Generated> MbkStore::generate(std::uint8_t type, std::uint8_t length, unsigned n, unsigned k,
                                               std::string_view name) {
    CS2SIM_TRY_LET(made, make(type, length, n, k, name));
    Generated generated;
    for (std::size_t i = 0; i < made.values.size(); ++i)
        generated.shares.push_back(
            {encode_share_info(made.info, static_cast<std::uint8_t>(i + 1)), std::move(made.values[i])});

    CS2SIM_TRY_LET(store, database());
    CS2SIM_TRY(store->change([&](Batch& batch) -> Result<void> {
        const auto resident = batch.find(search_key(kMbkSlotAes));
        if (!resident && resident.error().code != E_DB_NOT_FOUND) return fail(resident.error());
        if (resident && !is_factory_record(*resident)) return {};
        generated.loaded = true;
        return batch.update(search_key(kMbkSlotAes), record_of(made.info, made.key));
    }));
    if (generated.loaded) changed();
    return generated;
}

Result<void> MbkStore::make_factory_key() {
    if (databases_.exists(kMasterKeyDatabase)) {
        CS2SIM_TRY_LET(present, list());
        if (!present.empty()) return {};
    }
    CS2SIM_TRY_LET(made, make(MBK_TYPE_AES, kMbkLength, 1, 1, kFactoryName));
    CS2SIM_TRY_LET(staged, databases_.stage(kMasterKeyDatabase, database_policy(kMasterKeyDatabase)->info));
    CS2SIM_TRY(staged->add(search_key(kMbkSlotAes), record_of(made.info, made.key)));
    CS2SIM_TRY(staged->commit());
    changed();
    return {};
}

Result<MbkKeyInfo> MbkStore::import(std::uint32_t slot, std::uint32_t flags,
                                    const std::vector<MbkShare>& shares) {
    if (slot >= kMbkSlots) return fail(E_MBK_KEY_NO);
    if ((flags & ~static_cast<std::uint32_t>(MBK_FLG_OW)) != 0) return fail(E_MBK_FLAGS_INV);
    if (const std::uint32_t refused = kSlots[slot].import_refused) return fail(refused);
    CS2SIM_TRY_LET(set, check_shares(shares));
    CS2SIM_TRY_LET(key, mbk_combine(set.points));
    CS2SIM_TRY_LET(hash, mdc2(key));
    if (!std::equal(set.hash.begin(), set.hash.end(), hash.begin())) return fail(E_MBK_ISO_HASH_FAIL);

    const MbkKeyInfo info{set.name, MBK_TYPE_AES, set.time, kMbkLength, hash, 0, set.k, 0};
    CS2SIM_TRY_LET(store, database());
    CS2SIM_TRY(store->change([&](Batch& batch) -> Result<void> {
        const auto resident = batch.find(search_key(slot));
        if (!resident && resident.error().code != E_DB_NOT_FOUND) return fail(resident.error());
        const bool occupied = resident && !is_factory_record(*resident) &&
                              (resident->size() != kInfoSize + kMbkLength ||
                               !equal_in_constant_time(ByteView(*resident).subspan(kInfoSize), key));
        if (occupied && (flags & MBK_FLG_OW) == 0) return fail(E_MBK_KEY_EXISTS);
        return batch.update(search_key(slot), record_of(info, key));
    }));
    changed();
    return info;
}

Result<std::vector<std::pair<std::uint32_t, MbkKeyInfo>>> MbkStore::list() {
    std::vector<std::pair<std::uint32_t, MbkKeyInfo>> slots;
    for (std::uint32_t slot = 0; slot < kMbkSlots; ++slot) {
        const auto found = info(slot);
        if (found)
            slots.emplace_back(slot, *found);
        else if (found.error().code != E_MBK_SLOT_EMPTY)
            return fail(found.error());
    }
    return slots;
}

Result<MbkKeyInfo> MbkStore::info(std::uint32_t slot) {
    CS2SIM_TRY_LET(found, resident(slot));
    return found.info();
}

Result<std::optional<ResidentMbk>> MbkStore::that_sealed(std::uint8_t type, ByteView hash) {
    bool any = false;
    for (const std::uint32_t slot : {kMbkSlotAes, kMbkSlotTemporary}) {
        auto key = resident(slot);
        if (!key && key.error().code != E_MBK_SLOT_EMPTY) return fail(key.error());
        if (!key) continue;
        any = true;
        if (key->info().type == type && std::ranges::equal(key->info().hash, hash))
            return std::optional(*std::move(key));
    }
    if (!any) return fail(E_MBK_SLOT_EMPTY);
    return std::optional<ResidentMbk>();
}

Result<MbkKeyInfo> MbkStore::remove(std::uint32_t slot) {
    if (slot >= kMbkSlots) return fail(E_MBK_KEY_NO);
    if (const std::uint32_t refused = kSlots[slot].removal_refused) return fail(refused);
    const auto there = info(slot);
    CS2SIM_TRY(there);
    CS2SIM_TRY_LET(store, database());
    const auto erased = store->erase(search_key(slot));
    if (!erased)
        return fail(erased.error().code == E_DB_NOT_FOUND ? Error{E_MBK_SLOT_EMPTY} : erased.error());
    changed();
    return there;
}

std::uint64_t MbkStore::changes() {
    if (!smos_.master_key.present()) return 0;
    const auto store = databases_.open(kMasterKeyDatabase);
    if (!store) return 0;
    std::uint64_t sum = 0;
    for (const std::uint32_t slot : {kMbkSlotAes, kMbkSlotTemporary})
        sum += (*store)->changes(search_key(slot));
    return sum;
}

void MbkStore::changed() const {
    for (const auto& then : when_changed_) then();
}

SecretBytes ResidentMbk::derive_by_feedback(std::string_view digest, ByteView iv, ByteView fixed,
                                            std::size_t length) const {
    return derive_key_by_feedback(digest, key_, iv, fixed, length);
}

Result<SecretBytes> ResidentMbk::derive(std::string_view label, ByteView context, std::size_t length) const {
    return derive_key(key_, label, context, length);
}

Result<void> MbkStore::erase_all() {
    const auto dropped = databases_.drop(kMasterKeyDatabase);
    changed();
    if (!dropped && dropped.error().code != E_OS_FILE_NO_SUCH_FILE) return fail(dropped.error());
    return {};
}

}  // namespace cs2sim
