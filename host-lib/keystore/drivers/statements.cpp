#include "host-lib/keystore/drivers/statements.h"

#include <initializer_list>
#include <span>
#include <sstream>

#include "host-lib/keystore/drivers/notification.h"

namespace cs2sim::keystore {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

// Views, as a list of strings in braces would copy each of them.
std::string joined(std::span<const std::string_view> parts, std::string_view with) {
    std::size_t size = 0;
    for (const std::string_view part : parts) size += part.size() + with.size();
    std::string all;
    all.reserve(size);
    for (const std::string_view part : parts) all.append(all.empty() ? "" : with).append(part);
    return all;
}

std::string joined(std::initializer_list<std::string_view> parts, std::string_view with) {
    return joined(std::span(parts.begin(), parts.size()), with);
}

std::string joined(const std::vector<std::string>& parts, std::string_view with) {
    return joined(std::vector<std::string_view>(parts.begin(), parts.end()), with);
}

std::string together(std::initializer_list<std::string_view> parts) {
    std::size_t size = 0;
    for (const std::string_view part : parts) size += part.size();
    std::string all;
    all.reserve(size);
    for (const std::string_view part : parts) all.append(part);
    return all;
}

std::string where_index(const Dialect& sql, const KeyIndex& index) {
    return together({"grp = ", sql.text(index.group), " and name = ", sql.text(index.name),
                     " and spec = ", sql.number(index.spec)});
}

std::string from_index(const Dialect& sql, const KeyIndex& index, Match match) {
    if (match == Match::equal) return where_index(sql, index);
    if (sql.plain) {
        const std::string group = sql.text(index.group), name = sql.text(index.name);
        return together({"(grp > ", group, " or (grp = ", group, " and (name > ", name, " or (name = ", name,
                         " and spec ", match == Match::greater ? "> " : ">= ", sql.number(index.spec),
                         "))))"});
    }
    return together({"(grp, name, spec) ", match == Match::greater ? "> (" : ">= (", sql.text(index.group),
                     ", ", sql.text(index.name), ", ", sql.number(index.spec), ")"});
}

std::vector<std::string> conditions(const Dialect& sql, const Filter& filter) {
    std::vector<std::string> all;
    if (filter.group) all.push_back("grp = " + sql.text(*filter.group));
    if (filter.name) all.push_back("name = " + sql.text(*filter.name));
    if (filter.label) all.push_back("label = " + sql.bytes(*filter.label));
    if (filter.id) all.push_back("id = " + sql.bytes(*filter.id));
    if (filter.key_class) all.push_back("class = " + sql.number(*filter.key_class));
    if (filter.key_type) all.push_back("key_type = " + sql.number(*filter.key_type));
    if (filter.is_private) all.push_back("private = " + sql.truth(*filter.is_private));
    if (filter.mbk) all.push_back("mbk = " + sql.bytes(*filter.mbk));
    if (filter.not_mbk) all.push_back("mbk <> " + sql.bytes(*filter.not_mbk));
    return all;
}

std::string where(const std::vector<std::string>& all) {
    return all.empty() ? std::string() : " where " + joined(all, " and ");
}

// Of rows in `from`, which have op, grp, name, spec and ver.
std::string audit_of(const Dialect& sql, std::string_view from, const Doing& doing) {
    return together({"insert into cs2sim_audit (at, host, op, act, grp, name, spec, ver) select ", sql.time(),
                     ", ", sql.text(doing.host), ", op, ", sql.text(doing.act),
                     ", grp, name, spec, ver from ", from});
}

std::string notify(const Dialect& sql, std::string_view payload) {
    return together({"pg_notify('", kChannel, "', ", sql.text(payload), ")"});
}

// `change` returns its rows' op, grp, name, spec and ver where the dialect can join it to the audit's
// insertion. `rows` finds them afterwards elsewhere. `payload` empty: nobody is told.
Change with_audit(const Dialect& sql, std::string change, const std::string& rows, const Doing& doing,
                  std::string_view payload) {
    if (sql.changes_in_with) {
        std::string from = "k";
        if (!payload.empty()) from += " cross join " + notify(sql, payload) + " n";
        return {together(
            {"with k as (", change, " returning op, grp, name, spec, ver) ", audit_of(sql, from, doing)})};
    }
    Change all{std::move(change), audit_of(sql, rows, doing)};
    if (sql.notifies && !payload.empty()) all.push_back("select " + notify(sql, payload));
    return all;
}

std::string list_of(const Dialect& sql, const std::vector<OperationId>& operations) {
    std::vector<std::string> all;
    all.reserve(operations.size());
    for (const OperationId& one : operations) all.push_back(sql.bytes(one));
    return joined(all, ", ");
}

// For with_audit(), which asks for it only where a change gives no rows.
std::string rows_by_operation(const Dialect& sql, const std::vector<OperationId>& operations) {
    if (sql.changes_in_with) return {};
    return "cs2sim_key where op in (" + list_of(sql, operations) + ")";
}

}  // namespace

