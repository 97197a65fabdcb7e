// SQLite through SOCI: write-ahead log, every commit on disk, five seconds for other writers.
#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>

#include "host-lib/keystore/drivers/rows.h"
#include "host-lib/keystore/drivers/sql_key_store.h"
#include "host-lib/keystore/drivers/sqlite/sqlite_file.h"
#include "host-lib/keystore/drivers/sqlite_failure.h"
#include "host-lib/keystore/module.h"

namespace cs2sim::keystore {
namespace {

using namespace sqlite_api;  // SOCI includes sqlite3.h into this namespace

class SqliteConnection : public Connection {
public:
    SqliteConnection(const KeyStorage& storage)
        : session_(soci::sqlite3, "db=\"" + storage.connection + "\" timeout=0"),
          busy_timeout_(storage.busy_timeout) {
        sqlite3_extended_result_codes(raw(), 1);
        wait_for_others(busy_timeout_);
        sqlite3_progress_handler(raw(), kStepsBetweenLooks, &SqliteConnection::late, this);
        session_ << "pragma journal_mode = wal";
        session_ << "pragma synchronous = full";
        // What is in the log goes into the file at 16 MB: that waits for the disk twice, and who changes many
        // keys meets pages all over the indexes, which are then written once and not each time.
        session_ << "pragma wal_autocheckpoint = 4000";
    }

    soci::session& session() override { return session_; }
    const Dialect& dialect() const override { return kSqlite; }

    void begin() override {
        if (lazily_) commit_lazily(false);  // a failure was between
        session_ << "begin immediate";
    }
    void commit() override { session_ << "commit"; }
    // A failed commit may have ended the transaction by itself.
    void rollback() override {
        if (sqlite3_get_autocommit(raw()) == 0) session_ << "rollback";
    }
    void commit_lazily(bool lazily) override {
        lazily_ = lazily_ || lazily;
        session_ << (lazily ? "pragma synchronous = normal" : "pragma synchronous = full");
        lazily_ = lazily;
    }

    Failure classify(const soci::soci_error& error) override {
        // SOCI's statements do not keep the code of every failure; the connection does.
        const auto* own = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
        const int result = own && own->result() != 0 ? own->result() : sqlite3_extended_errcode(raw());
        return failure_of_sqlite(result, error.get_error_message());
    }

    void arm(Clock::time_point deadline) override {
        deadline_ = deadline;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        wait_for_others(std::clamp(left, std::chrono::milliseconds(1), busy_timeout_));
    }
    void disarm() override { deadline_ = Clock::time_point::max(); }
    bool fired() const override { return fired_; }

    void listen() override { seen_ = data_version(); }
    void hear(Changes& changes, bool) override {
        const auto now = data_version();
        if (now != seen_) changes.anything = true;
        seen_ = now;
    }

    bool writable() override { return sqlite3_db_readonly(raw(), "main") == 0; }
    void abandon() override {}  // files are not closed in the child: that would drop locks

private:
    static constexpr int kStepsBetweenLooks = 10000;

    void wait_for_others(std::chrono::milliseconds time) {
        sqlite3_busy_timeout(raw(), static_cast<int>(time.count()));
    }

    static int late(void* self) {
        auto& own = *static_cast<SqliteConnection*>(self);
        if (Clock::now() >= own.deadline_) own.fired_ = true;
        return own.fired_ ? 1 : 0;
    }

    std::optional<std::uint64_t> data_version() {
        try {
            return read_number(*this, "pragma data_version");
        } catch (const soci::soci_error&) {
            return std::nullopt;  // the next call meets it, too; until then nothing is sure
        }
    }

    sqlite_api::sqlite3* raw() {
        return static_cast<soci::sqlite3_session_backend*>(session_.get_backend())->conn_;
    }

    soci::session session_;
    const std::chrono::milliseconds busy_timeout_;
    Clock::time_point deadline_ = Clock::time_point::max();
    bool fired_ = false;
    bool lazily_ = false;
    std::optional<std::uint64_t> seen_;
};

class SqliteDriver : public Driver {
public:
    explicit SqliteDriver(const KeyStorage& storage) : storage_(storage) {}

    bool makes_tables() const override { return true; }
    bool works_in_process() const override { return true; }

    tl::expected<std::unique_ptr<Connection>, Failure> connect(Clock::time_point) override {
        CS2SIM_TRY(prepare_file(storage_.connection));
        try {
            auto connection = std::make_unique<SqliteConnection>(storage_);
            // Somebody else's database gets no tables of ours.
            const auto [all, ours] =
                read_two_numbers(*connection,
                                 "select count(*), coalesce(sum(name like 'cs2sim\\_%' escape '\\'), 0) from "
                                 "sqlite_master where type = 'table'");
            if (all != 0 && ours == 0)
                return tl::unexpected(Failure{Trouble::refused, E_CSA_STORE_CONFIG,
                                              storage_.connection + " is a database of something else"});
            return connection;
        } catch (const soci::sqlite3_soci_error& error) {
            if ((error.result() & 0xFF) == SQLITE_NOTADB)
                return tl::unexpected(no_database(storage_.connection));
            return tl::unexpected(failure_of_sqlite(error.result(), error.get_error_message()));
        }
    }

private:
    const KeyStorage storage_;
};

}  // namespace
}  // namespace cs2sim::keystore

std::uint32_t cs2sim_keystore_open(const cs2sim::keystore::KeyStorage* storage,
                                   const cs2sim::keystore::Say* say, cs2sim::keystore::KeyStore** store) {
    return cs2sim::keystore::open_store<cs2sim::keystore::SqliteDriver>(storage, say, store);
}
