#include "host-lib/keystore/work/store_work.h"

#include <algorithm>
#include <chrono>
#include <future>

#include "firmware/protocol/cxi/key_page.h"
#include "firmware/protocol/cxi/sealed_key.h"
#include "firmware/protocol/pattern.h"
#include "host-lib/keystore/work/external_keys.h"

namespace cs2sim::keystore {
namespace {

constexpr std::uint32_t kSlotOfMbk = 3;

// Rows of a page, and of a transaction: many, for each is a round trip and a wait for the disk, but no more
// bytes than a few of which lie in memory at a time.
constexpr std::size_t kFewestRows = 64;
constexpr std::size_t kMostBytes = 4 << 20;

std::size_t bytes_of(const std::vector<StoredKey>& keys) {
    std::size_t bytes = 0;
    for (const StoredKey& key : keys) bytes += key.blob.size();
    return bytes;
}

// Of the next page, when blobs are as long as those of this one.
std::size_t rows_behind(const std::vector<StoredKey>& keys) {
    const std::size_t fit = keys.size() * kMostBytes / std::max<std::size_t>(1, bytes_of(keys));
    return std::clamp(fit, kFewestRows, kMostRows);
}

// Database and device work side by side: the next page is read and the last one written while the device has
// this one. Without a thread to be had it is done when its result is asked for.
template <class Work>
auto in_the_background(Work work) {
    return std::async(std::launch::async | std::launch::deferred, std::move(work));
}

using Batch = std::function<Result<void>(const std::vector<StoredKey>& keys)>;

void tell_bad(const Watch& watch, Counts& counts, const KeyIndex& index, std::uint32_t code) {
    ++(code == E_CXI_PERMISSION_DENIED ? counts.denied : counts.bad);
    if (watch.bad) watch.bad(index, code);
}

// One that was counted as present, and is another key, so that the source's has not come over.
void tell_other(const Watch& watch, Counts& counts, const KeyIndex& index) {
    --counts.present;
    tell_bad(watch, counts, index, E_DB_EXISTS);
}

// Whether to go on.
bool report(const Watch& watch, Counts& counts) {
    counts.stopped = watch.progress && !watch.progress(counts.seen);
    return !counts.stopped;
}

// All rows that the filter and the pattern let through, page by page in batches that fit a command of the
// device.
Result<void> for_each_batch(KeyStore& store, Filter filter, const std::string& pattern, Counts& counts,
                            const Watch& watch, const Batch& work) {
    const bool by_pattern = !pattern.empty() && is_pattern(pattern);
    if (!pattern.empty() && !by_pattern) filter.group = pattern;
    const auto page_behind = [&store, &filter](std::optional<KeyIndex> after, std::size_t rows) {
        return store.list(filter, after ? &*after : nullptr, rows, true);
    };
    auto next = in_the_background([&] { return page_behind({}, kFewestRows); });
    for (bool more = true; more;) {
        CS2SIM_TRY_LET(page, next.get());
        more = page.more;
        if (more)
            next = in_the_background([&page_behind, last = page.last, rows = rows_behind(page.keys)] {
                return page_behind(last, rows);
            });
        const auto is_other = [&](const KeyIndex& index) {
            return by_pattern && !matches_pattern(pattern, index.group);
        };
        std::erase_if(page.keys, [&](const StoredKey& key) { return is_other(key.index); });
        for (const KeyIndex& index : page.bad) {
            if (is_other(index)) continue;
            ++counts.seen;
            tell_bad(watch, counts, index, E_CSA_STORE_FAILED);
        }
        for (std::size_t from = 0; from < page.keys.size();) {
            const std::size_t count = fit_one_command(page.keys, from);
            const auto first = page.keys.begin() + static_cast<std::ptrdiff_t>(from);
            const std::vector<StoredKey> batch(first, first + static_cast<std::ptrdiff_t>(count));
            CS2SIM_TRY(work(batch));
            from += count;
            counts.seen += count;
            if (!report(watch, counts)) return {};
        }
    }
    return {};
}

// What has a key's place at the target of a copy.
enum class There : std::uint8_t { same, another, unknown };

// Without a device: a blob under another MBK may be the same key sealed anew.
Result<There> there_in(KeyStore& to, const StoredKey& key) {
    const auto found = to.find(key.index);
    if (!found && found.error().code == E_DB_NOT_FOUND) return There::unknown;  // deleted meanwhile
    if (!found) return fail(found.error());
    if (found->blob == key.blob) return There::same;
    return found->mbk == key.mbk ? There::another : There::unknown;
}

// The same where `key` was sealed just now: what a copy brought there earlier is another sealing of it.
Result<There> there_from_device(const Execute& execute, KeyStore& to, const StoredKey& key) {
    const auto found = to.find(key.index);
    if (!found && found.error().code == E_DB_NOT_FOUND) return There::unknown;
    if (!found) return fail(found.error());
    if (found->blob == key.blob) return There::same;
    CS2SIM_TRY_LET(same, are_of_one_key(execute, *found, key));
    return same ? There::same : There::another;
}

}  // namespace

Execute executed_by(host::Device& device) {
    return [&device](std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values) {
        return device.execute(fc, sfc, values);
    };
}

Result<Counts> check_keys(KeyStore& store, const Execute& execute, const Filter& filter, const Watch& watch) {
    Counts counts;
    CS2SIM_TRY(for_each_batch(store, filter, {}, counts, watch, [&](const auto& keys) -> Result<void> {
        CS2SIM_TRY_LET(opened, open_keys(execute, keys));
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (opened[i].code == 0)
                ++counts.done;
            else
                tell_bad(watch, counts, keys[i].index, opened[i].code);
        }
        return {};
    }));
    return counts;
}

