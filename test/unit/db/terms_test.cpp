// Entries found by terms that a module makes of their records, and notes beside them.
#include <catch2/catch.hpp>

#include "firmware/db/database.h"
#include "firmware/db/sqlite/sqlite.h"
#include "firmware/smos/flash/state_folder.h"
#include "firmware/smos/smos.h"
#include "test/unit/scratch_smos.h"

using namespace cs2sim;

namespace {

// The words of the record.
std::vector<Bytes> words(ByteView, ByteView record) {
    std::vector<Bytes> terms;
    std::string word;
    for (const char letter : std::string(as_text(record)) + " ") {
        if (letter != ' ') {
            word += letter;
        } else if (!word.empty()) {
            terms.push_back(to_bytes(as_bytes(word)));
            word.clear();
        }
    }
    return terms;
}

struct Indexed : ScratchSmos {
    std::unique_ptr<DatabaseStore> store;
    std::shared_ptr<Database> db;
    void open(TermsOf terms_of) {
        db.reset();
        store = std::make_unique<DatabaseStore>(*smos);
        if (terms_of) store->index("test.db", terms_of);
        db = *store->create("test.db", {4, 100000});
    }
    std::string found(std::string_view prefix, std::size_t limit = 100) {
        std::string text;
        const auto entries = db->find_by(as_bytes(prefix), {}, {}, limit);
        REQUIRE(entries);
        for (const FoundByTerm& each : *entries)
            text += std::string(as_text(each.term)) + "=" + std::string(as_text(each.entry.key)) + " ";
        return text;
    }
};

ByteView bytes(std::string_view text) { return as_bytes(text); }

}  // namespace

TEST_CASE("terms follow each change of their entries, also of a restore") {
    Indexed device;
    device.open(words);
    REQUIRE(device.db->insert(bytes("aaaa"), bytes("red ripe")));
    REQUIRE(device.db->insert(bytes("bbbb"), bytes("red raw")));
    CHECK(device.found("r") == "raw=bbbb red=aaaa red=bbbb ripe=aaaa ");
    CHECK(device.found("red", 1) == "red=aaaa ");
    REQUIRE(device.db->update(bytes("aaaa"), bytes("blue")));
    CHECK(device.found("red") == "red=bbbb ");
    CHECK(device.found("blue") == "blue=aaaa ");
    const auto staging = device.db->stage();
    REQUIRE((*staging)->add(bytes("bbbb"), bytes("green")));
    REQUIRE((*staging)->add(bytes("cccc"), bytes("red")));
    REQUIRE((*staging)->commit());
    CHECK(device.found("red") == "red=cccc ");
    REQUIRE(device.db->erase(bytes("cccc")));
    CHECK(device.found("red").empty());
    const auto failed = device.db->change([](Batch& batch) -> Result<void> {
        CS2SIM_TRY(batch.insert(bytes("dddd"), bytes("black")));
        return batch.insert(bytes("aaaa"), bytes("black"));
    });
    CHECK(code_of(failed) == E_DB_EXISTS);
    CHECK(device.found("black").empty());
    const auto behind = device.db->find_by(bytes("g"), bytes("green"), bytes("bbbb"), 10);
    REQUIRE(behind);
    CHECK(behind->empty());
}

TEST_CASE("a database made without terms gets them when it is opened with them") {
    Indexed device;
    device.open(nullptr);
    REQUIRE(device.db->insert(bytes("aaaa"), bytes("red")));
    CHECK(device.found("red").empty());
    CHECK(code_of(device.db->note(bytes("n"))) == E_DB_BAD_PARAM);
    device.open(words);
    CHECK(device.found("red") == "red=aaaa ");
    device.open(words);
    CHECK(device.found("red") == "red=aaaa ");
}

TEST_CASE("notes stay beside the entries, and the last term of a prefix is known") {
    Indexed device;
    device.open(words);
    REQUIRE(device.db->change([](Batch& batch) -> Result<void> {
        CHECK(code_of(batch.last_term(bytes("n"))) == E_DB_NOT_FOUND);
        CS2SIM_TRY(batch.insert(bytes("aaaa"), bytes("n1 n9 n5")));
        CHECK(as_text(*batch.last_term(bytes("n"))) == "n9");
        CHECK(batch.note(bytes("name"))->empty());
        return batch.set_note(bytes("name"), bytes("one"));
    }));
    device.open(words);
    CHECK(as_text(*device.db->note(bytes("name"))) == "one");
    CHECK(*device.db->count() == 1);
}

