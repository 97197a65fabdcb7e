// PgBouncer in front of the tests' PostgreSQL.
#pragma once

#include "test/keystore/postgres.h"

namespace cs2sim::keystore {

class Pgbouncer {
public:
    // `mode`: session, transaction. `servers`: how many connections it holds to the server at most.
    Pgbouncer(const Postgres& server, const std::string& database, const std::string& mode,
              unsigned servers = 40);
    std::string connection() const;

private:
    scenario::Folder folder_;
    const std::string database_;
    const unsigned port_;
    PlainProcess process_;
};

}  // namespace cs2sim::keystore
