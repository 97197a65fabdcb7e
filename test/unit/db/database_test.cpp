#include "firmware/db/database.h"

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "firmware/protocol/databases.h"
#include "firmware/smos/smos.h"
#include "test/unit/scratch_smos.h"

using namespace cs2sim;
namespace fs = std::filesystem;

namespace {

struct StoringDevice : ScratchSmos {
    std::unique_ptr<DatabaseStore> store = std::make_unique<DatabaseStore>(*smos);
    std::shared_ptr<Database> make(std::string_view name = "test.db", DatabaseInfo info = {8, 100000}) {
        auto database = store->create(name, info);
        REQUIRE(database);
        return *database;
    }
    void restart() {
        store.reset();
        ScratchSmos::restart();
        store = std::make_unique<DatabaseStore>(*smos);
    }
    fs::path file(std::string_view name = "test.db") const { return smos->state.databases() / name; }
};

Bytes key(int number) {
    std::array<char, 9> text{};
    std::snprintf(text.data(), text.size(), "%08d", number);
    return to_bytes(as_bytes(text.data()));
}

std::string text_of(const Result<SecretBytes>& record) {
    REQUIRE(record);
    return std::string(as_text(*record));
}

std::size_t files_in(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

void put(const fs::path& file, std::string_view text) {
    std::ofstream(file, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

void sql(const fs::path& file, const char* statement) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &handle) == SQLITE_OK);
    REQUIRE(sqlite3_exec(handle, statement, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(handle);
}

}  // namespace

TEST_CASE("an open database has its log beside it, and no index that another process could read") {
    StoringDevice device;
    const auto database = device.make();
    REQUIRE(database->insert(key(1), as_bytes("one")));
    CHECK(text_of(database->find(key(1))) == "one");  // by a connection of its own
    CHECK(fs::exists(device.file("test.db-wal")));
    CHECK_FALSE(fs::exists(device.file("test.db-shm")));
}

TEST_CASE("insert, find, update, erase, and the codes of each") {
    StoringDevice device;
    const auto db = device.make();
    CHECK(db->name() == "test.db");
    CHECK(code_of(db->find(key(1))) == E_DB_NOT_FOUND);
    REQUIRE(db->insert(key(1), as_bytes("one")));
    CHECK(text_of(db->find(key(1))) == "one");
    CHECK(code_of(db->insert(key(1), as_bytes("again"))) == E_DB_EXISTS);
    CHECK(text_of(db->find(key(1))) == "one");
    REQUIRE(db->update(key(1), as_bytes("two")));
    REQUIRE(db->update(key(2), as_bytes("")));
    CHECK(text_of(db->find(key(1))) == "two");
    CHECK(text_of(db->find(key(2))).empty());
    CHECK(*db->count() == 2);
    CHECK(db->erase(key(1)));
    CHECK(code_of(db->erase(key(1))) == E_DB_NOT_FOUND);
    for (const Bytes& bad : {Bytes{}, Bytes(7, 'a'), Bytes(9, 'a'), Bytes(1000, 'a')}) {
        CHECK(code_of(db->find(bad)) == E_DB_LENGTH);
        CHECK(code_of(db->find(bad, Find::greater)) == E_DB_LENGTH);
        CHECK(code_of(db->insert(bad, {})) == E_DB_LENGTH);
        CHECK(code_of(db->update(bad, {})) == E_DB_LENGTH);
        CHECK(code_of(db->erase(bad)) == E_DB_LENGTH);
    }
}

TEST_CASE("keys sort as byte strings and are walked by greater and greater-or-equal") {
    StoringDevice device;
    const auto db = device.make("bytes.db", {1, 1000});
    for (const std::uint8_t byte : {0x80, 0x00, 0xFF, 0x7F}) {
        const Bytes one{byte};
        REQUIRE(db->insert(one, one));
    }
    CHECK(*db->keys({}, 10) == std::vector<Bytes>{{0x00}, {0x7F}, {0x80}, {0xFF}});
    CHECK(*db->keys(Bytes{0x7F}, 1) == std::vector<Bytes>{{0x80}});
    CHECK(db->find(Bytes{0x7F}, Find::greater)->key == Bytes{0x80});
    CHECK(db->find(Bytes{0x7F}, Find::greater_or_equal)->key == Bytes{0x7F});
    CHECK(db->find(Bytes{0x01}, Find::greater_or_equal)->key == Bytes{0x7F});
    CHECK(code_of(db->find(Bytes{0xFF}, Find::greater)) == E_DB_NOT_FOUND);
    CHECK(code_of(db->find(Bytes{0x01}, Find::equal)) == E_DB_NOT_FOUND);
}

TEST_CASE("records outlive the process and are not readable on the disk") {
    StoringDevice device;
    REQUIRE(device.make()->insert(key(1), as_bytes("a very secret record")));
    for (int round = 0; round < 2; ++round) {
        for (const char* file : {"test.db", "test.db-wal"}) {
            std::ifstream at_rest(device.file(file), std::ios::binary);
            const std::string content((std::istreambuf_iterator<char>(at_rest)), {});
            CHECK(content.find("secret record") == std::string::npos);
        }
        device.restart();
        auto db = device.store->open("FLASH\\test.db");
        REQUIRE(db);
        CHECK((*db)->info().key_length == 8);
        CHECK(text_of((*db)->find(key(1))) == "a very secret record");
    }
}

TEST_CASE("a change happens wholly or not at all, and sees itself") {
    StoringDevice device;
    const auto db = device.make();
    REQUIRE(db->insert(key(1), as_bytes("one")));
    const auto failed = db->change([&](Batch& batch) -> Result<void> {
        CS2SIM_TRY(batch.insert(key(2), as_bytes("two")));
        CHECK(text_of(batch.find(key(2))) == "two");
        CHECK(code_of(batch.insert(key(1), {})) == E_DB_EXISTS);
        CHECK(code_of(batch.find(Bytes(3))) == E_DB_LENGTH);
        CS2SIM_TRY(batch.erase(key(1)));
        CHECK(batch.find(key(0), Find::greater)->key == key(2));
        return fail(E_CMDS_INVAL);
    });
    CHECK(code_of(failed) == E_CMDS_INVAL);
    CHECK(*db->keys({}, 10) == std::vector<Bytes>{key(1)});
    REQUIRE(db->change([&](Batch& batch) -> Result<void> {
        CS2SIM_TRY(batch.update(key(2), as_bytes("two")));
        return batch.erase(key(1));
    }));
    CHECK(*db->keys({}, 10) == std::vector<Bytes>{key(2)});
}

TEST_CASE("the number of changes of a key moves with each way to change it, and with few others") {
    StoringDevice device;
    const auto database = device.make();
    const Bytes record(20, 7);
    std::uint64_t last = database->changes(key(1));
    const auto moved = [&] {
        const std::uint64_t now = database->changes(key(1));
        return std::exchange(last, now) != now;
    };
    CHECK_FALSE(moved());
    REQUIRE(database->insert(key(1), record));
    CHECK(moved());
    REQUIRE(database->update(key(1), record));
    CHECK(moved());
    REQUIRE(database->erase(key(1)));
    CHECK(moved());
    REQUIRE(database->change([&](Batch& batch) { return batch.insert(key(1), record); }));
    CHECK(moved());
    REQUIRE(database->change([&](Batch& batch) { return batch.update(key(1), record); }));
    CHECK(moved());
    REQUIRE(database->change([&](Batch& batch) { return batch.erase(key(1)); }));
    CHECK(moved());
    auto staging = database->stage();
    REQUIRE(staging);
    REQUIRE((*staging)->add(key(1), record));
    CHECK_FALSE(moved());
    REQUIRE((*staging)->commit());
    CHECK(moved());
    REQUIRE(database->find(key(1)));
    CHECK_FALSE(moved());
    int times = 0;
    for (int other = 2; other < 102; ++other) {
        REQUIRE(database->insert(key(other), record));
        times += moved() ? 1 : 0;
    }
    CHECK(times < 10);
    CHECK(device.make("other.db")->changes(key(1)) != database->changes(key(1)));
}

TEST_CASE("a snapshot shows the database as it was, in order") {
    StoringDevice device;
    const auto db = device.make();
    for (int i = 9; i >= 0; --i) REQUIRE(db->insert(key(i), key(i)));
    auto snapshot = db->snapshot();
    REQUIRE(snapshot);
    CHECK(code_of(device.store->drop("test.db")) == E_DB_IN_USE);
    REQUIRE(db->erase(key(3)));
    REQUIRE(db->insert(key(77), {}));
    for (int i = 0; i < 10; ++i) CHECK((*snapshot)->next()->key == key(i));
    CHECK(code_of((*snapshot)->next()) == E_DB_NOT_FOUND);
    CHECK(code_of((*snapshot)->next()) == E_DB_NOT_FOUND);
    snapshot->reset();
    CHECK(device.store->drop("test.db"));
}

TEST_CASE("staging shows nothing before its commit, everything after, and leaves no trace when dropped") {
    StoringDevice device;
    const auto db = device.make();
    REQUIRE(db->insert(key(1), as_bytes("resident")));
    REQUIRE(db->insert(key(2), as_bytes("stays")));
    const std::size_t before = files_in(device.smos->state.databases());
    {
        auto dropped = db->stage();
        REQUIRE(dropped);
        REQUIRE((*dropped)->add(key(5), as_bytes("never")));
        CHECK(files_in(device.smos->state.databases()) == before);
    }
    auto staging = db->stage();
    REQUIRE(staging);
    CHECK(code_of(device.store->drop("test.db")) == E_DB_IN_USE);
    REQUIRE((*staging)->add(key(3), as_bytes("new")));
    REQUIRE((*staging)->add(key(1), as_bytes("replaced")));
    CHECK(code_of((*staging)->add(key(1), as_bytes("twice"))) == E_DB_EXISTS);
    CHECK(code_of((*staging)->add(Bytes(7), {})) == E_DB_LENGTH);
    CHECK(*db->count() == 2);
    CHECK(*(*staging)->commit() == 2);
    CHECK(text_of(db->find(key(1))) == "replaced");
    CHECK(text_of(db->find(key(2))) == "stays");
    CHECK(text_of(db->find(key(3))) == "new");
}

TEST_CASE("what the store refuses") {
    StoringDevice device;
    CHECK(code_of(device.store->open("none.db")) == E_OS_FILE_NO_SUCH_FILE);
    CHECK(code_of(device.store->open("../x.db")) == E_OS_FILE_ILL_NAME);
    CHECK(code_of(device.store->open(std::string(1000, 'n'))) == E_OS_FILE_ILL_NAME);
    CHECK(code_of(device.store->create("a/b.db", {})) == E_OS_FILE_ILL_NAME);
    CHECK(code_of(device.store->create("blob", {})) == E_DB_BAD_NAME);
    CHECK(code_of(device.store->create("a.db", {0, 1})) == E_DB_BAD_INFO);
    CHECK(code_of(device.store->create("a.db", {256, 1})) == E_DB_BAD_INFO);
    CHECK(code_of(device.store->create("a.db", {8, 0})) == E_DB_BAD_INFO);
    CHECK(device.store->list().empty());
    device.make("a.db");
    CHECK(code_of(device.store->create("a.db", {9, 1})) == E_DB_BAD_INFO);
    CHECK(device.store->create("a.db", {8, 1}));
    REQUIRE(device.store->list().size() == 1);
    CHECK(device.store->list()[0].name == "a.db");
    CHECK(code_of(device.store->drop("b.db")) == E_OS_FILE_NO_SUCH_FILE);

    put(device.file("text.db"), std::string(5000, 'x'));
    CHECK(code_of(device.store->open("text.db")) == E_DB_FILE_TYPE);
    put(device.file("empty.db"), "");
    CHECK(code_of(device.store->open("empty.db")) == E_DB_FILE_TYPE);
    sql(device.file("foreign.db"), "CREATE TABLE entries(x)");
    CHECK(code_of(device.store->open("foreign.db")) == E_DB_FILE_TYPE);
}

TEST_CASE("a record that was changed or moved at rest is refused") {
    StoringDevice device;
    {
        const auto db = device.make();
        for (int i = 0; i < 3; ++i) REQUIRE(db->insert(key(i), as_bytes("record")));
        device.store->close_all();
        CHECK(code_of(db->find(key(0))) == E_DB_BAD_HANDLE);
        CHECK(code_of(db->update(key(0), {})) == E_DB_BAD_HANDLE);
        CHECK(code_of(db->erase(key(0))) == E_DB_BAD_HANDLE);
    }
    sql(device.file(),
        "UPDATE entries SET record=(SELECT record FROM entries WHERE key=CAST('00000001' AS BLOB))"
        " WHERE key=CAST('00000000' AS BLOB);"
        "UPDATE entries SET record=x'00' WHERE key=CAST('00000002' AS BLOB)");
    const auto db = device.make();
    CHECK(code_of(db->find(key(0))) == E_DB_REC_CRC);
    CHECK(text_of(db->find(key(1))) == "record");
    CHECK(code_of(db->find(key(2))) == E_DB_REC_CRC);
    CHECK(code_of(db->find(key(1), Find::greater)) == E_DB_REC_CRC);
}

TEST_CASE("a database of another name does not open the records, nor does another master key") {
    StoringDevice device;
    REQUIRE(device.make()->insert(key(1), as_bytes("record")));
    device.store->close_all();
    fs::copy_file(device.file(), device.file("other.db"));
    CHECK(code_of((*device.store->open("other.db"))->find(key(1))) == E_DB_REC_CRC);

    const auto db = device.make();
    REQUIRE(device.smos->master_key.erase());
    CHECK(code_of(db->find(key(1))) == E_DB_BAD_MKEY);
    CHECK(code_of(db->insert(key(2), {})) == E_DB_BAD_MKEY);
    device.store->close_all();
    CHECK(code_of(device.store->open("test.db")) == E_DB_BAD_MKEY);
}

TEST_CASE("a damaged file answers E_DB_COR_FILE") {
    StoringDevice device;
    {
        const auto db = device.make();
        for (int i = 0; i < 2000; ++i) REQUIRE(db->insert(key(i), Bytes(100)));
        device.store->close_all();
    }
    std::fstream file(device.file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(3 * 4096);
    const std::string junk(40 * 4096, '\xA5');
    file.write(junk.data(), static_cast<std::streamsize>(junk.size()));
    file.close();
    const auto db = device.make();
    CHECK(code_of(db->find(key(1000))) == E_DB_COR_FILE);
    CHECK(code_of(db->insert(key(1000), {})) == E_DB_COR_FILE);
}

TEST_CASE("side files of an earlier database of that name do no harm") {
    StoringDevice device;
    REQUIRE(device.make()->insert(key(1), as_bytes("old")));
    fs::copy_file(device.file("test.db-wal"), device.scratch.path() / "wal");
    REQUIRE(device.store->drop("test.db"));
    fs::copy_file(device.scratch.path() / "wal",
                  device.file("test.db-wal"));  // killed in the middle of drop()
    CHECK(*device.make()->count() == 0);
}

TEST_CASE("policy of databases") {
    CHECK(database_policy("user.db")->backup_permission == 0x12000000);
    CHECK(database_policy("CXIKEY.db")->backup_permission == 0x02000000);
    CHECK(database_policy("VMBK1.db")->refused_out == E_ADM_MBK_DB_OUT);
    CHECK(database_policy("VMBK1.db")->refused_in == E_ADM_MBK_DB_IN);
    CHECK(database_policy("session.db")->refused_out == E_ADM_SESSION_DB_OUT);
    CHECK(database_policy("session.db")->refused_in == E_ADM_SESSION_DB_IN);
    CHECK(database_policy("ERP_BlobK.db")->refused_out == 0);
    CHECK(database_policy("vmbk1.db")->name == "*");
}

TEST_CASE("a snapshot that nobody reads does not keep the log from shrinking, and still shows what was") {
    StoringDevice device;
    const auto db = device.make();
    for (int i = 0; i < 200; ++i) REQUIRE(db->insert(key(i), as_bytes("before")));
    auto snapshot = db->snapshot();
    REQUIRE(snapshot);
    for (int i = 0; i < 100; ++i) CHECK((*snapshot)->next()->key == key(i));
    std::uintmax_t longest = 0;
    for (int round = 0; round < 200; ++round) {
        REQUIRE(db->update(key(round), Bytes(kLongestRecord)));
        longest = std::max(longest, fs::file_size(device.file("test.db-wal")));
    }
    CHECK(longest < 30'000'000);  // 52 MB were written
    for (int i = 100; i < 200; ++i) {
        const auto entry = (*snapshot)->next();
        REQUIRE(entry);
        CHECK(entry->key == key(i));
        CHECK(as_text(entry->record) == "before");
    }
    CHECK(code_of((*snapshot)->next()) == E_DB_NOT_FOUND);
}

TEST_CASE("damaged records are told apart from good ones") {
    StoringDevice device;
    {
        const auto db = device.make();
        for (int i = 0; i < 3; ++i) REQUIRE(db->insert(key(i), as_bytes("record")));
        device.store->close_all();
    }
    sql(device.file(), "UPDATE entries SET record=x'00' WHERE key=CAST('00000001' AS BLOB)");
    const auto db = device.make();
    const auto entries = db->entries({}, 10);
    REQUIRE(entries);
    REQUIRE(entries->size() == 3);
    auto snapshot = db->snapshot();
    for (int i = 0; i < 3; ++i) {
        CHECK((*entries)[i].damaged == (i == 1));
        const auto walked = (*snapshot)->next();
        REQUIRE(walked);
        CHECK(walked->damaged == (i == 1));
    }
    CHECK(db->verify());
}

TEST_CASE("hundreds of snapshots at once, each of its own moment") {
    StoringDevice device;
    const auto database = device.make();
    std::vector<std::unique_ptr<Snapshot>> snapshots;
    for (int i = 0; i < 300; ++i) {
        auto snapshot = database->snapshot();
        REQUIRE(snapshot);
        snapshots.push_back(std::move(*snapshot));
        REQUIRE(database->update(key(i), as_bytes("record")));
    }
    for (std::size_t i = 0; i < snapshots.size(); ++i) {
        std::size_t entries = 0;
        while (snapshots[i]->next()) ++entries;
        CHECK(entries == i);
    }
    CHECK(database->stage().has_value());  // restores are counted apart
}
