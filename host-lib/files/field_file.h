// The text of key files, share files and card files: a title line "# …" and fields NAME=value, one a line.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "firmware/crypto/secret.h"

namespace cs2sim::host {

// Views into the text it was read from.
class FieldFile {
public:
    // Nothing when a line is neither empty, nor a comment, nor a field, a field comes twice, or there are
    // more than 32. Line ends may be CRLF, blanks around names and values are ignored.
    static std::optional<FieldFile> read(ByteView text);

    // The value of a field by its name in either case; nothing when it is absent.
    std::optional<std::string_view> find(std::string_view name) const;
    bool has_title(std::string_view title) const;  // "# Key Share", in either case
    const std::vector<std::pair<std::string_view, std::string_view>>& fields() const { return fields_; }

private:
    std::vector<std::string_view> comments_;
    std::vector<std::pair<std::string_view, std::string_view>> fields_;
};

// Appends "text\n", and "NAME=value\n".
void put_line(SecretBytes& out, std::string_view text);
void put_field(SecretBytes& out, std::string_view name, ByteView value);

}  // namespace cs2sim::host
