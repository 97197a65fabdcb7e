#include "host-lib/keystore/drivers/rows.h"

#include <algorithm>
#include <charconv>

#include "host-lib/keystore/drivers/statements.h"
#include "host-lib/keystore/printed.h"

namespace cs2sim::keystore {
namespace {

using soci::into;

// A statement sent once, without the round trips of a prepared one.
class Once {
public:
    Once(Connection& connection, const std::string& sql) : statement_(connection.session()), sql_(sql) {}
    template <class... Into>
    Once& columns(Into&... targets) {
        (statement_.exchange(into(targets)), ...);
        return *this;
    }
    // A statement that gives rows is run with the first next(), others at once.
    void run(bool rows = true) {
        statement_.alloc();
        statement_.prepare(sql_, soci::details::st_one_time_query);
        statement_.define_and_bind();
        statement_.execute(!rows);
    }
    bool next() { return statement_.fetch(); }
    std::uint64_t affected() {
        return static_cast<std::uint64_t>(std::max(0LL, statement_.get_affected_rows()));
    }

private:
    soci::statement statement_;
    const std::string& sql_;
};

// The rows of a Dialect::select_lines() of so many expressions.
class Lines {
public:
    Lines(Connection& connection, const std::string& sql, std::size_t expressions, const Values& values = {})
        : once_(connection, sql), pieces_(connection.dialect().in_pieces()) {
        if (connection.dialect().plain) {
            columns_.resize(expressions);
            for (std::string& column : columns_) once_.columns(column);
            once_.run();
        } else if (!values.empty()) {
            prepared_ = connection.prepared();
            prepared_->execute(sql, values);
        } else {
            if (pieces_)
                once_.columns(row_, text_);
            else
                once_.columns(text_);
            once_.run();
        }
        more_ = next_row();
    }

    // The row's values, until the next call; none behind the last row.
    const std::vector<std::string_view>* next() {
        if (!more_) return nullptr;
        if (!columns_.empty()) return next_of_columns();
        line_ = text();
        for (const long long row = row_; (more_ = next_row()) && pieces_ && row_ == row;) line_ += text();
        values_.clear();
        for (std::string_view rest = line_;;) {
            const std::size_t end = rest.find('|');
            values_.push_back(rest.substr(0, end));
            if (end == rest.npos) return &values_;
            rest.remove_prefix(end + 1);
        }
    }

private:
    const std::vector<std::string_view>* next_of_columns() {
        texts_ = columns_;
        more_ = next_row();
        values_.assign(texts_.begin(), texts_.end());
        return &values_;
    }
    bool next_row() { return prepared_ ? prepared_->next() : once_.next(); }
    std::string_view text() const { return prepared_ ? prepared_->text() : text_; }

    Once once_;
    PreparedStatements* prepared_ = nullptr;
    const bool pieces_;
    long long row_ = 0;
    std::string text_, line_;
    std::vector<std::string> columns_, texts_;  // of a plain dialect: as they are fetched, the row before
    bool more_ = false;
    std::vector<std::string_view> values_;
};

template <class Number>
bool take(std::string_view digits, Number& number) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc() && end == digits.data() + digits.size();
}

template <std::size_t Size>
bool take(std::string_view hex, std::array<std::uint8_t, Size>& out) {
    Bytes bytes;
    if (!from_hex(hex, bytes) || bytes.size() != Size) return false;
    std::ranges::copy(bytes, out.begin());
    return true;
}

bool take(std::string_view hex, std::string& out, std::size_t most) {
    Bytes bytes;
    if (!from_hex(hex, bytes) || bytes.size() > most) return false;
    out = as_text(bytes);
    return true;
}

bool take(std::string_view hex, Bytes& out, std::size_t most) {
    return from_hex(hex, out) && out.size() <= most;
}

using Columns = std::vector<std::string_view>;

bool take_index(const Columns& row, std::size_t first, KeyIndex& index, std::size_t most = kLongestName) {
    return row.size() > first + 2 && take(row[first], index.group, most) &&
           take(row[first + 1], index.name, most) && take(row[first + 2], index.spec);
}

constexpr std::size_t kAnyLength =
    static_cast<std::size_t>(-1);  // names that are too long, but have an order

// In the order of select_keys().
constexpr std::size_t kKeyValues = 14;
std::optional<StoredKey> key_of(const Columns& row, bool blobs) {
    StoredKey key;
    const bool fits = take_index(row, 0, key.index) && take(row[3], key.version) && take(row[4], key.mbk) &&
                      take(row[5], key.key_class) && take(row[6], key.key_type) &&
                      take(row[7], key.label, kLongestAttribute) && take(row[8], key.id, kLongestAttribute) &&
                      take(row[12], key.host, kLongestName) && take(row[13], key.blob, kLongestBlob) &&
                      key.blob.empty() != blobs;
    if (!fits) return std::nullopt;
    key.is_private = row[9] != "0";
    key.created = row[10];
    key.changed = row[11];
    return key;
}

std::uint64_t unsigned_of(long long number) { return number < 0 ? 0 : static_cast<std::uint64_t>(number); }

}  // namespace

