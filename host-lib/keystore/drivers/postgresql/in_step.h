// Whether a connection's answers are to what was asked. A pooler may give a server on that still owes an
// answer, so that each is to a question before, as long as the connection lasts: PgBouncer (1.18.0 seen,
// 1.24.1 reads alike) takes a notification for the end of its reset.
#pragma once

#include <libpq-fe.h>

#include <optional>

#include "host-lib/keystore/drivers/connection.h"

namespace cs2sim::keystore {

// Asks which process serves, and for the repetition of a word that nobody said before: when it comes, all
// that was owed before has come, too. No process from a server that does not know the function. What is
// out of step is lost, and its server's process is asked to end, so that nobody else is given it.
tl::expected<std::optional<int>, Failure> process_in_step(PGconn* connection);

}  // namespace cs2sim::keystore
