#include "tools/session/output.h"

#include "firmware/protocol/terminal_text.h"

namespace cs2sim::tools {

Result<std::uint32_t> output_forms(Session& session) {
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

std::string version_text(std::uint32_t version) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += std::to_string(version >> shift & 0xFF);
        if (shift > 0) text += '.';
    }
    return text;
}

Result<std::string> whole_log(Session& session, std::uint8_t sfc) {
    std::string log;
    for (std::size_t total = 1; log.size() < total;) {
        CS2SIM_TRY_LET(answer, session.execute(FC_ADM, sfc, {static_cast<std::uint32_t>(log.size())}));
        total = answer.block.u32("total");
        const auto text = answer.block.text("text");
        if (text.empty()) break;
        log += text;
    }
    return log;
}

Result<void> show_text(Session& session, std::uint16_t fc, std::uint8_t sfc) {
    CS2SIM_TRY_LET(answer, session.execute(fc, sfc));
    print_text(answer.block.text("text"));
    return {};
}

}  // namespace cs2sim::tools
