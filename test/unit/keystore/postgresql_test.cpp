// The store in PostgreSQL: a real server.
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>

#include "host-lib/keystore/drivers/postgresql_failure.h"
#include "test/keystore/postgres.h"
#include "test/unit/keystore/conformance.h"

namespace cs2sim::keystore {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

KeyStorage at(const std::string& connection) {
    KeyStorage storage;
    storage.kind = Kind::postgresql;
    storage.connection = connection;
    return storage;
}

std::uint32_t code_at(const std::string& connection, const Heard& heard = {}) {
    return code_of(opened(at(connection), heard)->count({}));
}

}  // namespace

TEST_CASE("PostgreSQL passes the suite of stores") {
    const std::string connection = postgres().new_store("suite");
    check_conformance([&] { return opened(at(connection)); });
    CHECK(postgres().sql("suite",
                         "select count(distinct application_name) from pg_stat_activity where "
                         "datname = 'suite' and application_name = 'cs2sim'") == "0\n");
}

TEST_CASE("a URL does as well, and our settings give way to the user's") {
    postgres().new_store("url");
    const std::string url = "postgresql://owner:secret@localhost:" + std::to_string(postgres().port()) +
                            "/url?sslmode=verify-full&sslrootcert=" + postgres().authority().string();
    const Store store = opened(at(url));
    CHECK(store->count({}).value() == 0);
    CHECK(postgres().sql("postgres", "select application_name from pg_stat_activity where datname = 'url'") ==
          "cs2sim\n");
    const Store other = opened(at(url + "&application_name=mine"));
    CHECK(other->count({}).value() == 0);
    CHECK(postgres().sql("postgres",
                         "select count(*) from pg_stat_activity where datname = 'url' and "
                         "application_name = 'mine'") == "1\n");
}

TEST_CASE("what keeps a connection from coming about is told apart") {
    Postgres& server = postgres();
    server.new_store("apart");
    const std::string good = server.connection("apart");
    const auto without = [&](const std::string& word, const std::string& instead) {
        const std::size_t at = good.find(word + "=");
        return good.substr(0, at) + instead + good.substr(std::min(good.find(' ', at), good.size()));
    };
    Heard heard;
    CHECK(code_at(good, heard) == 0);
    CHECK(heard.text().empty());
    CHECK(code_at(server.connection("apart", "owner", "wrong"), heard) == E_CSA_STORE_LOGON);
    CHECK(code_at(server.connection("apart", "nobody_known"), heard) == E_CSA_STORE_LOGON);
    CHECK(code_at(server.connection("no_such"), heard) == E_CSA_STORE_LOGON);
    CHECK(code_at(without("hostaddr", "connect_timeout=2") + " host=host.invalid", heard) ==
          E_CSA_STORE_CONNECT);
    CHECK(code_at(without("sslrootcert", "sslrootcert=" + (server.folder() / "server.pem").string()),
                  heard) == E_CSA_STORE_TLS);
    CHECK(code_at(good + " host=elsewhere", heard) == E_CSA_STORE_TLS);  // a certificate of another name
    CHECK(code_at(good + " nonsense=1", heard) == E_CSA_STORE_CONFIG);
    CHECK(heard.text().find("secret") == std::string::npos);
    Heard again;
    CHECK(code_at(without("port", "port=" + std::to_string(free_port())), again) == E_CSA_STORE_CONNECT);
    CHECK(again.has("refused"));
}

