// Prints csxapi/functions.h: the catalogue of functions, layouts and errors for C callers.
#include <cstdio>
#include <string>
#include <string_view>

#include "firmware/protocol/error.h"
#include "firmware/protocol/functions.h"

namespace {

using namespace cs2sim;

struct NamedLayout {
    const char* name;
    const char* layout;
};
constexpr NamedLayout kLayouts[] = {
#define CS2SIM_LAYOUT(name, layout) {#name, layout},
#include "firmware/protocol/layouts.inc"
#undef CS2SIM_LAYOUT
};

constexpr char kHead[] =
    R"(/* Function codes, block layouts and error codes of cs2sim, for callers of cs_exec_command. Made from the
 * simulator's own tables; numbers and encodings marked "assumed" are this project's choice, since no public
 * source gives them. Independent simulator software.
 *
 * A layout is fields apart by blanks, each name:type, in the order of the bytes: u1 u2 u4 u8 (big-endian
 * numbers), bN (N bytes), v2 v4 (a length of 2 or 4 bytes, then the bytes), * (the rest); name!:type is a
 * secret.
 */
#ifndef CSXAPI_FUNCTIONS_H
#define CSXAPI_FUNCTIONS_H

)";

const char* words_of(Provenance provenance) {
    switch (provenance) {
        case Provenance::known:
            return "";
        case Provenance::encoding_assumed:
            return "; encoding assumed";
        case Provenance::assumed:
            return "; assumed";
    }
    return "";
}

std::string text(std::string_view view) { return std::string(view); }

void print_function(const FunctionSignature& function) {
    const std::string name = text(function.module) + "_" + text(function.name);
    std::printf("#define CS_SFC_%s 0x%02Xu /* %03X.%02X%s */\n", name.c_str(), function.sfc, function.fc,
                function.sfc, words_of(function.provenance));
    std::printf("#define CS_REQUEST_%s \"%s\"\n", name.c_str(), text(function.request.text()).c_str());
    std::printf("#define CS_ANSWER_%s \"%s\"\n", name.c_str(), text(function.answer.text()).c_str());
}

}  // namespace

int main() {
    std::fputs(kHead, stdout);
    std::puts("/* Modules: function codes (FC) */");
    for (const ModuleRow& module : module_table())
        std::printf("#define CS_FC_%s 0x%03Xu /* %s */\n", text(module.name).c_str(), module.id,
                    text(module.long_name).c_str());
    std::puts("\n/* Functions: sub-function codes (SFC), layouts of request and answer */");
    for (const FunctionSignature& function : function_catalogue()) print_function(function);
    std::puts("\n/* Elements of lists, and records */");
    for (const NamedLayout& row : kLayouts)
        std::printf("#define CS_LAYOUT_%s \"%s\"\n", row.name, row.layout);
    std::puts("\n/* Error codes */");
    for (const ErrorRow& row : error_table())
        std::printf("#define CS_ERR_%s_%s 0x%08Xu /* %s */\n", text(row.module).c_str(),
                    text(row.name).c_str(), row.code, text(row.text).c_str());
    std::puts("\n#endif");
    return std::ferror(stdout) ? 1 : 0;
}
