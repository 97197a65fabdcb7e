// The store in an SQLite file.
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <thread>

#include "host-lib/keystore/drivers/sqlite/sqlite_file.h"
#include "test/scenario/process.h"
#include "test/unit/keystore/conformance.h"

namespace cs2sim::keystore {
namespace {

KeyStorage at(const std::filesystem::path& file) {
    KeyStorage storage;
    storage.connection = file;
    return storage;
}

void run_in(const std::filesystem::path& file, const char* sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
    REQUIRE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
}

// Another process, from before this one has the file open. Each time it is asked it opens the file and closes
// it again: by what locks tell it is then the last one, and takes the log away.
class Neighbour {
public:
    explicit Neighbour(const std::filesystem::path& file) {
        REQUIRE((::pipe(to_it_) == 0 && ::pipe(from_it_) == 0));
        process_ = ::fork();
        if (process_ != 0) return;
        for (char word = 0; ::read(to_it_[0], &word, 1) == 1 && word != 0;) {
            const auto store = open_key_store(at(file));
            const auto keys = static_cast<char>((*store)->count({}).value_or(99));
            (void)!::write(from_it_[1], &keys, 1);
        }
        ::_exit(0);
    }
    ~Neighbour() {
        (void)!::write(to_it_[1], "", 1);
        ::waitpid(process_, nullptr, 0);
        for (const int end : {to_it_[0], to_it_[1], from_it_[0], from_it_[1]}) ::close(end);
    }
    Neighbour(const Neighbour&) = delete;
    Neighbour& operator=(const Neighbour&) = delete;

