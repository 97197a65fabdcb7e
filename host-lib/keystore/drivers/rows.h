// Rows as they come from a database, which is not trusted: checked and put into the forms of the door.
#pragma once

#include "host-lib/keystore/drivers/connection.h"

namespace cs2sim::keystore {

// Runs a statement of select_keys() that asks for one row more than `limit`. Rows that cannot be keys are
// left out and told: a row of another's must not hide the others.
// `values`: those that stand apart from the SQL (Dialect::with), here as below.
Page read_keys(Connection& connection, const std::string& sql, std::size_t limit, bool blobs, const Say& say,
               const Values& values = {});
std::vector<AuditRow> read_audit(Connection& connection, const std::string& sql);
std::vector<std::pair<MbkHash, std::uint64_t>> read_mbks(Connection& connection);

// One number, or none when there is no row; two of the first row; one text.
std::optional<std::uint64_t> read_number(Connection& connection, const std::string& sql,
                                         const Values& values = {});
std::pair<std::uint64_t, std::uint64_t> read_two_numbers(Connection& connection, const std::string& sql);
std::string read_one_text(Connection& connection, const std::string& sql);
// How many rows it changed.
std::uint64_t run(Connection& connection, const std::string& sql, const Values& values = {});

}  // namespace cs2sim::keystore
