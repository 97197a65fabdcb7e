// Where external keys are kept: what KeyStorageType and KeyStorageConfig of a configuration file, or a tool's
// KeyStore=URL, say (reference/pkcs11-facts.md, section 1).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "firmware/protocol/error.h"

namespace cs2sim::keystore {

enum class Kind : std::uint8_t { sqlite, postgresql, odbc };

// One line for a log or an operator: no full stop, never a password. May be empty: nobody listens.
using Say = std::function<void(std::string_view line)>;

struct KeyStorage {
    Kind kind = Kind::sqlite;
    // sqlite: path of the file. postgresql: libpq's "host=… dbname=…" or a URL. odbc: a connection string.
    std::string connection;
    unsigned reconnect = 3;  // KeyStorageReconnect: attempts to connect again before a call fails
    unsigned pool = 4;       // KeyStoragePool (ours): connections of this process at most
    std::chrono::milliseconds connection_timeout{5000};
    std::chrono::milliseconds command_timeout{60000};
    std::chrono::milliseconds busy_timeout{5000};  // SQLite: how long another writer is waited for
};

// KeyStorageType and KeyStorageConfig. Types, in any case: `Legacy` (ours: an SQLite file at that path) and
// `odbc` as in the vendor's file; ours: `sqlite`, `postgresql`. Nothing is opened: a file that is no SQLite
// database is refused by the store's first call. Error: E_CSA_STORE_CONFIG (type unknown, connection empty;
// for Legacy and sqlite: what is there is no file); `say` tells which.
Result<KeyStorage> parse_key_storage(std::string_view type, std::string_view config, const Say& say = {});

// What tools take: `postgresql://…`, `postgres://…`, `odbc:CONNECTION-STRING`, `sqlite:PATH`, a libpq string
// (holds `host=`, `dbname=` or `service=`), else a path. Errors as above.
Result<KeyStorage> parse_key_store_url(std::string_view url, const Say& say = {});

// The connection as it may be printed: passwords (password=, PWD=, user:secret@) are replaced by `***`.
std::string shown(const KeyStorage& storage);

}  // namespace cs2sim::keystore
