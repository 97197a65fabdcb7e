// Where memory runs out anywhere within an operation, the database gives back what it lent for it and works
// on.
#include <catch2/catch.hpp>
#include <future>
#include <new>

#include "firmware/db/sqlite_database.h"
#include "firmware/smos/smos.h"
#include "test/failing_allocation.h"
#include "test/unit/scratch.h"

using namespace cs2sim;
using namespace std::chrono_literals;
using test::Shortage;

namespace {

class Subject {
public:
    std::shared_ptr<SqliteDatabase> make() {
        const auto made = store_.create("a.db", {4, 1000}, "sqlite");
        REQUIRE(made);
        REQUIRE((*made)->insert(Bytes(4, 1), Bytes{7}));
        const auto database = std::dynamic_pointer_cast<SqliteDatabase>(*made);
        REQUIRE(database);
        return database;
    }
    // Ends whoever waits for a database for ever.
    void close() { store_.close_all(); }

private:
    ScratchFolder scratch_;
    std::unique_ptr<Smos> smos_ = std::move(*Smos::open(scratch_.path()));
    DatabaseStore store_{*smos_};
};

// As many connections as nobody uses otherwise.
std::vector<SqliteDatabase::Lease> leases(SqliteDatabase& database) {
    std::vector<SqliteDatabase::Lease> all;
    for (int i = 0; i < 4; ++i) {
        auto one = database.reader();
        REQUIRE(one);
        all.push_back(*std::move(one));
    }
    return all;
}

// What an operation comes to while memory runs out is not asked here.
template <class Operation>
bool run_out_at(long before, Shortage::Lasts lasts, Operation&& operation) {
    Shortage shortage(Shortage::Of::this_thread, lasts, before);
    try {
        (void)operation();
    } catch (const std::bad_alloc&) {
        return shortage.end();
    }
    return shortage.end();
}

}  // namespace

TEST_CASE("where memory runs out within an operation, a database gets back what it lent and works on") {
    const auto lasts = GENERATE(Shortage::Lasts::once, Shortage::Lasts::from_then_on);
    Subject subject;
    const auto database = subject.make();
    const Bytes key(4, 1);
    const auto none_is_idle = leases(*database);
    int failures = 0;
    for (int round = 0; round < 20; ++round) {  // more often than connections are lent
        for (long before = 0; before < 12; ++before) {
            failures += run_out_at(before, lasts, [&] { return database->find(key); });
            failures += run_out_at(before, lasts, [&] { return database->entries({}, 10); });
            failures += run_out_at(before, lasts, [&] { return database->snapshot(); });
        }
    }
    for (long before = 0; before < 40; ++before) {
        failures += run_out_at(before, lasts, [&] { return database->update(key, Bytes{8}); });
        failures += run_out_at(before, lasts, [&] { return database->stage(); });
    }
    CHECK(failures > 100);
    auto found = std::async(std::launch::async, [&]() -> Result<SecretBytes> {
        CS2SIM_TRY(database->update(key, Bytes{9}));
        return database->find(key);
    });
    const bool answered = found.wait_for(20s) == std::future_status::ready;
    if (!answered) subject.close();
    CHECK(answered);
    const auto record = found.get();
    REQUIRE(record);
    CHECK(*record == SecretBytes{9});
}

TEST_CASE("connections and snapshots of a database are given back where there is no memory") {
    Subject subject;
    const auto database = subject.make();
    auto lent = leases(*database);
    auto snapshot = database->snapshot();
    REQUIRE(snapshot);
    {
        Shortage shortage(Shortage::Of::this_thread, Shortage::Lasts::from_then_on, 0);
        snapshot->reset();
        lent.clear();
    }
    CHECK(database->find(Bytes(4, 1)));
    CHECK(database->snapshot());
}
