// What a pooler in session mode leaves to the next one: a server that still owes an answer, so that each
// answer is to the question before.
//
// PgBouncer (seen with 1.18.0) sends its reset to a server whose client has gone, and takes the next thing
// the server says for the reset's end when that is a notification: `ready` is then still of the client before
// (server.c: NotificationResponse; objects.c: reset_on_release). It gives the server on with the reset's
// answer to come.
#include <signal.h>

#include <thread>

#include "test/emulated.h"
#include "test/keystore/pgbouncer.h"
#include "test/unit/keystore/conformance.h"
#include "test/unit/keystore/stand_in_pooler.h"

namespace cs2sim::keystore {
namespace {

using std::chrono::milliseconds;

KeyStorage through(const std::string& pooler) {
    KeyStorage storage;
    storage.kind = Kind::postgresql;
    storage.connection = pooler;
    storage.pool = 1;
    return storage;
}

// The session of the pooler's one server: whoever has it listens, and owns a temporary table.
class Listening {
public:
    Listening(const Postgres& server, const std::string& database) : server_(server), database_(database) {
        server_.await(database_, "select count(*) from pg_class where relname = 'scratch'", "1");
        table_ =
            answer("select relnamespace::regnamespace || '.scratch' from pg_class where relname = 'scratch'");
        process_ = std::stoi(
            answer("select pid from pg_stat_activity where client_addr is not null and datname = '" +
                   database_ + "'"));
    }
    // `leave` closes the session. The server is told something first, and then lets go of the table, which
    // takes until `meanwhile` has run a while.
    void left(const std::function<void()>& leave, const std::function<void()>& meanwhile) const {
        std::thread other;
        {
            const OpenTransaction held(server_, database_, "lock table " + table_);
            ::kill(process_, SIGSTOP);
            leave();
            server_.sql(database_, "notify cs2sim_key, 'anything'");
            other = std::thread(meanwhile);
            ::kill(process_, SIGCONT);
            std::this_thread::sleep_for(milliseconds(1000));
        }
        other.join();
    }

private:
    std::string answer(const std::string& query) const {
        const std::string line = server_.sql(database_, query);
        return line.substr(0, line.find('\n'));
    }