    int keys() {
        char keys = -1;
        REQUIRE((::write(to_it_[1], "?", 1) == 1 && ::read(from_it_[0], &keys, 1) == 1));
        return keys;
    }

private:
    int to_it_[2] = {}, from_it_[2] = {};
    ::pid_t process_ = 0;
};

}  // namespace

TEST_CASE("an SQLite file passes the suite of stores") {
    const ScratchFolder folder;
    check_conformance([&] { return opened(at(folder.path() / "store with 'odd' = name.db")); });
    struct stat file {};
    REQUIRE(::stat((folder.path() / "store with 'odd' = name.db").c_str(), &file) == 0);
    CHECK((file.st_mode & 0777) == 0600);
}

TEST_CASE("an SQLite store is in a write-ahead log") {
    const ScratchFolder folder;
    const Store store = opened(at(folder.path() / "store.db"));
    REQUIRE(code_of(store->insert(some_key("G", 1))) == 0);
    CHECK(std::filesystem::exists(folder.path() / "store.db-wal"));
    struct stat log {};
    REQUIRE(::stat((folder.path() / "store.db-wal").c_str(), &log) == 0);
    CHECK((log.st_mode & 0777) == 0600);
}

TEST_CASE("a file without a folder, and one that is no database") {
    const ScratchFolder folder;
    Heard heard;
    CHECK(code_of(opened(at(folder.path() / "no" / "store.db"), heard)->count({})) == E_CSA_STORE_CONNECT);
    CHECK(heard.has("No such file"));
    std::ofstream(folder.path() / "text") << "this is no database, and longer than a header of SQLite's";
    CHECK(code_of(opened(at(folder.path() / "text"), heard)->count({})) == E_CSA_STORE_CONFIG);
    run_in(folder.path() / "other.db", "create table mine (x)");
    CHECK(code_of(opened(at(folder.path() / "other.db"), heard)->count({})) == E_CSA_STORE_CONFIG);
    CHECK(heard.has("is a database of something else"));
}

TEST_CASE("network file systems are known by their numbers") {
    CHECK(is_network_file_system(0x6969));
    CHECK(is_network_file_system(0xFF534D42));
    CHECK(is_network_file_system(0xFFFFFFFFFF534D42));  // sign-extended
    CHECK_FALSE(is_network_file_system(0xEF53));
    CHECK_FALSE(is_network_file_system(0x01021994));
}

TEST_CASE("tables of other versions are refused with the command that helps") {
    const ScratchFolder folder;
    const auto file = folder.path() / "store.db";
    REQUIRE(code_of(opened(at(file))->count({})) == 0);
    Heard heard;
    run_in(file, "update cs2sim_store set version = 2");
    CHECK(code_of(opened(at(file), heard)->count({})) == E_CSA_STORE_SCHEMA);
    CHECK(code_of(opened(at(file), heard)->init()) == E_CSA_STORE_SCHEMA);
    CHECK(heard.has("version 2, this cs2sim knows up to 1"));
    run_in(file, "update cs2sim_store set version = 0");
    CHECK(code_of(opened(at(file), heard)->count({})) == E_CSA_STORE_SCHEMA);
    CHECK(heard.has("cs2sim keystore migrate"));
}

TEST_CASE("rows that are no keys are left out and told") {
    const ScratchFolder folder;
    const auto file = folder.path() / "store.db";
    Heard heard;
    const Store store = opened(at(file), heard);
    for (std::uint32_t spec = 1; spec <= 6; ++spec) REQUIRE(code_of(store->insert(some_key("G", spec))) == 0);
    run_in(file, "update cs2sim_key set blob = zeroblob(600000) where spec = 2");
    run_in(file, "update cs2sim_key set class = -1 where spec = 3");
    run_in(file, "update cs2sim_key set label = zeroblob(3000) where spec = 6");
    const auto page = store->list({}, nullptr, 2, true);
    REQUIRE(code_of(page) == 0);
    REQUIRE(page->keys.size() == 1);
    CHECK(page->more);
    CHECK(page->last->spec == 2);
    const auto rest = store->list({}, &*page->last, 10, true);
    REQUIRE(rest.value().keys.size() == 2);
    CHECK(rest->keys[0].index.spec == 4);
    CHECK_FALSE(rest->more);
    CHECK(code_of(store->find({"G", "", 2})) == E_CSA_STORE_FAILED);
    CHECK(store->find({"G", "", 1}, Match::greater).value().index.spec == 4);
    CHECK(code_of(store->find({"G", "", 5}, Match::greater)) == E_DB_NOT_FOUND);
    CHECK(heard.has("a row of the key store is no key: group G"));
}

TEST_CASE("rows that are no keys hide none that are, page after page") {
    const ScratchFolder folder;
    const auto file = folder.path() / "store.db";
    Heard heard;
    const Store store = opened(at(file), heard);
    REQUIRE(code_of(store->insert(some_key("G", 1))) == 0);
    REQUIRE(code_of(store->insert(some_key("z", 1))) == 0);
    const std::string copies =
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 700) insert into "
        "cs2sim_key "
        "select GRP, name, SPEC, ver, mbk, class, key_type, label, id, private, blob, randomblob(16), "
        "created, "
        "changed, host from cs2sim_key, n where grp = 'G'";
    const auto with = [&](const std::string& group, const std::string& spec) {
        std::string sql = copies;
        sql.replace(sql.find("GRP"), 3, group);
        sql.replace(sql.find("SPEC"), 4, spec);
        run_in(file, sql.c_str());
    };
    const auto keys_and_bad = [&] {
        std::pair<std::size_t, std::size_t> sums;
        std::optional<KeyIndex> after;
        for (bool more = true; more;) {
            const auto page = store->list({}, after ? &*after : nullptr, 320, true).value();
            sums.first += page.keys.size();
            sums.second += page.bad.size();
            after = page.last;
            more = page.more;
        }
        return sums;
    };
    SECTION("by groups that are too long") {
        with("printf('H%300d', i)", "spec");
        CHECK(keys_and_bad() == std::pair<std::size_t, std::size_t>(2, 700));
        CHECK(store->find({"G", "", 1}, Match::greater).value().index.group == "z");
    }
    SECTION("by specifiers that are none") {
        with("'H' || (i / 400)", "-i");
        CHECK(code_of(store->list({}, nullptr, 320, true)) == 0);
        const KeyIndex last{"G", "", 1};
        CHECK(code_of(store->list({}, &last, 320, true)) == E_CSA_STORE_FAILED);
        CHECK(code_of(store->find(last, Match::greater)) == E_CSA_STORE_FAILED);
    }
    SECTION("what is printed of them is printable") {
        run_in(file, "update cs2sim_key set grp = 'a' || char(27) || char(10), class = -1 where grp = 'G'");
        CHECK(keys_and_bad() == std::pair<std::size_t, std::size_t>(1, 1));
        CHECK(heard.has("group a%1B%0A, name -"));
    }
}

TEST_CASE("another writer is waited for, and given up at last") {
    const ScratchFolder folder;
    const auto file = folder.path() / "store.db";
    KeyStorage storage = at(file);
    storage.busy_timeout = std::chrono::milliseconds(20);
    const Store store = opened(storage);
    REQUIRE(code_of(store->count({})) == 0);
    sqlite3* holder = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &holder) == SQLITE_OK);
    REQUIRE(sqlite3_exec(holder, "begin immediate", nullptr, nullptr, nullptr) == SQLITE_OK);
    CHECK(code_of(store->insert(some_key("G", 1))) == E_CSA_STORE_TIMEOUT);
    CHECK(store->count({}).value() == 0);  // readers are not in the way
    std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        sqlite3_exec(holder, "rollback", nullptr, nullptr, nullptr);
    });
    CHECK(code_of(store->insert(some_key("G", 1))) == 0);
    later.join();
    sqlite3_close(holder);
}

