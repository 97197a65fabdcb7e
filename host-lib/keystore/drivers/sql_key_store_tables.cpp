// Tables of a store: whether they are there and of which version, and how they are made.
#include "host-lib/keystore/drivers/rows.h"
#include "host-lib/keystore/drivers/sql_key_store.h"

namespace cs2sim::keystore {

std::optional<std::uint32_t> SqlKeyStore::schema_of(Connection& connection) {
    try {
        const auto version = read_number(connection, "select version from cs2sim_store");
        if (!version) return std::nullopt;
        return static_cast<std::uint32_t>(*version);
    } catch (const soci::soci_error& error) {
        if (connection.classify(error).code == E_CSA_STORE_SCHEMA) return std::nullopt;
        throw;
    }
}

tl::expected<void, Failure> SqlKeyStore::check_tables(Connection& connection) {
    const auto refused = [&](const std::string& words) {
        return tl::unexpected(Failure{Trouble::refused, E_CSA_STORE_SCHEMA, words});
    };
    try {
        auto version = schema_of(connection);
        if (!version && driver_->makes_tables()) {
            CS2SIM_TRY(make_tables(connection));
            version = schema_of(connection);
        }
        const std::string url = (storage_.kind == Kind::odbc ? "'odbc:" : "'") + shown(storage_) + "'";
        if (!version)
            return refused("the key store has no tables: make them with `cs2sim keystore init " + url + "`");
        if (*version > kSchemaVersion)
            return refused("the key store's tables are of version " + std::to_string(*version) +
                           ", this cs2sim knows up to " + std::to_string(kSchemaVersion));
        if (*version < kSchemaVersion)
            return refused("the key store's tables are of the old version " + std::to_string(*version) +
                           ": bring them up to date with `cs2sim keystore migrate " + url + "`");
        return {};
    } catch (const soci::soci_error& error) {
        return tl::unexpected(connection.classify(error));
    }
}

tl::expected<void, Failure> SqlKeyStore::make_tables(Connection& connection) {
    try {
        connection.begin();
        for (const std::string& statement : statements_of(connection.dialect().schema))
            run(connection, statement);
        connection.commit();
        return {};
    } catch (const soci::soci_error& error) {
        const Failure failure = connection.classify(error);
        if (failure.trouble != Trouble::lost) connection.rollback();
        return tl::unexpected(failure);
    }
}

// Whoever may make tables need not be one who may make roles: the store works without them.
void SqlKeyStore::make_roles(Connection& connection) {
    for (const std::string& statement : statements_of(connection.dialect().roles)) {
        try {
            run(connection, statement);
        } catch (const soci::soci_error& error) {
            tell("the roles were not made, have one who may run postgresql-roles.sql: " +
                 connection.classify(error).words);
            return;
        }
    }
}

Result<void> SqlKeyStore::with_bare_connection(
    const std::function<tl::expected<void, Failure>(Connection&)>& work) {
    const Clock::time_point deadline = Clock::now() + storage_.command_timeout;
    auto connection = driver_->connect(deadline);
    tl::expected<void, Failure> done;
    if (connection) {
        (*connection)->arm(deadline);
        try {
            done = work(**connection);
        } catch (const soci::soci_error& error) {
            done = tl::unexpected((*connection)->classify(error));
        }
        (*connection)->disarm();
        if (!done && (*connection)->fired()) done = tl::unexpected(no_answer_in_time());
    }
    if (connection && done) return {};
    const Failure& failure = connection ? done.error() : connection.error();
    tell(failure);
    return fail(failure.code);
}

Result<void> SqlKeyStore::init() {
    return with_bare_connection([&](Connection& connection) -> tl::expected<void, Failure> {
        const auto version = schema_of(connection);
        if (!version) {
            CS2SIM_TRY(make_tables(connection));
        }
        auto fit = check_tables(connection);
        if (fit) make_roles(connection);
        return fit;
    });
}

Result<void> SqlKeyStore::migrate() {
    return with_bare_connection([&](Connection& connection) -> tl::expected<void, Failure> {
        const auto version = schema_of(connection);
        if (!version || *version >= kSchemaVersion) return check_tables(connection);
        // Steps from each version to the next will stand here; 1 is the first there ever was.
        return tl::unexpected(Failure{Trouble::refused, E_CSA_STORE_SCHEMA,
                                      "no way leads from tables of version " + std::to_string(*version)});
    });
}

}  // namespace cs2sim::keystore