std::string select_keys(const Dialect& sql, const Filter& filter, const KeyIndex* from, Match match,
                        std::size_t limit, bool blobs) {
    std::vector<std::string> all = conditions(sql, filter);
    if (from) all.push_back(from_index(sql, *from, match));
    // A blob that is too long to be one is not even read.
    const std::string blob = !blobs      ? "''"
                             : sql.plain ? std::string(sql.blob)
                                         : together({"case when length(blob) <= ", number(kLongestBlob),
                                                     " then ", sql.read_bytes("blob"), " else '' end"});
    const std::vector<std::string> columns = {sql.read_text("grp"),
                                              sql.read_text("name"),
                                              "spec",
                                              "ver",
                                              sql.read_bytes("mbk"),
                                              "class",
                                              "key_type",
                                              sql.read_bytes("label"),
                                              sql.read_bytes("id"),
                                              sql.read_truth("private"),
                                              sql.read_time("created"),
                                              sql.read_time("changed"),
                                              sql.read_text("host"),
                                              blob};
    return sql.select_lines(
        columns, together({" from cs2sim_key", where(all), " order by grp, name, spec", sql.limit(limit)}));
}

std::string select_count(const Dialect& sql, const Filter& filter) {
    return "select count(*) from cs2sim_key" + where(conditions(sql, filter));
}

std::string select_version(const Dialect& sql, const KeyIndex& index) {
    return "select ver from cs2sim_key where " + where_index(sql, index);
}

std::string select_audit(const Dialect& sql, std::size_t limit) {
    return sql.select_lines(
        {sql.read_time("at"), sql.read_text("host"), sql.read_bytes("op"), sql.read_text("act"),
         sql.read_text("grp"), sql.read_text("name"), "spec", "ver"},
        " from cs2sim_audit order by at desc" + sql.limit(limit));
}

std::string select_mbks(const Dialect& sql) {
    return sql.select_lines({sql.read_bytes("mbk"), "count(*)"},
                            " from cs2sim_key group by mbk order by count(*) desc" + sql.limit(100));
}

std::string select_outcome(const Dialect& sql, std::string_view table,
                           const std::vector<OperationId>& operations) {
    return together({"select count(*), coalesce(max(ver), 0) from ", table, " where op in (",
                     list_of(sql, operations), ")"});
}

namespace {

std::string insert_into_keys(const Dialect& sql) {
    return together(
        {"insert into cs2sim_key (grp, name, spec, ver, mbk, class, key_type, label, id, private, ", sql.blob,
         ", op, created, changed, host) "});
}

std::string row_of(const Dialect& sql, const StoredKey& key, const OperationId& operation,
                   const Doing& doing) {
    const std::string now = sql.time();
    return joined({sql.text(key.index.group), sql.text(key.index.name), sql.number(key.index.spec), "1",
                   sql.bytes(key.mbk), sql.number(key.key_class), sql.number(key.key_type),
                   sql.bytes(key.label), sql.bytes(key.id), sql.truth(key.is_private), sql.bytes(key.blob),
                   sql.bytes(operation), now, now, sql.text(doing.host)},
                  ", ");
}

// From a table of one row: not every DBMS has values without a table, or VALUES of several rows.
Change insert_one(const Dialect& sql, const StoredKey& key, const OperationId& operation, const Doing& doing,
                  bool skip_present) {
    std::string change = together(
        {insert_into_keys(sql), "select ", row_of(sql, key, operation, doing), " from cs2sim_store"});
    if (skip_present)
        change += together(
            {" where not exists (select 1 from cs2sim_key where ", where_index(sql, key.index), ")"});
    return with_audit(sql, std::move(change), rows_by_operation(sql, {operation}), doing, {});
}

}  // namespace

