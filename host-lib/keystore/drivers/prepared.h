// Statements that a connection keeps prepared: planned once, their values apart from the SQL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cs2sim::keystore {

// A value apart from the SQL: as the DBMS reads it from text, or bytes as they are.
struct Apart {
    std::string content;
    bool is_bytes = false;
};
// In the order of their placeholders.
using Values = std::vector<Apart>;

// Those of one connection. Their SQL has no values in it, so there are few; when there are many after all,
// they begin anew.
class PreparedStatements {
public:
    virtual ~PreparedStatements() = default;

    // Throws SOCI's errors; a statement that failed is forgotten. What follows is of the last one executed.
    virtual void execute(const std::string& sql, const Values& values) = 0;
    virtual bool next() = 0;                    // a row; the first with the first call
    virtual std::string_view text() const = 0;  // in the row's one column
    virtual std::uint64_t affected() const = 0;
};

}  // namespace cs2sim::keystore
