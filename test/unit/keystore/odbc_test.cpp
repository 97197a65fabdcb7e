// The store through ODBC: psqlodbc by a DSN named as in the vendor's sample, and sqliteodbc.
#include <dlfcn.h>

#include <atomic>
#include <clocale>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "test/keystore/postgres.h"
#include "test/unit/keystore/conformance.h"

namespace {

std::atomic<int> in_setlocale;
std::atomic<int> calls_of_setlocale;
std::atomic<int> most_in_setlocale;

}  // namespace

// Stands before the C library's in the drivers that this program loads. Who calls it uses what it returned
// afterwards, until the next call: the window in which another's call does harm is held open.
extern "C" __attribute__((visibility("default"))) char* setlocale(int category, const char* locale) {
    static const auto real = reinterpret_cast<char* (*)(int, const char*)>(::dlsym(RTLD_NEXT, "setlocale"));
    ++calls_of_setlocale;
    const int inside = ++in_setlocale;
    for (int most = most_in_setlocale;
         inside > most && !most_in_setlocale.compare_exchange_weak(most, inside);) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    char* const name = real(category, locale);
    --in_setlocale;
    return name;
}

namespace cs2sim::keystore {
namespace {

KeyStorage at(const std::string& connection) {
    KeyStorage storage;
    storage.kind = Kind::odbc;
    storage.connection = connection;
    return storage;
}

// An odbc.ini of one's own with one DSN, for this process.
class OdbcIni {
public:
    explicit OdbcIni(const std::string& text) {
        std::ofstream(folder_.path() / "odbc.ini") << text;
        ::setenv("ODBCINI", (folder_.path() / "odbc.ini").c_str(), 1);
    }
    ~OdbcIni() { ::unsetenv("ODBCINI"); }

private:
    ScratchFolder folder_;
};

std::string dsn_of_postgresql(const std::string& database) {
    return "[CryptoServerKeyStore]\nDriver=PostgreSQL Unicode\nServername=127.0.0.1\nPort=" +
           std::to_string(postgres().port()) + "\nDatabase=" + database + "\nSSLmode=require\n";
}

}  // namespace

TEST_CASE("PostgreSQL behind a DSN of psqlodbc passes the suite of stores") {
    const std::string native = postgres().new_store("by_dsn");
    const OdbcIni ini(dsn_of_postgresql("by_dsn"));
    check_conformance([&] { return opened(at("DSN=CryptoServerKeyStore;UID=owner;PWD=secret")); });
    // One and the same store, whichever way it is opened.
    const Store by_dsn = opened(at("DSN=CryptoServerKeyStore;UID=owner;PWD=secret;"));
    KeyStorage storage;
    storage.kind = Kind::postgresql;
    storage.connection = native;
    const StoredKey key = some_key("BOTH", 1);
    REQUIRE(code_of(by_dsn->insert(key)) == 0);
    check_same(opened(storage)->find(key.index).value(), key);
}

TEST_CASE("SQLite behind sqliteodbc passes the suite of stores") {
    const ScratchFolder folder;
    const std::string connection = "DRIVER=SQLite3;Database=" + (folder.path() / "store.db").string();
    REQUIRE(code_of(opened(at(connection))->init()) == 0);
    check_conformance([&] { return opened(at(connection)); });
}

TEST_CASE("another DBMS passes the suite of stores in SQL that any knows, blobs as hexadecimal text") {
    postgres().sql("postgres", "create database by_plain_sql");
    const OdbcIni ini(dsn_of_postgresql("by_plain_sql"));
    // unixODBC remembers what a DSN said before.
    const std::string connection =
        "DSN=CryptoServerKeyStore;UID=owner;PWD=secret;Database=by_plain_sql;CS2SIM_SQL=plain";
    Heard heard;
    CHECK(code_of(opened(at(connection), heard)->count({})) == E_CSA_STORE_SCHEMA);
    CHECK(heard.has("cs2sim keystore init 'odbc:DSN="));
    REQUIRE(code_of(opened(at(connection))->init()) == 0);
    REQUIRE(code_of(opened(at(connection))->init()) == 0);
    check_conformance([&] { return opened(at(connection)); });
    CHECK(postgres().sql("by_plain_sql",
                         "select substr(sealed, 1, 8) from cs2sim_key where name = '' and "
                         "mbk like '0102030%' limit 1") == "00010203\n");
}

TEST_CASE("what ODBC cannot open is told apart") {
    postgres().new_store("odbc_apart");
    const OdbcIni ini(dsn_of_postgresql("odbc_apart"));
    Heard heard;
    const auto code = [&](const std::string& connection) {
        return code_of(opened(at(connection), heard)->count({}));
    };
    CHECK(code("DSN=CryptoServerKeyStore;UID=owner;PWD=secret") == 0);
    CHECK(code("DSN=NoSuchSource;UID=owner;PWD=secret") == E_CSA_STORE_CONFIG);
    CHECK(code("DRIVER=/no/such/driver.so") == E_CSA_STORE_CONFIG);
    CHECK(code("DSN=CryptoServerKeyStore;UID=owner;PWD=wrong") == E_CSA_STORE_LOGON);
    CHECK(code("DSN=CryptoServerKeyStore;UID=owner;PWD=secret;Database=none") == E_CSA_STORE_LOGON);
    CHECK(code("DSN=CryptoServerKeyStore;UID=owner;PWD=secret;Port=" + std::to_string(free_port())) ==
          E_CSA_STORE_CONNECT);
    CHECK(code("DSN=CryptoServerKeyStore;UID=owner;PWD=secret;Database=postgres") == E_CSA_STORE_SCHEMA);
    CHECK(heard.has("cs2sim keystore init"));
    CHECK(heard.text().find("PWD=secret") == std::string::npos);
}

TEST_CASE("threads that connect at once by psqlodbc take turns, since it sets the process's locale") {
    postgres().new_store("by_turns");
    const OdbcIni ini(dsn_of_postgresql("by_turns"));  // or what unixODBC remembers of an earlier one
    std::vector<Store> stores;
    for (int n = 0; n < 8; ++n) stores.push_back(opened(at("DSN=CryptoServerKeyStore;UID=owner;PWD=secret")));
    calls_of_setlocale = most_in_setlocale = 0;
    std::vector<Result<std::uint64_t>> counts(stores.size(), fail(E_CSA_STORE_CONNECT));
    {
        std::vector<std::jthread> threads;
        for (std::size_t n = 0; n < stores.size(); ++n)
            threads.emplace_back([&, n] { counts[n] = stores[n]->count({}); });
    }
    for (const Result<std::uint64_t>& count : counts) CHECK(code_of(count) == 0);
    CHECK(calls_of_setlocale >= 8);
    CHECK(most_in_setlocale == 1);
}

}  // namespace cs2sim::keystore
