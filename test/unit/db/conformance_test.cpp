// What every backend of databases must do, errors and crashes included. A new backend adds a row to
// subjects().
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "firmware/db/sqlite_backend.h"
#include "firmware/protocol/block.h"
#include "firmware/smos/flash/fault_points.h"
#include "firmware/smos/smos.h"
#include "test/unit/db/memory_backend.h"
#include "test/unit/scratch.h"

using namespace cs2sim;
namespace fs = std::filesystem;

namespace {

// A device of which the databases lie in one backend.
class Subject {
public:
    explicit Subject(std::string backend) : backend_(std::move(backend)) { begin(); }

    DatabaseStore& store() { return *store_; }
    DatabaseBackend& backend() { return *direct_; }
    Result<std::shared_ptr<Database>> create(std::string_view name, DatabaseInfo info = {4, 1000}) {
        return store_->create(name, info, backend_);
    }
    std::shared_ptr<Database> make(std::string_view name = "a.db", DatabaseInfo info = {4, 1000}) {
        auto made = create(name, info);
        REQUIRE(made);
        return *made;
    }
    void restart() {
        end();
        begin();
    }
    // The process dies here: what it had open is never closed.
    void crash() {
        if (backend_ == "sqlite") {
            const fs::path left = scratch_.path() / std::to_string(++generation_);
            fs::copy(state_, left, fs::copy_options::recursive);
            end();
            state_ = left;
        } else {
            end();
        }
        begin();
    }

private:
    std::unique_ptr<DatabaseBackend> make_backend() {
        return backend_ == "sqlite" ? make_sqlite_backend(smos_->state.databases(), smos_->master_key)
                                    : test::make_memory_backend(shelf_);
    }
    void begin() {
        smos_ = std::move(*Smos::open(state_));
        store_ = std::make_unique<DatabaseStore>(*smos_);
        if (backend_ != "sqlite") store_->register_backend(make_backend());
        direct_ = make_backend();
    }
    void end() {
        direct_.reset();
        store_.reset();
        smos_.reset();
    }

    const std::string backend_;
    ScratchFolder scratch_;
    fs::path state_ = scratch_.path() / "0";
    int generation_ = 0;
    std::shared_ptr<test::MemoryShelf> shelf_ = test::make_memory_shelf();
    std::unique_ptr<Smos> smos_;
    std::unique_ptr<DatabaseStore> store_;
    std::unique_ptr<DatabaseBackend> direct_;
};

std::string subjects() { return GENERATE(as<std::string>{}, "sqlite", "memory"); }

Bytes key(std::uint32_t number) { return to_bytes(big_endian_bytes<4>(number)); }

std::vector<Bytes> all_keys(Database& database) {
    const auto found = database.keys({}, 1000);
    REQUIRE(found);
    return *found;
}

// Storage that fails at a point.
class Failing final : public FaultObserver {
public:
    explicit Failing(FaultPoint point) : point_(point) {}
    Result<void> reached(FaultPoint point, std::string_view, ByteView) override {
        if (point == point_) return fail(E_DB_NO_SPACE);
        return {};
    }

private:
    const FaultPoint point_;
};

class OutOfMemory final : public FaultObserver {
public:
    Result<void> reached(FaultPoint point, std::string_view, ByteView) override {
        if (point == FaultPoint::db_before_commit) throw std::bad_alloc();
        return {};
    }
};

}  // namespace

