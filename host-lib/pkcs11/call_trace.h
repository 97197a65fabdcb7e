// What level 4 of the log tells of a call's arguments: handles, mechanisms, attributes, lengths. PINs are
// masked, of data and of attributes that may be secret there is the length; what a function only gives is not
// told.
#pragma once

#include <string>
#include <string_view>

#include "host-lib/pkcs11/cryptoki/cryptoki.h"
#include "host-lib/pkcs11/log.h"

namespace cs2sim::p11 {

// The text of one call's arguments, which are added in their order. `names`: theirs, as functions.inc lists
// them.
class ArgumentText {
public:
    ArgumentText(std::string_view function, std::string_view names) : function_(function), names_(names) {}

    void add(CK_ULONG number);  // also the length or count of the pointer before it
    void add(CK_BYTE flag);
    void add(CK_BYTE* bytes);    // what the function reads, or where it writes
    void add(CK_ULONG* number);  // of a buffer before it: its room
    void add(CK_MECHANISM* mechanism);
    void add(CK_ATTRIBUTE* attributes);
    template <class Other>
    void add(const Other&) {
        next_name();
    }
    const std::string& text() const { return text_; }

private:
    std::string_view next_name();
    void tell(std::string_view name, std::string_view value);
    bool gives_values() const { return function_ == "C_GetAttributeValue"; }
    std::string template_text(const CK_ATTRIBUTE* attributes, CK_ULONG count) const;

    std::string_view function_, names_;
    std::string_view waiting_;  // the name of a pointer whose length comes next
    const CK_BYTE* bytes_ = nullptr;
    const CK_ATTRIBUTE* attributes_ = nullptr;
    bool is_template_ = false;  // that pointer is of attributes
    std::string text_;
};

template <class... Arguments>
void trace_call(Log& log, const char* function, std::string_view names, const Arguments&... arguments) {
    if (!log.on(LogLevel::trace)) return;
    ArgumentText text(function, names);
    (text.add(arguments), ...);
    if (!text.text().empty()) log.write(LogLevel::trace, function, text.text());
}

}  // namespace cs2sim::p11
