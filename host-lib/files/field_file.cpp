#include "host-lib/files/field_file.h"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>

namespace cs2sim::host {
namespace {

constexpr std::size_t kMostFields = 32;

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

std::optional<FieldFile> FieldFile::read(ByteView bytes) {
    std::string_view rest = as_text(bytes);
    FieldFile file;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = trim(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.empty()) continue;
        if (line.front() == '#') {
            file.comments_.push_back(line);
            continue;
        }
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const std::string_view name = trim(line.substr(0, equals));
        if (name.empty() || file.find(name) || file.fields_.size() == kMostFields) return std::nullopt;
        file.fields_.emplace_back(name, trim(line.substr(equals + 1)));
    }
    return file;
}

std::optional<std::string_view> FieldFile::find(std::string_view name) const {
    for (const auto& [field, value] : fields_)
        if (boost::algorithm::iequals(field, name)) return value;
    return std::nullopt;
}

bool FieldFile::has_title(std::string_view title) const {
    return std::ranges::any_of(
        comments_, [&](std::string_view comment) { return boost::algorithm::iequals(comment, title); });
}

void put_line(SecretBytes& out, std::string_view text) {
    out.insert(out.end(), text.begin(), text.end());
    out.push_back('\n');
}

void put_field(SecretBytes& out, std::string_view name, ByteView value) {
    out.insert(out.end(), name.begin(), name.end());
    out.push_back('=');
    out.insert(out.end(), value.begin(), value.end());
    out.push_back('\n');
}

}  // namespace cs2sim::host
