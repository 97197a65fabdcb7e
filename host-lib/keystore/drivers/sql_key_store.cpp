#include "host-lib/keystore/drivers/sql_key_store.h"

#include <unistd.h>

#include <algorithm>
#include <random>
#include <thread>

#include "host-lib/keystore/drivers/names.h"
#include "host-lib/keystore/drivers/operation.h"
#include "host-lib/keystore/drivers/rows.h"

namespace cs2sim::keystore {
namespace {

using std::chrono::milliseconds;

constexpr unsigned kMostTries = 5;  // of a transaction that others are in the way of
constexpr int kMostErasures = 10;   // of a row whose version others keep changing

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::vector<OperationId> new_operations(std::size_t count) {
    std::vector<OperationId> all(count);
    std::ranges::generate(all, new_operation);
    return all;
}

// Half of `most` to all of it, so that those who met do not meet again.
void pause(milliseconds most, Clock::time_point deadline) {
    thread_local std::minstd_rand generator{std::random_device{}()};
    std::uniform_int_distribution<long> spread(most.count() / 2, most.count());
    std::this_thread::sleep_until(std::min(deadline, Clock::now() + milliseconds(spread(generator))));
}

Result<void> check(const StoredKey& key) {
    const bool fits = !key.index.group.empty() && is_name(key.index.group) && is_name(key.index.name) &&
                      key.label.size() <= kLongestAttribute && key.id.size() <= kLongestAttribute &&
                      !key.blob.empty() && key.blob.size() <= kLongestBlob;
    if (!fits) return fail(E_CSA_PARAM);
    return {};
}

std::uint64_t in_transaction(Connection& connection, const std::function<std::uint64_t()>& work) {
    connection.begin();
    try {
        const std::uint64_t done = work();
        connection.commit();
        return done;
    } catch (const soci::soci_error& error) {
        if (connection.classify(error).trouble != Trouble::lost && !connection.fired()) connection.rollback();
        throw;
    }
}

}  // namespace

SqlKeyStore::SqlKeyStore(const KeyStorage& storage, Say say, std::unique_ptr<Driver> driver)
    : storage_(storage),
      say_(std::move(say)),
      host_(host_name()),
      driver_(std::move(driver)),
      pool_(*driver_, storage_, [this](Connection& connection) { return check_tables(connection); }) {}

void SqlKeyStore::tell(const std::string& line) const {
    if (say_) say_(line);
}

void SqlKeyStore::tell(const Failure& failure) const {
    tell(failure.words.empty() ? error_text(failure.code) : failure.words);
}

Doing SqlKeyStore::doing(std::string_view act) const { return {new_operation(), host_, act}; }

// --- tries ---

tl::expected<void, Failure> SqlKeyStore::one_try(const Work& work, bool repeated, Clock::time_point deadline,
                                                 Result<void>& done) {
    CS2SIM_TRY_LET(lease, pool_.take(deadline));
    Connection& connection = *lease;
    connection.arm(deadline);
    try {
        done = work(connection, repeated);
        connection.disarm();
        return {};
    } catch (const soci::soci_error& error) {
        connection.disarm();
        if (connection.fired()) {
            lease.drop();
            return tl::unexpected(no_answer_in_time());
        }
        const Failure failure = connection.classify(error);
        if (failure.trouble == Trouble::lost) lease.drop_all();
        return tl::unexpected(failure);
    }
}

Result<void> SqlKeyStore::perform(const Work& work) {
    const Clock::time_point deadline = Clock::now() + storage_.command_timeout;
    unsigned again = 0, lost = 0;
    bool repeated = false, met_itself = false;
    for (;;) {
        Result<void> done;
        const auto tried = one_try(work, repeated, deadline, done);
        if (tried) return done;
        const Failure& failure = tried.error();
        const bool late = Clock::now() >= deadline;
        switch (failure.trouble) {
            case Trouble::present:
                // Perhaps what an earlier try of this call put there after all.
                if (!repeated || std::exchange(met_itself, true)) return fail(E_DB_EXISTS);
                break;
            case Trouble::again:
                if (late || ++again > kMostTries) {
                    tell(failure);
                    return fail(E_CSA_STORE_TIMEOUT);
                }
                pause(milliseconds(20U << again), deadline);
                break;
            case Trouble::lost:
                tell(failure);
                repeated = true;
                if (late || ++lost > storage_.reconnect) return fail(failure.code);
                pause(milliseconds(std::min(1000U, 100U * lost)), deadline);
                break;
            case Trouble::waits:
                if (late) {
                    tell(failure);
                    return fail(failure.code);
                }
                pause(milliseconds(200), deadline);
                break;
            case Trouble::refused:
                tell(failure);
                return fail(failure.code);
        }
    }
}

// --- changes ---

SqlKeyStore::Outcome SqlKeyStore::run_changes(Connection& connection, const Transaction& changes,
                                              const Values& values) {
    if (changes.size() == 1 && changes.front().size() == 1)
        return {run(connection, changes.front().front(), values), 0};
    const std::uint64_t rows = in_transaction(connection, [&] {
        std::uint64_t all = 0;
        for (const Change& change : changes) {
            const std::uint64_t changed = run(connection, change.front());
            if (changed != 0)
                for (std::size_t i = 1; i < change.size(); ++i) run(connection, change[i]);
            all += changed;
        }
        return all;
    });
    return {rows, 0};
}

std::optional<SqlKeyStore::Outcome> SqlKeyStore::outcome_of(Connection& connection,
                                                            const std::vector<OperationId>& operations) {
    // The row tells by an index; what was changed again or deleted since, only the audit.
    for (const std::string_view table : {"cs2sim_key", "cs2sim_audit"}) {
        const auto [rows, version] =
            read_two_numbers(connection, select_outcome(connection.dialect(), table, operations));
        if (rows != 0) return Outcome{rows, version};
    }
    return std::nullopt;
}

Result<SqlKeyStore::Outcome> SqlKeyStore::change(const std::vector<OperationId>& operations,
                                                 const std::function<Transaction(const Dialect&)>& statements,
                                                 bool apart) {
    Outcome outcome;
    CS2SIM_TRY(perform([&](Connection& connection, bool repeated) -> Result<void> {
        if (repeated) {
            if (const auto known = outcome_of(connection, operations)) {
                outcome = *known;
                return {};
            }
        }
        Values values;
        const Transaction all = statements(apart ? connection.dialect().with(values) : connection.dialect());
        outcome = run_changes(connection, all, values);
        return {};
    }));
    return outcome;
}

Result<SqlKeyStore::Outcome> SqlKeyStore::change_row(
    const KeyIndex& index, const OperationId& operation,
    const std::function<Change(const Dialect&)>& statements) {
    CS2SIM_TRY_LET(outcome,
                   change({operation}, [&](const Dialect& sql) { return Transaction{statements(sql)}; }));
    if (outcome.rows != 0) return outcome;
    CS2SIM_TRY(version_of(index));
    return fail(E_CSA_STORE_CHANGED);
}

std::uint64_t SqlKeyStore::run_reservation(Connection& connection, const Change& change,
                                           const Values& values) {
    if (change.size() == 1) return read_number(connection, change.front(), values).value_or(0);
    return in_transaction(connection, [&] {
        const std::uint64_t changed = run(connection, change.front());
        if (change.size() > 2 && changed == 0) run(connection, change[1]);
        return read_number(connection, change.back()).value_or(0);
    });
}

Result<Version> SqlKeyStore::insert(const StoredKey& key) {
    CS2SIM_TRY(insert_all({key}));
    return Version{1};
}

Result<void> SqlKeyStore::insert_all(const std::vector<StoredKey>& keys) {
    if (keys.empty()) return {};
    if (keys.size() > kMostRows) return fail(E_CSA_PARAM);
    for (const StoredKey& key : keys) CS2SIM_TRY(check(key));
    const auto operations = new_operations(keys.size());
    const Doing how{operations.front(), host_, "insert"};
    // Few keys, as one call makes them, have one statement each time.
    constexpr std::size_t kFew = 2;
    const auto all = [&](const Dialect& sql) { return insert_keys(sql, keys, operations, how, false); };
    CS2SIM_TRY(change(operations, all, keys.size() <= kFew));
    return {};
}

Result<Version> SqlKeyStore::update(const StoredKey& key, Version expected) {
    CS2SIM_TRY(check(key));
    const Doing how = doing("update");
    CS2SIM_TRY(change_row(key.index, how.operation,
                          [&](const Dialect& sql) { return update_key(sql, key, expected, how); }));
    return expected + 1;
}

Result<void> SqlKeyStore::erase(const KeyIndex& index, std::optional<Version> expected) {
    for (int tries = 0;; ++tries) {
        Version version = expected.value_or(0);
        if (!expected) {
            CS2SIM_TRY_LET(now, version_of(index));
            version = now;
        }
        const Doing how = doing("delete");
        const auto done = change_row(index, how.operation,
                                     [&](const Dialect& sql) { return erase_key(sql, index, version, how); });
        if (done) return {};
        if (expected || done.error().code != E_CSA_STORE_CHANGED || tries == kMostErasures)
            return fail(done.error());
    }
}

Result<std::size_t> SqlKeyStore::erase_all(const std::vector<StoredKey>& keys) {
    if (keys.empty()) return 0;
    if (keys.size() > kMostRows) return fail(E_CSA_PARAM);
    const Doing how = doing("delete");
    const auto all = [&](const Dialect& sql) {
        Transaction changes;
        for (const StoredKey& key : keys) changes.push_back(erase_key(sql, key.index, key.version, how));
        return changes;
    };
    CS2SIM_TRY_LET(outcome, change({how.operation}, all));
    return static_cast<std::size_t>(outcome.rows);
}

Result<std::uint32_t> SqlKeyStore::reserve_specs(const std::string& group, std::uint32_t count) {
    if (!is_name(group) || group.empty() || count == 0 || count > kMostRows) return fail(E_CSA_PARAM);
    std::uint64_t first = 0;
    const auto reserve = [&] {
        return perform([&](Connection& connection, bool) -> Result<void> {
            connection.commit_lazily(true);
            Values values;
            const Dialect sql = connection.dialect().with(values);
            first = run_reservation(connection, keystore::reserve_specs(sql, group, count), values);
            connection.commit_lazily(false);
            return {};
        });
    };
    auto reserved = reserve();
    // Somebody else was the first of this group, where that is two statements.
    if (!reserved && reserved.error().code == E_DB_EXISTS) reserved = reserve();
    CS2SIM_TRY(reserved);
    if (first == 0 || first + count > 0xFFFFFFFFULL) {
        tell("the group has no specifiers left");
        return fail(E_CSA_STORE_FAILED);
    }
    return static_cast<std::uint32_t>(first);
}

Result<std::size_t> SqlKeyStore::copy_in(const std::vector<StoredKey>& keys) {
    if (keys.empty()) return 0;
    if (keys.size() > kMostRows) return fail(E_CSA_PARAM);
    std::map<std::string, std::uint32_t> highest;
    for (const StoredKey& key : keys) {
        CS2SIM_TRY(check(key));
        std::uint32_t& spec = highest[key.index.group];
        spec = std::max(spec, key.index.spec);
    }
    const auto operations = new_operations(keys.size());
    const Doing how{operations.front(), host_, "copy"};
    // First, and by itself: a specifier too many is no harm, one given twice is.
    CS2SIM_TRY(perform([&](Connection& connection, bool) -> Result<void> {
        for (const auto& [group, spec] : highest)
            if (spec != kNoSpec)
                for (const std::string& statement : raise_spec(connection.dialect(), group, spec))
                    run(connection, statement);
        return {};
    }));
    CS2SIM_TRY_LET(outcome, change(operations, [&](const Dialect& sql) {
                       return insert_keys(sql, keys, operations, how, true);
                   }));
    return static_cast<std::size_t>(outcome.rows);
}

Result<std::size_t> SqlKeyStore::recrypt(const std::vector<Recrypted>& rows) {
    if (rows.empty()) return 0;
    if (rows.size() > kMostRows) return fail(E_CSA_PARAM);
    for (const Recrypted& row : rows)
        if (row.blob.empty() || row.blob.size() > kLongestBlob) return fail(E_CSA_PARAM);
    const auto operations = new_operations(rows.size());
    const Doing how{operations.front(), host_, "recrypt"};
    const auto all = [&](const Dialect& sql) { return recrypt_keys(sql, rows, operations, how); };
    CS2SIM_TRY_LET(outcome, change(operations, all, true));
    return static_cast<std::size_t>(outcome.rows);
}

}  // namespace cs2sim::keystore
