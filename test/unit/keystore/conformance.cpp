#include "test/unit/keystore/conformance.h"

#include <algorithm>
#include <set>
#include <thread>

namespace cs2sim::keystore {
namespace {

constexpr MbkHash kOldMbk{1, 2, 3}, kNewMbk{9, 8, 0, 7};

std::vector<std::uint32_t> specs_of(const Page& page) {
    std::vector<std::uint32_t> specs;
    for (const StoredKey& key : page.keys) specs.push_back(key.index.spec);
    return specs;
}
using Specs = std::vector<std::uint32_t>;

Page listed(KeyStore& store, const Filter& filter, const KeyIndex* after = nullptr, std::size_t limit = 100) {
    auto page = store.list(filter, after, limit, false);
    REQUIRE(code_of(page) == 0);
    return *page;
}

void keys_come_back_as_they_went_in(const std::function<Store()>& open) {
    const Store store = open();
    const StoredKey key = some_key("SLOT_0000", 1);
    CHECK(code_of(store->find(key.index)) == E_DB_NOT_FOUND);
    CHECK(code_of(store->version_of(key.index)) == E_DB_NOT_FOUND);
    REQUIRE(code_of(store->insert(key)) == 0);
    CHECK(code_of(store->insert(key)) == E_DB_EXISTS);
    // At once in another process.
    const Store other = open();
    const auto found = other->find(key.index);
    REQUIRE(code_of(found) == 0);
    check_same(*found, key);
    CHECK(found->version == 1);
    CHECK(found->created.size() == std::string("2026-11-26 16:05:00.123").size());
    CHECK_FALSE(found->host.empty());
    CHECK(listed(*other, {}).keys.at(0).blob.empty());
    CHECK(other->list({}, nullptr, 1, true)->keys.at(0).blob == key.blob);

    StoredKey longest = some_key("SLOT_0000", 0xFFFFFFFF);
    longest.index.name = std::string(kLongestName, 'n');
    longest.label.assign(kLongestAttribute, 0xA5);
    for (std::size_t i = 0; i < longest.label.size(); ++i)
        longest.label[i] = static_cast<std::uint8_t>(i * i / 7);
    longest.id = longest.label;
    longest.blob.assign(kLongestBlob, 0x5A);
    REQUIRE(code_of(store->insert(longest)) == 0);
    check_same(store->find(longest.index).value(), longest);
    REQUIRE(code_of(store->erase(longest.index)) == 0);
}

void what_is_no_key_is_refused(const std::function<Store()>& open) {
    const Store store = open();
    const auto refused = [&](auto&& spoil) {
        StoredKey key = some_key("SLOT_0000", 77);
        spoil(key);
        CHECK(code_of(store->insert(key)) == E_CSA_PARAM);
        CHECK(code_of(store->update(key, 1)) == E_CSA_PARAM);
    };
    refused([](StoredKey& key) { key.index.group.clear(); });
    refused([](StoredKey& key) { key.index.group = std::string(kLongestName + 1, 'g'); });
    refused([](StoredKey& key) { key.index.name = std::string("a\0b", 3); });
    refused([](StoredKey& key) { key.index.name = "\xC3\x28"; });
    refused([](StoredKey& key) { key.label.resize(kLongestAttribute + 1); });
    refused([](StoredKey& key) { key.blob.resize(kLongestBlob + 1); });
    refused([](StoredKey& key) { key.blob.clear(); });
    CHECK(code_of(store->list({}, nullptr, 0, false)) == E_CSA_PARAM);
    CHECK(code_of(store->list({}, nullptr, kMostRows + 1, false)) == E_CSA_PARAM);
    CHECK(code_of(store->reserve_specs("", 1)) == E_CSA_PARAM);
    CHECK(code_of(store->reserve_specs("SLOT_0000", 0)) == E_CSA_PARAM);
    CHECK(code_of(store->find({"SLOT_0000", "\xFF", 1})) == E_DB_NOT_FOUND);
}

void names_mean_nothing_to_the_database(const std::function<Store()>& open) {
    const Store store = open();
    const std::string names[] = {"'; drop table cs2sim_key; --",
                                 "a\\",
                                 ":name",
                                 "?",
                                 "%",
                                 "{d '1'}",
                                 "\"",
                                 "Schlüssel",
                                 "鍵",
                                 "$1",
                                 "--",
                                 "/*",
                                 "\n\t",
                                 "Ä"};
    for (const std::string& name : names) {
        StoredKey key = some_key(name, 0);
        key.index.name = name;
        key.label = to_bytes(as_bytes(name));
        INFO(name);
        REQUIRE(code_of(store->insert(key)) == 0);
        check_same(store->find(key.index).value(), key);
        CHECK(listed(*store, {.group = name, .label = key.label}).keys.size() == 1);
        CHECK(code_of(store->reserve_specs(name, 1)) == 0);
        CHECK(code_of(store->erase(key.index)) == 0);
    }
}

void indexes_sort_as_bytes(const std::function<Store()>& open) {
    const Store store = open();
    const KeyIndex sorted[] = {{"B", "", 1},  {"B", "", 2},  {"B", "", 10}, {"B", "A", 1}, {"B", "a", 1},
                               {"B", "é", 1}, {"B_", "", 1}, {"Ba", "", 1}, {"b", "", 1}};
    for (const KeyIndex& index : sorted) {
        StoredKey key = some_key(index.group, index.spec);
        key.index = index;
        REQUIRE(code_of(store->insert(key)) == 0);
    }
    REQUIRE(std::is_sorted(std::begin(sorted), std::end(sorted)));
    const KeyIndex before{"B", "", 0};
    KeyIndex at = before;
    for (const KeyIndex& index : sorted) {
        CHECK(store->find(at, Match::greater).value().index == index);
        CHECK(store->find(index, Match::greater_or_equal).value().index == index);
        at = index;
    }
    CHECK(code_of(store->find({"b", "", 2}, Match::greater_or_equal)) == E_DB_NOT_FOUND);
    CHECK(store->find({"B", "", 3}, Match::greater_or_equal).value().index == sorted[2]);
    CHECK(code_of(store->find(at, Match::greater)) == E_DB_NOT_FOUND);
    CHECK(store->find(before, Match::greater, {.name = "a"}).value().index == sorted[4]);
    // Page by page the same, whatever the page's size.
    for (const std::size_t size : {1u, 2u, 4u, 9u, 20u}) {
        std::vector<KeyIndex> met;
        KeyIndex last = before;
        for (bool more = true; more;) {
            const Page page = listed(*store, {}, &last, size);
            for (const StoredKey& key : page.keys) met.push_back(key.index);
            CHECK(page.keys.size() <= size);
            more = page.more;
            if (more) last = page.last.value();
        }
        CHECK(met == std::vector<KeyIndex>(std::begin(sorted), std::end(sorted)));
    }
    for (const KeyIndex& index : sorted) CHECK(code_of(store->erase(index)) == 0);
}

void keys_are_found_by_what_they_are(const std::function<Store()>& open) {
    const Store store = open();
    for (std::uint32_t spec = 1; spec <= 6; ++spec) {
        StoredKey key = some_key("FIND", spec, spec % 2 ? "odd" : "even");
        key.id = {static_cast<std::uint8_t>(spec / 2), 0};
        key.key_class = spec <= 3 ? 4 : 0x80100001;
        key.key_type = spec;
        key.is_private = spec != 6;
        key.mbk = spec <= 2 ? kOldMbk : kNewMbk;
        REQUIRE(code_of(store->insert(key)) == 0);
    }
    REQUIRE(code_of(store->insert(some_key("FIND2", 1, "odd"))) == 0);
    const auto specs = [&](Filter filter) {
        filter.group = "FIND";
        CHECK(store->count(filter).value() == listed(*store, filter).keys.size());
        return specs_of(listed(*store, filter));
    };
    const auto bytes = [](std::string_view text) { return to_bytes(as_bytes(text)); };
    CHECK(specs({}) == Specs{1, 2, 3, 4, 5, 6});
    CHECK(specs({.label = bytes("odd")}) == Specs{1, 3, 5});
    CHECK(specs({.label = bytes("Odd")}) == Specs{});
    CHECK(specs({.label = Bytes{}}) == Specs{});
    CHECK(specs({.id = Bytes{1, 0}}) == Specs{2, 3});
    CHECK(specs({.label = bytes("even"), .id = Bytes{1, 0}}) == Specs{2});
    CHECK(specs({.key_class = 0x80100001}) == Specs{4, 5, 6});
    CHECK(specs({.key_type = 5}) == Specs{5});
    CHECK(specs({.is_private = false}) == Specs{6});
    CHECK(specs({.mbk = kOldMbk}) == Specs{1, 2});
    CHECK(specs({.not_mbk = kOldMbk}) == Specs{3, 4, 5, 6});
    CHECK(store->count({.label = bytes("odd")}).value() == 4);
    // Often enough that a server keeps one plan for all values.
    for (int i = 0; i < 12; ++i) {
        CHECK(specs({.label = bytes(i % 2 ? "odd" : "even")}) == (i % 2 ? Specs{1, 3, 5} : Specs{2, 4, 6}));
        CHECK(specs({.label = bytes("even"), .key_class = 0x80100001}) == Specs{4, 6});
        CHECK(specs({.label = bytes("even"), .key_class = 4, .key_type = 2}) == Specs{2});
        CHECK(specs({.label = bytes("even"), .is_private = false}) == Specs{6});
        CHECK(specs({.id = Bytes{static_cast<std::uint8_t>(i % 4), 0}}).size() ==
              (i % 4 == 0 || i % 4 == 3 ? 1 : 2));
        const Filter odd{.group = "FIND", .label = bytes("odd")};
        const auto first = store->list(odd, nullptr, 2, true).value();
        CHECK(specs_of(first) == Specs{1, 3});
        CHECK(first.more);
        CHECK(specs_of(store->list(odd, &*first.last, 2, true).value()) == Specs{5});
    }
}

void versions_guard_changes(const std::function<Store()>& open) {
    const Store store = open();
    const Store other = open();
    StoredKey key = some_key("CHANGE", 1);
    CHECK(code_of(store->update(key, 1)) == E_DB_NOT_FOUND);
    CHECK(code_of(store->erase(key.index)) == E_DB_NOT_FOUND);
    REQUIRE(store->insert(key).value() == 1);
    key.label = {0, 1};
    key.blob = {0, 0xFF, 0};
    CHECK(other->update(key, 1).value() == 2);
    CHECK(code_of(store->update(key, 1)) == E_CSA_STORE_CHANGED);
    CHECK(code_of(store->erase(key.index, 1)) == E_CSA_STORE_CHANGED);
    CHECK(store->version_of(key.index).value() == 2);
    check_same(store->find(key.index).value(), key);
    CHECK(code_of(store->erase(key.index, 2)) == 0);
    CHECK(code_of(other->find(key.index)) == E_DB_NOT_FOUND);
    REQUIRE(store->insert(key).value() == 1);
    CHECK(code_of(store->erase(key.index)) == 0);
}

void others_changes_are_told(const std::function<Store()>& open) {
    const Store store = open();
    const Store other = open();
    const StoredKey key = some_key("TOLD", 1);
    REQUIRE(code_of(other->insert(key)) == 0);
    REQUIRE(code_of(store->changes()) == 0);
    const auto told = [&] {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
        while (std::chrono::steady_clock::now() < end) {
            const auto changes = store->changes();
            REQUIRE(code_of(changes) == 0);
            if (changes->anything || std::ranges::count(changes->keys, key.index) != 0) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return false;
    };
    REQUIRE(code_of(other->update(key, 1)) == 0);
    CHECK(told());
    CHECK(store->version_of(key.index).value() == 2);
    REQUIRE(other->recrypt({{key.index, 2, kNewMbk, {1, 2, 3}}}).value() == 1);
    CHECK(told());
    REQUIRE(code_of(other->erase(key.index)) == 0);
    CHECK(told());
}

void specifiers_are_given_once(const std::function<Store()>& open) {
    const Store store = open();
    CHECK(store->reserve_specs("SPEC").value() == 1);
    CHECK(store->reserve_specs("SPEC", 10).value() == 2);
    CHECK(open()->reserve_specs("SPEC").value() == 12);
    CHECK(store->reserve_specs("SPEC2").value() == 1);
    std::mutex mutex;
    std::multiset<std::uint32_t> given;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&, own = open()] {
            for (int n = 0; n < 10; ++n) {
                const auto spec = own->reserve_specs("SPEC3");
                const std::lock_guard lock(mutex);
                given.insert(spec.value_or(0));
            }
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(given.size() == 40);
    for (std::uint32_t spec = 1; spec <= 40; ++spec) CHECK(given.count(spec) == 1);
}

void batches_are_whole(const std::function<Store()>& open) {
    const Store store = open();
    std::vector<StoredKey> keys;
    for (std::uint32_t spec = 1; spec <= kMostRows; ++spec) keys.push_back(some_key("COPY", spec));
    REQUIRE(code_of(store->insert(some_key("COPY", 7, "mine"))) == 0);
    CHECK(store->copy_in(keys).value() == kMostRows - 1);
    CHECK(store->copy_in(keys).value() == 0);
    CHECK(store->find({"COPY", "", 7}).value().label == to_bytes(as_bytes("mine")));
    CHECK(store->reserve_specs("COPY").value() == kMostRows + 1);
    CHECK(store->copy_in({}).value() == 0);
    keys.push_back(keys.front());
    CHECK(code_of(store->copy_in(keys)) == E_CSA_PARAM);

    std::vector<Recrypted> rows;
    for (std::uint32_t spec = 1; spec <= kMostRows; ++spec)
        rows.push_back({{"COPY", "", spec}, 1, kNewMbk, {0, static_cast<std::uint8_t>(spec), 0}});
    rows[3].version = 5;       // changed meanwhile
    rows[4].index.spec = 700;  // deleted meanwhile
    CHECK(store->recrypt(rows).value() == kMostRows - 2);
    CHECK(store->recrypt(rows).value() == 0);
    const auto sealed = store->find({"COPY", "", 200});
    CHECK(sealed.value().blob == Bytes{0, 200, 0});
    CHECK(sealed.value().mbk == kNewMbk);
    CHECK(sealed.value().version == 2);
    CHECK(store->find({"COPY", "", 4}).value().version == 1);
    CHECK(store->count({.group = "COPY", .mbk = kNewMbk}).value() == kMostRows - 2);
    CHECK(code_of(store->recrypt({{{"COPY", "", 1}, 2, kNewMbk, {}}})) == E_CSA_PARAM);

    // Names that would mean something where many values are spelled together.
    rows.clear();
    for (const char* name : {"\"", "\\", "{a,b}", "NULL", "", " x ", "Schl\xC3\xBCssel", "'; --", "\\x41"}) {
        StoredKey key = some_key("{\"\\,", 9);
        key.index.name = name;
        REQUIRE(code_of(store->insert(key)) == 0);
        rows.push_back({key.index, 1, kNewMbk, {1, static_cast<std::uint8_t>(rows.size())}});
    }
    CHECK(store->recrypt(rows).value() == rows.size());
    for (const Recrypted& row : rows) CHECK(store->find(row.index).value().blob == row.blob);
}

void keys_made_together_are_there_together(const std::function<Store()>& open) {
    const Store store = open();
    const std::vector<StoredKey> pair = {some_key("PAIR", 1), some_key("PAIR", 2)};
    REQUIRE(code_of(store->insert(pair.back())) == 0);
    CHECK(code_of(store->insert_all(pair)) == E_DB_EXISTS);
    CHECK(code_of(store->version_of(pair.front().index)) == E_DB_NOT_FOUND);
    CHECK(store->count({.group = "PAIR"}).value() == 1);
    REQUIRE(code_of(store->erase(pair.back().index)) == 0);
    REQUIRE(code_of(store->insert_all(pair)) == 0);
    for (const StoredKey& key : pair) check_same(store->find(key.index).value(), key);
    const auto rows = store->audit(2);
    REQUIRE(code_of(rows) == 0);
    std::size_t told = 0;
    for (const AuditRow& row : *rows) told += row.act == "insert" && row.index.group == "PAIR" ? 1 : 0;
    CHECK(told == 2);
    CHECK(code_of(store->insert_all({})) == 0);
    std::vector<StoredKey> many;
    for (std::uint32_t spec = 1; spec <= kMostRows; ++spec) many.push_back(some_key("MANY", spec));
    REQUIRE(code_of(store->insert_all(many)) == 0);
    CHECK(store->count({.group = "MANY"}).value() == kMostRows);
    many.push_back(some_key("MANY", kMostRows + 1));
    CHECK(code_of(store->insert_all(many)) == E_CSA_PARAM);
    many = {some_key("MANY", kMostRows + 1), some_key("", 1)};
    CHECK(code_of(store->insert_all(many)) == E_CSA_PARAM);
    CHECK(code_of(store->version_of(many.front().index)) == E_DB_NOT_FOUND);
}

void keys_go_together(const std::function<Store()>& open) {
    const Store store = open();
    std::vector<StoredKey> keys;
    for (std::uint32_t spec = 1; spec <= 5; ++spec) keys.push_back(some_key("GONE", spec));
    REQUIRE(code_of(store->insert_all(keys)) == 0);
    REQUIRE(code_of(store->update(keys[1], 1)) == 0);
    REQUIRE(code_of(store->erase(keys[2].index)) == 0);
    for (StoredKey& key : keys) key.version = 1;
    CHECK(store->erase_all(keys).value() == 3);
    CHECK(store->count({.group = "GONE"}).value() == 1);
    CHECK(store->version_of(keys[1].index).value() == 2);
    const auto rows = store->audit(3);
    REQUIRE(code_of(rows) == 0);
    for (const AuditRow& row : *rows) {
        CHECK(row.act == "delete");
        CHECK(row.operation == rows->front().operation);  // one change
    }
    CHECK(store->erase_all({}).value() == 0);
    keys.resize(kMostRows + 1, keys.front());
    CHECK(code_of(store->erase_all(keys)) == E_CSA_PARAM);
}

void changes_are_written_down(const std::function<Store()>& open) {
    const Store store = open();
    const StoredKey key = some_key("AUDIT", 5);
    REQUIRE(code_of(store->insert(key)) == 0);
    REQUIRE(code_of(store->update(key, 1)) == 0);
    CHECK(code_of(store->update(key, 1)) == E_CSA_STORE_CHANGED);  // leaves no row
    REQUIRE(code_of(store->erase(key.index)) == 0);
    const auto rows = store->audit(3);
    REQUIRE(code_of(rows) == 0);
    REQUIRE(rows->size() == 3);
    std::set<std::string> acts;
    for (const AuditRow& row : *rows) {
        acts.insert(row.act + std::to_string(row.version));
        CHECK(row.index == key.index);
        CHECK_FALSE(row.host.empty());
        CHECK_FALSE(row.at.empty());
    }
    CHECK(acts == std::set<std::string>{"insert1", "update2", "delete2"});
    const auto stats = store->stats();
    REQUIRE(code_of(stats) == 0);
    CHECK(stats->keys == store->count({}).value());
    CHECK(stats->keys > 0);
    CHECK(stats->bytes > stats->keys);
    CHECK(stats->groups > 1);
    CHECK(stats->by_mbk.size() >= 2);
    CHECK(stats->schema == kSchemaVersion);
    CHECK(stats->server.find(' ') != std::string::npos);
    CHECK(store->writable().value());
}

}  // namespace

Store opened(const KeyStorage& storage, const Heard& heard) {
    auto store = open_key_store(storage, heard.listener());
    INFO(heard.text());
    REQUIRE(code_of(store) == 0);
    return std::move(*store);
}

StoredKey some_key(const std::string& group, std::uint32_t spec, std::string_view label) {
    StoredKey key;
    key.index = {group, "", spec};
    key.mbk = kOldMbk;
    key.key_class = 3;
    key.key_type = 0x1F;
    key.label = to_bytes(as_bytes(label));
    key.id = {0, 'i', 0xFF, 0};
    for (int i = 0; i < 1200; ++i) key.blob.push_back(static_cast<std::uint8_t>(i));
    return key;
}

void check_same(const StoredKey& found, const StoredKey& made) {
    CHECK(found.index == made.index);
    CHECK(found.mbk == made.mbk);
    CHECK(found.key_class == made.key_class);
    CHECK(found.key_type == made.key_type);
    CHECK(found.label == made.label);
    CHECK(found.id == made.id);
    CHECK(found.is_private == made.is_private);
    CHECK((found.blob == made.blob));
}

void check_conformance(const std::function<Store()>& open) {
    keys_come_back_as_they_went_in(open);
    what_is_no_key_is_refused(open);
    names_mean_nothing_to_the_database(open);
    const Store store = open();
    REQUIRE(code_of(store->erase({"SLOT_0000", "", 1})) == 0);
    indexes_sort_as_bytes(open);
    CHECK(store->count({}).value() == 0);
    keys_are_found_by_what_they_are(open);
    versions_guard_changes(open);
    others_changes_are_told(open);
    specifiers_are_given_once(open);
    batches_are_whole(open);
    keys_made_together_are_there_together(open);
    keys_go_together(open);
    changes_are_written_down(open);
}

}  // namespace cs2sim::keystore