TEST_CASE("backend: entries by key, and the code of each refusal") {
    Subject subject(subjects());
    const auto db = subject.make();
    CHECK(code_of(db->find(key(1))) == E_DB_NOT_FOUND);
    CHECK(code_of(db->erase(key(1))) == E_DB_NOT_FOUND);
    REQUIRE(db->insert(key(1), as_bytes("one")));
    CHECK(code_of(db->insert(key(1), as_bytes("again"))) == E_DB_EXISTS);
    REQUIRE(db->update(key(1), as_bytes("two")));
    REQUIRE(db->update(key(2), {}));
    CHECK(as_text(*db->find(key(1))) == "two");
    CHECK(db->find(key(2))->empty());
    CHECK(*db->count() == 2);
    CHECK(db->verify());
    for (const Bytes& bad : {Bytes{}, Bytes(3), Bytes(5), Bytes(1000)}) {
        CHECK(code_of(db->find(bad)) == E_DB_LENGTH);
        CHECK(code_of(db->find(bad, Find::greater)) == E_DB_LENGTH);
        CHECK(code_of(db->insert(bad, {})) == E_DB_LENGTH);
        CHECK(code_of(db->update(bad, {})) == E_DB_LENGTH);
        CHECK(code_of(db->erase(bad)) == E_DB_LENGTH);
    }
    CHECK(code_of(db->insert(key(3), Bytes(kLongestRecord + 1))) == E_DB_LENGTH);
    REQUIRE(db->insert(key(3), Bytes(kLongestRecord)));
    CHECK(*db->count() == 3);
}

TEST_CASE("backend: keys sort as byte strings, in pages, with records or without") {
    Subject subject(subjects());
    const auto db = subject.make("bytes.db", {1, 1});
    for (const std::uint8_t byte : {0x80, 0x00, 0xFF, 0x7F}) REQUIRE(db->insert(Bytes{byte}, Bytes{byte}));
    CHECK(all_keys(*db) == std::vector<Bytes>{{0x00}, {0x7F}, {0x80}, {0xFF}});
    CHECK(*db->keys(Bytes{0x7F}, 1) == std::vector<Bytes>{{0x80}});
    const auto page = db->entries(Bytes{0x00}, 2);
    REQUIRE(page);
    REQUIRE(page->size() == 2);
    CHECK((*page)[1].key == Bytes{0x80});
    CHECK((*page)[1].record == to_secret(Bytes{0x80}));
    CHECK_FALSE((*page)[1].damaged);
    CHECK(db->entries(Bytes{0xFF}, 2)->empty());
    CHECK(db->find(Bytes{0x7F}, Find::greater)->key == Bytes{0x80});
    CHECK(db->find(Bytes{0x7F}, Find::greater_or_equal)->key == Bytes{0x7F});
    CHECK(db->find(Bytes{0x7F}, Find::equal)->key == Bytes{0x7F});
    CHECK(code_of(db->find(Bytes{0x01}, Find::equal)) == E_DB_NOT_FOUND);
    CHECK(code_of(db->find(Bytes{0xFF}, Find::greater)) == E_DB_NOT_FOUND);
}

TEST_CASE("backend: a change sees itself and happens wholly or not at all") {
    Subject subject(subjects());
    const auto db = subject.make();
    REQUIRE(db->insert(key(1), as_bytes("one")));
    const auto failed = db->change([&](Batch& batch) -> Result<void> {
        CS2SIM_TRY(batch.insert(key(2), as_bytes("two")));
        CHECK(as_text(*batch.find(key(2))) == "two");
        CHECK(code_of(batch.insert(key(1), {})) == E_DB_EXISTS);
        CHECK(code_of(batch.find(Bytes(3))) == E_DB_LENGTH);
        CHECK(code_of(batch.erase(key(9))) == E_DB_NOT_FOUND);
        CS2SIM_TRY(batch.erase(key(1)));
        CHECK(batch.find(key(0), Find::greater)->key == key(2));
        return fail(E_CMDS_INVAL);
    });
    CHECK(code_of(failed) == E_CMDS_INVAL);
    CHECK(all_keys(*db) == std::vector<Bytes>{key(1)});
    REQUIRE(db->change([&](Batch& batch) -> Result<void> {
        CS2SIM_TRY(batch.update(key(2), as_bytes("two")));
        return batch.erase(key(1));
    }));
    CHECK(all_keys(*db) == std::vector<Bytes>{key(2)});
}

