#include "tools/session/output.h"

#include <cstdio>

namespace cs2sim::tools {

void print_text(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (!text.empty() && !text.ends_with('\n')) std::fputc('\n', stdout);
}

std::string unfilled(ByteView field) {
    std::string text(as_text(field));
    text.erase(text.find_last_not_of(std::string_view("\0 ", 2)) + 1);
    return text;
}

std::string version_text(std::uint32_t version) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += std::to_string(version >> shift & 0xFF);
        if (shift > 0) text += '.';
    }
    return text;
}

Result<void> show_text(Session& session, std::uint16_t fc, std::uint8_t sfc) {
    const auto answer = session.execute(fc, sfc);
    if (!answer) return fail(answer.error());
    print_text(answer->block.text("text"));
    return {};
}

}  // namespace cs2sim::tools
