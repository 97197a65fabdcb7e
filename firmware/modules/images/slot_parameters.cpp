#include "firmware/modules/images/slot_parameters.h"

#include <charconv>

namespace cs2sim {
namespace {

std::optional<std::uint32_t> decimal(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<SlotParameter> read_parameter(std::string_view word) {
    if (word == "u4") return SlotParameter{SlotParameter::number};
    if (word == "handle") return SlotParameter{SlotParameter::handle};
    if (word == "text") return SlotParameter{SlotParameter::text};
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    SlotParameter parameter;
    const std::string_view kind = word.substr(0, colon);
    std::string_view length = word.substr(colon + 1);
    if (kind != "in" && kind != "out" && kind != "io") return std::nullopt;
    parameter.kind = kind == "in"    ? SlotParameter::in
                     : kind == "out" ? SlotParameter::out
                                     : SlotParameter::both;
    const bool counted = length.starts_with('#');
    if (counted) length.remove_prefix(1);
    const auto value = decimal(length);
    if (!value || *value == 0) return std::nullopt;
    if (counted && *value > ModuleSlot::kMostParameters) return std::nullopt;
    if (!counted && *value > ModuleSlot::kLongestBlock) return std::nullopt;
    if (counted)
        parameter.counted_by = static_cast<std::uint8_t>(*value);
    else
        parameter.size = *value;
    return parameter;
}

// A number, or a pointer to one that the caller sets.
bool says_a_length(const SlotParameter& parameter) {
    return parameter.kind == SlotParameter::number ||
           ((parameter.kind == SlotParameter::in || parameter.kind == SlotParameter::both) &&
            parameter.counted_by == 0 && parameter.size == 4);
}

}  // namespace

std::optional<std::vector<SlotParameter>> read_parameters(std::string_view words) {
    std::vector<SlotParameter> parameters;
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        if (end != 0) {
            const auto parameter = read_parameter(words.substr(0, end));
            if (!parameter || parameters.size() == ModuleSlot::kMostParameters) return std::nullopt;
            parameters.push_back(*parameter);
        }
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    for (const SlotParameter& parameter : parameters) {
        const std::size_t counted_by = parameter.counted_by;
        if (counted_by > parameters.size()) return std::nullopt;
        if (counted_by != 0 && !says_a_length(parameters[counted_by - 1])) return std::nullopt;
    }
    return parameters;
}

Bytes encode_slots(const std::vector<ModuleSlot>& slots) {
    Bytes out;
    for (const ModuleSlot& slot : slots) {
        append_big_endian(out, slot.place, 1);
        append_big_endian(out, slot.parameters.size(), 1);
        for (const SlotParameter& parameter : slot.parameters) {
            append_big_endian(out, parameter.kind, 1);
            append_big_endian(out, parameter.counted_by, 1);
            append_big_endian(out, parameter.size, 4);
        }
    }
    return out;
}

}  // namespace cs2sim
