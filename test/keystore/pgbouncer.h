// PgBouncer in front of the tests' PostgreSQL.
#pragma once

#include "test/keystore/postgres.h"

namespace cs2sim::keystore {

class Pgbouncer {
public:
    // `mode`: session, transaction.
    Pgbouncer(const Postgres& server, const std::string& database, const std::string& mode);
    std::string connection() const;

private:
    scenario::Folder folder_;
    const std::string database_;
    const unsigned port_;
    PlainProcess process_;
};

}  // namespace cs2sim::keystore