Transaction insert_keys(const Dialect& sql, const std::vector<StoredKey>& keys,
                        const std::vector<OperationId>& operations, const Doing& doing, bool skip_present) {
    Transaction changes;
    std::vector<std::string> rows;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (sql.plain)
            changes.push_back(insert_one(sql, keys[i], operations[i], doing, skip_present));
        else
            rows.push_back(together({"(", row_of(sql, keys[i], operations[i], doing), ")"}));
    }
    if (sql.plain) return changes;
    const std::string change = together({insert_into_keys(sql), "values ", joined(rows, ", "),
                                         skip_present ? " on conflict (grp, name, spec) do nothing" : ""});
    return {with_audit(sql, change, rows_by_operation(sql, operations), doing, {})};
}

Change update_key(const Dialect& sql, const StoredKey& key, Version expected, const Doing& doing) {
    const std::string change = together({"update cs2sim_key set ver = ver + 1, mbk = ",
                                         sql.bytes(key.mbk),
                                         ", class = ",
                                         number(key.key_class),
                                         ", key_type = ",
                                         number(key.key_type),
                                         ", label = ",
                                         sql.bytes(key.label),
                                         ", id = ",
                                         sql.bytes(key.id),
                                         ", private = ",
                                         sql.truth(key.is_private),
                                         ", ",
                                         sql.blob,
                                         " = ",
                                         sql.bytes(key.blob),
                                         ", op = ",
                                         sql.bytes(doing.operation),
                                         ", changed = ",
                                         sql.time(),
                                         ", host = ",
                                         sql.text(doing.host),
                                         " where ",
                                         where_index(sql, key.index),
                                         " and ver = ",
                                         number(expected)});
    return with_audit(sql, change, rows_by_operation(sql, {doing.operation}), doing,
                      notification_of(key.index));
}

Change erase_key(const Dialect& sql, const KeyIndex& index, Version expected, const Doing& doing) {
    const std::string row = together({where_index(sql, index), " and ver = ", number(expected)});
    // The row's own operation is gone with it: the audit's row carries that of the deletion.
    const std::string audit =
        together({"(select ", sql.bytes(doing.operation), " as op, ", sql.text(index.group), " as grp, ",
                  sql.text(index.name), " as name, ", number(index.spec), " as spec, ", number(expected),
                  " as ver", sql.plain ? " from cs2sim_store) d" : ") d"});
    const std::string change = "delete from cs2sim_key where " + row;
    if (!sql.changes_in_with) return with_audit(sql, change, audit, doing, notification_of(index));
    return {together({"with k as (", change, " returning 1) ",
                      audit_of(sql,
                               together({"k cross join ", audit, " cross join ",
                                         notify(sql, notification_of(index)), " n"}),
                               doing)})};
}

namespace {

// What the rows become, as a table v with column1 to column7: VALUES calls its columns so in both.
std::string new_seals(const Dialect& sql, const std::vector<Recrypted>& rows,
                      const std::vector<OperationId>& operations) {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < rows.size(); ++i)
        values.push_back(
            together({"(", sql.text(rows[i].index.group), ", ", sql.text(rows[i].index.name), ", ",
                      number(rows[i].index.spec), ", ", number(rows[i].version), ", ", sql.bytes(rows[i].mbk),
                      ", ", sql.bytes(rows[i].blob), ", ", sql.bytes(operations[i]), ")"}));
    return together({"(values ", joined(values, ", "), ") as v"});
}

// The same where values stand apart: a statement of so many values costs the server more to parse than to
// run, this one is always the same.
std::string new_seals_apart(const Dialect& sql, const std::vector<Recrypted>& rows,
                            const std::vector<OperationId>& operations) {
    const auto bytes = [](ByteView value) { return "\\x" + to_hex(value); };
    std::vector<std::string> groups, names, specs, versions, mbks, blobs, ops;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        groups.push_back(rows[i].index.group);
        names.push_back(rows[i].index.name);
        specs.push_back(number(rows[i].index.spec));
        versions.push_back(number(rows[i].version));
        mbks.push_back(bytes(rows[i].mbk));
        blobs.push_back(bytes(rows[i].blob));
        ops.push_back(bytes(operations[i]));
    }
    return together({"unnest(",
                     joined({sql.array(groups, "text"), sql.array(names, "text"), sql.array(specs, "bigint"),
                             sql.array(versions, "bigint"), sql.array(mbks, "bytea"),
                             sql.array(blobs, "bytea"), sql.array(ops, "bytea")},
                            ", "),
                     ") as v (column1, column2, column3, column4, column5, column6, column7)"});
}

}  // namespace

