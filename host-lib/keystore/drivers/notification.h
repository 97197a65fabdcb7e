// What stores tell each other when rows change, where a database carries it (PostgreSQL's NOTIFY).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host-lib/keystore/key_store.h"

namespace cs2sim::keystore {

// What a notification says, and back: empty for "any row".
std::string notification_of(const KeyIndex& index);
std::optional<KeyIndex> index_of(std::string_view notification);
inline constexpr std::string_view kChannel = "cs2sim_key";
inline constexpr std::string_view kAnyRow = "*";

}  // namespace cs2sim::keystore
