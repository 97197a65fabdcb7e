// How one DBMS writes what the statements need. Values never stand in SQL as they came: bytes and texts are
// spelled in hexadecimal, which nothing can break out of and no character set changes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firmware/protocol/bytes.h"
#include "host-lib/keystore/drivers/prepared.h"

namespace cs2sim::keystore {

struct Dialect {
    std::string_view name;
    // Expressions of a value: before and behind its hexadecimal digits.
    std::string_view bytes_open, bytes_close;
    std::string_view text_open, text_close;
    // Expressions that read a column as hexadecimal text, and a time as text: before and behind its name.
    std::string_view read_bytes_open, read_bytes_close;
    std::string_view read_text_open, read_text_close;
    std::string_view read_time_open, read_time_close;
    std::string_view now;                      // empty: the time is spelled by us
    std::string_view limit_open, limit_close;  // before and behind the number of rows
    std::string_view blob;                     // the column of that name, which is a reserved word elsewhere
    std::string_view blob_length;              // expression: how long it is as it is kept
    std::string_view greatest;                 // function of two numbers
    std::string_view cheap_commit;  // in a statement's FROM: its commit need not reach the disk by itself
    std::size_t longest_text;       // of an expression that the driver gives whole; 0: any
    bool changes_return;            // a change gives rows (RETURNING) through this driver
    bool changes_in_with;           // a change may stand in WITH and be joined to another one
    bool notifies;                  // pg_notify is there
    bool concat_ws;                 // the function is there
    bool prepares;                  // statements on one key are prepared, their values apart
    bool plain;                     // nothing but what any DBMS knows: one row a statement, a column a value
    std::string_view server_version;  // expression
    std::string_view schema;          // SQL that makes the tables, statements apart by empty lines
    std::string_view roles;           // SQL that makes the roles; empty: none

    // Where values go that stand apart from the SQL, which has placeholders instead; null: they are spelled
    // in it.
    Values* values = nullptr;
    Dialect with(Values& apart) const;

    std::string bytes(ByteView value) const;
    std::string text(std::string_view value) const;
    std::string number(std::uint64_t value) const;
    // Many values of a type as one that stands apart, in PostgreSQL's spelling of arrays. Only with values.
    std::string array(const std::vector<std::string>& elements, std::string_view type) const;
    std::string time() const;  // now
    std::string truth(bool value) const;
    std::string limit(std::size_t rows) const;
    std::string read_bytes(std::string_view column) const;
    std::string read_text(std::string_view column) const;
    std::string read_time(std::string_view column) const;
    std::string read_truth(std::string_view column) const;

    // SQL that gives one text a row, or when plain a text for each expression: the expressions (hexadecimal,
    // numbers, times) apart by '|'. `rest` is what stands behind the columns. In pieces: the row's number and
    // a part of the text, in order.
    std::string select_lines(const std::vector<std::string>& expressions, std::string_view rest) const;
    bool in_pieces() const { return longest_text != 0; }

private:
    std::string placeholder(Apart value, std::string_view type) const;
};

extern const Dialect kSqlite;
extern const Dialect kSqliteByOdbc;  // sqliteodbc cuts expressions at 255 characters
extern const Dialect kPostgresql;
extern const Dialect kPostgresqlByOdbc;  // the driver does not count rows of a change that stands in WITH
// Any other DBMS behind ODBC: bytes, names and times are texts, bytes and names in hexadecimal, which compare
// as the bytes do whatever the collation.
extern const Dialect kPlain;

// PostgreSQL: 1 when this user may insert keys here.
inline constexpr std::string_view kMayInsert =
    "select case when has_table_privilege('cs2sim_key', 'insert') and not pg_is_in_recovery() and not "
    "cast(current_setting('default_transaction_read_only') as boolean) then 1 else 0 end";

}  // namespace cs2sim::keystore
