// Names of fields, checked when the program is built: a name that no layout of a catalogue has, or only for a
// field of another kind, does not compile. Where the layout is known by its type, FieldOf (block.h) asks that
// one.
#pragma once

#include <string_view>

namespace cs2sim {

// Every layout of functions.inc and layouts.inc, apart by blanks.
inline constexpr std::string_view kEveryLayout =
#define CS2SIM_KNOWN(module, sfc, name, request, answer, ...) " " request " " answer
#define CS2SIM_NUMBERED CS2SIM_KNOWN
#define CS2SIM_ASSUMED CS2SIM_KNOWN
#define CS2SIM_LAYOUT(name, text) " " text
#include "firmware/protocol/functions.inc"
#include "firmware/protocol/layouts.inc"
#undef CS2SIM_LAYOUT
#undef CS2SIM_KNOWN
#undef CS2SIM_NUMBERED
#undef CS2SIM_ASSUMED
    " ";

// Whether one of `layouts` (which begin and end with a blank) has a number, or bytes, of that name.
constexpr bool some_layout_has(std::string_view layouts, std::string_view name, bool number) {
    if (name.empty() || name.find_first_of(" :!") != std::string_view::npos) return false;
    for (std::size_t at = layouts.find(name); at != std::string_view::npos; at = layouts.find(name, at + 1)) {
        if (layouts[at - 1] != ' ') continue;
        std::string_view type = layouts.substr(at + name.size(), 3);
        if (type.starts_with('!')) type.remove_prefix(1);
        if (type.starts_with(':') && (type[1] == 'u') == number) return true;
    }
    return false;
}

// The name of a number (or of bytes) that some layout of a catalogue has. Holds a view of a literal.
template <bool number, const std::string_view& layouts = kEveryLayout>
class FieldName {
public:
    constexpr FieldName() = default;  // of no field
    consteval FieldName(const char* name) : text_(name) {
        if (!some_layout_has(layouts, text_, number)) no_layout_has_such_a_field();
    }
    constexpr std::string_view text() const { return text_; }

private:
    static void no_layout_has_such_a_field() {}  // no constant expression: the compiler names its caller
    std::string_view text_;
};
using NumberName = FieldName<true>;
using BytesName = FieldName<false>;

}  // namespace cs2sim
