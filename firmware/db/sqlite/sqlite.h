// Thin RAII over SQLite: one connection used by one thread at a time. Results are SQLite's own codes; each
// caller maps them to its module's codes.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "firmware/protocol/bytes.h"

namespace cs2sim {

// How SQLite is to use memory in this process: no more of it than what its connections need. Counts only
// before the first connection is opened.
void start_sqlite();

struct SqliteFree {
    void operator()(sqlite3* p) const { sqlite3_close_v2(p); }
    void operator()(sqlite3_stmt* p) const { sqlite3_finalize(p); }
};

// A prepared statement, to be used again and again. Must not outlive its connection.
class Statement {
public:
    Statement() = default;
    Statement(sqlite3* connection, std::string_view sql);  // ready() tells whether it could be prepared

    bool ready() const { return handle_ != nullptr; }

    // Parameters count from 1. Bound bytes are not copied: they must live until reset().
    Statement& bind(int parameter, ByteView bytes);
    Statement& bind(int parameter, std::int64_t number);

    int step();  // SQLITE_ROW, SQLITE_DONE or an error
    void reset();

    // Columns count from 0. The view lives until the next step() or reset().
    ByteView bytes(int column) const;
    std::int64_t number(int column) const;

private:
    std::unique_ptr<sqlite3_stmt, SqliteFree> handle_;
};

class Sqlite {
public:
    // Opens with SQLITE_OPEN_NOMUTEX and the given further flags. On failure the object stays closed. `vfs`:
    // of SQLite's ways to use files; null: its usual one.
    int open(const std::filesystem::path& file, int flags, const char* vfs = nullptr);
    void close() { handle_.reset(); }

    sqlite3* get() const { return handle_.get(); }
    int run(const char* sql);  // statements without parameters and without results
    int error() const;         // the extended code of the last failure

private:
    std::unique_ptr<sqlite3, SqliteFree> handle_;
};

}  // namespace cs2sim
