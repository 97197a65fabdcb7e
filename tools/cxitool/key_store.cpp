#include "tools/cxitool/key_store.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "firmware/protocol/cxi/sealed_key.h"
#include "firmware/protocol/pattern.h"
#include "firmware/protocol/terminal_text.h"
#include "host-lib/keystore/printed.h"
#include "host-lib/keystore/work/external_keys.h"
#include "tools/cxitool/batch.h"
#include "tools/cxitool/commands.h"
#include "tools/session/arguments.h"
#include "tools/session/print.h"
#include "tools/session/progress.h"

namespace cs2sim::tools {
namespace {

constexpr std::size_t kPage = 256;
constexpr std::string_view kDevice = "device";

// Each store is opened once a run: the run is the process. They close before what their modules brought ends.
using Stores = std::map<std::string, std::unique_ptr<keystore::KeyStore>>;
Stores& stores() {
    static auto* const all = new Stores;
    return *all;
}

Result<keystore::KeyStore*> store_at(const ToolSession& session, const std::string& url) {
    if (const auto known = stores().find(url); known != stores().end()) return known->second.get();
    const keystore::Say say = [&session](std::string_view line) { session.note(line); };
    CS2SIM_TRY_LET(storage, keystore::parse_key_store_url(url, say));
    CS2SIM_TRY_LET(opened, keystore::open_key_store(storage, [](std::string_view line) {
                       std::fprintf(stderr, "cxitool: %s\n", terminal_lines(line).c_str());
                   }));
    if (stores().empty()) std::atexit([] { stores().clear(); });
    return stores().emplace(url, std::move(opened)).first->second.get();
}

Result<keystore::KeyStore*> key_store(const ToolSession& session) {
    return store_at(session, session.parameter_or("KeyStore", ""));
}

keystore::Execute executed_by(ToolSession& session) {
    return [&session](std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values) {
        return session.execute(fc, sfc, values);
    };
}

std::string shown(const keystore::KeyIndex& index) {
    return keystore::printable(index.group) + "/" + keystore::printable(index.name) + "/" +
           std::to_string(index.spec);
}

keystore::KeyIndex index_of(const PropertyList& names) {
    return {std::string(names.text(CXI_PROP_KEY_GROUP)), std::string(names.text(CXI_PROP_KEY_NAME)),
            names.number_or(CXI_PROP_KEY_SPEC, 0)};
}

// Group= and Name= as patterns, Spec= as a number: what a row must be called.
class Wanted {
public:
    static Result<Wanted> of(const ToolSession& session) {
        CS2SIM_TRY_LET(names, named(session));
        return Wanted(std::move(names));
    }
    keystore::Filter filter() const {
        keystore::Filter filter;
        if (const auto group = exact(CXI_PROP_KEY_GROUP)) filter.group = *group;
        if (const auto name = exact(CXI_PROP_KEY_NAME)) filter.name = *name;
        return filter;
    }
    bool fits(const keystore::KeyIndex& index) const {
        const auto matches = [&](std::uint32_t id, const std::string& text) {
            return !names_.has(id) || matches_pattern(names_.text(id), text);
        };
        const auto spec = names_.number(CXI_PROP_KEY_SPEC);
        return matches(CXI_PROP_KEY_GROUP, index.group) && matches(CXI_PROP_KEY_NAME, index.name) &&
               (!spec || *spec == index.spec);
    }
    bool one_key() const { return names_one_key(names_); }

private:
    explicit Wanted(PropertyList names) : names_(std::move(names)) {}
    std::optional<std::string> exact(std::uint32_t id) const {
        if (!names_.has(id) || is_pattern(names_.text(id))) return std::nullopt;
        return std::string(names_.text(id));
    }
    PropertyList names_;
};

// Rows that fit, with their blobs, in batches of one command, until `take` fails or there are no more.
using Take = std::function<Result<void>(const std::vector<keystore::StoredKey>& rows)>;
Result<void> each_batch(keystore::KeyStore& store, const Wanted& wanted, const Take& take) {
    std::optional<keystore::KeyIndex> after;
    for (bool more = true; more;) {
        CS2SIM_TRY_LET(page, store.list(wanted.filter(), after ? &*after : nullptr, kPage, true));
        after = page.last;
        more = page.more;
        std::erase_if(page.keys, [&](const keystore::StoredKey& row) { return !wanted.fits(row.index); });
        for (std::size_t from = 0; from < page.keys.size();) {
            const std::size_t count = keystore::fit_one_command(page.keys, from);
            const auto first = page.keys.begin() + static_cast<std::ptrdiff_t>(from);
            CS2SIM_TRY(take({first, first + static_cast<std::ptrdiff_t>(count)}));
            from += count;
        }
    }
    return {};
}

void note_bad(const ToolSession& session, const keystore::KeyIndex& index, std::uint32_t code) {
    session.note("row " + shown(index) + ": " + hex_code(code) + ", " + error_text(code));
}

Result<void> insert_row(const ToolSession& session, keystore::KeyStore& store,
                        const keystore::StoredKey& row) {
    const auto inserted = store.insert(row);
    if (inserted) return {};
    if (inserted.error().code != E_DB_EXISTS || !is_set(session, "Overwrite")) return fail(inserted.error());
    CS2SIM_TRY_LET(version, store.version_of(row.index));
    const auto updated = store.update(row, version);
    return updated ? Result<void>() : fail(updated.error());
}

// --- commands

// Shows how far work is; bad rows are named when it is done, so that they do not run into the bar.
class Watched {
public:
    explicit Watched(ToolSession& session) : session_(session), bar_(std::make_unique<Progress>("keys")) {}
    keystore::Watch watch() {
        return {[this](std::uint64_t rows) {
                    bar_->show(rows);
                    return true;
                },
                [this](const keystore::KeyIndex& index, std::uint32_t code) {
                    if (bad_.size() < kMostNamed) bad_.emplace_back(index, code);
                }};
    }
    // Names what was bad. Error: the first code.
    Result<void> end() {
        bar_.reset();
        for (const auto& [index, code] : bad_) note_bad(session_, index, code);
        return bad_.empty() ? Result<void>() : fail(bad_.front().second);
    }

private:
    static constexpr std::size_t kMostNamed = 100;
    ToolSession& session_;
    std::unique_ptr<Progress> bar_;
    std::vector<std::pair<keystore::KeyIndex, std::uint32_t>> bad_;
};

unsigned long long as_shown(std::uint64_t count) { return count; }

Result<keystore::Counts> copied(ToolSession& session, const std::string& to, const keystore::Watch& watch) {
    const std::string pattern = session.parameter_or("Group", "");
    const bool from_store = in_key_store(session), to_device = same_word(to, kDevice);
    if (to_device && !from_store)
        return misused(session, "from the device to the device: KeyStore= is missing");
    CS2SIM_TRY_LET(source, from_store ? key_store(session) : Result<keystore::KeyStore*>(nullptr));
    if (to_device) return keystore::copy_to_device(*source, executed_by(session), pattern, false, watch);
    CS2SIM_TRY_LET(target, store_at(session, to));
    if (!from_store) return keystore::copy_from_device(executed_by(session), *target, pattern, false, watch);
    if (source == target || is_pattern(pattern)) {
        return misused(session, source == target ? "KeyStore= and CopyKeyStore= name the same key store"
                                                 : "Group= names one group here; without it all are copied");
    }
    keystore::Filter filter;
    if (!pattern.empty()) filter.group = pattern;
    return keystore::copy_keys(*source, *target, filter, false, watch);
}

Result<void> copy_key_store(ToolSession& session, const std::string& value) {
    Watched watched(session);
    const auto counts = copied(session, value, watched.watch());
    const auto bad = watched.end();
    CS2SIM_TRY(counts);
    print("%s copied, %llu were there already, %llu could not be\n", keys_text(counts->done).c_str(),
          as_shown(counts->present), as_shown(counts->bad + counts->denied));
    return bad;
}

std::string mbk_line(const char* which, const keystore::MbkHash& hash) {
    const std::string text = to_hex(hash);
    return std::string(which) + " MBK " + text.substr(0, 16) + ":" + text.substr(16) + "\n";
}

Result<void> expect_key_store(const ToolSession& session) {
    if (in_key_store(session)) return {};
    return misused(session, "KeyStore= must say which key store");
}

Result<void> recrypt(ToolSession& session, const std::string&) {
    CS2SIM_TRY(expect_key_store(session));
    CS2SIM_TRY_LET(store, key_store(session));
    CS2SIM_TRY_LET(mbk, keystore::current_mbk(executed_by(session)));
    Watched watched(session);
    const auto counts = keystore::recrypt_keys(*store, executed_by(session),
                                               session.parameter_or("Group", ""), watched.watch());
    const auto bad = watched.end();
    CS2SIM_TRY(counts);
    for (const auto& [hash, keys] : counts->by_mbk) print("%s", mbk_line("old", hash).c_str());
    print("%s%s sealed anew, %llu changed meanwhile, %llu refused\n", mbk_line("new", mbk).c_str(),
          keys_text(counts->done).c_str(), as_shown(counts->present), as_shown(counts->bad + counts->denied));
    return bad;
}

Result<void> check(ToolSession& session, const std::string&) {
    CS2SIM_TRY(expect_key_store(session));
    CS2SIM_TRY_LET(store, key_store(session));
    CS2SIM_TRY_LET(wanted, Wanted::of(session));
    Watched watched(session);
    const auto counts = keystore::check_keys(*store, executed_by(session), wanted.filter(), watched.watch());
    const auto bad = watched.end();
    CS2SIM_TRY(counts);
    print("%llu rows, %llu bad, %llu of groups that the users logged on may not see\n",
          as_shown(counts->seen), as_shown(counts->bad), as_shown(counts->denied));
    return bad;
}

constexpr Command kCommands[] = {
    {"KeyStore", "", Takes::value, "KeyStore=<url>",
     "the keys live in this key store, sealed under the MBK, not in the device",
     "postgresql://..., sqlite:<path>, odbc:<connection string> or a path. GenerateKey, ImportKey, "
     "ListKeys,\n"
     "KeyInfo, Sign and the like, BackupKey and DeleteKey then mean keys there; ImportKey also takes a .kbk "
     "file.\n"
     "An empty KeyStore= goes back to keys of the device.\n",
     nullptr},
    {"CopyKeyStore", "", Takes::value, "CopyKeyStore=<url>|device",
     "copies the keys of Group= and Name= from KeyStore= (or the device) to another key store (or the "
     "device)",
     "Keys that are there already stay as they are, so that it can be stopped and called again. The source "
     "is\n"
     "not changed.\n",
     copy_key_store},
    {"RecryptExternalKeys", "", Takes::nothing, "RecryptExternalKeys",
     "seals the keys of KeyStore= that are under another MBK anew by the one in slot 3",
     "The other MBK must be in slot 1 (csadm MBKImportKey=1). Group= names groups, with * and ?. May be "
     "stopped\n"
     "and called again, while others work.\n",
     recrypt},
    {"CheckKeyStore", "", Takes::nothing, "CheckKeyStore",
     "opens every row of KeyStore= on the device and names the bad ones", "Ends with 1 when any is bad.\n",
     check},
};

}  // namespace

const std::span<const Command> kKeyStoreCommands = kCommands;

bool in_key_store(const ToolSession& session) { return !session.parameter_or("KeyStore", "").empty(); }

Result<std::vector<PropertyList>> selected_in_store(ToolSession& session) {
    CS2SIM_TRY_LET(store, key_store(session));
    CS2SIM_TRY_LET(wanted, Wanted::of(session));
    std::vector<PropertyList> keys;
    CS2SIM_TRY(each_batch(*store, wanted, [&](const std::vector<keystore::StoredKey>& rows) -> Result<void> {
        CS2SIM_TRY_LET(opened, keystore::open_keys(executed_by(session), rows));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (opened[i].code == 0)
                keys.push_back(std::move(opened[i].properties));
            else if (opened[i].code != E_CXI_PERMISSION_DENIED)
                note_bad(session, rows[i].index, opened[i].code);
        }
        return {};
    }));
    if (keys.empty() && wanted.one_key()) return fail(E_DB_NOT_FOUND);
    return keys;
}

