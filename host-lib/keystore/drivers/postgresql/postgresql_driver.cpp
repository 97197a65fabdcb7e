// PostgreSQL through SOCI; what SOCI does not give (time-outs, notifications, the process at the other end)
// is asked of libpq with SOCI's own connection.
#include <locale.h>
#include <poll.h>
#include <soci/postgresql/soci-postgresql.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "host-lib/keystore/drivers/notification.h"
#include "host-lib/keystore/drivers/postgresql/handed_over.h"
#include "host-lib/keystore/drivers/postgresql/in_step.h"
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

void keep_quiet(PGconn* connection) {
    PQsetNoticeProcessor(
        connection, [](void*, const char*) {}, nullptr);  // else it writes to the program's stderr
}

// A connection's socket under watch.
class Watched {
public:
    Watched(Watchdog& watchdog, PGconn* connection, Clock::time_point deadline)
        : watchdog_(watchdog), watch_(watchdog.watch(PQsocket(connection))) {
        arm(deadline);
    }
    ~Watched() { watchdog_.forget(watch_); }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;
    void arm(Clock::time_point deadline) { watchdog_.arm(*watch_, deadline); }
    void disarm() { watchdog_.disarm(*watch_); }
    bool fired() const { return watchdog_.fired(*watch_); }

private:
    Watchdog& watchdog_;
    const std::shared_ptr<Watchdog::Watch> watch_;
};

class PostgresqlConnection : public Connection {
public:
    // Armed.
    PostgresqlConnection(std::unique_ptr<soci::session> session, Watchdog& watchdog,
                         Clock::time_point deadline)
        : session_(std::move(session)), prepared_(raw()), watched_(watchdog, raw(), deadline) {
        keep_quiet(raw());
    }
    ~PostgresqlConnection() override {
        if (pooled_) leave_pooler();
    }

    soci::session& session() override { return *session_; }
    const Dialect& dialect() const override { return kPostgresql; }
    PreparedStatements* prepared() override { return &prepared_; }

    Failure classify(const soci::soci_error& error) override {
        const auto* own = dynamic_cast<const soci::postgresql_soci_error*>(&error);
        if (PQstatus(raw()) == CONNECTION_BAD)
            return {Trouble::lost, E_CSA_STORE_CONNECT, "the connection to the key store was lost"};
        return failure_of_sqlstate(own ? own->sqlstate() : "", error.get_error_message());
    }

    void arm(Clock::time_point deadline) override { watched_.arm(deadline); }
    void disarm() override { watched_.disarm(); }
    bool fired() const override { return watched_.fired(); }

    void listen() override {
        listens_ = true;
        run(*this, "listen " + std::string(kChannel));
    }
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

    // Through a pooler, who gives the server on.
    void pooled() { pooled_ = true; }
    PGconn* raw() { return static_cast<soci::postgresql_session_backend*>(session_->get_backend())->conn_; }

private:
    // A server that still has something to tell when its client goes is given on out of step (in_step.h).
    // Where there is no answer, the pooler ends it.
    void leave_pooler() {
        constexpr auto kPatience = std::chrono::seconds(1);
        if (!listens_ || PQtransactionStatus(raw()) != PQTRANS_IDLE || watched_.fired()) return;
        watched_.arm(Clock::now() + kPatience);
        PQclear(PQexec(raw(), "unlisten *"));
    }

    const std::unique_ptr<soci::session> session_;
    PostgresqlStatements prepared_;
    Watched watched_;  // ends before the session, which closes the socket
    bool listens_ = false, pooled_ = false;
};

// Until there is something to read or write, or time is up.
void await(const Raw& trial, short what, Clock::time_point deadline) {
    ::pollfd socket{PQsocket(trial.get()), what, 0};
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    ::poll(&socket, 1, static_cast<int>(std::max<long>(1, left.count())));
}

// libpq's words about a connection that the server refuses, with the SQLSTATE before the server's: only a
// connection that is made step by step can be told to give it before it fails. Empty when this one comes
// about.
std::string words_of_refusal(const std::string& conninfo, Clock::time_point deadline) {
    const EnglishMessages english;
    const Raw trial(PQconnectStart(conninfo.c_str()), &PQfinish);
    if (!trial) return "out of memory";
    PQsetErrorVerbosity(trial.get(), PQERRORS_VERBOSE);
    keep_quiet(trial.get());
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED && Clock::now() < deadline) {
        await(trial, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
        status = PQconnectPoll(trial.get());
    }
    if (status == PGRES_POLLING_OK) return {};
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
        CS2SIM_TRY_LET(met, meet(deadline));
        const auto fit = check_pooler(met, deadline);
        if (!fit) return tl::unexpected(met.connection->fired() ? no_answer_in_time() : fit.error());
        met.connection->disarm();
        return std::move(met.connection);
    }

