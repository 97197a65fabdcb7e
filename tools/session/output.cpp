#include "tools/session/output.h"

#include <cstdio>

#include "firmware/protocol/terminal_text.h"

namespace cs2sim::tools {

Result<std::uint32_t> output_forms(ToolSession& session) {
    const auto answer = session.execute(FC_ADM, SFC_ADM_GET_FORMS);
    if (answer) return answer->block.u32("forms");
    if (answer.error().code == E_CMDS_BAD_SFC) return 0;
    return fail(answer.error());
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

std::string unfilled(ByteView field) {
    std::string text(as_text(field));
    text.erase(text.find_last_not_of(std::string_view("\0 ", 2)) + 1);
    return text;
}

std::string shown_name(ByteView field) { return terminal_text(unfilled(field)); }

std::string shown_name(const Block& user) {
    const std::string_view long_name = user.text("longname");
    return long_name.empty() ? shown_name(user.bytes("short")) : terminal_text(long_name);
}

std::string version_text(std::uint32_t version) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += std::to_string(version >> shift & 0xFF);
        if (shift > 0) text += '.';
    }
    return text;
}

Result<void> read_log(ToolSession& session, std::uint8_t sfc,
                      const std::function<Result<void>(std::string_view)>& part) {
    // Ours gives 128 KB at a time. With parts as short as a line 4 GB take hours.
    constexpr std::size_t kShort = 16 * 1024;
    constexpr unsigned kMostShort = 64;
    std::uint64_t read = 0;
    unsigned shorts = 0;
    for (std::uint64_t total = 1; read < total;) {
        if (read > UINT32_MAX) return fail(E_CSA_PROTOCOL);
        CS2SIM_TRY_LET(answer, session.execute(FC_ADM, sfc, {static_cast<std::uint32_t>(read)}));
        total = answer.block.u32("total");
        const auto text = answer.block.text("text");
        if (text.empty()) break;
        CS2SIM_TRY(part(text));
        read += text.size();
        if (read < total && text.size() < kShort && ++shorts > kMostShort) return fail(E_CSA_PROTOCOL);
    }
    return {};
}

Result<void> show_log(ToolSession& session, std::uint8_t sfc) {
    constexpr std::size_t kLongestLine = 64 * 1024;
    std::string line;  // a part may end within one, and within a character
    CS2SIM_TRY(read_log(session, sfc, [&](std::string_view text) -> Result<void> {
        line += text;
        const std::size_t ended = line.rfind('\n') + 1;  // 0 when none has
        const std::size_t shown = line.size() - ended > kLongestLine ? line.size() : ended;
        print_part(std::string_view(line).substr(0, shown));
        line.erase(0, shown);
        return std::ferror(stdout) == 0 ? Result<void>() : fail(E_CSA_PARAM);
    }));
    print_text(line);
    return {};
}

Result<void> show_text(ToolSession& session, std::uint16_t fc, std::uint8_t sfc) {
    CS2SIM_TRY_LET(answer, session.execute(fc, sfc));
    print_text(answer.block.text("text"));
    return {};
}

}  // namespace cs2sim::tools
