// The ledger: every row says what it rests on.
#include "tools/explain/ledger.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>

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
