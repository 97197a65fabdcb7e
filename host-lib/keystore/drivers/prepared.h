// A statement that a connection keeps prepared: planned once, its values apart from the SQL.
#pragma once

#include <soci/soci.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cs2sim::keystore {

// In the order of their placeholders, as the DBMS reads them from text.
using Values = std::vector<std::string>;

class Prepared {
public:
    enum class Gives : std::uint8_t { nothing, text, number };  // in the one column of a row

    Prepared(soci::session& session, const std::string& sql, std::size_t values, Gives gives);
    Prepared(const Prepared&) = delete;

    // A statement that gives rows has the first with the first next().
    void execute(const Values& values);
    bool next() { return statement_.fetch(); }
    const std::string& text() const { return text_; }
    long long number() const { return number_; }
    std::uint64_t affected();

private:
    soci::statement statement_;
    Values values_;  // what the statement is bound to
    std::string text_;
    long long number_ = 0;
    const Gives gives_;
};

// Those of one connection. Their SQL has no values in it, so there are few; when there are many after all,
// they begin anew.
class PreparedStatements {
public:
    explicit PreparedStatements(soci::session& session) : session_(session) {}
    // Executed with the values; valid until the next call. One that failed is forgotten.
    Prepared& execute(const std::string& sql, const Values& values, Prepared::Gives gives);

private:
    soci::session& session_;
    std::map<std::string, std::unique_ptr<Prepared>> statements_;
};

}  // namespace cs2sim::keystore
