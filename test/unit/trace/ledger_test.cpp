// The ledger: every row says what it rests on.
#include "tools/explain/ledger.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>

#include "firmware/profile/profile.h"
#include "test/places.h"

using namespace cs2sim;

TEST_CASE("every row of the ledger has an identity of its own, a source and a reach") {
    std::set<std::pair<std::string, std::string>> seen;
    std::map<std::string, int> kinds;
    for (const LedgerRow& row : ledger()) {
        INFO(row.kind << " " << row.id);
        CHECK_FALSE(row.id.empty());
        CHECK(seen.emplace(row.kind, row.id).second);
        CHECK_FALSE(row.source.empty());
        CHECK_FALSE(row.reach.empty());
        if (row.known) CHECK(row.source != "ours");  // what is known is so by a source
        ++kinds[row.kind];
    }
    for (const char* kind : {"function", "layout", "code", "profile", "text"}) CHECK(kinds[kind] > 20);
}

TEST_CASE("the sums of the ledger count its rows") {
    const auto rows = ledger();
    const std::string sums = ledger_sums(rows);
    std::size_t known = 0;
    for (const LedgerRow& row : rows) known += row.known;
    INFO(sums);
    CHECK(sums.find("| all | " + std::to_string(known) + " | " + std::to_string(rows.size() - known) +
                    " |\n") != std::string::npos);
    CHECK(ledger_text({{"code", "B0000001", false, "ours", "nobody"}}).find("assumed  ours; nobody\n") !=
          std::string::npos);
}

TEST_CASE("the README shows the sums of the ledger") {
    std::ifstream file(source_folder() / "README.md");
    const std::string readme{std::istreambuf_iterator<char>(file), {}};
    const std::string sums = ledger_sums(ledger());
    INFO("README.md should have:\n" << sums);
    CHECK(readme.find("The sums:\n\n" + sums + "\n") != std::string::npos);
}

TEST_CASE(
    "codes of containers are known by their range alone, the signature's and the barred key's by number") {
    const auto rows = ledger();
    const auto known = [&](const std::string& id) {
        const auto row = std::ranges::find(rows, id, &LedgerRow::id);
        REQUIRE(row != rows.end());
        return row->known;
    };
    for (const char* id : {"B0870012", "B0870018", "B0870054", "MTC.MMCH_HASH", "MTC.SIGNATURE_KEY_ID"})
        CHECK(known(id));
    for (const char* id : {"B0870030", "B0870036", "B0870039", "MTC.MMCH_TYPE_C50", "MTC.MMCH_TYPE_LINUX"})
        CHECK_FALSE(known(id));
    for (const char* id : {"B0870024", "B90B0005", "B9013000-B9013FFF"}) CHECK_FALSE(known(id));
}

TEST_CASE("what a profile leaves to its default has a row too") {
    const auto rows = ledger();
    std::map<std::string, std::size_t> keys;
    for (const LedgerRow& row : rows)
        if (row.kind == "profile") ++keys[row.id.substr(row.id.rfind('.') + 1)];
    CHECK(keys.size() > 40);
    for (const auto& [key, profiles] : keys) {
        INFO(key);
        CHECK(profiles == built_in_profiles().size());
    }
    const auto row = std::ranges::find(rows, "fw-5.x.show_initial", &LedgerRow::id);
    REQUIRE(row != rows.end());
    CHECK_FALSE(row->known);
}

TEST_CASE("what the SDK's functions do has rows by the names of functions that there are") {
    constexpr std::string_view kNames[] = {
#define SLOT(header, TABLE, place, name, kind) #name,
#include "firmware/modules/host/slots.inc"
#undef SLOT
    };
    std::size_t rows = 0;
    for (const LedgerRow& row : ledger()) {
        if (row.kind != "sdk") continue;
        ++rows;
        INFO(row.id);
        std::string_view id = row.id;
        const bool any = id.ends_with('*');
        if (any) id.remove_suffix(1);
        CHECK(std::ranges::any_of(
            kNames, [&](std::string_view name) { return any ? name.starts_with(id) : name == id; }));
    }
    CHECK(rows > 30);
}
