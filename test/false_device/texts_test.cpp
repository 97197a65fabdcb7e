// What a device says goes to a terminal: whatever stands in it, the tools do not let it steer that.
#include <catch2/catch.hpp>

#include "firmware/protocol/block.h"
#include "firmware/protocol/cxi/constants.h"
#include "firmware/protocol/cxi/property_list.h"
#include "firmware/protocol/functions.h"
#include "firmware/protocol/terminal_text.h"
#include "test/bad_input.h"
#include "test/false_device/false_device.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

// A window's title, a cleared screen, a colour by C1, writing from right to left, a line over another, an
// end.
constexpr std::string_view kSteering(
    "\x1B]0;t\x07\x1B[2J\xC2\x9B"
    "31m\xE2\x80\xAE\rX\0Y\x9B",
    23);
constexpr std::string_view kShort("\x1B[2J\x07\x9Bz", 7);
constexpr std::string_view kForged("a\nADMIN");  // a line that looks like another entry

Bytes filled(std::string_view text) {
    Bytes field = to_bytes(as_bytes(text));
    field.resize(8);
    return field;
}

Bytes several(const std::function<Bytes(std::string_view)>& row) {
    Bytes rows;
    for (const std::string_view text : {kSteering, kForged}) append(rows, row(text));
    return rows;
}

Bytes composed(const Layout& layout, std::initializer_list<Value> values) {
    return compose(layout, values).value();
}

Bytes answer(const Request& request, std::initializer_list<Value> values) {
    return composed(find_function(request.fc, request.sfc)->answer, values);
}

Bytes user(std::string_view text) {
    return composed(LAYOUT_USER, {filled(kShort), 2u, 5u, 0u, 0u, 0u, text, text});
}

Bytes file(std::string_view text) { return composed(LAYOUT_FILE, {text, 5u, 0u}); }

Bytes module(std::string_view text) { return composed(LAYOUT_MODULE, {1u, text, 1u, 0u}); }

// Names with controls of C0 are none, and the answer is refused whole; those of C1 and marks are left.
Bytes key() {
    PropertyList list;
    for (const std::uint32_t property : {CXI_PROP_KEY_GROUP, CXI_PROP_KEY_NAME})
        list.set(property, std::string_view("\xC2\x9B"
                                            "31m\xE2\x80\xAEk"));
    list.set(CXI_PROP_KEY_LABEL, kForged);
    return list.encode();
}

Bytes mbk_info() {
    return composed(LAYOUT_MBK_KEY_INFO, {filled(kShort), 2u, Bytes(6), 32u, Bytes(16), 1u, 1u, 1u});
}

struct Saying {
    std::uint16_t fc;
    std::uint8_t sfc;
    std::optional<Bytes> (*block)(const Request&);
};
using R = const Request&;
const Saying kSayings[] = {
    {FC_CMDS, SFC_CMDS_LIST_USERS, [](R) -> std::optional<Bytes> { return several(user); }},
    {FC_CMDS, SFC_CMDS_GET_AUTH_STATE,
     [](R request) -> std::optional<Bytes> {
         return answer(request, {2u, 1u, composed(LAYOUT_AUTH_USER, {filled(kShort), 2u})});
     }},
    {FC_MBK, SFC_MBK_LIST_KEYS,
     [](R) -> std::optional<Bytes> {
         return composed(LAYOUT_MBK_SLOT, {3u, mbk_info()});
     }},
    {FC_CXI, SFC_CXI_KEY_LIST,
     [](R request) -> std::optional<Bytes> {
         return answer(request, {0u, Bytes(), composed(LAYOUT_CXI_ROW, {key()})});
     }},
    {FC_CXI, SFC_CXI_KEY_OPEN,
     [](R request) -> std::optional<Bytes> {
         return answer(request, {Bytes{1, 2, 3}});
     }},
    {FC_CXI, SFC_CXI_KEY_PROP_GET,
     [](R request) -> std::optional<Bytes> { return answer(request, {key()}); }},
    {FC_ADM, SFC_ADM_LIST_FILES, [](R) -> std::optional<Bytes> { return several(file); }},
    {FC_ADM, SFC_ADM_LIST_FIRMWARE, [](R) -> std::optional<Bytes> { return several(module); }},
    {FC_ADM, SFC_ADM_LIST_MODULES, [](R) -> std::optional<Bytes> { return several(module); }},
    {FC_ADM, SFC_ADM_GET_FORMS, [](R) -> std::optional<Bytes> { return std::nullopt; }},
};

std::string text_of_device() {
    std::string text(kSteering);
    text.append("\n\tnext line\n");
    return text;
}

// Whatever else there is gives a text, alone or as a part of a log.
std::optional<Bytes> says(const Request& request) {
    for (const Saying& one : kSayings)
        if (one.fc == request.fc && one.sfc == request.sfc) return one.block(request);
    const std::string text = text_of_device();
    if (request.sfc != SFC_ADM_GET_BOOT_LOG && request.sfc != SFC_ADM_GET_AUDIT_LOG &&
        request.sfc != SFC_ADM_CSL_GET_LOG_FILE)
        return to_bytes(as_bytes(text));
    return answer(request, {static_cast<std::uint32_t>(text.size()), text});
}

bool has_line(const std::string& text, std::string_view start) {
    return text.starts_with(start) || text.find("\n" + std::string(start)) != std::string::npos;
}

struct Shown {
    const char* program;
    std::vector<std::string> words;
    bool names;  // of users, keys and files, each in its line
};

}  // namespace

TEST_CASE("nothing that a device says steers the terminal, or makes a line of its own within a list") {
    const FalseDevice device(says);
    std::vector<Shown> all{{"cxitool", {"ListKeys"}, true}, {"cxitool", {"Name=k", "KeyInfo"}, true}};
    for (const char* word :
         {"ListUsers", "ListFiles", "ListModulesActive", "ListFirmware", "MBKListKeys", "ShowAuthState"})
        all.push_back({"csadm", {word}, true});
    for (const char* word :
         {"GetState", "GetInfo", "GetModel", "GetBattState", "MemInfo", "Test", "CSLGetVersion",
          "CSLGetSerial", "CSLGetConfigFile", "CSLScanDevices", "CSLGetConnections", "CSLGetStatus",
          "CSLGetLoad", "CSLListPPApps", "CSLGetLogFile", "GetBootLog", "GetAuditLog"})
        all.push_back({"csadm", {word}, false});
    for (const Shown& one : all) {
        const Outcome outcome = device.run(one.program, one.words);
        INFO(one.words.back() << '\n' << outcome.out << outcome.err);
        CHECK(outcome.status == 0);
        CHECK_FALSE(outcome.out.empty());
        CHECK(terminal_lines(outcome.out) == outcome.out);
        CHECK(outcome.out.find('\r') == std::string::npos);
        if (one.names)
            CHECK_FALSE(has_line(outcome.out, "ADMIN"));
        else
            CHECK(has_line(outcome.out, "\tnext line"));
        test::bad_input("answers of devices that mean harm");
    }
}

TEST_CASE("a file gets the text of a device as it is") {
    const FalseDevice device(says);
    const Outcome outcome = device.run("csadm", {"CSLGetLogFile=log", "CSLGetConfigFile=config"});
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    CHECK(read_file(device.folder() / "log") == text_of_device());
    CHECK(read_file(device.folder() / "config") == text_of_device());
}
