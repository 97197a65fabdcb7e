// Prepared statements of libpq. SOCI has no values but texts, so that a key's blob would go as twice as many
// digits.
#pragma once

#include <libpq-fe.h>

#include <map>
#include <memory>

#include "host-lib/keystore/drivers/prepared.h"

namespace cs2sim::keystore {

class PostgresqlStatements : public PreparedStatements {
public:
    // They end with the connection, which outlives this.
    explicit PostgresqlStatements(PGconn* connection) : connection_(connection) {}

    void execute(const std::string& sql, const Values& values) override;
    bool next() override;
    std::string_view text() const override;
    std::uint64_t affected() const override;

private:
    const std::string& prepared(const std::string& sql);
    void forget(const std::string& sql);
    void forget_all();
    void check(PGresult* answer) const;

    PGconn* connection_;
    std::map<std::string, std::string> names_;  // by their SQL
    unsigned made_ = 0;
    std::unique_ptr<PGresult, decltype(&PQclear)> answer_{nullptr, &PQclear};
    int row_ = -1;
    // Of the values, as libpq takes them; kept for their memory.
    std::vector<const char*> contents_;
    std::vector<int> sizes_, formats_;
};

}  // namespace cs2sim::keystore
