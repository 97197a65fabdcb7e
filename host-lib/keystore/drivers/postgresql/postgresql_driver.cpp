// PostgreSQL through SOCI; what SOCI does not give (time-outs, notifications, the process at the other end)
// is asked of libpq with SOCI's own connection.
#include <locale.h>
#include <poll.h>
#include <soci/postgresql/soci-postgresql.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "host-lib/keystore/drivers/postgresql/postgresql_statements.h"
#include "host-lib/keystore/drivers/postgresql/watchdog.h"
#include "host-lib/keystore/drivers/postgresql_failure.h"
#include "host-lib/keystore/drivers/rows.h"
#include "host-lib/keystore/drivers/sql_key_store.h"
#include "host-lib/keystore/module.h"

namespace cs2sim::keystore {
namespace {

using std::chrono::milliseconds;

// Within it libpq speaks English, whatever the program's locale: failures to connect have no SQLSTATE.
class EnglishMessages {
public:
    EnglishMessages() : english_(::newlocale(LC_MESSAGES_MASK, "C", ::duplocale(::uselocale(nullptr)))) {
        if (english_) before_ = ::uselocale(english_);
    }
    ~EnglishMessages() {
        if (!english_) return;
        ::uselocale(before_);
        ::freelocale(english_);
    }
    EnglishMessages(const EnglishMessages&) = delete;

private:
    locale_t english_;
    locale_t before_{};
};

class PostgresqlConnection : public Connection {
public:
    PostgresqlConnection(const std::string& conninfo, Watchdog& watchdog)
        : session_(soci::postgresql, conninfo),
          prepared_(raw()),
          watchdog_(watchdog),
          watch_(watchdog.watch(PQsocket(raw()))) {
        PQsetNoticeProcessor(
            raw(), [](void*, const char*) {}, nullptr);  // else it writes to the program's stderr
    }
    ~PostgresqlConnection() override { watchdog_.forget(watch_); }

    soci::session& session() override { return session_; }
    const Dialect& dialect() const override { return kPostgresql; }
    PreparedStatements* prepared() override { return &prepared_; }

    Failure classify(const soci::soci_error& error) override {
        const auto* own = dynamic_cast<const soci::postgresql_soci_error*>(&error);
        if (PQstatus(raw()) == CONNECTION_BAD)
            return {Trouble::lost, E_CSA_STORE_CONNECT, "the connection to the key store was lost"};
        return failure_of_sqlstate(own ? own->sqlstate() : "", error.get_error_message());
    }

    void arm(Clock::time_point deadline) override { watchdog_.arm(*watch_, deadline); }
    void disarm() override { watchdog_.disarm(*watch_); }
    bool fired() const override { return watchdog_.fired(*watch_); }

    void listen() override { run(*this, "listen " + std::string(kChannel)); }
    void hear(Changes& changes, bool answered) override {
        if (!answered && PQconsumeInput(raw()) == 0) changes.anything = true;
        while (PGnotify* told = PQnotifies(raw())) {
            const auto index = index_of(told->extra);
            if (index)
                changes.keys.push_back(*index);
            else
                changes.anything = true;
            PQfreemem(told);
        }
    }

    bool writable() override { return read_number(*this, std::string(kMayInsert)) == 1u; }

    void abandon() override { ::close(PQsocket(raw())); }

    int process_told() { return PQbackendPID(raw()); }
    std::optional<std::uint64_t> process_met() { return read_number(*this, "select pg_backend_pid()"); }

private:
    PGconn* raw() { return static_cast<soci::postgresql_session_backend*>(session_.get_backend())->conn_; }

    soci::session session_;
    PostgresqlStatements prepared_;
    Watchdog& watchdog_;
    std::shared_ptr<Watchdog::Watch> watch_;
};

using Trial = std::unique_ptr<PGconn, decltype(&PQfinish)>;

// Until there is something to read or write, or time is up.
void await(const Trial& trial, short what, Clock::time_point deadline) {
    ::pollfd socket{PQsocket(trial.get()), what, 0};
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    ::poll(&socket, 1, static_cast<int>(std::max<long>(1, left.count())));
}

// Whether a connection answers a statement: a pooler takes connections for a server that is away.
bool answers(const Trial& trial, Clock::time_point deadline) {
    if (PQsendQuery(trial.get(), "select 1") == 0) return false;
    while (PQisBusy(trial.get()) != 0) {
        if (Clock::now() >= deadline) return false;
        await(trial, POLLIN, deadline);
        if (PQconsumeInput(trial.get()) == 0) return false;
    }
    const std::unique_ptr<PGresult, decltype(&PQclear)> answer(PQgetResult(trial.get()), &PQclear);
    return PQresultStatus(answer.get()) == PGRES_TUPLES_OK;
}

// libpq's words about a connection that the server refuses, with the SQLSTATE before the server's: only a
// connection that is made step by step can be told to give it before it fails. Empty when this one comes
// about and is answered.
std::string words_of_refusal(const std::string& conninfo, Clock::time_point deadline) {
    const EnglishMessages english;
    const Trial trial(PQconnectStart(conninfo.c_str()), &PQfinish);
    if (!trial) return "out of memory";
    PQsetErrorVerbosity(trial.get(), PQERRORS_VERBOSE);
    PQsetNoticeProcessor(
        trial.get(), [](void*, const char*) {}, nullptr);
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED && Clock::now() < deadline) {
        await(trial, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
        status = PQconnectPoll(trial.get());
    }
    if (status == PGRES_POLLING_OK && answers(trial, deadline)) return {};
    const std::string words = PQerrorMessage(trial.get());
    return words.empty() ? "timeout expired" : words.substr(0, words.find("\nLOCATION:"));
}

class PostgresqlDriver : public Driver {
public:
    explicit PostgresqlDriver(const KeyStorage& storage)
        : connection_(storage.connection), connection_timeout_(storage.connection_timeout) {}

