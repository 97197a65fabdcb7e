// What a store is asked for; sql_key_store.cpp changes it.
#include <algorithm>
#include <tuple>

#include "host-lib/keystore/drivers/names.h"
#include "host-lib/keystore/drivers/rows.h"
#include "host-lib/keystore/drivers/sql_key_store.h"

namespace cs2sim::keystore {
namespace {

// Keys of a group by label or id: whatever the values, the index of these gives the first page, in its order.
// Further pages, and other conditions, need a plan that knows the values.
bool has_one_plan(const Filter& filter, const KeyIndex* after) {
    return !after && filter.group && (filter.label || filter.id) && !filter.name && !filter.mbk &&
           !filter.not_mbk;
}

}  // namespace

Result<StoredKey> SqlKeyStore::find(const KeyIndex& index, Match match, const Filter& filter) {
    if (!is_name(index.group) || !is_name(index.name)) return fail(E_DB_NOT_FOUND);
    Page page;
    KeyIndex from = index;
    do {
        CS2SIM_TRY(perform([&](Connection& connection, bool) -> Result<void> {
            // The planner must know other conditions than that of the index.
            const bool apart = match == Match::equal && filter == Filter{};
            Values values;
            const Dialect sql = apart ? connection.dialect().with(values) : connection.dialect();
            const std::string statement = select_keys(sql, filter, &from, match, 2, true);
            page = read_keys(connection, statement, 1, true, say_, values);
            return {};
        }));
        if (!page.keys.empty()) return std::move(page.keys.front());
        if (match == Match::equal && page.last) return fail(E_CSA_STORE_FAILED);  // there, and no key
        if (page.last) from = *page.last;
        match = Match::greater;
    } while (page.more && page.last);
    return fail(page.more ? E_CSA_STORE_FAILED : E_DB_NOT_FOUND);
}

Result<Page> SqlKeyStore::list(const Filter& filter, const KeyIndex* after, std::size_t limit, bool blobs) {
    if (limit == 0 || limit > kMostRows) return fail(E_CSA_PARAM);
    Page page;
    CS2SIM_TRY(perform([&](Connection& connection, bool) -> Result<void> {
        Values values;
        const bool apart = has_one_plan(filter, after);
        const Dialect sql = apart ? connection.dialect().with(values) : connection.dialect();
        const std::string statement = select_keys(sql, filter, after, Match::greater, limit + 1, blobs);
        page = read_keys(connection, statement, limit, blobs, say_, values);
        return {};
    }));
    if (page.more && !page.last) {
        tell("rows of the key store that are no keys hide those behind them");
        return fail(E_CSA_STORE_FAILED);
    }
    return page;
}

Result<std::uint64_t> SqlKeyStore::count(const Filter& filter) {
    std::uint64_t number = 0;
    CS2SIM_TRY(perform([&](Connection& connection, bool) -> Result<void> {
        number = read_number(connection, select_count(connection.dialect(), filter)).value_or(0);
        return {};
    }));
    return number;
}

Result<Version> SqlKeyStore::version_of(const KeyIndex& index) {
    if (!is_name(index.group) || !is_name(index.name)) return fail(E_DB_NOT_FOUND);
    std::optional<Version> version;
    CS2SIM_TRY(perform([&](Connection& connection, bool) -> Result<void> {
        Values values;
        const std::string sql = select_version(connection.dialect().with(values), index);
        version = read_number(connection, sql, values);
        return {};
    }));
    if (!version) return fail(E_DB_NOT_FOUND);
    return *version;
}

Result<Changes> SqlKeyStore::changes() {
    return pool_.changes([this] { return perform([](Connection&, bool) -> Result<void> { return {}; }); });
}

Result<std::vector<AuditRow>> SqlKeyStore::audit(std::size_t limit) {
    std::vector<AuditRow> rows;
    CS2SIM_TRY(perform([&](Connection& connection, bool) -> Result<void> {
        rows = read_audit(connection, select_audit(connection.dialect(), limit));
        return {};
    }));
    return rows;
}

Result<Stats> SqlKeyStore::stats() {
    Stats stats;
    CS2SIM_TRY(perform([&](Connection& connection, bool) -> Result<void> {
        const Dialect& sql = connection.dialect();
        std::tie(stats.keys, stats.bytes) =
            read_two_numbers(connection, "select count(*), coalesce(sum(" + std::string(sql.blob_length) +
                                             "), 0) from cs2sim_key");
        stats.groups = read_number(connection, "select count(distinct grp) from cs2sim_key").value_or(0);
        stats.by_mbk = read_mbks(connection);
        stats.schema = schema_of(connection).value_or(0);
        stats.created =
            read_one_text(connection, "select " + sql.read_time("created") + " from cs2sim_store");
        stats.server = read_one_text(connection, "select " + std::string(sql.server_version));
        return {};
    }));
    return stats;
}

Result<bool> SqlKeyStore::writable() {
    bool may_write = false;
    CS2SIM_TRY(perform([&](Connection& connection, bool) -> Result<void> {
        may_write = connection.writable();
        return {};
    }));
    return may_write;
}

}  // namespace cs2sim::keystore
