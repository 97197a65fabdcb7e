#include "host-lib/keystore/drivers/postgresql_failure.h"

#include <algorithm>
#include <regex>

namespace cs2sim::keystore {
namespace {

struct StateRow {
    std::string_view sqlstate;  // the whole of it, or its class
    Trouble trouble;
    std::uint32_t code;
};

// The first that fits counts.
constexpr StateRow kStates[] = {
    {"23505", Trouble::present, E_DB_EXISTS},
    {"40001", Trouble::again, E_CSA_STORE_TIMEOUT},  // serialization failure
    {"40P01", Trouble::again, E_CSA_STORE_TIMEOUT},  // deadlock
    {"55P03", Trouble::again, E_CSA_STORE_TIMEOUT},  // lock not available
    {"53300", Trouble::waits, E_CSA_STORE_CONNECT},  // too many connections
    {"57P03", Trouble::waits, E_CSA_STORE_CONNECT},  // starting up, shutting down
    {"57P01", Trouble::lost, E_CSA_STORE_CONNECT},   // ended by the administrator
    {"57P02", Trouble::lost, E_CSA_STORE_CONNECT},   // crashed
    {"57P05", Trouble::lost, E_CSA_STORE_CONNECT},   // idle for too long
    {"08", Trouble::lost, E_CSA_STORE_CONNECT},
    {"57014", Trouble::refused, E_CSA_STORE_TIMEOUT},  // cancelled
    {"28", Trouble::refused, E_CSA_STORE_LOGON},
    {"3D000", Trouble::refused, E_CSA_STORE_LOGON},  // no such database
    {"42501", Trouble::refused, E_CSA_STORE_READ_ONLY},
    {"25006", Trouble::refused, E_CSA_STORE_READ_ONLY},  // read-only transaction
    {"53100", Trouble::refused, E_CSA_STORE_FULL},
    {"42P01", Trouble::refused, E_CSA_STORE_SCHEMA},  // no such table
    {"42703", Trouble::refused, E_CSA_STORE_SCHEMA},  // no such column
    {"3F000", Trouble::refused, E_CSA_STORE_SCHEMA},
};

struct PhraseRow {
    std::string_view phrase;
    Trouble trouble;
    std::uint32_t code;
};

// libpq's own words (fe-connect.c, fe-secure-openssl.c, fe-secure-common.c).
constexpr PhraseRow kPhrases[] = {
    {"certificate", Trouble::refused, E_CSA_STORE_TLS},
    {"SSL", Trouble::refused, E_CSA_STORE_TLS},
    {"could not translate host name", Trouble::refused, E_CSA_STORE_CONNECT},
    {"no password supplied", Trouble::refused, E_CSA_STORE_LOGON},
    // A server's words in English, where an ODBC driver passes no SQLSTATE on.
    {"authentication failed", Trouble::refused, E_CSA_STORE_LOGON},
    {"does not exist", Trouble::refused, E_CSA_STORE_LOGON},
    {"no pg_hba.conf entry", Trouble::refused, E_CSA_STORE_LOGON},
    {"too many clients", Trouble::waits, E_CSA_STORE_CONNECT},
    {"remaining connection slots", Trouble::waits, E_CSA_STORE_CONNECT},
    {"invalid connection option", Trouble::refused, E_CSA_STORE_CONFIG},
    {"missing \"=\"", Trouble::refused, E_CSA_STORE_CONFIG},
    {"invalid URI", Trouble::refused, E_CSA_STORE_CONFIG},
    {"invalid percent-encoded", Trouble::refused, E_CSA_STORE_CONFIG},
    {"invalid port number", Trouble::refused, E_CSA_STORE_CONFIG},
    {"invalid integer value", Trouble::refused, E_CSA_STORE_CONFIG},
    {"definition of service", Trouble::refused, E_CSA_STORE_CONFIG},
    {"unterminated quoted string", Trouble::refused, E_CSA_STORE_CONFIG},
};

std::string one_line(std::string words) {
    std::ranges::replace(words, '\n', ' ');
    words.erase(words.find_last_not_of(' ') + 1);
    return words;
}

}  // namespace

Failure failure_of_sqlstate(std::string_view sqlstate, std::string words) {
    Failure failure{Trouble::refused, E_CSA_STORE_FAILED, one_line(std::move(words))};
    for (const StateRow& row : kStates)
        if (sqlstate.starts_with(row.sqlstate)) {
            failure.trouble = row.trouble;
            failure.code = row.code;
            break;
        }
    return failure;
}

Failure failure_to_connect(const std::string& words) {
    static const std::regex state("(?:FATAL|ERROR|PANIC): +([0-9A-Z]{5})\\b");
    std::smatch found;
    if (std::regex_search(words, found, state)) {
        Failure failure = failure_of_sqlstate(found[1].str(), words);
        if (failure.code == E_CSA_STORE_READ_ONLY) failure.code = E_CSA_STORE_LOGON;  // may not even connect
        return failure;
    }
    for (const PhraseRow& row : kPhrases)
        if (words.find(row.phrase) != std::string::npos) return {row.trouble, row.code, one_line(words)};
    return {Trouble::lost, E_CSA_STORE_CONNECT, one_line(words)};
}

}  // namespace cs2sim::keystore
