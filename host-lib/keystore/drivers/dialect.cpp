#include "host-lib/keystore/drivers/dialect.h"

#include <cstdio>
#include <ctime>

namespace cs2sim::keystore {
namespace {

std::string between(std::string_view open, std::string_view middle, std::string_view close) {
    std::string all;
    all.reserve(open.size() + middle.size() + close.size());
    return all.append(open).append(middle).append(close);
}

// As all others spell it: "2026-11-26 16:05:00.123".
std::string utc_now() {
    ::timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    char text[40];
    const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    std::snprintf(text + size, sizeof text - size, ".%03ld", now.tv_nsec / 1000000);
    return text;
}

// The SQL files that are installed too, compiled in (CMakeLists.txt).
constexpr std::string_view kSqliteSchema =
#include "keystore_sqlite.inc"
    ;
constexpr std::string_view kPostgresqlSchema =
#include "keystore_postgresql.inc"
    ;
constexpr std::string_view kOtherSchema =
#include "keystore_other.inc"
    ;
constexpr std::string_view kPostgresqlRoles =
#include "keystore_postgresql-roles.inc"
    ;

// sqliteodbc gives expressions up to 255 characters, and no rows of a change.
constexpr Dialect sqlite(std::size_t longest_text) {
    return {
        .name = "SQLite",
        .bytes_open = "x'",
        .bytes_close = "'",
        .text_open = "cast(x'",
        .text_close = "' as text)",
        .read_bytes_open = "hex(",
        .read_bytes_close = ")",
        .read_text_open = "hex(",
        .read_text_close = ")",
        .read_time_open = "",
        .read_time_close = "",
        .now = "strftime('%Y-%m-%d %H:%M:%f', 'now')",
        .limit_open = " limit ",
        .limit_close = "",
        .blob = "blob",
        .blob_length = "length(blob)",
        .greatest = "max",
        .cheap_commit = "",
        .longest_text = longest_text,
        .changes_return = longest_text == 0,
        .changes_in_with = false,
        .notifies = false,
        .concat_ws = false,
        .prepares = false,
        .plain = false,
        .server_version = "'SQLite ' || sqlite_version()",
        .schema = kSqliteSchema,
        .roles = {},
    };
}

constexpr Dialect postgresql(bool changes_in_with) {
    return {
        .name = "PostgreSQL",
        .bytes_open = "bytea '\\x",
        .bytes_close = "'",
        .text_open = "convert_from(bytea '\\x",
        .text_close = "', 'UTF8')",
        .read_bytes_open = "encode(",
        .read_bytes_close = ", 'hex')",
        .read_text_open = "encode(convert_to(",
        .read_text_close = ", 'UTF8'), 'hex')",
        .read_time_open = "to_char(",
        .read_time_close = " at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS')",
        .now = "clock_timestamp()",
        .limit_open = " limit ",
        .limit_close = "",
        .blob = "blob",
        .blob_length = "length(blob)",
        .greatest = "greatest",
        // The write-ahead log is one sequence: the commit of a key that uses what was given makes this one
        // durable.
        .cheap_commit = "set_config('synchronous_commit', 'off', true)",
        .longest_text = 0,
        .changes_return = true,
        .changes_in_with = changes_in_with,
        .notifies = true,
        .concat_ws = true,
        .prepares = changes_in_with,
        .plain = false,
        .server_version = "'PostgreSQL ' || current_setting('server_version')",
        .schema = kPostgresqlSchema,
        .roles = kPostgresqlRoles,
    };
}

constexpr Dialect plain() {
    return {
        .name = "another DBMS",
        .bytes_open = "'",
        .bytes_close = "'",
        .text_open = "'",
        .text_close = "'",
        .read_bytes_open = "",
        .read_bytes_close = "",
        .read_text_open = "",
        .read_text_close = "",
        .read_time_open = "",
        .read_time_close = "",
        .now = "",
        .limit_open = " offset 0 rows fetch next ",
        .limit_close = " rows only",
        .blob = "sealed",
        .blob_length = "{fn LENGTH(sealed)} / 2",
        .greatest = "",
        .cheap_commit = "",
        .longest_text = 0,
        .changes_return = false,
        .changes_in_with = false,
        .notifies = false,
        .concat_ws = false,
        .prepares = false,
        .plain = true,
        .server_version = "'another DBMS' from cs2sim_store",
        .schema = kOtherSchema,
        .roles = {},
    };
}

}  // namespace

Dialect Dialect::with(Values& apart) const {
    constexpr std::size_t kOfAKey = 16;
    Dialect own = *this;
    if (prepares) own.values = &apart;
    if (prepares) apart.reserve(kOfAKey);
    return own;
}

// As PostgreSQL has them: short, as there are a dozen for each key.
std::string Dialect::placeholder(Apart value, std::string_view type) const {
    values->push_back(std::move(value));
    return std::string("$").append(std::to_string(values->size())).append("::").append(type);
}

std::string Dialect::bytes(ByteView value) const {
    if (values) return placeholder({std::string(as_text(value)), true}, "bytea");
    return between(bytes_open, to_hex(value), bytes_close);
}
std::string Dialect::number(std::uint64_t value) const {
    return values ? placeholder({std::to_string(value)}, "bigint") : std::to_string(value);
}
std::string Dialect::text(std::string_view value) const {
    if (values) return placeholder({std::string(value)}, "text");
    return between(text_open, to_hex(as_bytes(value)), text_close);
}
std::string Dialect::array(const std::vector<std::string>& elements, std::string_view type) const {
    std::string all = "{";
    for (const std::string& element : elements) {
        all.append(all.size() == 1 ? "\"" : ",\"");
        for (const char c : element) {
            if (c == '"' || c == '\\') all += '\\';
            all += c;
        }
        all += '"';
    }
    return placeholder({all + "}"}, std::string(type) + "[]");
}
std::string Dialect::time() const { return now.empty() ? "'" + utc_now() + "'" : std::string(now); }
std::string Dialect::truth(bool value) const {
    if (plain) return value ? "1" : "0";
    return value ? "true" : "false";
}
std::string Dialect::limit(std::size_t rows) const {
    return between(limit_open, std::to_string(rows), limit_close);
}
std::string Dialect::read_bytes(std::string_view column) const {
    return between(read_bytes_open, column, read_bytes_close);
}
std::string Dialect::read_text(std::string_view column) const {
    return between(read_text_open, column, read_text_close);
}
std::string Dialect::read_time(std::string_view column) const {
    return between(read_time_open, column, read_time_close);
}

std::string Dialect::read_truth(std::string_view column) const {
    return plain ? std::string(column) : between("case when ", column, " then 1 else 0 end");
}

std::string Dialect::select_lines(const std::vector<std::string>& expressions, std::string_view rest) const {
    std::string line;
    if (plain) {
        for (const std::string& one : expressions) line.append(line.empty() ? "" : ", ").append(one);
        return "select " + line + std::string(rest);
    }
    if (concat_ws) {  // a quarter of the server's time for one key went into the operators between
        line = "concat_ws('|'";
        for (const std::string& one : expressions) line.append(", ").append(one);
        return "select " + line + ") as line" + std::string(rest);
    }
    for (const std::string& one : expressions)
        line.append(line.empty() ? "cast(" : " || '|' || cast(").append(one).append(" as text)");
    std::string lines = "select " + line + " as line" + std::string(rest);
    if (!in_pieces()) return lines;
    const std::string size = std::to_string(longest_text);
    return "with recursive r(n, line) as materialized (select row_number() over (), line from (" + lines +
           ")), p(n, at) as (select n, 1 from r union all select p.n, p.at + " + size +
           " from p join r on r.n = p.n where p.at + " + size +
           " <= length(r.line)) select p.n, substr(r.line, p.at, " + size +
           ") from p join r on r.n = p.n order by p.n, p.at";
}

constinit const Dialect kSqlite = sqlite(0);
constinit const Dialect kSqliteByOdbc = sqlite(255);
constinit const Dialect kPostgresql = postgresql(true);
constinit const Dialect kPostgresqlByOdbc = postgresql(false);
constinit const Dialect kPlain = plain();

}  // namespace cs2sim::keystore
