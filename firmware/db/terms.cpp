// Terms and notes beside the entries, of a database that has them.
#include "firmware/db/sqlite_connection.h"

namespace cs2sim {
namespace {

// The first byte string behind all that begin with `prefix`. Precondition: it is not all FF.
Bytes behind(ByteView prefix) {
    Bytes next = to_bytes(prefix);
    while (next.back() == 0xFF) next.pop_back();
    ++next.back();
    return next;
}

constexpr int kFormatWithTerms = 2, kFormatWithOwners = 3;

// Entries that give room to one note more than `notes`, of which `spare` need none.
std::uint64_t entries_for(std::uint64_t notes, std::uint64_t spare) {
    return notes < spare ? 0 : (notes - spare) / kNotesOfEntry + 1;
}

}  // namespace

// Format 1 has entries alone, 2 terms and notes beside; 3 knows whose notes are how many, and under the empty
// owner how many there are of all.
Result<void> SqliteConnection::make_terms() {
    CS2SIM_TRY_LET(format, number_of("PRAGMA user_version"));
    if (!identity_.terms_of || format == kFormatWithOwners) return {};
    CS2SIM_TRY(begin());
    const auto made = [&]() -> Result<void> {
        if (format < kFormatWithTerms) CS2SIM_TRY(make_tables_of_terms());
        return run(
            "ALTER TABLE notes ADD COLUMN owner BLOB NOT NULL DEFAULT x'';"
            "CREATE TABLE owners(owner BLOB PRIMARY KEY, notes INTEGER NOT NULL) WITHOUT ROWID;"
            "INSERT INTO owners SELECT x'', count(*) FROM notes;"
            "PRAGMA user_version=3");
    }();
    if (made) return commit();
    static_cast<void>(run("ROLLBACK"));
    return made;
}

Result<void> SqliteConnection::make_tables_of_terms() {
    CS2SIM_TRY(
        run("CREATE TABLE terms(term BLOB NOT NULL, key BLOB NOT NULL, PRIMARY KEY(term, key)) WITHOUT ROWID;"
            "CREATE TABLE notes(name BLOB PRIMARY KEY, note BLOB NOT NULL) WITHOUT ROWID"));
    Statement all(sqlite_.get(), "SELECT key, record FROM entries");
    int step = 0;
    while ((step = all.step()) == SQLITE_ROW) CS2SIM_TRY(add_terms(all.bytes(0), all.bytes(1)));
    if (step != SQLITE_DONE) return fail(database_error(sqlite_.error()));
    return {};
}

// A damaged record has no terms: nobody could read what is found by them.
Result<void> SqliteConnection::add_terms(ByteView key, ByteView sealed) {
    if (!identity_.terms_of) return {};
    const auto record = unseal(key, sealed);
    if (!record) return {};
    for (const Bytes& term : identity_.terms_of(key, *record))
        CS2SIM_TRY(change(
            prepared(add_term_, "INSERT OR IGNORE INTO terms VALUES(?1, ?2)").bind(1, term).bind(2, key)));
    return {};
}

Result<void> SqliteConnection::erase_terms(ByteView key) {
    if (!identity_.terms_of) return {};
    const auto record = find(key);
    if (!record && (record.error().code == E_DB_NOT_FOUND || record.error().code == E_DB_REC_CRC)) return {};
    CS2SIM_TRY(record);
    for (const Bytes& term : identity_.terms_of(key, *record))
        CS2SIM_TRY(change(
            prepared(erase_term_, "DELETE FROM terms WHERE term=?1 AND key=?2").bind(1, term).bind(2, key)));
    return {};
}

Result<std::vector<FoundByTerm>> SqliteConnection::find_by(ByteView prefix, ByteView term, ByteView key,
                                                           std::size_t limit) {
    std::vector<FoundByTerm> found;
    if (!identity_.terms_of) return found;
    const Bytes end = behind(prefix);
    Statement& statement = prepared(
        find_by_,
        "SELECT terms.term, entries.key, entries.record FROM terms JOIN entries ON entries.key=terms.key"
        " WHERE (terms.term, terms.key) > (?1, ?2) AND terms.term < ?3 ORDER BY terms.term, terms.key LIMIT "
        "?4");
    statement.bind(1, term.empty() ? prefix : term).bind(2, key).bind(3, end);
    statement.bind(4, static_cast<std::int64_t>(limit));
    Result<void> done;
    int step = 0;
    while (done && (step = statement.step()) == SQLITE_ROW) {
        auto record = unseal(statement.bytes(1), statement.bytes(2));
        if (record)
            found.push_back(
                {to_bytes(statement.bytes(0)), {to_bytes(statement.bytes(1)), std::move(*record)}});
        else
            done = fail(record.error());
    }
    if (done && step != SQLITE_DONE) done = fail(database_error(sqlite_.error()));
    statement.reset();
    CS2SIM_TRY(done);
    return found;
}

Result<Bytes> SqliteConnection::last_term(ByteView prefix) {
    if (!identity_.terms_of) return fail(E_DB_NOT_FOUND);
    const Bytes end = behind(prefix);
    Statement& statement =
        prepared(last_term_, "SELECT term FROM terms WHERE term>=?1 AND term<?2 ORDER BY term DESC LIMIT 1");
    const int step = statement.bind(1, prefix).bind(2, end).step();
    Result<Bytes> last = fail(E_DB_NOT_FOUND);
    if (step == SQLITE_ROW)
        last = to_bytes(statement.bytes(0));
    else if (step != SQLITE_DONE)
        last = fail(database_error(sqlite_.error()));
    statement.reset();
    return last;
}

Result<Bytes> SqliteConnection::note(ByteView name) {
    if (!identity_.terms_of) return fail(E_DB_BAD_PARAM);
    Statement& statement = prepared(note_, "SELECT note FROM notes WHERE name=?1");
    const int step = statement.bind(1, name).step();
    Result<Bytes> note = Bytes();
    if (step == SQLITE_ROW)
        note = to_bytes(statement.bytes(0));
    else if (step != SQLITE_DONE)
        note = fail(database_error(sqlite_.error()));
    statement.reset();
    return note;
}

Result<std::uint64_t> SqliteConnection::notes_of(ByteView owner) {
    Statement& statement = prepared(notes_of_, "SELECT notes FROM owners WHERE owner=?1");
    const int step = statement.bind(1, owner).step();
    Result<std::uint64_t> notes = std::uint64_t{0};
    if (step == SQLITE_ROW)
        notes = static_cast<std::uint64_t>(statement.number(0));
    else if (step != SQLITE_DONE)
        notes = fail(database_error(sqlite_.error()));
    statement.reset();
    return notes;
}

// In the number of all, and in its owner's.
Result<void> SqliteConnection::count_note(ByteView owner, std::int64_t more) {
    Statement& statement = prepared(
        count_note_,
        "INSERT INTO owners VALUES(?1, ?2) ON CONFLICT(owner) DO UPDATE SET notes=notes+excluded.notes");
    CS2SIM_TRY(change(statement.bind(1, ByteView()).bind(2, more)));
    if (owner.empty()) return {};
    return change(statement.bind(1, owner).bind(2, more));
}

// No more of them are looked at than are asked for.
Result<bool> SqliteConnection::has_entries(ByteView owner, std::uint64_t wanted) {
    if (wanted == 0) return true;
    const Bytes end = owner.empty() ? Bytes() : behind(owner);
    Statement& statement = owner.empty()
                               ? prepared(has_entries_, "SELECT 1 FROM entries LIMIT 1 OFFSET ?3")
                               : prepared(has_entries_of_owner_,
                                          "SELECT 1 FROM terms WHERE term>=?1 AND term<?2 LIMIT 1 OFFSET ?3");
    if (!owner.empty()) statement.bind(1, owner).bind(2, end);
    const int step = statement.bind(3, static_cast<std::int64_t>(wanted - 1)).step();
    statement.reset();
    if (step != SQLITE_ROW && step != SQLITE_DONE) return fail(database_error(sqlite_.error()));
    return step == SQLITE_ROW;
}

Result<void> SqliteConnection::make_room_for_note(ByteView owner) {
    CS2SIM_TRY_LET(all, notes_of({}));
    CS2SIM_TRY_LET(room, has_entries({}, entries_for(all, kSpareNotes)));
    if (owner.empty()) return room ? Result<void>() : fail(E_DB_NO_SPACE);
    CS2SIM_TRY_LET(own, notes_of(owner));
    CS2SIM_TRY_LET(own_room, has_entries(owner, entries_for(own, room ? kSpareNotesOfOwner : 0)));
    return own_room ? Result<void>() : fail(E_DB_NO_SPACE);
}

Result<void> SqliteConnection::erase_note(ByteView name) {
    Statement& statement = prepared(owner_of_note_, "SELECT owner FROM notes WHERE name=?1");
    const int step = statement.bind(1, name).step();
    const Bytes owner = step == SQLITE_ROW ? to_bytes(statement.bytes(0)) : Bytes();
    statement.reset();
    if (step == SQLITE_DONE) return {};
    if (step != SQLITE_ROW) return fail(database_error(sqlite_.error()));
    CS2SIM_TRY(change(prepared(erase_note_, "DELETE FROM notes WHERE name=?1").bind(1, name)));
    return count_note(owner, -1);
}

Result<void> SqliteConnection::set_note(ByteView owner, ByteView name, ByteView note) {
    if (!identity_.terms_of) return fail(E_DB_BAD_PARAM);
    if (note.empty()) return erase_note(name);
    CS2SIM_TRY(
        change(prepared(set_note_, "UPDATE notes SET note=?2 WHERE name=?1").bind(1, name).bind(2, note)));
    if (sqlite3_changes(sqlite_.get()) != 0) return {};
    CS2SIM_TRY(make_room_for_note(owner));
    CS2SIM_TRY(change(prepared(add_note_, "INSERT INTO notes VALUES(?1, ?2, ?3)")
                          .bind(1, name)
                          .bind(2, note)
                          .bind(3, owner)));
    return count_note(owner, 1);
}

}  // namespace cs2sim