namespace {

// Says what PostgreSQL says until it is asked something, and hangs up then: a pooler whose server is away.
class Pooler {
public:
    Pooler() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(::listen(listener_, 16) == 0);
        REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port = ntohs(address.sin_port);
        thread_ = std::thread([this] {
            for (int fd; (fd = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(fd)) serve(fd);
        });
    }
    ~Pooler() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    unsigned port = 0;
    std::atomic<int> asked_by_soci = 0;

private:
    void serve(int fd) {
        char buffer[1000];
        if (::read(fd, buffer, sizeof buffer) <= 0) return;
        constexpr std::string_view kWelcome("R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I", 15);
        if (::write(fd, kWelcome.data(), kWelcome.size()) < 0) return;
        const ssize_t size = ::read(fd, buffer, sizeof buffer);
        const std::string_view text(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
        if (text.find("extra_float_digits") != text.npos) ++asked_by_soci;
    }

    int listener_;
    std::thread thread_;
};

}  // namespace

TEST_CASE("a pooler whose server is away is asked again without a word of SOCI's, which would cost memory") {
    Pooler pooler;
    const std::string words = "host=127.0.0.1 port=" + std::to_string(pooler.port) +
                              " dbname=x user=x sslmode=disable gssencmode=disable";
    Heard heard;
    const Store store = opened(at(words), heard);
    for (int i = 0; i < 3; ++i) CHECK(code_of(store->count({})) == E_CSA_STORE_CONNECT);
    CHECK(pooler.asked_by_soci == 0);
    CHECK(heard.has("server closed the connection unexpectedly"));
}

TEST_CASE("a database without tables says how they are made") {
    postgres().sql("postgres", "create database bare");
    Heard heard;
    CHECK(code_at(postgres().connection("bare"), heard) == E_CSA_STORE_SCHEMA);
    CHECK(heard.has("cs2sim keystore init"));
    CHECK_FALSE(heard.has("secret"));
    REQUIRE(code_of(opened(at(postgres().connection("bare")))->init()) == 0);
    REQUIRE(code_of(opened(at(postgres().connection("bare")))->init()) == 0);
    CHECK(code_at(postgres().connection("bare")) == 0);
    postgres().sql("bare", "update cs2sim_store set version = 7");
    CHECK(code_at(postgres().connection("bare"), heard) == E_CSA_STORE_SCHEMA);
    CHECK(heard.has("version 7"));
}

TEST_CASE(
    "finding by label is prepared, and reads that label's part of the index whatever others there are") {
    Postgres& server = postgres();
    const std::string connection = server.new_store("labels");
    server.sql("labels",
               "insert into cs2sim_key select 'G', '', n, 1, decode(repeat('01', 16), 'hex'), 3, 31, "
               "convert_to(case when n = 19000 then 'rare' else 'common' end, 'UTF8'), int8send(n), true, "
               "'k', decode(md5(n::text), 'hex'), now(), now(), 'host' from generate_series(1, 20000) n");
    server.sql("labels", "vacuum analyze cs2sim_key");
    server.sql("labels", "alter database labels set log_statement = 'all'");
    server.sql("labels", "select pg_stat_reset()");
    constexpr int kTimes = 10;  // more than a server takes to settle on one plan
    {
        const Store store = opened(at(connection));
        for (int i = 0; i < kTimes; ++i)
            for (const auto& [label, found] : {std::pair{"common", 5}, {"rare", 1}, {"none", 0}}) {
                const Filter filter{
                    .group = "G", .label = to_bytes(as_bytes(std::string_view(label))), .key_class = 3};
                CHECK(store->list(filter, nullptr, 5, true).value().keys.size() ==
                      static_cast<std::size_t>(found));
            }
    }
    // For the common one the primary key's index does as well, as long as the server knows the label.
    const std::string of_keys = " from pg_stat_user_indexes where relname = 'cs2sim_key'";
    server.await("labels", "select sum(idx_scan)" + of_keys, std::to_string(3 * kTimes));
    CHECK(server.sql("labels", "select sum(idx_tup_read) <= " + std::to_string((6 + 1) * kTimes) + of_keys) ==
          "t\n");
    CHECK(server.sql("labels", "select seq_scan from pg_stat_user_tables where relname = 'cs2sim_key'") ==
          "0\n");
    const std::string log = server.log();
    const auto times = [&](const std::string& words) {
        int count = 0;
        for (std::size_t at = 0; (at = log.find(words, at)) != log.npos; at += words.size()) ++count;
        return count;
    };
    CHECK(times("and label = $2::bytea") == 3 * kTimes);
    CHECK(times("and label = bytea") == 0);
}

TEST_CASE("three roles: what each may") {
    Postgres& server = postgres();
    server.new_store("roles");
    server.sql("roles", "create role simulator login password 'secret' in role cs2sim_user");
    server.sql("roles", "create role report login password 'secret' in role cs2sim_reader");
    const Store user = opened(at(server.connection("roles", "simulator")));
    const StoredKey key = some_key("G", user->reserve_specs("G").value());
    CHECK(user->writable().value());
    CHECK(code_of(user->insert(key)) == 0);
    CHECK(code_of(user->update(key, 1)) == 0);

    Heard heard;
    const Store reader = opened(at(server.connection("roles", "report")), heard);
    CHECK(code_of(reader->find(key.index)) == 0);
    CHECK_FALSE(reader->writable().value());
    CHECK(code_of(reader->insert(some_key("G", 2))) == E_CSA_STORE_READ_ONLY);
    CHECK(code_of(reader->erase(key.index)) == E_CSA_STORE_READ_ONLY);
    CHECK(code_of(reader->reserve_specs("G")) == E_CSA_STORE_READ_ONLY);
    CHECK(heard.has("permission denied"));

    CHECK(code_of(user->erase(key.index)) == 0);
    CHECK(user->audit(10).value().size() == 3);
    // The tables are the owner's, as a migration needs it, and stay so when roles are made again.
    server.sql("roles", "create role keeper login in role cs2sim_owner");
    CHECK(code_of(opened(at(server.connection("roles")))->init()) == 0);
    server.sql("roles",
               "set role keeper; alter table cs2sim_key add column later int; delete from cs2sim_audit");
    CHECK(user->audit(10).value().empty());
    server.sql("roles", "alter database roles set default_transaction_read_only = on");
    CHECK(code_of(opened(at(server.connection("roles", "simulator")))->insert(key)) == E_CSA_STORE_READ_ONLY);
}

TEST_CASE("a database's owner who may make roles makes all, and is no superuser") {
    Postgres& server = postgres();
    const auto rename_roles = [&](const std::string& from, const std::string& to) {
        for (const std::string role : {"owner", "user", "reader"})
            server.sql("postgres", "alter role cs2sim_" + role + from + " rename to cs2sim_" + role + to);
    };
    server.new_store("beforedba");  // the roles are there, whichever test ran before
    rename_roles("", "_aside");
    server.sql("postgres", "create role dba login createrole password 'secret'");
    server.sql("postgres", "create database ofdba owner dba");
    {
        Heard heard;
        const Store store = opened(at(server.connection("ofdba", "dba")), heard);
        CHECK(code_of(store->init()) == 0);
        CHECK(code_of(store->init()) == 0);
        CHECK(heard.text().empty());
        CHECK(server.sql("ofdba", "select count(*) from pg_tables where tableowner = 'cs2sim_owner'") ==
              "4\n");
        CHECK(code_of(store->insert(some_key("G", 1))) == 0);
    }
    server.sql("postgres", "drop database ofdba with (force)");
    server.sql("postgres", "drop role cs2sim_owner, cs2sim_user, cs2sim_reader");
    rename_roles("_aside", "");
}

TEST_CASE("a database's owner to whom the roles were granted by whoever made them makes all") {
    Postgres& server = postgres();
    server.new_store("beforegranted");
    server.sql("postgres", "create role granted login password 'secret'");
    server.sql("postgres", "grant cs2sim_owner to granted");
    server.sql("postgres", "create database ofgranted owner granted");
    Heard heard;
    const Store store = opened(at(server.connection("ofgranted", "granted")), heard);
    CHECK(code_of(store->init()) == 0);
    CHECK(heard.text().empty());
    CHECK(server.sql("ofgranted", "select count(*) from pg_tables where tableowner = 'cs2sim_owner'") ==
          "4\n");
    CHECK(code_of(store->insert(some_key("G", 1))) == 0);
}

TEST_CASE("one who may make tables but no roles is told") {
    Postgres& server = postgres();
    server.sql("postgres", "create role maker login password 'secret'");
    server.sql("postgres", "create database made owner maker");
    server.sql("postgres", "alter role cs2sim_reader rename to cs2sim_reader_aside");
    Heard heard;
    CHECK(code_of(opened(at(server.connection("made", "maker")), heard)->init()) == 0);
    server.sql("postgres", "alter role cs2sim_reader_aside rename to cs2sim_reader");
    CHECK(heard.has("postgresql-roles.sql"));
    CHECK(code_at(server.connection("made", "maker")) == 0);
}

TEST_CASE("the server's states mean what they mean") {
    const auto meaning = [](std::string_view state) {
        const Failure failure = failure_of_sqlstate(state, "words\n");
        CHECK(failure.words == "words");
        return std::pair(failure.trouble, failure.code);
    };
    using Pair = std::pair<Trouble, std::uint32_t>;
    CHECK(meaning("40001") == Pair(Trouble::again, E_CSA_STORE_TIMEOUT));
    CHECK(meaning("40P01") == Pair(Trouble::again, E_CSA_STORE_TIMEOUT));
    CHECK(meaning("53100") == Pair(Trouble::refused, E_CSA_STORE_FULL));
    CHECK(meaning("53300") == Pair(Trouble::waits, E_CSA_STORE_CONNECT));
    CHECK(meaning("08006") == Pair(Trouble::lost, E_CSA_STORE_CONNECT));
    CHECK(meaning("XX000") == Pair(Trouble::refused, E_CSA_STORE_FAILED));
    CHECK(meaning("") == Pair(Trouble::refused, E_CSA_STORE_FAILED));
}

TEST_CASE("transactions that others are in the way of are tried again, five times") {
    Postgres& server = postgres();
    const Store store = opened(at(server.new_store("again")));
    const auto refuse = [&](const std::string& state, int times) {
        server.sql("again",
                   "drop sequence if exists tries; create sequence tries; "
                   "create or replace function refuse() returns trigger as $$ begin "
                   "if nextval('tries') <= " +
                       std::to_string(times) + " then raise exception 'in the way' using errcode = '" +
                       state +
                       "'; end if; return new; end $$ language plpgsql; "
                       "create or replace trigger refuse before insert on cs2sim_key for each row "
                       "execute function refuse()");
    };
    std::uint32_t spec = 0;
    for (const char* state : {"40001", "40P01"}) {
        refuse(state, 5);
        CHECK(code_of(store->insert(some_key("G", ++spec))) == 0);
        refuse(state, 6);
        CHECK(code_of(store->insert(some_key("G", ++spec))) == E_CSA_STORE_TIMEOUT);
    }
    refuse("53100", 1);
    CHECK(code_of(store->insert(some_key("G", ++spec))) == E_CSA_STORE_FULL);
    CHECK(store->count({}).value() == 2);
    CHECK(store->audit(100).value().size() == 2);
}

TEST_CASE("a backend killed between commit and answer: the operation tells what came of it") {
    Postgres& server = postgres();
    const std::string connection = server.new_store("killed");
    const Store store = opened(at(connection));
    REQUIRE(code_of(store->insert(some_key("G", 1))) == 0);
    const auto during = [&](const std::function<void()>& call) { server.without_answer("killed", call); };
    StoredKey key = some_key("G", 2);
    during([&] { CHECK(store->insert(key).value() == 1); });
    CHECK(store->audit(100).value().size() == 2);
    key.label = {1};
    during([&] { CHECK(store->update(key, 1).value() == 2); });
    CHECK(store->version_of(key.index).value() == 2);
    during([&] {
        CHECK(store->recrypt({{key.index, 2, key.mbk, {1}}, {{"G", "", 1}, 1, key.mbk, {1}}}).value() == 2);
    });
    CHECK(store->version_of(key.index).value() == 3);
    during([&] { CHECK(code_of(store->erase(key.index)) == 0); });
    CHECK(code_of(store->find(key.index)) == E_DB_NOT_FOUND);
    CHECK(store->audit(100).value().size() == 6);
}

TEST_CASE("a backend killed while idle costs a new connection, and no call") {
    Postgres& server = postgres();
    Heard heard;
    const Store store = opened(at(server.new_store("idle")), heard);
    REQUIRE(code_of(store->changes()) == 0);
    CHECK_FALSE(store->changes().value().anything);
    server.sql("postgres", "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'idle'");
    CHECK(code_of(store->insert(some_key("G", 1))) == 0);
    CHECK(heard.has("lost"));
    CHECK(store->changes().value().anything);  // what was told meanwhile is lost
    CHECK_FALSE(store->changes().value().anything);
}

TEST_CASE("a server stopped and started under load loses nothing that was answered") {
    Postgres& server = postgres();
    KeyStorage storage = at(server.new_store("restarted"));
    storage.reconnect = 50;
    std::atomic<bool> ends = false;
    std::mutex mutex;
    std::set<std::uint32_t> answered;
    std::vector<std::thread> threads;
    const Store store = opened(storage);
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            while (!ends) {
                const auto spec = store->reserve_specs("G");
                if (!spec || !store->insert(some_key("G", *spec))) continue;
                const std::lock_guard lock(mutex);
                answered.insert(*spec);
            }
        });
    std::size_t before = 0;
    const auto go_on = [&] {
        for (int i = 0; i < 600; ++i) {
            std::this_thread::sleep_for(milliseconds(100));
            const std::lock_guard lock(mutex);
            if (answered.size() > before) break;
        }
        const std::lock_guard lock(mutex);
        CHECK(answered.size() > before);
        before = answered.size();
    };
    for (const bool at_once : {false, true}) {
        go_on();
        server.stop(at_once);
        std::this_thread::sleep_for(milliseconds(300));
        server.start();
    }
    go_on();
    ends = true;
    for (std::thread& thread : threads) thread.join();
    for (const std::uint32_t spec : answered) CHECK(code_of(store->version_of({"G", "", spec})) == 0);
    CHECK(store->count({}).value() >= answered.size());
    CHECK(server.sql("restarted", "select count(*) from cs2sim_key") ==
          server.sql("restarted", "select count(*) from cs2sim_audit"));
}

