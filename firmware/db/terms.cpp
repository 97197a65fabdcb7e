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

}  // namespace

Result<void> SqliteConnection::make_terms() {
    CS2SIM_TRY_LET(format, number_of("PRAGMA user_version"));
    if (!identity_.terms_of || format != 1) return {};
    CS2SIM_TRY(begin());
    const auto made = [&]() -> Result<void> {
        CS2SIM_TRY(run(
            "CREATE TABLE terms(term BLOB NOT NULL, key BLOB NOT NULL, PRIMARY KEY(term, key)) WITHOUT ROWID;"
            "CREATE TABLE notes(name BLOB PRIMARY KEY, note BLOB NOT NULL) WITHOUT ROWID;"
            "PRAGMA user_version=2"));
        Statement all(sqlite_.get(), "SELECT key, record FROM entries");
        int step = 0;
        while ((step = all.step()) == SQLITE_ROW) CS2SIM_TRY(add_terms(all.bytes(0), all.bytes(1)));
        if (step != SQLITE_DONE) return fail(database_error(sqlite_.error()));
        return {};
    }();
    if (made) return commit();
    static_cast<void>(run("ROLLBACK"));
    return made;
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

// A count of all is taken when as many came as might be too many: some were put off with their transaction.
Result<void> SqliteConnection::make_room_for_note(ByteView name) {
    CS2SIM_TRY_LET(before, this->note(name));
    if (!before.empty()) return {};
    if (notes_ >= most_notes_) {
        const auto entries = number_of("SELECT count(*) FROM entries");
        if (!entries) return fail(entries.error());
        const auto notes = number_of("SELECT count(*) FROM notes");
        if (!notes) return fail(notes.error());
        notes_ = static_cast<std::uint64_t>(*notes);
        most_notes_ = kNotesOfEntry * static_cast<std::uint64_t>(*entries) + kSpareNotes;
        if (notes_ >= most_notes_) return fail(E_DB_NO_SPACE);
    }
    ++notes_;
    return {};
}

Result<void> SqliteConnection::set_note(ByteView name, ByteView note) {
    if (!identity_.terms_of) return fail(E_DB_BAD_PARAM);
    if (note.empty()) return change(prepared(erase_note_, "DELETE FROM notes WHERE name=?1").bind(1, name));
    CS2SIM_TRY(make_room_for_note(name));
    return change(
        prepared(set_note_, "INSERT OR REPLACE INTO notes VALUES(?1, ?2)").bind(1, name).bind(2, note));
}

}  // namespace cs2sim