Result<Bytes> opened_in_store(ToolSession& session) {
    CS2SIM_TRY_LET(store, key_store(session));
    CS2SIM_TRY_LET(names, named(session));
    CS2SIM_TRY(expect_one_key(session, names));
    CS2SIM_TRY_LET(row, store->find(index_of(names)));
    CS2SIM_TRY_LET(opened, keystore::open_keys(executed_by(session), {row}));
    if (opened.front().code != 0) return fail(opened.front().code);
    Bytes reference{CXI_TAG_EXTERNAL};
    append(reference, row.blob);
    return reference;
}

Result<void> number_in_store(ToolSession& session, PropertyList& key) {
    if (key.text(CXI_PROP_KEY_GROUP).empty()) {
        return misused(session, "a key in a key store has a group: Group= must stand to the left");
    }
    if (!key.text(CXI_PROP_KEY_NAME).empty() || key.has(CXI_PROP_KEY_SPEC)) return {};
    CS2SIM_TRY_LET(store, key_store(session));
    CS2SIM_TRY_LET(spec, store->reserve_specs(std::string(key.text(CXI_PROP_KEY_GROUP))));
    key.set_number(CXI_PROP_KEY_SPEC, spec);
    return {};
}

Result<void> keep_in_store(ToolSession& session, ByteView reference) {
    CS2SIM_TRY_LET(store, key_store(session));
    CS2SIM_TRY_LET(properties, properties_of(session, reference));
    if (reference.empty() || reference[0] != CXI_TAG_EXTERNAL) return fail(E_CSA_PROTOCOL);
    CS2SIM_TRY_LET(row, keystore::row_of(reference.subspan(1), properties));
    return insert_row(session, *store, row);
}

Result<std::string> import_into_store(ToolSession& session, ByteView blob) {
    CS2SIM_TRY_LET(outer, parse_sealed_key(blob));
    Bytes reference{CXI_TAG_EXTERNAL};
    append(reference, blob);
    CS2SIM_TRY(keep_in_store(session, reference));
    return std::string(outer.name);
}

Result<Bytes> blob_in_store(ToolSession& session, const PropertyList& key) {
    CS2SIM_TRY_LET(store, key_store(session));
    CS2SIM_TRY_LET(row, store->find(index_of(key)));
    return std::move(row.blob);
}

Result<void> erase_from_store(ToolSession& session, const PropertyList& key) {
    CS2SIM_TRY_LET(store, key_store(session));
    return store->erase(index_of(key));
}

}  // namespace cs2sim::tools
