#include "tools/explain/mode_matrix.h"

#include "firmware/protocol/error.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

std::string column(std::string_view text, std::size_t width) {
    std::string filled(text);
    if (filled.size() < width) filled.resize(width, ' ');
    return filled;
}

std::string line(std::string_view number, std::string_view name, std::string_view permission) {
    return column(number, 7) + " " + column(name, 28) + " " + std::string(permission);
}

std::string without_blanks_behind(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    return text + '\n';
}

// "083021": module and number of a code of a device's; '.' where the function answers.
std::string short_code_of(std::uint32_t code) {
    return code == 0 ? "." : hex_code(code).substr(1, 3) + hex_code(code).substr(5);
}

}  // namespace

std::string mode_matrix() {
    std::string head = line("fc.sfc", "function", "needs   ");
    for (const Situation& situation : kSituations) head += " " + column(situation.name, 6);
    std::string text = without_blanks_behind(std::move(head));
    for (const FunctionSignature& signature : function_catalogue()) {
        std::string row = line(number_text(signature.fc, signature.sfc), full_name(signature),
                               hex_code(signature.permission));
        for (const Situation& situation : kSituations)
            row += " " + column(short_code_of(barred_by(signature.rules, situation.modes)), 6);
        text += without_blanks_behind(std::move(row));
    }
    return text;
}

}  // namespace cs2sim
