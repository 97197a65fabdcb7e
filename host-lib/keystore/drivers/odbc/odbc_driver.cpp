// ODBC through SOCI: PostgreSQL and SQLite behind an ODBC driver. There is no LISTEN and no socket to shut
// down here: what others change is asked for, and a server that hangs is given up by the driver's own
// time-out, if it has one.
#include <soci/odbc/soci-odbc.h>

#include <boost/algorithm/string/find.hpp>

#include "host-lib/keystore/drivers/postgresql_failure.h"
#include "host-lib/keystore/drivers/rows.h"
#include "host-lib/keystore/drivers/sql_key_store.h"
#include "host-lib/keystore/drivers/sqlite_failure.h"
#include "host-lib/keystore/module.h"

namespace cs2sim::keystore {
namespace {

using std::chrono::milliseconds;

constexpr auto kBetweenLooks = milliseconds(500);

struct StateRow {
    std::string_view sqlstate;
    Trouble trouble;
    std::uint32_t code;
};

// Of the driver manager and of drivers (ODBC reference, appendix A); what is not here means what it means for
// PostgreSQL.
constexpr StateRow kStates[] = {
    {"IM", Trouble::refused, E_CSA_STORE_CONFIG},     // no such DSN, driver not found, …
    {"01000", Trouble::refused, E_CSA_STORE_CONFIG},  // unixODBC: can't open the driver's library
    {"HYT00", Trouble::refused, E_CSA_STORE_TIMEOUT}, {"HYT01", Trouble::refused, E_CSA_STORE_TIMEOUT},
    {"S1T00", Trouble::refused, E_CSA_STORE_TIMEOUT},
};

Failure failure_of(const soci::odbc_soci_error& error) {
    const std::string_view sqlstate = reinterpret_cast<const char*>(error.odbc_error_code());
    const std::string words = reinterpret_cast<const char*>(error.odbc_error_message());
    for (const StateRow& row : kStates)
        if (sqlstate.starts_with(row.sqlstate)) return {row.trouble, row.code, words};
    // psqlodbc gives one state for all that keeps it from connecting, with the server's or libpq's words
    // behind.
    if (sqlstate.starts_with("08001")) return failure_to_connect(words);
    return failure_of_sqlstate(sqlstate, words);
}

class OdbcConnection : public Connection {
public:
    explicit OdbcConnection(const std::string& connection) : session_(soci::odbc, connection) {}

    // What the driver says that it talks to; refused when we do not know its SQL.
    tl::expected<void, Failure> meet(const KeyStorage& storage) {
        using Backend = soci::odbc_session_backend;
        switch (backend().get_database_product()) {
            case Backend::prod_postgresql:
                dialect_ = &kPostgresqlByOdbc;
                break;
            case Backend::prod_sqlite:
                dialect_ = &kSqliteByOdbc;
                break;
            default:
                return tl::unexpected(Failure{Trouble::refused, E_CSA_STORE_CONFIG,
                                              "behind this ODBC driver is neither PostgreSQL nor SQLite"});
        }
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(storage.command_timeout).count();
        // Not every driver has it: then there is none.
        SQLSetConnectAttr(backend().hdbc_, SQL_ATTR_QUERY_TIMEOUT, reinterpret_cast<SQLPOINTER>(seconds), 0);
        if (dialect_ == &kSqliteByOdbc) {
            read_one_text(*this, "pragma journal_mode = wal");
            run(*this, "pragma synchronous = full");
            run(*this, "pragma busy_timeout = " + std::to_string(storage.busy_timeout.count()));
        }
        return {};
    }

    soci::session& session() override { return session_; }
    const Dialect& dialect() const override { return *dialect_; }

    Failure classify(const soci::soci_error& error) override {
        const auto* own = dynamic_cast<const soci::odbc_soci_error*>(&error);
        if (!own) return {Trouble::refused, E_CSA_STORE_FAILED, error.get_error_message()};
        if (dialect_ == &kSqliteByOdbc)
            return failure_of_sqlite(own->native_error_code(), error.get_error_message());
        return failure_of(*own);
    }

    void arm(Clock::time_point) override {}
    void disarm() override {}
    bool fired() const override { return false; }

    void listen() override { looked_ = Clock::now(); }
    void hear(Changes& changes) override {
        if (Clock::now() - looked_ < kBetweenLooks) return;
        looked_ = Clock::now();
        changes.anything = true;
    }

    bool writable() override {
        SQLCHAR answer[2] = {};
        SQLGetInfo(backend().hdbc_, SQL_DATA_SOURCE_READ_ONLY, answer, sizeof answer, nullptr);
        if (answer[0] == 'Y') return false;
        if (dialect_ == &kSqliteByOdbc) return true;
        return read_number(*this, std::string(kMayInsert)) == 1u;
    }

    void abandon() override {}  // what the driver holds is not known: it stays open in the child

private:
    soci::odbc_session_backend& backend() {
        return *static_cast<soci::odbc_session_backend*>(session_.get_backend());
    }

    soci::session session_;
    const Dialect* dialect_ = &kPostgresqlByOdbc;
    Clock::time_point looked_{};
};

class OdbcDriver : public Driver {
public:
    explicit OdbcDriver(const KeyStorage& storage) : storage_(storage) {}

    bool makes_tables() const override { return false; }
    bool works_in_process() const override { return false; }

    tl::expected<std::unique_ptr<Connection>, Failure> connect(Clock::time_point) override {
        try {
            auto connection = std::make_unique<OdbcConnection>(words());
            CS2SIM_TRY(connection->meet(storage_));
            return connection;
        } catch (const soci::odbc_soci_error& error) {
            return tl::unexpected(failure_of(error));
        } catch (const soci::soci_error& error) {
            return tl::unexpected(Failure{Trouble::refused, E_CSA_STORE_CONNECT, error.get_error_message()});
        }
    }

private:
    // psqlodbc cuts long texts at 8,190 characters unless it is told how long ours may be; others ignore it.
    std::string words() const {
        constexpr std::string_view kLongest = "MaxLongVarcharSize";
        if (!boost::algorithm::ifind_first(storage_.connection, kLongest).empty()) return storage_.connection;
        const bool ends = storage_.connection.ends_with(';');
        return storage_.connection + (ends ? "" : ";") + std::string(kLongest) + "=" +
               std::to_string(2 * kLongestBlob + 1);
    }

    const KeyStorage storage_;
};

}  // namespace
}  // namespace cs2sim::keystore

std::uint32_t cs2sim_keystore_open(const cs2sim::keystore::KeyStorage* storage,
                                   const cs2sim::keystore::Say* say, cs2sim::keystore::KeyStore** store) {
    return cs2sim::keystore::open_store<cs2sim::keystore::OdbcDriver>(storage, say, store);
}