private:
    // A connection in step, armed, and the process that serves it.
    struct Met {
        std::unique_ptr<PostgresqlConnection> connection;
        std::optional<int> process;
    };
    tl::expected<Met, Failure> meet(Clock::time_point deadline);
    tl::expected<Raw, Failure> connect_plainly(const std::string& words, Clock::time_point deadline);
    tl::expected<void, Failure> check_pooler(Met& first, Clock::time_point deadline);
    std::string conninfo(Clock::time_point deadline) const;

    const std::string connection_;
    const milliseconds connection_timeout_;
    Watchdog watchdog_;
    std::atomic<bool> pools_sessions_ = false;
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

tl::expected<Raw, Failure> PostgresqlDriver::connect_plainly(const std::string& words,
                                                             Clock::time_point deadline) {
    Raw made(PQconnectdb(words.c_str()), &PQfinish);
    if (made && PQstatus(made.get()) == CONNECTION_OK) {
        keep_quiet(made.get());
        return made;
    }
    Failure failure = failure_to_connect(made ? PQerrorMessage(made.get()) : "out of memory");
    if (failure.code != E_CSA_STORE_CONNECT || failure.trouble != Trouble::lost)
        return tl::unexpected(failure);
    // Perhaps the server's doing, who says what he means in a SQLSTATE.
    const std::string why = words_of_refusal(words, std::min(deadline, Clock::now() + connection_timeout_));
    if (why.empty()) return tl::unexpected(failure);
    const std::string plain_words = std::exchange(failure, failure_to_connect(why)).words;
    failure.words = plain_words;
    return tl::unexpected(failure);
}

tl::expected<PostgresqlDriver::Met, Failure> PostgresqlDriver::meet(Clock::time_point deadline) {
    const EnglishMessages english;
    const std::string words = conninfo(deadline);
    CS2SIM_TRY_LET(made, connect_plainly(words, deadline));
    HandedOver offer(made);
    const Watched watched(watchdog_, made.get(), deadline);  // ends before who closes the socket
    const auto failed = [&](const Failure& failure) {
        return tl::unexpected(watched.fired() ? no_answer_in_time() : failure);
    };
    auto process = process_in_step(made.get());
    if (!process) return failed(process.error());
    try {
        auto session = std::make_unique<soci::session>(soci::postgresql, words);
        offer.is_in_use();
        auto connection = std::make_unique<PostgresqlConnection>(std::move(session), watchdog_, deadline);
        if (!offer.taken()) process = process_in_step(connection->raw());
        if (!process) return failed(process.error());
        return Met{std::move(connection), *process};
    } catch (const soci::soci_error& error) {
        return failed(failure_to_connect(error.get_error_message()));
    }
}

// Where the process that answers is another than was announced, something stands between us and the server.
// In session mode the server's process stays ours as long as we are connected. In transaction mode a second
// connection gets it while we are idle, or we ourselves get another.
tl::expected<void, Failure> PostgresqlDriver::check_pooler(Met& first, Clock::time_point deadline) {
    PGconn* const ours = first.connection->raw();
    if (first.process == PQbackendPID(ours)) return {};
    first.connection->pooled();
    if (pools_sessions_ || !first.process) return {};
    constexpr auto kPatience = std::chrono::seconds(2);  // in session mode there may be no second one to get
    constexpr int kRounds = 4;
    const auto second = meet(std::min(deadline, Clock::now() + kPatience));
    for (int round = 0; second && round < kRounds; ++round) {
        const auto of_second = process_in_step(second->connection->raw());
        CS2SIM_TRY_LET(of_first, process_in_step(ours));
        if (!of_second || (*of_second != first.process && of_first == first.process)) continue;
        return tl::unexpected(Failure{Trouble::refused, E_CSA_STORE_CONFIG,
                                      "a pooler (PgBouncer) in transaction mode is in the way, which "
                                      "takes LISTEN and settings away "
                                      "from a session between two statements (server process " +
                                          std::to_string(*first.process) + ", then " +
                                          std::to_string(of_first.value_or(0)) + ", of another connection " +
                                          std::to_string(of_second->value_or(0)) +
                                          "): set pool_mode = session"});
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