Transaction recrypt_keys(const Dialect& sql, const std::vector<Recrypted>& rows,
                         const std::vector<OperationId>& operations, const Doing& doing) {
    const auto update = [&](std::string_view mbk, std::string_view blob, std::string_view operation) {
        return together({"update cs2sim_key set ver = ver + 1, mbk = ", mbk, ", ", sql.blob, " = ", blob,
                         ", op = ", operation, ", changed = ", sql.time(),
                         ", host = ", sql.text(doing.host)});
    };
    if (sql.plain) {
        Transaction changes;
        for (std::size_t i = 0; i < rows.size(); ++i)
            changes.push_back(with_audit(
                sql,
                together({update(sql.bytes(rows[i].mbk), sql.bytes(rows[i].blob), sql.bytes(operations[i])),
                          " where ", where_index(sql, rows[i].index),
                          " and ver = ", number(rows[i].version)}),
                rows_by_operation(sql, {operations[i]}), doing, kAnyRow));
        return changes;
    }
    const std::string seals =
        sql.values ? new_seals_apart(sql, rows, operations) : new_seals(sql, rows, operations);
    const std::string change =
        together({update("v.column5", "v.column6", "v.column7"), " from ", seals,
                  " where grp = v.column1 and name = v.column2 and spec = v.column3 and ver = v.column4"});
    return {with_audit(sql, change, rows_by_operation(sql, operations), doing, kAnyRow)};
}

namespace {

std::string select_given(const Dialect& sql, std::string_view group, std::uint32_t count) {
    return together(
        {"select next_spec - ", number(count), " from cs2sim_group where grp = ", sql.text(group)});
}

}  // namespace

Change reserve_specs(const Dialect& sql, std::string_view group, std::uint32_t count) {
    const std::string from =
        sql.cheap_commit.empty() ? " where true" : together({" from ", sql.cheap_commit});
    if (sql.plain)
        return {together({"update cs2sim_group set next_spec = next_spec + ", number(count),
                          " where grp = ", sql.text(group)}),
                together({"insert into cs2sim_group (grp, next_spec) values (", sql.text(group), ", ",
                          number(std::uint64_t{count} + 1), ")"}),
                select_given(sql, group, count)};
    std::string change = together(
        {"insert into cs2sim_group (grp, next_spec) select ", sql.text(group), ", 1 + ", sql.number(count),
         from, " on conflict (grp) do update set next_spec = cs2sim_group.next_spec + ", sql.number(count)});
    if (sql.changes_return) return {together({change, " returning next_spec - ", sql.number(count)})};
    return {std::move(change), select_given(sql, group, count)};
}

Change raise_spec(const Dialect& sql, std::string_view group, std::uint32_t spec) {
    const std::string next = number(std::uint64_t{spec} + 1);
    if (sql.plain)
        return {together({"update cs2sim_group set next_spec = ", next, " where grp = ", sql.text(group),
                          " and next_spec < ", next}),
                together({"insert into cs2sim_group (grp, next_spec) select ", sql.text(group), ", ", next,
                          " from cs2sim_store where not exists (select 1 from cs2sim_group where grp = ",
                          sql.text(group), ")"})};
    return {together({"insert into cs2sim_group (grp, next_spec) values (", sql.text(group), ", ", next,
                      ") on conflict (grp) do update set next_spec = ", sql.greatest,
                      "(cs2sim_group.next_spec, excluded.next_spec)"})};
}

std::vector<std::string> statements_of(std::string_view file) {
    std::vector<std::string> all;
    std::istringstream lines{std::string(file)};
    std::string statement;
    const auto end = [&] {
        if (!statement.empty()) all.push_back(std::exchange(statement, {}));
    };
    for (std::string line; std::getline(lines, line);) {
        if (line.empty())
            end();
        else if (!line.starts_with("--"))
            statement += line + "\n";
    }
    end();
    return all;
}

}  // namespace cs2sim::keystore
