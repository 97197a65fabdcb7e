// ODBC through SOCI: PostgreSQL, SQLite and, as good as it goes, any other DBMS behind an ODBC driver. There
// is no LISTEN and no socket to shut down here: what others change is asked for, and a server that hangs is
// given up by the driver's own time-out, if it has one.
#include <soci/odbc/soci-odbc.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

#include <boost/algorithm/string/erase.hpp>
#include <boost/algorithm/string/find.hpp>
#include <boost/algorithm/string/replace.hpp>

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
    {"S1T00", Trouble::refused, E_CSA_STORE_TIMEOUT}, {"23000", Trouble::present, E_DB_EXISTS},
    {"42S02", Trouble::refused, E_CSA_STORE_SCHEMA},  // no such table
    {"42S22", Trouble::refused, E_CSA_STORE_SCHEMA},  // no such column
};

// Ours, in a connection string: the DBMS behind the driver is to be asked nothing but what any knows. For one
// that says it is PostgreSQL, and is not.
constexpr std::string_view kPlainWord = "CS2SIM_SQL=plain";

bool wants_plain(const std::string& connection) {
    return !boost::algorithm::ifind_first(connection, kPlainWord).empty();
}

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

    // What the driver says that it talks to.
    void meet(const KeyStorage& storage) {
        using Backend = soci::odbc_session_backend;
        const auto product = backend().get_database_product();
        if (wants_plain(storage.connection) ||
            (product != Backend::prod_postgresql && product != Backend::prod_sqlite))
            speak_plainly(product == Backend::prod_mysql);
        else
            dialect_ = product == Backend::prod_postgresql ? &kPostgresqlByOdbc : &kSqliteByOdbc;
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(storage.command_timeout).count();
        // Not every driver has it: then there is none.
        SQLSetConnectAttr(backend().hdbc_, SQL_ATTR_QUERY_TIMEOUT, reinterpret_cast<SQLPOINTER>(seconds), 0);
        if (dialect_ == &kSqliteByOdbc) {
            read_one_text(*this, "pragma journal_mode = wal");
            run(*this, "pragma synchronous = full");
            run(*this, "pragma busy_timeout = " + std::to_string(storage.busy_timeout.count()));
        }
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
    void hear(Changes& changes, bool) override {
        if (Clock::now() - looked_ < kBetweenLooks) return;
        looked_ = Clock::now();
        changes.anything = true;
    }

    bool writable() override {
        SQLCHAR answer[2] = {};
        SQLGetInfo(backend().hdbc_, SQL_DATA_SOURCE_READ_ONLY, answer, sizeof answer, nullptr);
        if (answer[0] == 'Y') return false;
        if (dialect_ != &kPostgresqlByOdbc) return true;
        return read_number(*this, std::string(kMayInsert)) == 1u;
    }

    void abandon() override {}  // what the driver holds is not known: it stays open in the child

private:
    void speak_plainly(bool has_limit) {
        plain_ = kPlain;
        if (has_limit) {  // MySQL has no other way
            plain_.limit_open = " limit ";
            plain_.limit_close = "";
        }
        schema_ = boost::algorithm::replace_all_copy(std::string(kPlain.schema), "@long_text@", long_text());
        boost::algorithm::replace_all(schema_, "@now@", plain_.time().substr(1, 23));
        plain_.schema = schema_;
        dialect_ = &plain_;
    }

    // The driver's type for the longest texts.
    std::string long_text() {
        SQLHSTMT types = nullptr;
        std::string longest = "text";
        if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, backend().hdbc_, &types))) return longest;
        SQLINTEGER most = 0;
        SQLGetTypeInfo(types, SQL_LONGVARCHAR);
        while (SQL_SUCCEEDED(SQLFetch(types))) {
            SQLCHAR name[128] = {};
            SQLINTEGER size = 0;
            SQLLEN had = 0;
            SQLGetData(types, 1, SQL_C_CHAR, name, sizeof name, &had);
            SQLGetData(types, 3, SQL_C_SLONG, &size, sizeof size, &had);
            if (size <= most) continue;
            most = size;
            longest = reinterpret_cast<const char*>(name);
        }
        SQLFreeHandle(SQL_HANDLE_STMT, types);
        return longest;
    }

    soci::odbc_session_backend& backend() {
        return *static_cast<soci::odbc_session_backend*>(session_.get_backend());
    }

    soci::session session_;
    const Dialect* dialect_ = &kPostgresqlByOdbc;
    Dialect plain_{};     // of another DBMS
    std::string schema_;  // its tables
    Clock::time_point looked_{};
};

// psqlodbc calls setlocale() while it connects and reads what that returned, which the call of another thread
// frees: one thread of a process connects at a time. A child of fork() has a lock of its own, as the
// parent's may be held by a thread that it has not.
std::timed_mutex& connecting() {
    struct OfProcess {
        const pid_t process = ::getpid();
        std::timed_mutex mutex;
    };
    static std::atomic<OfProcess*> current = new OfProcess;  // a parent's is left: it may be held
    OfProcess* known = current;
    if (known->process == ::getpid()) return known->mutex;
    auto own = std::make_unique<OfProcess>();
    if (current.compare_exchange_strong(known, own.get())) known = own.release();
    return known->mutex;
}

class OdbcDriver : public Driver {
public:
    explicit OdbcDriver(const KeyStorage& storage) : storage_(storage) {}

    bool makes_tables() const override { return false; }
    bool works_in_process() const override { return false; }

    tl::expected<std::unique_ptr<Connection>, Failure> connect(Clock::time_point deadline) override {
        const std::unique_lock turn(connecting(), deadline);
        if (!turn) return tl::unexpected(no_answer_in_time());
        try {
            auto connection = std::make_unique<OdbcConnection>(words());
            connection->meet(storage_);
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
        std::string given = boost::algorithm::ierase_first_copy(storage_.connection, kPlainWord);
        if (!boost::algorithm::ifind_first(given, kLongest).empty()) return given;
        return given + (given.ends_with(';') ? "" : ";") + std::string(kLongest) + "=" +
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