Result<MbkHash> current_mbk(const Execute& execute) {
    CS2SIM_TRY_LET(answer, execute(FC_MBK, SFC_MBK_LIST_KEYS, {}));
    for (ByteView rest = answer.block.bytes("keys"); !rest.empty();) {
        const auto slot = parse_prefix(LAYOUT_MBK_SLOT, rest);
        if (!slot) return fail(E_CSA_PROTOCOL);
        const auto info = parse(LAYOUT_MBK_KEY_INFO, slot->bytes("info"));
        if (!info) return fail(E_CSA_PROTOCOL);
        if (slot->u32("slot") != kSlotOfMbk) continue;
        MbkHash hash{};
        std::ranges::copy(info->bytes("hash"), hash.begin());
        return hash;
    }
    return fail(E_MBK_SLOT_EMPTY);
}

namespace {

// Writes rows that were sealed anew while the caller goes on with the next: those that came while the store
// wrote those before make a transaction together, so that the slower of device and store never waits.
class Rewriting {
public:
    Rewriting(KeyStore& store, Counts& counts) : store_(store), counts_(counts) {}

    Result<void> add(Recrypted row) {
        bytes_ += row.blob.size();
        rows_.push_back(std::move(row));
        const bool enough = rows_.size() >= kFewestRows && is_idle();
        const bool many = rows_.size() >= kMostRows || bytes_ >= kMostBytes;
        return enough || many ? start() : Result<void>();
    }
    // Until all is written.
    Result<void> end() {
        CS2SIM_TRY(start());
        return finish();
    }

private:
    bool is_idle() const {
        return !done_.valid() || done_.wait_for(std::chrono::seconds(0)) != std::future_status::timeout;
    }
    Result<void> start() {
        CS2SIM_TRY(finish());
        if (rows_.empty()) return {};
        written_ = rows_.size();
        bytes_ = 0;
        done_ = in_the_background([this, rows = std::exchange(rows_, {})] { return store_.recrypt(rows); });
        return {};
    }
    Result<void> finish() {
        if (!done_.valid()) return {};
        CS2SIM_TRY_LET(replaced, done_.get());
        counts_.done += replaced;
        counts_.present += written_ - replaced;
        return {};
    }

