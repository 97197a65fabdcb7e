// Layouts: how the fields of a block follow one another. A layout is text, read when the program is built: a
// malformed one does not compile.
//
//   u1 u2 u4 u8   big-endian number of that many bytes
//   b8, b16, …    exactly that many bytes
//   v2, v4        2- or 4-byte big-endian length, then the bytes (device-formats.md, section 1.1)
//   *             the rest of the block; last field only
//   name!:type    the field is secret: traces mask it
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cs2sim {

class Layout {
public:
    static constexpr std::size_t kMostFields = 20;

    struct Field {
        std::uint16_t begin = 0;  // of the name in the text
        std::uint8_t name_size = 0;
        bool secret = false;
        char kind = 0;  // 'u', 'b', 'v' or '*'
        std::uint8_t width = 0;
    };

    // Fields apart by blanks, each `name:type`; "" is the layout of an empty block. A malformed text does not
    // compile.
    consteval Layout(const char* text) : text_(text) {
        if (!read()) malformed_layout();
    }
    // One that comes with a module at run time; nothing when it is malformed. `text` must outlive it.
    static constexpr std::optional<Layout> from(std::string_view text) {
        Layout layout;
        layout.text_ = text;
        if (!layout.read()) return std::nullopt;
        return layout;
    }

    constexpr std::string_view text() const { return text_; }
    constexpr std::size_t size() const { return count_; }
    constexpr const Field* begin() const { return fields_.data(); }
    constexpr const Field* end() const { return fields_.data() + count_; }
    constexpr const Field& operator[](std::size_t at) const { return fields_[at]; }
    constexpr std::string_view name(const Field& field) const {
        return text_.substr(field.begin, field.name_size);
    }
    // Number of the field of that name, size() when there is none.
    constexpr std::size_t find(std::string_view wanted) const {
        std::size_t at = 0;
        while (at < count_ && name(fields_[at]) != wanted) ++at;
        return at;
    }
    constexpr bool has_secrets() const {
        for (const Field& field : *this)
            if (field.secret) return true;
        return false;
    }

private:
    constexpr Layout() = default;
    static void malformed_layout() {}  // no constant expression: the compiler names its caller

    constexpr bool read() {
        for (std::size_t at = 0; at < text_.size();) {
            const std::size_t end = std::min(text_.find(' ', at), text_.size());
            if (count_ == kMostFields || (count_ != 0 && fields_[count_ - 1].kind == '*')) return false;
            if (!read_field(fields_[count_], at, end)) return false;
            ++count_;
            at = end + 1;
        }
        return true;
    }

    constexpr bool read_field(Field& field, std::size_t at, std::size_t end) const {
        const std::string_view token = text_.substr(at, end - at);
        const std::size_t colon = token.find(':');
        if (colon == std::string_view::npos || colon == 0 || colon > 255 || colon + 1 == token.size())
            return false;
        field.begin = static_cast<std::uint16_t>(at);
        field.secret = token[colon - 1] == '!';
        field.name_size = static_cast<std::uint8_t>(colon - (field.secret ? 1 : 0));
        field.kind = token[colon + 1];
        unsigned width = 0;
        for (const char digit : token.substr(colon + 2)) {
            if (digit < '0' || digit > '9' || width > 255) return false;
            width = width * 10 + static_cast<unsigned>(digit - '0');
        }
        field.width = static_cast<std::uint8_t>(width);
        switch (field.kind) {
            case '*':
                return width == 0;
            case 'u':
                return width == 1 || width == 2 || width == 4 || width == 8;
            case 'v':
                return width == 2 || width == 4;
            case 'b':
                return width >= 1 && width <= 255;
            default:
                return false;
        }
    }

    std::string_view text_;
    std::array<Field, kMostFields> fields_{};
    std::uint8_t count_ = 0;
};

}  // namespace cs2sim