TEST_CASE("another writer is waited for no longer than a command may take") {
    const ScratchFolder folder;
    const auto file = folder.path() / "store.db";
    KeyStorage storage = at(file);
    storage.command_timeout = std::chrono::milliseconds(300);
    const Store store = opened(storage);
    REQUIRE(code_of(store->count({})) == 0);
    sqlite3* holder = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &holder) == SQLITE_OK);
    REQUIRE(sqlite3_exec(holder, "begin immediate", nullptr, nullptr, nullptr) == SQLITE_OK);
    std::thread later([&] {  // sooner than the file's own five seconds
        std::this_thread::sleep_for(std::chrono::seconds(3));
        sqlite3_exec(holder, "rollback", nullptr, nullptr, nullptr);
    });
    CHECK(code_of(store->insert(some_key("G", 1))) == E_CSA_STORE_TIMEOUT);
    later.join();
    CHECK(code_of(store->insert(some_key("G", 1))) == 0);
    sqlite3_close(holder);
}

// A file system is a process's own only from its start: the next test is this one in a process with a disk of
// 600 KiB.
TEST_CASE("fills its disk", "[.]") {
    const Store store = opened(at(std::filesystem::path(::getenv("CS2SIM_SMALL_DISK")) / "store.db"));
    std::uint32_t made = 0;
    std::uint32_t code = 0;
    while (code == 0 && made < 1000) {
        code = code_of(store->insert(some_key("G", made + 1)));
        made += code == 0 ? 1 : 0;
    }
    CHECK(code == E_CSA_STORE_FULL);
    CHECK(made >= 3);
    CHECK(store->count({}).value() == made);
    CHECK(store->audit(1000).value().size() == made);
}

TEST_CASE("a full disk is told as such, and changes nothing") {
    const ScratchFolder folder;
    scenario::RunOptions options;
    options.environment = {{"CS2SIM_SMALL_DISK", folder.path()}};
    const auto outcome =
        scenario::run({"bwrap", "--dev-bind", "/", "/", "--size", "614400", "--tmpfs", folder.path(),
                       scenario::built_program("unit_keystore"), "fills its disk"},
                      options);
    INFO(outcome.out << outcome.err);
    CHECK(outcome.status == 0);
    CHECK(outcome.out.find("in 1 test case") != std::string::npos);
}

TEST_CASE("a child of fork makes connections of its own") {
    const ScratchFolder folder;
    const Store store = opened(at(folder.path() / "store.db"));
    REQUIRE(code_of(store->insert(some_key("G", 1))) == 0);
    const ::pid_t child = ::fork();
    if (child == 0) {
        const bool good = store->count({}).value_or(0) == 1 && store->insert(some_key("G", 2));
        ::_exit(good ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(code_of(store->insert(some_key("G", 3))) == 0);
    CHECK(store->count({}).value() == 3);
}

TEST_CASE("what a store writes stays, whoever in its process looks at the file or opens it again") {
    const ScratchFolder folder;
    const auto file = folder.path() / "store.db";
    Neighbour neighbour(file);
    const Store store = opened(at(file));
    REQUIRE(code_of(store->insert(some_key("G", 1))) == 0);
    REQUIRE(code_of(parse_key_storage("sqlite", file.string())) == 0);
    {
        const Store again = opened(parse_key_storage("Legacy", file.string()).value());
        REQUIRE(again->count({}).value() == 1);
    }
    CHECK(neighbour.keys() == 1);
    CHECK(code_of(store->insert(some_key("G", 2))) == 0);
    CHECK(neighbour.keys() == 2);
}

TEST_CASE("what a child of fork writes stays, whoever ends before it") {
    const ScratchFolder folder;
    const auto file = folder.path() / "store.db";
    Neighbour neighbour(file);
    std::optional<Store> store = opened(at(file));
    REQUIRE(code_of((*store)->insert(some_key("G", 1))) == 0);
    int to_child[2], to_parent[2];
    REQUIRE((::pipe(to_child) == 0 && ::pipe(to_parent) == 0));
    const ::pid_t child = ::fork();
    char word = 0;
    if (child == 0) {
        const bool first = (*store)->insert(some_key("G", 2)).has_value();
        (void)!::write(to_parent[1], &word, 1);
        (void)!::read(to_child[0], &word, 1);
        const bool second = first && (*store)->insert(some_key("G", 3));
        ::_exit(second ? 0 : 1);
    }
    REQUIRE(::read(to_parent[0], &word, 1) == 1);
    store.reset();
    CHECK(neighbour.keys() == 2);
    REQUIRE(::write(to_child[1], &word, 1) == 1);
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(opened(at(file))->count({}).value() == 3);
    for (const int end : {to_child[0], to_child[1], to_parent[0], to_parent[1]}) ::close(end);
}

}  // namespace cs2sim::keystore
