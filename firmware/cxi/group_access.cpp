#include "firmware/cxi/group_access.h"

#include <algorithm>

#include "firmware/protocol/group_patterns.h"
#include "firmware/protocol/pattern.h"

namespace cs2sim {

bool attributes_match_group(std::string_view attributes, std::string_view group, bool expressions) {
    const auto patterns = group_patterns(attributes);
    if (patterns.empty()) return group.empty();
    return std::ranges::any_of(patterns, [&](std::string_view pattern) {
        return expressions ? matches_expression(pattern, group) : matches_pattern(pattern, group);
    });
}

std::uint32_t group_state(const std::vector<LoggedOnUser>& users, std::string_view group, bool expressions) {
    std::uint32_t state = 0;
    for (const LoggedOnUser& user : users)
        if (attributes_match_group(user.attributes, group, expressions))
            state = add_states(state, user.permission);
    return state;
}

}  // namespace cs2sim
