#include "host-lib/keystore/drivers/notification.h"

#include <charconv>

namespace cs2sim::keystore {

std::string notification_of(const KeyIndex& index) {
    return to_hex(as_bytes(index.group)) + "." + to_hex(as_bytes(index.name)) + "." +
           std::to_string(index.spec);
}

std::optional<KeyIndex> index_of(std::string_view notification) {
    const std::size_t first = notification.find('.');
    const std::size_t second = notification.rfind('.');
    if (first == std::string_view::npos || first == second) return std::nullopt;
    Bytes group, name;
    KeyIndex index;
    const std::string_view spec = notification.substr(second + 1);
    const auto [end, error] = std::from_chars(spec.data(), spec.data() + spec.size(), index.spec);
    if (error != std::errc() || end != spec.data() + spec.size() ||
        !from_hex(notification.substr(0, first), group) ||
        !from_hex(notification.substr(first + 1, second - first - 1), name))
        return std::nullopt;
    index.group = as_text(group);
    index.name = as_text(name);
    return index;
}

}  // namespace cs2sim::keystore