TEST_CASE("a server that hangs is given up after the command's time") {
    Postgres& server = postgres();
    KeyStorage storage = at(server.new_store("hangs"));
    storage.command_timeout = milliseconds(3000);
    Heard heard;
    const Store store = opened(storage, heard);
    REQUIRE(code_of(store->insert(some_key("G", 1))) == 0);
    server.pause();
    const auto start = std::chrono::steady_clock::now();
    CHECK(code_of(store->find({"G", "", 1})) == E_CSA_STORE_TIMEOUT);
    const auto took = std::chrono::steady_clock::now() - start;
    server.go_on();
    CHECK(took >= milliseconds(3000));
    CHECK(heard.has("did not answer in time"));
    CHECK(code_of(store->find({"G", "", 1})) == 0);
}

TEST_CASE("200 processes against 100 connections") {
    Postgres& server = postgres();
    const std::string connection = server.new_store("crowd");
    constexpr int kProcesses = 200;
    std::vector<::pid_t> children;
    for (int i = 0; i < kProcesses; ++i) {
        const ::pid_t child = ::fork();
        if (child == 0) {
            auto store = open_key_store(at(connection));
            const auto spec = (*store)->reserve_specs("G");
            const bool good = spec && (*store)->insert(some_key("G", *spec));
            store->reset();
            ::_exit(good ? 0 : 1);
        }
        children.push_back(child);
    }
    int failed = 0;
    for (const ::pid_t child : children) {
        int status = -1;
        ::waitpid(child, &status, 0);
        failed += status != 0;
    }
    CHECK(failed == 0);
    CHECK(server.sql("crowd", "select count(*), max(spec) from cs2sim_key") == "200|200\n");
}

TEST_CASE("a child of fork leaves its parent's connections to it") {
    const Store store = opened(at(postgres().new_store("fork")));
    REQUIRE(code_of(store->insert(some_key("G", 1))) == 0);
    const std::string backends =
        "select string_agg(pid::text, ' ') from pg_stat_activity where datname = 'fork'";
    const std::string before = postgres().sql("postgres", backends);
    const ::pid_t child = ::fork();
    if (child == 0) {
        const bool good = store->count({}).value_or(0) == 1 && store->insert(some_key("G", 2));
        const_cast<Store&>(store).reset();
        ::_exit(good ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(store->count({}).value() == 2);
    CHECK(postgres().sql("postgres", backends) == before);
}

}  // namespace cs2sim::keystore
