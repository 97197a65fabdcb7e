// A KeyStore over SQL: one for all back ends. Retries, the outcome of changes whose answer was lost, and the
// versions of tables are here; a driver only connects and says what an error means.
#pragma once

#include <memory>

#include "host-lib/keystore/drivers/pool.h"
#include "host-lib/keystore/drivers/statements.h"
#include "host-lib/keystore/key_store.h"

namespace cs2sim::keystore {

class SqlKeyStore : public KeyStore {
public:
    SqlKeyStore(const KeyStorage& storage, Say say, std::unique_ptr<Driver> driver);

    Result<StoredKey> find(const KeyIndex& index, Match match, const Filter& filter) override;
    Result<Page> list(const Filter& filter, const KeyIndex* after, std::size_t limit, bool blobs) override;
    Result<std::uint64_t> count(const Filter& filter) override;
    Result<Version> version_of(const KeyIndex& index) override;
    Result<std::uint32_t> reserve_specs(const std::string& group, std::uint32_t count) override;
    Result<Version> insert(const StoredKey& key) override;
    Result<void> insert_all(const std::vector<StoredKey>& keys) override;
    Result<Version> update(const StoredKey& key, Version expected) override;
    Result<void> erase(const KeyIndex& index, std::optional<Version> expected) override;
    Result<std::size_t> erase_all(const std::vector<StoredKey>& keys) override;
    Result<std::size_t> copy_in(const std::vector<StoredKey>& keys) override;
    Result<std::size_t> recrypt(const std::vector<Recrypted>& rows) override;
    Result<Changes> changes() override;
    Result<std::vector<AuditRow>> audit(std::size_t limit) override;
    Result<Stats> stats() override;
    Result<bool> writable() override;
    Result<void> init() override;
    Result<void> migrate() override;

private:
    // One try at the work of a call; SOCI's errors may leave it. `repeated`: an earlier try's outcome is
    // unknown.
    using Work = std::function<Result<void>(Connection&, bool repeated)>;
    Result<void> perform(const Work& work);
    tl::expected<void, Failure> one_try(const Work& work, bool repeated, Clock::time_point deadline,
                                        Result<void>& done);

    struct Outcome {
        std::uint64_t rows = 0;
        Version version = 0;
    };
    // A change in one transaction. `apart`: it has the same SQL each time, so that it can be prepared. `rows`
    // of it, and the version of its audit rows.
    Result<Outcome> change(const std::vector<OperationId>& operations,
                           const std::function<Transaction(const Dialect&)>& statements, bool apart = false);
    std::uint64_t run_reservation(Connection& connection, const Change& change, const Values& values);
    Outcome run_changes(Connection& connection, const Transaction& changes, const Values& values);
    std::optional<Outcome> outcome_of(Connection& connection, const std::vector<OperationId>& operations);
    Result<Outcome> change_row(const KeyIndex& index, const OperationId& operation,
                               const std::function<Change(const Dialect&)>& statements);

    tl::expected<void, Failure> check_tables(Connection& connection);
    std::optional<std::uint32_t> schema_of(Connection& connection);
    tl::expected<void, Failure> make_tables(Connection& connection);
    Result<void> with_bare_connection(const std::function<tl::expected<void, Failure>(Connection&)>& work);
    void make_roles(Connection& connection);
    void tell(const std::string& line) const;
    void tell(const Failure& failure) const;
    Doing doing(std::string_view act) const;

    const KeyStorage storage_;
    const Say say_;
    const std::string host_;
    std::unique_ptr<Driver> driver_;
    Pool pool_;
};

// What a module's one function (module.h) does: a store whose driver is a Backend.
template <class Backend>
std::uint32_t open_store(const KeyStorage* storage, const Say* say, KeyStore** store) {
    *store = new SqlKeyStore(*storage, *say, std::make_unique<Backend>(*storage));
    return 0;
}

}  // namespace cs2sim::keystore