TEST_CASE("notes whose entries are gone do not grow without bound") {
    Indexed device;
    device.open(words);
    std::uint64_t made = 0;
    const auto set = [&](std::uint64_t from, std::uint64_t count) {
        const auto done = device.db->change([&](Batch& batch) -> Result<void> {
            for (made = from; made < from + count; ++made)
                CS2SIM_TRY(batch.set_note(big_endian_bytes<8>(made), bytes("note")));
            return {};
        });
        return code_of(done);
    };
    REQUIRE(set(0, kSpareNotes - 1) == 0);
    CHECK(set(kSpareNotes - 1, 2) == E_DB_NO_SPACE);  // both or none
    CHECK(made == kSpareNotes);
    CHECK(set(kSpareNotes - 1, 1) == 0);
    CHECK(set(kSpareNotes, 1) == E_DB_NO_SPACE);
    CHECK(set(17, 1) == 0);  // one that is there
    device.open(words);
    CHECK(set(kSpareNotes, 1) == E_DB_NO_SPACE);
    REQUIRE(device.db->change([](Batch& batch) { return batch.set_note(big_endian_bytes<8>(3), {}); }));
    CHECK(device.db->note(big_endian_bytes<8>(3))->empty());
    CHECK(set(kSpareNotes, 1) == 0);
    CHECK(set(kSpareNotes + 1, 1) == E_DB_NO_SPACE);
    REQUIRE(device.db->insert(bytes("aaaa"), bytes("red")));  // who has entries has room
    CHECK(set(kSpareNotes + 1, kNotesOfEntry) == 0);
    CHECK(set(kSpareNotes + 100, 1) == E_DB_NO_SPACE);
}

TEST_CASE("notes of one owner leave room to others, and each has room for its entries") {
    Indexed device;
    device.open(words);
    REQUIRE(device.db->insert(bytes("aaaa"), bytes("red")));
    const auto set = [&](std::string_view owner, std::uint64_t from, std::uint64_t count) {
        const auto done = device.db->change([&](Batch& batch) -> Result<void> {
            for (std::uint64_t made = from; made < from + count; ++made) {
                Bytes name = to_bytes(bytes(owner));
                append(name, big_endian_bytes<8>(made));
                CS2SIM_TRY(batch.set_note_of(bytes(owner), name, bytes("note")));
            }
            return {};
        });
        return code_of(done);
    };
    constexpr std::uint64_t kMost = kSpareNotesOfOwner + kNotesOfEntry;
    CHECK(set("red", 0, kMost + 1) == E_DB_NO_SPACE);
    REQUIRE(set("red", 0, kMost) == 0);
    CHECK(set("red", kMost, 1) == E_DB_NO_SPACE);
    CHECK(set("red", 5, 1) == 0);  // one that is there
    CHECK(set("blue", 0, 1) == 0);
    device.open(words);
    CHECK(set("red", kMost, 1) == E_DB_NO_SPACE);
    Bytes name = to_bytes(bytes("red"));
    append(name, big_endian_bytes<8>(7));
    REQUIRE(device.db->change([&](Batch& batch) { return batch.set_note_of(bytes("blue"), name, {}); }));
    CHECK(set("red", kMost, 1) == 0);
    CHECK(set("red", kMost + 1, 1) == E_DB_NO_SPACE);
    REQUIRE(device.db->insert(bytes("bbbb"), bytes("red")));
    CHECK(set("red", kMost + 1, kNotesOfEntry) == 0);
    CHECK(set("red", kMost + 100, 1) == E_DB_NO_SPACE);

    // Many together come to the bound of all: then each has what its entries give it.
    for (int i = 0; i < 6; ++i) REQUIRE(set("o" + std::to_string(i), 0, kSpareNotesOfOwner) == 0);
    std::uint64_t last = kSpareNotesOfOwner - 100;
    REQUIRE(set("o6", 0, last) == 0);
    while (set("o6", last, 1) == 0) ++last;
    CHECK(last < kSpareNotesOfOwner);
    CHECK(set("green", 0, 1) == E_DB_NO_SPACE);
    REQUIRE(device.db->insert(bytes("cccc"), bytes("green")));
    CHECK(set("green", 0, kNotesOfEntry) == 0);
    CHECK(set("green", 0, kNotesOfEntry + 1) == E_DB_NO_SPACE);
    CHECK(set("red", kMost + 100, 1) == E_DB_NO_SPACE);
}

TEST_CASE("a database with notes from before they had owners opens, and they count") {
    Indexed device;
    device.open(words);
    REQUIRE(device.db->insert(bytes("aaaa"), bytes("red")));
    REQUIRE(device.db->change([](Batch& batch) { return batch.set_note(bytes("old"), bytes("one")); }));
    device.db.reset();
    device.store.reset();
    {
        Sqlite file;
        REQUIRE(file.open(StateFolder{device.scratch.path()}.databases() / "test.db",
                          SQLITE_OPEN_READWRITE) == SQLITE_OK);
        const std::string fill = std::to_string(kSpareNotes - 1);
        const std::string back =
            "DROP TABLE owners; ALTER TABLE notes DROP COLUMN owner; PRAGMA user_version=2;"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<" +
            fill + ") INSERT INTO notes SELECT CAST(i AS BLOB), x'01' FROM n";
        REQUIRE(file.run(back.c_str()) == SQLITE_OK);
    }
    device.open(words);
    CHECK(as_text(*device.db->note(bytes("old"))) == "one");
    CHECK(device.found("red") == "red=aaaa ");
    const auto set = [&](std::string_view name) {
        return code_of(
            device.db->change([&](Batch& batch) { return batch.set_note(bytes(name), bytes("new")); }));
    };
    for (std::uint64_t i = 0; i < kNotesOfEntry; ++i) CHECK(set("new" + std::to_string(i)) == 0);
    CHECK(set("another") == E_DB_NO_SPACE);
    CHECK(set("old") == 0);
}
