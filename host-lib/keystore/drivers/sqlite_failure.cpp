#include "host-lib/keystore/drivers/sqlite_failure.h"

#include <sqlite3.h>

namespace cs2sim::keystore {

Failure failure_of_sqlite(int result, const std::string& words) {
    if (words.find("no such table") != words.npos || words.find("no such column") != words.npos)
        return {Trouble::refused, E_CSA_STORE_SCHEMA, words};
    switch (result & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {Trouble::again, E_CSA_STORE_TIMEOUT, words};
        case SQLITE_FULL:
            return {Trouble::refused, E_CSA_STORE_FULL, words};
        case SQLITE_READONLY:
        case SQLITE_PERM:
            return {Trouble::refused, E_CSA_STORE_READ_ONLY, words};
        case SQLITE_CANTOPEN:
            return {Trouble::refused, E_CSA_STORE_CONNECT, words};
        case SQLITE_CONSTRAINT:
            return {Trouble::present, E_DB_EXISTS, words};
        case SQLITE_NOTADB:
            return {Trouble::refused, E_CSA_STORE_CONFIG, words};
        case SQLITE_INTERRUPT:
            return {Trouble::refused, E_CSA_STORE_TIMEOUT, words};
        default:
            return {Trouble::refused, E_CSA_STORE_FAILED, words};
    }
}

}  // namespace cs2sim::keystore
