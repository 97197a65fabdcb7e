// The statements of a store in SQL, composed of a dialect and values. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "host-lib/keystore/drivers/dialect.h"
#include "host-lib/keystore/key_store.h"

namespace cs2sim::keystore {

// Statements that are one change: run in one transaction, the first one's count of rows is what the change
// did. The others run only when it is not 0.
using Change = std::vector<std::string>;
// Several changes that are one.
using Transaction = std::vector<Change>;

// What an audit row and a key's row say of who did it.
struct Doing {
    OperationId operation{};
    std::string host;
    std::string_view act;
};

std::string select_keys(const Dialect& dialect, const Filter& filter, const KeyIndex* from, Match match,
                        std::size_t limit, bool blobs);
std::string select_count(const Dialect& dialect, const Filter& filter);
std::string select_version(const Dialect& dialect, const KeyIndex& index);
std::string select_audit(const Dialect& dialect, std::size_t limit);
std::string select_mbks(const Dialect& dialect);  // hash and number of keys, the 100 most frequent

// Rows (of key and of audit) that carry one of these operations: their number and highest version.
std::string select_outcome(const Dialect& dialect, std::string_view table,
                           const std::vector<OperationId>& operations);

Transaction insert_keys(const Dialect& dialect, const std::vector<StoredKey>& keys,
                        const std::vector<OperationId>& operations, const Doing& doing, bool skip_present);
Change update_key(const Dialect& dialect, const StoredKey& key, Version expected, const Doing& doing);
Change erase_key(const Dialect& dialect, const KeyIndex& index, Version expected, const Doing& doing);
Transaction recrypt_keys(const Dialect& dialect, const std::vector<Recrypted>& rows,
                         const std::vector<OperationId>& operations, const Doing& doing);

// Statements in one transaction, the last of which gives the first of `count` specifiers. Of three the second
// is for when the first changed nothing.
Change reserve_specs(const Dialect& dialect, std::string_view group, std::uint32_t count);
// Nobody gets specifiers up to `spec` from there on. All of the statements are run.
Change raise_spec(const Dialect& dialect, std::string_view group, std::uint32_t spec);

// The single statements of a file whose statements are apart by empty lines.
std::vector<std::string> statements_of(std::string_view file);

}  // namespace cs2sim::keystore
