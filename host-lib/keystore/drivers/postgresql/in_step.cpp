#include "host-lib/keystore/drivers/postgresql/in_step.h"

#include <charconv>
#include <cstring>
#include <memory>

#include "host-lib/keystore/drivers/operation.h"
#include "host-lib/keystore/drivers/postgresql_failure.h"

namespace cs2sim::keystore {
namespace {

using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

constexpr std::string_view kNoSuchFunction = "42883";

// `process`: what gives its number. None where the server does not know the function.
tl::expected<std::optional<int>, Failure> ask(PGconn* connection, const std::string& process) {
    const std::string word = to_hex(new_operation());
    const Answer answer(PQexec(connection, ("select " + process + ", '" + word + "'").c_str()), &PQclear);
    const bool repeats = PQresultStatus(answer.get()) == PGRES_TUPLES_OK && PQntuples(answer.get()) == 1 &&
                         PQnfields(answer.get()) == 2 && word == PQgetvalue(answer.get(), 0, 1);
    if (repeats) {
        const char* const digits = PQgetvalue(answer.get(), 0, 0);
        int number = 0;
        std::from_chars(digits, digits + std::strlen(digits), number);
        return number;
    }
    const char* const field = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
    const std::string_view state = field ? field : "";
    const char* const words = PQerrorMessage(connection);
    if (PQstatus(connection) != CONNECTION_OK)
        return tl::unexpected(state.empty() ? failure_to_connect(words) : failure_of_sqlstate(state, words));
    if (state == kNoSuchFunction) return std::nullopt;
    PQclear(PQexec(connection, "select pg_terminate_backend(pg_backend_pid())"));
    return tl::unexpected(
        Failure{Trouble::lost, E_CSA_STORE_CONNECT,
                "an answer was not to what was asked, as a pooler gave a server on that owed "
                "one: the connection is given up"});
}

}  // namespace

tl::expected<std::optional<int>, Failure> process_in_step(PGconn* connection) {
    CS2SIM_TRY_LET(process, ask(connection, "pg_backend_pid()"));
    if (process) return process;
    CS2SIM_TRY(ask(connection, "0"));
    return std::nullopt;
}

}  // namespace cs2sim::keystore
