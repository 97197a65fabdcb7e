#include "firmware/cxi/group_access.h"

#include "firmware/protocol/cxi/property_list.h"
#include "firmware/protocol/pattern.h"

namespace cs2sim {
namespace {

constexpr std::string_view kAttribute = "CXI_GROUP";
constexpr std::string_view kSeparators = ",;";

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

}  // namespace

bool attributes_match_group(std::string_view attributes, std::string_view group) {
    bool of_groups = false;  // whether a part without '=' goes on with CXI_GROUP
    bool restricted = false;
    while (!attributes.empty()) {
        const std::size_t end = attributes.find_first_of(kSeparators);
        std::string_view pattern = trimmed(attributes.substr(0, end));
        attributes = end == std::string_view::npos ? std::string_view() : attributes.substr(end + 1);
        if (const std::size_t equals = pattern.find('='); equals != std::string_view::npos) {
            of_groups = trimmed(pattern.substr(0, equals)) == kAttribute;
            pattern = trimmed(pattern.substr(equals + 1));
        } else if (pattern.empty())
            continue;  // nothing between two separators
        if (!of_groups) continue;
        restricted = true;
        if (matches_pattern(pattern, group)) return true;
    }
    return !restricted && group.empty();
}

std::uint32_t group_state(const std::vector<LoggedOnUser>& users, std::string_view group) {
    std::uint32_t state = 0;
    for (const LoggedOnUser& user : users)
        if (attributes_match_group(user.attributes, group)) state = add_states(state, user.permission);
    return state;
}

}  // namespace cs2sim