    bool makes_tables() const override { return false; }
    bool works_in_process() const override { return false; }

    tl::expected<std::unique_ptr<Connection>, Failure> connect(Clock::time_point deadline) override {
        CS2SIM_TRY_LET(connection, plain(deadline));
        CS2SIM_TRY(check_pooler(*connection));
        return std::move(connection);
    }

private:
    using Plain = std::unique_ptr<PostgresqlConnection>;
    tl::expected<Plain, Failure> plain(Clock::time_point deadline);
    tl::expected<void, Failure> check_pooler(PostgresqlConnection& first);
    std::string conninfo(Clock::time_point deadline) const;

    const std::string connection_;
    const milliseconds connection_timeout_;
    Watchdog watchdog_;
    std::atomic<bool> direct_ = false;  // no pooler is in the way
    std::atomic<bool> pools_sessions_ = false;
    std::atomic<bool> failed_ = false;  // the connection before this one
};

// What is ours stands before the user's: libpq takes the last of each word.
std::string PostgresqlDriver::conninfo(Clock::time_point deadline) const {
    const auto left = std::min<milliseconds>(
        connection_timeout_, std::chrono::duration_cast<milliseconds>(deadline - Clock::now()));
    const std::pair<std::string_view, std::string> ours[] = {
        {"application_name", "cs2sim"},
        {"keepalives", "1"},
        {"keepalives_idle", "30"},
        {"keepalives_interval", "10"},
        {"keepalives_count", "3"},
        {"connect_timeout", std::to_string(std::max<long>(2, (left.count() + 999) / 1000))},
    };
    const std::size_t scheme = connection_.find("://");
    std::string words;
    for (const auto& [word, value] : ours)
        words.append(word).append("=").append(value).append(scheme == std::string::npos ? " " : "&");
    if (scheme == std::string::npos) return words + connection_;
    const std::size_t question = connection_.find('?');
    if (question == std::string::npos) return connection_ + "?" + words.substr(0, words.size() - 1);
    return connection_.substr(0, question + 1) + words + connection_.substr(question + 1);
}

// SOCI's session loses its connection's memory when the first statement that it sends fails (85 KB each
// time, SOCI 4.0.3), so that while a server is away it is not asked before a connection of our own was
// answered.
tl::expected<PostgresqlDriver::Plain, Failure> PostgresqlDriver::plain(Clock::time_point deadline) {
    const std::string words = conninfo(deadline);
    const auto refusal = [&] {
        return words_of_refusal(words, std::min(deadline, Clock::now() + connection_timeout_));
    };
    if (failed_) {
        const std::string why = refusal();
        if (!why.empty()) return tl::unexpected(failure_to_connect(why));
    }
    try {
        const EnglishMessages english;
        auto connection = std::make_unique<PostgresqlConnection>(words, watchdog_);
        failed_ = false;
        return connection;
    } catch (const soci::soci_error& error) {
        failed_ = true;
        Failure failure = failure_to_connect(error.get_error_message());
        const bool of_server = failure.code == E_CSA_STORE_CONNECT && failure.trouble == Trouble::lost;
        if (!of_server) return tl::unexpected(failure);
        const std::string why = refusal();
        if (why.empty()) return tl::unexpected(failure);
        const std::string plain_words = failure.words;
        failure = failure_to_connect(why);
        failure.words = plain_words;
        return tl::unexpected(failure);
    }
}

// Where the process that answers is another than was announced, something stands between us and the server.
// In session mode the server's process stays ours as long as we are connected. In transaction mode a second
// connection gets it while we are idle, or we ourselves get another.
tl::expected<void, Failure> PostgresqlDriver::check_pooler(PostgresqlConnection& first) {
    if (direct_) return {};
    constexpr auto kPatience = std::chrono::seconds(2);  // in session mode there may be no second one to get
    constexpr int kRounds = 4;
    try {
        const auto process = first.process_met();
        // A server that the pooler gives on may still owe an answer to what was set before: ours would be one
        // behind for as long as we are connected.
        if (!process)
            return tl::unexpected(Failure{Trouble::lost, E_CSA_STORE_CONNECT,
                                          "a pooler's answer is not to what was asked; connecting again"});
        direct_ = *process == static_cast<std::uint64_t>(first.process_told());
        if (direct_ || pools_sessions_) return {};
        const auto second = plain(Clock::now() + kPatience);
        if (second) (*second)->arm(Clock::now() + kPatience);
        for (int round = 0; second && round < kRounds; ++round) {
            const auto of_second = (*second)->process_met(), of_first = first.process_met();
            if (!of_second || !of_first || (*of_second != *process && *of_first == *process)) continue;
            return tl::unexpected(Failure{Trouble::refused, E_CSA_STORE_CONFIG,
                                          "a pooler (PgBouncer) in transaction mode is in the way, which "
                                          "takes LISTEN and settings away "
                                          "from a session between two statements (server process " +
                                              std::to_string(*process) + ", then " +
                                              std::to_string(*of_first) + ", of another connection " +
                                              std::to_string(*of_second) + "): set pool_mode = session"});
        }
    } catch (const soci::soci_error& error) {
        if (first.classify(error).trouble == Trouble::lost) return tl::unexpected(first.classify(error));
    }
    pools_sessions_ = true;
    return {};
}

}  // namespace
}  // namespace cs2sim::keystore

std::uint32_t cs2sim_keystore_open(const cs2sim::keystore::KeyStorage* storage,
                                   const cs2sim::keystore::Say* say, cs2sim::keystore::KeyStore** store) {
    return cs2sim::keystore::open_store<cs2sim::keystore::PostgresqlDriver>(storage, say, store);
}
