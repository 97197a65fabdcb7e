// Entries found by terms that a module makes of their records, and notes beside them.
#include <catch2/catch.hpp>

#include "firmware/db/database.h"
#include "firmware/smos/smos.h"
#include "test/unit/scratch.h"

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

struct Indexed {
    ScratchFolder scratch;
    std::unique_ptr<Smos> smos = std::move(*Smos::open(scratch.path()));
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
