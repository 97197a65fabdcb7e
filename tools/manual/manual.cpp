#include "tools/manual/manual.h"

#include <algorithm>
#include <cctype>

namespace cs2sim::tools {
namespace {

std::string in_capitals(std::string_view text) {
    std::string capitals(text);
    for (char& letter : capitals)
        letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    return capitals;
}

// Calls `each` with every line of `text`, without its end.
template <class Each>
void for_lines(std::string_view text, Each each) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        each(line);
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
}

}  // namespace

ManualPage::ManualPage(std::string_view name, std::string_view summary) {
    roff_ = ".TH \"" + in_capitals(name) + "\" 1 \"\" \"cs2sim " CS2SIM_VERSION "\" \"cs2sim\"\n.nh\n.ad l\n";
    section("Name");
    escaped(name);
    roff_ += " \\- ";
    escaped(summary);
    roff_ += '\n';
}

void ManualPage::section(std::string_view heading) { roff_ += ".SH \"" + in_capitals(heading) + "\"\n"; }

void ManualPage::subsection(std::string_view heading) {
    roff_ += ".SS \"";
    escaped(heading);
    roff_ += "\"\n";
}

void ManualPage::paragraph(std::string_view text) {
    roff_ += ".PP\n";
    for_lines(text, [this](std::string_view each) {
        if (each.empty())
            roff_ += ".PP\n";
        else
            line(each);
    });
}

void ManualPage::literal(std::string_view lines) {
    roff_ += ".PP\n.RS 4\n.nf\n";
    for_lines(lines, [this](std::string_view each) { line(each); });
    roff_ += ".fi\n.RE\n";
}

void ManualPage::item(std::string_view term, std::string_view text) {
    roff_ += ".TP\n\\fB";
    for (std::string_view rest = term; !rest.empty();) {  // long ones are broken behind a comma
        const std::string_view part = rest.substr(0, rest.find(','));
        const std::string_view with_comma = rest.substr(0, part.size() + 1);
        escaped(with_comma);
        if (with_comma.size() < rest.size()) roff_ += "\\:";
        rest.remove_prefix(with_comma.size());
    }
    roff_ += "\\fR\n";
    line(text.empty() ? " " : text);
}

void ManualPage::item_literal(std::string_view lines) {
    roff_ += ".sp\n.nf\n";
    for_lines(lines, [this](std::string_view each) { line(each); });
    roff_ += ".fi\n";
}

// A minus stays a minus that can be copied; what roff would take for its own does not.
void ManualPage::escaped(std::string_view text) {
    for (const char letter : text) switch (letter) {
            case '\\':
                roff_ += "\\e";
                break;
            case '-':
                roff_ += "\\-";
                break;
            case '"':
                roff_ += "\\(dq";
                break;
            case '\'':
                roff_ += "\\(aq";
                break;
            case '`':
                roff_ += "\\(ga";
                break;
            case '^':
                roff_ += "\\(ha";
                break;
            case '~':
                roff_ += "\\(ti";
                break;
            case '\n':
                roff_ += ' ';
                break;
            default:
                roff_ += letter;
        }
}

void ManualPage::line(std::string_view text) {
    if (text.starts_with('.')) roff_ += "\\&";
    escaped(text);
    roff_ += '\n';
}

}  // namespace cs2sim::tools