    const Postgres& server_;
    const std::string database_;
    std::string table_;
    ::pid_t process_ = 0;
};

constexpr const char* kOutOfStep = "not to what was asked";

milliseconds time_of(const std::function<void()>& call) {
    const auto start = std::chrono::steady_clock::now();
    call();
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
}

}  // namespace

TEST_CASE("a server that PgBouncer gives on with an answer owed is given up") {
    postgres().new_store("owed");
    const Pgbouncer bouncer(postgres(), "owed", "session", 1);
    const scenario::Folder folder;
    PlainProcess before;
    give_to_plain_user(folder.path());
    before.start({program_of_postgres("psql"), "-X", "-q", "-d", bouncer.connection(), "-c",
                  "listen cs2sim_key", "-c", "create temp table scratch()", "-c", "\\! exec sleep 60"},
                 folder / "log");
    const Listening listening(postgres(), "owed");
    Heard heard;
    const Store store = opened(through(bouncer.connection()), heard);
    std::uint32_t code = 1;
    listening.left([&] { ::kill(-before.id(), SIGKILL); }, [&] { code = code_of(store->count({})); });
    INFO(heard.text());
    CHECK(code == 0);
    // Once: nobody is given that server again.
    const std::string said = heard.text();
    CHECK(said.find(kOutOfStep) != said.npos);
    CHECK(said.find(kOutOfStep) == said.rfind(kOutOfStep));
}

TEST_CASE("a store that leaves PgBouncer leaves no answer to the next one") {
    postgres().new_store("leaving");
    postgres().sql("leaving",
                   "create function scratch() returns trigger as $$ begin create temp table scratch(); "
                   "return new; end $$ language plpgsql; create trigger scratch before insert on cs2sim_key "
                   "for each row execute function scratch()");
    const Pgbouncer bouncer(postgres(), "leaving", "session", 1);
    Store before = opened(through(bouncer.connection()));
    REQUIRE(code_of(before->insert(some_key("G", 1))) == 0);
    const Listening listening(postgres(), "leaving");
    Heard heard;
    const Store store = opened(through(bouncer.connection()), heard);
    std::uint64_t keys = 0;
    milliseconds leaving{};
    listening.left([&] { leaving = time_of([&] { before.reset(); }); },
                   [&] { keys = store->count({}).value_or(0); });
    CHECK(keys == 1);
    CHECK(heard.text().empty());
    CHECK(leaving < milliseconds(3000));
}

TEST_CASE("a pooler's connection that answers what was asked before is given up whatever is owed") {
    postgres().new_store("behind");
    const std::string reset = answer_without_rows("DISCARD ALL"), number = answer_of_row({"4711"}),
                      pair = answer_of_row({"4711", "0123456789abcdef0123456789abcdef"});
    std::string pairs;
    for (int i = 0; i < 7; ++i) pairs += pair;  // for all that is asked before the tables
    for (const std::string& owed : {reset, number, pair, reset + reset, pairs}) {
        StandInPooler pooler(postgres().port(), {.first = 0, .last = 1, .owed = owed});
        Heard heard;
        const Store store = opened(through(pooler.connection("behind")), heard);
        const StoredKey key = some_key("G", store->reserve_specs("G").value());
        INFO(heard.text());
        CHECK(heard.has(kOutOfStep));
        CHECK(pooler.connections() >= 3);
        CHECK(code_of(store->insert(key)) == 0);
        check_same(store->find(key.index).value(), key);
    }
}

TEST_CASE("a pooler all of whose connections are behind is a code after so many tries") {
    postgres().new_store("all_behind");
    StandInPooler pooler(postgres().port(), {.last = 1000, .owed = answer_without_rows("DISCARD ALL")});
    KeyStorage storage = through(pooler.connection("all_behind"));
    storage.reconnect = 3;
    Heard heard;
    const Store store = opened(storage, heard);
    CHECK(code_of(store->count({})) == E_CSA_STORE_CONNECT);
    CHECK(pooler.connections() == 4);
    CHECK(heard.has(kOutOfStep));
    CHECK(code_of(store->init()) == E_CSA_STORE_CONNECT);
}

TEST_CASE("a server that stops at any statement with which a connection begins is given up in time") {
    postgres().new_store("stopping");
    // Which process answers, SOCI's own, which process (four times more, for the pooler), the tables, to
    // listen, what was asked.
    constexpr int kStatements = 9;
    const milliseconds limit = milliseconds(2500) * (test::is_emulated() ? 8 : 1);
    struct Tried {
        std::uint32_t code = 0, next = 0;
        milliseconds took{};
    };
    Tried tried[kStatements];
    std::list<StandInPooler> poolers;
    std::vector<std::thread> threads;
    for (int answered = 0; answered < kStatements; ++answered) {
        const auto& pooler =
            poolers.emplace_back(postgres().port(), StandInPooler::Fault{.stops_after = answered});
        threads.emplace_back([&pooler, &one = tried[answered], limit] {
            KeyStorage storage = through(pooler.connection("stopping"));
            storage.command_timeout = limit;
            const auto store = open_key_store(storage);
            one.took = time_of([&] { one.code = code_of((*store)->count({})); });
            one.next = code_of((*store)->count({}));
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (int answered = 0; answered < kStatements; ++answered) {
        INFO(answered << " statements answered");
        CHECK(tried[answered].code == E_CSA_STORE_TIMEOUT);
        CHECK(tried[answered].took >= limit - milliseconds(100));
        CHECK(tried[answered].took < limit * 3);
        CHECK(tried[answered].next == 0);
    }
}

TEST_CASE("a pooler that has no second server to give takes no longer than the look for it") {
    postgres().new_store("single");
    // It stops before the first answer, or before SOCI's statement is answered.
    for (const int answered : {0, 1}) {
        StandInPooler pooler(postgres().port(), {.first = 1, .last = 1, .stops_after = answered});
        const Store store = opened(through(pooler.connection("single")));
        const milliseconds took = time_of([&] { CHECK(store->count({}).value() == 0); });
        CHECK(took < milliseconds(8000));
    }
}

}  // namespace cs2sim::keystore