    KeyStore& store_;
    Counts& counts_;
    std::vector<Recrypted> rows_;
    std::size_t bytes_ = 0;  // of their blobs
    std::size_t written_ = 0;
    std::future<Result<std::size_t>> done_;
};

}  // namespace

Result<Counts> recrypt_keys(KeyStore& store, const Execute& execute, const std::string& pattern,
                            const Watch& watch) {
    CS2SIM_TRY_LET(mbk, current_mbk(execute));
    Counts counts;
    Rewriting rewriting(store, counts);  // its end waits for what is being written
    const Filter others{.not_mbk = mbk};
    CS2SIM_TRY(for_each_batch(store, others, pattern, counts, watch, [&](const auto& keys) -> Result<void> {
        CS2SIM_TRY_LET(resealed, reseal_keys(execute, keys));
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const auto sealed = parse_sealed_key(resealed[i].blob);
            const std::uint32_t code = resealed[i].code != 0 ? resealed[i].code
                                       : sealed              ? 0
                                                             : sealed.error().code;
            if (code != 0) {
                tell_bad(watch, counts, keys[i].index, code);
                continue;
            }
            ++counts.by_mbk[keys[i].mbk];
            Recrypted row{keys[i].index, keys[i].version, {}, {}};
            std::ranges::copy(sealed->mbk_hash, row.mbk.begin());
            row.blob = std::move(resealed[i].blob);
            CS2SIM_TRY(rewriting.add(std::move(row)));
        }
        return {};
    }));
    CS2SIM_TRY(rewriting.end());
    return counts;
}

Result<Counts> copy_keys(KeyStore& from, KeyStore& to, const Filter& filter, bool move, const Watch& watch) {
    Counts counts;
    CS2SIM_TRY(for_each_batch(from, filter, {}, counts, watch, [&](const auto& keys) -> Result<void> {
        CS2SIM_TRY_LET(copied, to.copy_in(keys));
        counts.done += copied;
        counts.present += keys.size() - copied;
        std::vector<StoredKey> there;
        for (const StoredKey& key : keys) {
            if (!move && copied == keys.size()) break;
            CS2SIM_TRY_LET(what, there_in(to, key));
            if (what == There::another) tell_other(watch, counts, key.index);
            if (what == There::same) there.push_back(key);
        }
        if (!move) return {};
        CS2SIM_TRY(from.erase_all(there));  // one that was changed meanwhile stays
        return {};
    }));
    return counts;
}

// --- CXIKEY.db ---

namespace {

constexpr std::uint32_t kListed = 64;  // keys of one KEY_LIST

// Every key of the device in groups of the pattern, `kListed` at a time.
Result<void> for_each_on_device(const Execute& execute, const std::string& pattern,
                                const std::function<Result<bool>(const std::vector<PropertyList>&)>& work) {
    PropertyList wanted_groups;
    wanted_groups.set(CXI_PROP_KEY_GROUP,
                      pattern.empty() ? std::string_view("*") : std::string_view(pattern));
    const Bytes groups = wanted_groups.encode(), wanted = properties_of_rows();
    Bytes cursor;
    for (bool more = true; more;) {
        CS2SIM_TRY_LET(answer, execute(FC_CXI, SFC_CXI_KEY_LIST,
                                       {ByteView(groups), ByteView(wanted), ByteView(cursor), kListed}));
        CS2SIM_TRY_LET(page, parse_key_page(answer.block, cursor, kListed));
        cursor = std::move(page.cursor);
        CS2SIM_TRY_LET(goes_on, work(page.keys));
        more = page.more && goes_on;
    }
    return {};
}

KeyIndex index_of(const PropertyList& key) {
    return {std::string(key.text(CXI_PROP_KEY_GROUP)), std::string(key.text(CXI_PROP_KEY_NAME)),
            key.number_or(CXI_PROP_KEY_SPEC, 0)};
}

// A code that is the key's own, and no reason to end the work.
bool of_the_key(std::uint32_t code) { return code >> 16 == 0xB068 || code == E_DB_NOT_FOUND; }

// Whether the device has this very key under its name.
Result<bool> is_on_device(const Execute& execute, const StoredKey& key) {
    PropertyList names;
    names.set(CXI_PROP_KEY_GROUP, key.index.group);
    if (!key.index.name.empty()) names.set(CXI_PROP_KEY_NAME, key.index.name);
    if (key.index.spec != kNoSpec) names.set_number(CXI_PROP_KEY_SPEC, key.index.spec);
    const Bytes reference = reference_to(names);
    const auto backup = execute(FC_CXI, SFC_CXI_KEY_BACKUP, {ByteView(reference)});
    if (!backup) return of_the_key(backup.error().code) ? Result<bool>(false) : fail(backup.error());
    StoredKey sealed = key;
    sealed.blob = to_bytes(backup->block.bytes("blob"));
    return are_of_one_key(execute, key, sealed);
}

}  // namespace