TEST_CASE("backend: storage that fails leaves everything as it was, and the database works on") {
    Subject subject(subjects());
    const auto db = subject.make();
    REQUIRE(db->insert(key(1), as_bytes("one")));
    const FaultPoint point = GENERATE(FaultPoint::db_write, FaultPoint::db_before_commit);
    auto staging = db->stage();
    REQUIRE(staging);
    REQUIRE((*staging)->add(key(5), {}));
    {
        Failing failing(point);
        const FaultObserverScope scope(&failing);
        CHECK(code_of(db->insert(key(2), {})) == E_DB_NO_SPACE);
        CHECK(code_of(db->update(key(1), {})) == E_DB_NO_SPACE);
        CHECK(code_of(db->erase(key(1))) == E_DB_NO_SPACE);
        CHECK(code_of(db->change([&](Batch& batch) { return batch.insert(key(3), {}); })) == E_DB_NO_SPACE);
        CHECK(code_of((*staging)->commit()) == E_DB_NO_SPACE);
    }
    CHECK(as_text(*db->find(key(1))) == "one");
    CHECK(*db->count() == 1);
    REQUIRE(db->insert(key(2), {}));
    CHECK(*db->count() == 2);
}

TEST_CASE("SQLite: memory that runs out within a commit ends the change by code, and the next one passes") {
    Subject subject("sqlite");
    const auto db = subject.make();
    {
        OutOfMemory out;
        const FaultObserverScope scope(&out);
        CHECK(code_of(db->insert(key(1), {})) == E_DB_NO_MEM);
        CHECK(code_of(db->change([&](Batch& batch) { return batch.insert(key(1), {}); })) == E_DB_NO_MEM);
    }
    CHECK(code_of(db->change([](Batch&) -> Result<void> { throw std::bad_alloc(); })) == E_DB_NO_MEM);
    CHECK(*db->count() == 0);
    REQUIRE(db->insert(key(1), {}));
    subject.restart();
    CHECK(*subject.make()->count() == 1);
}

TEST_CASE("backend: snapshots show the database as it was, and keep it from being dropped") {
    Subject subject(subjects());
    const auto db = subject.make();
    if (!subject.store().capabilities("a.db")->snapshots) {
        CHECK(code_of(db->snapshot()) == E_DB_BAD_PARAM);
        return;
    }
    for (std::uint32_t i = 10; i-- > 0;) REQUIRE(db->insert(key(i), key(i)));
    auto snapshot = db->snapshot();
    REQUIRE(snapshot);
    CHECK(code_of(subject.store().drop("a.db")) == E_DB_IN_USE);
    REQUIRE(db->erase(key(3)));
    REQUIRE(db->insert(key(77), {}));
    for (std::uint32_t i = 0; i < 10; ++i) CHECK((*snapshot)->next()->key == key(i));
    CHECK(code_of((*snapshot)->next()) == E_DB_NOT_FOUND);
    CHECK(code_of((*snapshot)->next()) == E_DB_NOT_FOUND);
    snapshot->reset();
    CHECK(subject.store().drop("a.db"));
    CHECK(code_of(db->find(key(1))) == E_DB_BAD_HANDLE);
}

TEST_CASE("backend: staging shows nothing before its commit and replaces what is there") {
    Subject subject(subjects());
    const auto db = subject.make();
    REQUIRE(db->insert(key(1), as_bytes("resident")));
    REQUIRE(db->insert(key(2), as_bytes("stays")));
    {
        auto dropped = db->stage();
        REQUIRE(dropped);
        REQUIRE((*dropped)->add(key(5), as_bytes("never")));
    }
    auto staging = db->stage();
    REQUIRE(staging);
    CHECK(code_of(subject.store().drop("a.db")) == E_DB_IN_USE);
    REQUIRE((*staging)->add(key(3), as_bytes("new")));
    REQUIRE((*staging)->add(key(1), as_bytes("replaced")));
    CHECK(code_of((*staging)->add(key(1), {})) == E_DB_EXISTS);
    CHECK(code_of((*staging)->add(Bytes(3), {})) == E_DB_LENGTH);
    CHECK(code_of((*staging)->add(key(4), Bytes(kLongestRecord + 1))) == E_DB_LENGTH);
    CHECK(*db->count() == 2);
    CHECK(*(*staging)->commit() == 2);
    CHECK(all_keys(*db) == std::vector<Bytes>{key(1), key(2), key(3)});
    CHECK(as_text(*db->find(key(1))) == "replaced");
}

