// A page of the manual, as roff for man(1). Who has the tables of a program's commands writes its pages with
// this, so that pages and --help cannot differ.
#pragma once

#include <string>
#include <string_view>

namespace cs2sim::tools {

class ManualPage {
public:
    // `name` as in `man name`, e.g. "cs2sim-fault"; `summary` is one line. All pages are of section 1.
    ManualPage(std::string_view name, std::string_view summary);

    void section(std::string_view heading);     // written in capitals
    void subsection(std::string_view heading);  // as it is
    void paragraph(std::string_view text);      // lines are filled; an empty line begins a new paragraph
    void literal(std::string_view lines);       // lines stay as they are
    void item(std::string_view term, std::string_view text);
    void item_literal(std::string_view lines);  // goes on with the last item

    // Ends the page.
    std::string text() const { return roff_; }

private:
    void escaped(std::string_view text);
    void line(std::string_view text);

    std::string roff_;
};

}  // namespace cs2sim::tools
