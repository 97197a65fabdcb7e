// Specifiers that the device gives to keys without name: the next of the group, and none a second time while
// the database lives. What was given is noted under the group's term.
#pragma once

#include "firmware/cxi/keys/key_terms.h"
#include "firmware/db/database.h"

namespace cs2sim {

// Those of the objects that want one.
std::vector<KeyObject*> those_without_spec(std::initializer_list<KeyObject*> objects);

// Gives each the next one of its group. Errors: E_DB_NO_SPACE when a group has given them all; the
// database's.
Result<void> give_specs(Batch& batch, const std::vector<KeyObject*>& objects);

// A specifier is not given again, although its key may go: noted when the key comes, so that to delete one
// never wants room for a note.
Result<void> retire_spec(Batch& batch, const KeyObject& key);

}  // namespace cs2sim