TEST_CASE("backend: change numbers tell of every change, or differ each time") {
    Subject subject(subjects());
    const auto db = subject.make();
    const bool tells = subject.store().capabilities("a.db")->change_numbers;
    CHECK((db->changes(key(1)) == db->changes(key(1))) == tells);
    std::uint64_t last = db->changes(key(1));
    const auto moved = [&] { return std::exchange(last, db->changes(key(1))) != db->changes(key(1)); };
    for (const auto& one : std::vector<std::function<Result<void>()>>{
             [&] { return db->insert(key(1), {}); }, [&] { return db->update(key(1), {}); },
             [&] { return db->erase(key(1)); },
             [&] { return db->change([&](Batch& batch) { return batch.insert(key(1), {}); }); }}) {
        REQUIRE(one());
        CHECK(moved());
    }
}

TEST_CASE(
    "backend: what was answered is there after an end and after a crash, what was not is wholly absent") {
    Subject subject(subjects());
    REQUIRE(subject.make()->insert(key(1), as_bytes("one")));
    const bool crash = GENERATE(false, true);
    const auto again = [&] { crash ? subject.crash() : subject.restart(); };
    again();
    auto db = subject.make();
    CHECK(as_text(*db->find(key(1))) == "one");
    {
        Failing failing(FaultPoint::db_before_commit);
        const FaultObserverScope scope(&failing);
        CHECK_FALSE(db->insert(key(2), {}));
    }
    auto staging = db->stage();
    REQUIRE((*staging)->add(key(3), {}));
    db.reset();
    staging->reset();
    again();
    CHECK(all_keys(*subject.make()) == std::vector<Bytes>{key(1)});
    REQUIRE(subject.store().drop("a.db"));
    again();
    CHECK_FALSE(subject.store().exists("a.db"));
}

TEST_CASE("backend: a new database appears at publish(), with everything in it") {
    Subject subject(subjects());
    DatabaseBackend& backend = subject.backend();
    CHECK(backend.list().empty());
    CHECK(code_of(backend.open("n.db", nullptr)) == E_OS_FILE_NO_SUCH_FILE);
    CHECK(code_of(backend.drop("n.db")) == E_OS_FILE_NO_SUCH_FILE);
    {
        auto dropped = backend.make("n.db", {4, 1}, nullptr);
        REQUIRE(dropped);
        REQUIRE((*dropped)->add(key(1), {}));
        REQUIRE((*dropped)->finish());
        CHECK_FALSE(backend.exists("n.db"));
    }
    CHECK(backend.list().empty());
    auto made = backend.make("n.db", {4, 7}, nullptr);
    REQUIRE(made);
    REQUIRE((*made)->add(key(2), as_bytes("two")));
    REQUIRE((*made)->add(key(1), as_bytes("one")));
    CHECK(code_of((*made)->add(key(1), {})) == E_DB_EXISTS);
    CHECK(code_of((*made)->add(Bytes(3), {})) == E_DB_LENGTH);
    REQUIRE((*made)->finish());
    CHECK(backend.list().empty());
    REQUIRE((*made)->publish());
    REQUIRE(backend.list().size() == 1);
    CHECK(backend.list()[0].name == "n.db");
    const auto database = backend.open("n.db", nullptr);
    REQUIRE(database);
    CHECK((*database)->info().max_size == 7);
    CHECK(all_keys(**database) == std::vector<Bytes>{key(1), key(2)});
    std::vector<Bytes> visited;
    REQUIRE((*made)->for_each([&](ByteView one, ByteView) -> Result<void> {
        visited.push_back(to_bytes(one));
        return {};
    }));
    CHECK(visited == std::vector<Bytes>{key(1), key(2)});
    (*database)->close();
    CHECK(code_of((*database)->count()) == E_DB_BAD_HANDLE);
    CHECK(code_of((*database)->verify()) == E_DB_BAD_HANDLE);
    CHECK(code_of((*database)->insert(key(3), {})) == E_DB_BAD_HANDLE);
    CHECK(code_of((*database)->snapshot()) == E_DB_BAD_HANDLE);
    CHECK(code_of((*database)->stage()) == E_DB_BAD_HANDLE);
    CHECK(code_of((*database)->keys({}, 1)) == E_DB_BAD_HANDLE);
}