Page read_keys(Connection& connection, const std::string& sql, std::size_t limit, bool blobs, const Say& say,
               const Values& values) {
    Lines lines(connection, sql, kKeyValues, values);
    Page page;
    std::size_t rows = 0, bad_before_last = 0;
    while (const Columns* row = lines.next()) {
        page.more = rows++ == limit;
        if (page.more) break;
        KeyIndex index;
        const bool is_place = take_index(*row, 0, index, kAnyLength);
        auto key = row->size() == kKeyValues ? key_of(*row, blobs) : std::nullopt;
        if (key)
            page.keys.push_back(std::move(*key));
        else
            page.bad.push_back(index);
        if (!is_place) continue;
        page.last = std::move(index);
        bad_before_last = page.bad.size();
    }
    // The next page begins with them.
    if (page.more) page.bad.resize(bad_before_last);
    for (const KeyIndex& index : page.bad)
        if (say) say("a row of the key store is no key: " + title(index));
    return page;
}

std::vector<AuditRow> read_audit(Connection& connection, const std::string& sql) {
    constexpr std::size_t kAuditValues = 8;
    Lines lines(connection, sql, kAuditValues);
    std::vector<AuditRow> rows;
    while (const Columns* row = lines.next()) {
        AuditRow audit;
        const bool fits = row->size() == kAuditValues && take((*row)[1], audit.host, kLongestName) &&
                          take((*row)[2], audit.operation) && take((*row)[3], audit.act, kLongestName) &&
                          take_index(*row, 4, audit.index) && take((*row)[7], audit.version);
        if (!fits) continue;
        audit.at = (*row)[0];
        rows.push_back(std::move(audit));
    }
    return rows;
}

std::vector<std::pair<MbkHash, std::uint64_t>> read_mbks(Connection& connection) {
    Lines lines(connection, select_mbks(connection.dialect()), 2);
    std::vector<std::pair<MbkHash, std::uint64_t>> all;
    while (const Columns* row = lines.next()) {
        MbkHash mbk{};
        std::uint64_t keys = 0;
        if (row->size() == 2 && take((*row)[0], mbk) && take((*row)[1], keys)) all.emplace_back(mbk, keys);
    }
    return all;
}

std::optional<std::uint64_t> read_number(Connection& connection, const std::string& sql,
                                         const Values& values) {
    if (!values.empty()) {
        PreparedStatements& prepared = *connection.prepared();
        prepared.execute(sql, values);
        long long found = 0;
        if (!prepared.next() || !take(prepared.text(), found)) return std::nullopt;
        return unsigned_of(found);
    }
    long long number = 0;
    Once once(connection, sql);
    once.columns(number).run();
    if (!once.next()) return std::nullopt;
    return unsigned_of(number);
}

std::pair<std::uint64_t, std::uint64_t> read_two_numbers(Connection& connection, const std::string& sql) {
    long long first = 0, second = 0;
    Once once(connection, sql);
    once.columns(first, second).run();
    if (!once.next()) return {};
    return {unsigned_of(first), unsigned_of(second)};
}

std::string read_one_text(Connection& connection, const std::string& sql) {
    std::string text;
    Once once(connection, sql);
    once.columns(text).run();
    if (!once.next()) text.clear();
    return text;
}

std::uint64_t run(Connection& connection, const std::string& sql, const Values& values) {
    if (!values.empty()) {
        connection.prepared()->execute(sql, values);
        return connection.prepared()->affected();
    }
    Once once(connection, sql);
    once.run(false);
    return once.affected();
}

}  // namespace cs2sim::keystore