Result<Counts> copy_from_device(const Execute& execute, KeyStore& to, const std::string& pattern, bool move,
                                const Watch& watch) {
    Counts counts;
    CS2SIM_TRY(for_each_on_device(execute, pattern, [&](const auto& keys) -> Result<bool> {
        std::vector<StoredKey> rows;
        std::vector<Bytes> sources;
        for (const PropertyList& key : keys) {
            Bytes reference = reference_to(key);
            const auto backup = execute(FC_CXI, SFC_CXI_KEY_BACKUP, {ByteView(reference)});
            if (!backup && !of_the_key(backup.error().code)) return fail(backup.error());
            const auto row = backup ? row_of(backup->block.bytes("blob"), key) : fail(backup.error());
            // A key without a group has no place in a store.
            const std::uint32_t code = !row                       ? row.error().code
                                       : row->index.group.empty() ? std::uint32_t{E_CSA_PARAM}
                                                                  : 0;
            if (code != 0) {
                tell_bad(watch, counts, index_of(key), code);
                continue;
            }
            rows.push_back(*row);
            sources.push_back(std::move(reference));
        }
        CS2SIM_TRY_LET(copied, to.copy_in(rows));
        counts.seen += keys.size();
        counts.done += copied;
        counts.present += rows.size() - copied;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (!move && copied == rows.size()) break;
            CS2SIM_TRY_LET(what, there_from_device(execute, to, rows[i]));
            if (what == There::another) tell_other(watch, counts, rows[i].index);
            if (what == There::same && move)
                CS2SIM_TRY(execute(FC_CXI, SFC_CXI_KEY_DELETE, {ByteView(sources[i])}));
        }
        return report(watch, counts);
    }));
    return counts;
}

Result<Counts> copy_to_device(KeyStore& from, const Execute& execute, const std::string& pattern, bool move,
                              const Watch& watch) {
    Counts counts;
    CS2SIM_TRY(for_each_batch(from, {}, pattern, counts, watch, [&](const auto& keys) -> Result<void> {
        std::vector<StoredKey> there;
        for (const StoredKey& key : keys) {
            const auto restored = execute(FC_CXI, SFC_CXI_KEY_RESTORE,
                                          {std::uint32_t{0}, PropertyList().encode(), ByteView(key.blob)});
            const std::uint32_t code = restored ? 0 : restored.error().code;
            if (code == E_DB_EXISTS) {
                ++counts.present;
                CS2SIM_TRY_LET(same, is_on_device(execute, key));
                if (same)
                    there.push_back(key);
                else
                    tell_other(watch, counts, key.index);
            } else if (code == 0) {
                ++counts.done;
                there.push_back(key);
            } else if (of_the_key(code)) {
                tell_bad(watch, counts, key.index, code);
            } else {
                return fail(code);
            }
        }
        if (move) CS2SIM_TRY(from.erase_all(there));
        return {};
    }));
    return counts;
}

}  // namespace cs2sim::keystore