TEST_CASE("backend: threads that change together each have their own outcome") {
    Subject subject(subjects());
    const auto db = subject.make();
    std::atomic<unsigned> inserted{0}, refused{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (std::uint32_t i = 0; i < 25; ++i) {
                const auto one = db->insert(key(i), {});
                if (one) ++inserted;
                if (code_of(one) == E_DB_EXISTS) ++refused;
            }
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(inserted == 25);
    CHECK(refused == 75);
    CHECK(*db->count() == 25);
}

TEST_CASE("store: a database lies in the backend that made it, and names are one space over all") {
    Subject subject("memory");
    REQUIRE(subject.store().create("files.db", {4, 1}));
    subject.make("memory.db");
    CHECK(subject.store().capabilities("files.db")->survives_process);
    CHECK_FALSE(subject.store().capabilities("memory.db")->survives_process);
    CHECK(code_of(subject.store().capabilities("none.db")) == E_OS_FILE_NO_SUCH_FILE);
    CHECK(code_of(subject.store().create("x.db", {4, 1}, "no such")) == E_DB_BAD_PARAM);
    REQUIRE(subject.store().list().size() == 2);
    CHECK(subject.store().list()[1].name == "memory.db");
    REQUIRE(subject.make("files.db")->insert(key(1), {}));  // it is there, in the other
    CHECK(*(*subject.store().open("files.db"))->count() == 1);
}

TEST_CASE("store: staging of a database that is not there") {
    Subject subject("sqlite");
    DatabaseStore& store = subject.store();
    CHECK(code_of(store.stage("n", {4, 1})) == E_DB_BAD_NAME);
    CHECK(code_of(store.stage("n.db", {0, 1})) == E_DB_BAD_INFO);
    auto staging = store.stage("n.db", {4, 9});
    REQUIRE(staging);
    REQUIRE((*staging)->add(key(1), as_bytes("staged")));
    CHECK(store.list().empty());
    CHECK_FALSE(store.exists("n.db"));
    SECTION("appears at the commit") {
        CHECK(*(*staging)->commit() == 1);
        CHECK((*store.open("n.db"))->info().max_size == 9);
    }
    SECTION("goes into one that was made meanwhile, whose own entries stay") {
        REQUIRE((*store.create("n.db", {4, 1}))->insert(key(2), as_bytes("another's")));
        CHECK(*(*staging)->commit() == 1);
        CHECK(*(*store.open("n.db"))->count() == 2);
    }
    SECTION("is refused by one of another form") {
        REQUIRE(store.create("n.db", {5, 1}));
        CHECK(code_of((*staging)->commit()) == E_DB_BAD_INFO);
        CHECK(*(*store.open("n.db"))->count() == 0);
        return;
    }
    SECTION("dropped or killed, it leaves nothing") {
        staging->reset();
        CHECK(store.list().empty());
        subject.crash();
        CHECK(subject.store().list().empty());
        return;
    }
    CHECK(as_text(*(*store.open("n.db"))->find(key(1))) == "staged");
    subject.crash();
    CHECK(as_text(*(*subject.store().open("n.db"))->find(key(1))) == "staged");
}
