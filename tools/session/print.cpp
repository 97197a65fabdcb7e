#include "tools/session/print.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "firmware/protocol/terminal_text.h"

namespace cs2sim::tools {

void print_part(std::string_view text) {
    const std::string shown = terminal_lines(text);
    std::fwrite(shown.data(), 1, shown.size(), stdout);
}

void print(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    char* text = nullptr;
    const int size = ::vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0) return;
    print_part({text, static_cast<std::size_t>(size)});
    std::free(text);
}

void print_text(std::string_view text) {
    if (text.empty()) return;
    print_part(text);
    if (!text.ends_with('\n')) print_part("\n");
}

}  // namespace cs2sim::tools
