#include "host-lib/keystore/drivers/prepared.h"

#include <algorithm>

namespace cs2sim::keystore {

Prepared::Prepared(soci::session& session, const std::string& sql, std::size_t values, Gives gives)
    : statement_(session), values_(values), gives_(gives) {
    for (std::size_t i = 0; i < values_.size(); ++i)
        statement_.exchange(soci::use(values_[i], "v" + std::to_string(i + 1)));
    if (gives == Gives::text) statement_.exchange(soci::into(text_));
    if (gives == Gives::number) statement_.exchange(soci::into(number_));
    statement_.alloc();
    statement_.prepare(sql, soci::details::st_repeatable_query);
    statement_.define_and_bind();
}

void Prepared::execute(const Values& values) {
    std::ranges::copy(values, values_.begin());
    statement_.execute(gives_ == Gives::nothing);
}

std::uint64_t Prepared::affected() {
    return static_cast<std::uint64_t>(std::max(0LL, statement_.get_affected_rows()));
}

Prepared& PreparedStatements::execute(const std::string& sql, const Values& values, Prepared::Gives gives) {
    constexpr std::size_t kMost = 64;  // pages of every size have a statement of their own
    auto found = statements_.find(sql);
    if (found == statements_.end() && statements_.size() >= kMost) statements_.clear();
    if (found == statements_.end())
        found =
            statements_.emplace(sql, std::make_unique<Prepared>(session_, sql, values.size(), gives)).first;
    try {
        found->second->execute(values);
    } catch (const soci::soci_error&) {
        statements_.erase(found);
        throw;
    }
    return *found->second;
}

}  // namespace cs2sim::keystore
