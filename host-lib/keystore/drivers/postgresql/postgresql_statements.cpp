#include "host-lib/keystore/drivers/postgresql/postgresql_statements.h"

#include <soci/postgresql/soci-postgresql.h>

#include <charconv>

namespace cs2sim::keystore {
namespace {

constexpr std::size_t kMost = 64;  // pages of every size have a statement of their own

}  // namespace

void PostgresqlStatements::check(PGresult* answer) const {
    const ExecStatusType status = PQresultStatus(answer);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return;
    const char* state = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    const char* words = answer ? PQresultErrorMessage(answer) : PQerrorMessage(connection_);
    throw soci::postgresql_soci_error(words, state ? state : "     ");
}

const std::string& PostgresqlStatements::prepared(const std::string& sql) {
    if (const auto found = names_.find(sql); found != names_.end()) return found->second;
    if (names_.size() >= kMost) forget_all();
    const std::string name = "cs2sim_" + std::to_string(++made_);
    answer_.reset(PQprepare(connection_, name.c_str(), sql.c_str(), 0, nullptr));
    check(answer_.get());
    return names_.emplace(sql, name).first->second;
}

// The server may have none of that name any more, or be gone.
void PostgresqlStatements::forget(const std::string& sql) {
    const auto found = names_.find(sql);
    if (found == names_.end()) return;
    if (PQstatus(connection_) == CONNECTION_OK)
        PQclear(PQexec(connection_, ("deallocate " + found->second).c_str()));
    names_.erase(found);
}

void PostgresqlStatements::forget_all() {
    while (!names_.empty()) forget(names_.begin()->first);
}

void PostgresqlStatements::execute(const std::string& sql, const Values& values) {
    contents_.clear();
    sizes_.clear();
    formats_.clear();
    for (const Apart& value : values) {
        contents_.push_back(value.content.c_str());
        sizes_.push_back(static_cast<int>(value.content.size()));
        formats_.push_back(value.is_bytes ? 1 : 0);
    }
    row_ = -1;
    const std::string& name = prepared(sql);
    answer_.reset(PQexecPrepared(connection_, name.c_str(), static_cast<int>(values.size()), contents_.data(),
                                 sizes_.data(), formats_.data(), 0));
    try {
        check(answer_.get());
    } catch (const soci::soci_error&) {
        answer_.reset();
        forget(sql);
        throw;
    }
}

bool PostgresqlStatements::next() { return ++row_ < PQntuples(answer_.get()); }

std::string_view PostgresqlStatements::text() const {
    return {PQgetvalue(answer_.get(), row_, 0),
            static_cast<std::size_t>(PQgetlength(answer_.get(), row_, 0))};
}

std::uint64_t PostgresqlStatements::affected() const {
    const std::string_view digits = PQcmdTuples(answer_.get());
    std::uint64_t rows = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), rows);
    return rows;
}

}  // namespace cs2sim::keystore
