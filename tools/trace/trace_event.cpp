#include "tools/trace/trace_event.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "firmware/modules/images/service_rows.h"
#include "firmware/protocol/frame.h"
#include "firmware/protocol/functions.h"
#include "firmware/protocol/modes.h"
#include "firmware/protocol/terminal_text.h"

namespace cs2sim {
namespace {

constexpr std::size_t kShown = 32;  // bytes of one field

ByteView behind(ByteView bytes, std::size_t header) {
    return bytes.size() < header ? ByteView() : bytes.subspan(header);
}

std::string value_of(const Block::Field& field) {
    std::array<char, 40> text{};
    if (field.is_number) {
        std::snprintf(text.data(), text.size(), field.number < 10 ? "%llu" : "%llu(%llXh)",
                      static_cast<unsigned long long>(field.number),
                      static_cast<unsigned long long>(field.number));
        return text.data();
    }
    if (field.secret) return "***(" + std::to_string(field.bytes.size()) + " bytes)";
    const auto printable = [](std::uint8_t byte) { return (byte >= ' ' && byte < 0x7F) || byte == '\n'; };
    ByteView bytes = field.bytes;
    while (!bytes.empty() && bytes.back() == 0 && printable(bytes.front()))
        bytes = bytes.first(bytes.size() - 1);  // names are filled up with zeros
    if (!std::ranges::all_of(bytes, printable)) bytes = field.bytes;
    const bool cut = bytes.size() > kShown;
    bytes = bytes.first(std::min(bytes.size(), kShown));
    std::string value = !bytes.empty() && std::ranges::all_of(bytes, printable)
                            ? "\"" + std::string(as_text(bytes)) + "\""
                            : to_hex(bytes);
    std::ranges::replace(value, '\n', '|');
    if (cut) value += "…(" + std::to_string(field.bytes.size()) + " bytes)";
    return value.empty() ? "-" : value;
}

std::string clock_time(std::uint64_t microseconds) {
    const std::time_t seconds = static_cast<std::time_t>(microseconds / 1000000);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    std::array<char, 40> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%H:%M:%S", &local);
    std::snprintf(text.data() + size, text.size() - size, ".%06u",
                  static_cast<unsigned>(microseconds % 1000000));
    return text.data();
}

std::string result_of(const TraceEvent& event) {
    if (event.action == 1) return "no answer (fault rule)";
    if (event.action == 2) return "connection closed (fault rule)";
    if (event.code == 0) return "ok";
    const ErrorRow* row = find_error(event.code);
    return hex_code(event.code) + (row ? " " + std::string(row->name) : "");
}

}  // namespace

ByteView TraceEvent::request_block() const { return session ? request : behind(request, kRequestHeader); }
ByteView TraceEvent::answer_block() const { return session ? answer : behind(answer, kFrameHeader); }

std::string TraceEvent::name() const {
    if (!known) return "no command";
    return function ? full_name(*function) : number_text(fc, sfc);
}

Result<TraceEvent> next_event(ByteView& events, const KnownModules& modules) {
    const auto block = parse_prefix(LAYOUT_TRACE_EVENT, events);
    if (!block) return fail(E_CSA_PROTOCOL);
    TraceEvent event;
    event.number = block->u64("number");
    event.time = block->u64("time");
    event.micros = block->u32("micros");
    event.connection = block->u32("connection");
    event.peer = block->text("peer");
    event.session = block->u32("session");
    event.modes = block->u16("modes");
    event.state = block->u32("state");
    event.users = block->text("users");
    event.fc = block->u16("fc");
    event.sfc = block->u8("sfc");
    event.known = block->u8("known") != 0;
    event.action = block->u8("action");
    if (event.is_service()) {
        event.function = find_service(event.sfc);
    } else {
        event.function = event.known ? find_function(event.fc, event.sfc) : nullptr;
        if (event.known && !event.function) event.function = modules.find(event.fc, event.sfc);
    }
    event.code = block->u32("code");
    event.request_size = block->u32("requestsize");
    event.request = block->bytes("request");
    event.answer_size = block->u32("answersize");
    event.answer = block->bytes("answer");
    return event;
}

std::string fields_of(const Layout& layout, ByteView block) {
    const auto fields = parse(layout, block);
    if (!fields) {
        const bool secret = layout.has_secrets();
        return (secret ? "***" : to_hex(block.first(std::min(block.size(), kShown)))) + " (" +
               std::to_string(block.size()) + " bytes that do not fit the layout)";
    }
    std::string text;
    for (const Block::Field& field : fields->fields())
        text += (text.empty() ? "" : " ") + std::string(field.name) + "=" + value_of(field);
    return text;
}

std::string text_of(const TraceEvent& event) {
    const bool names_session = event.session != 0 && event.session != TraceEvent::kNoSession;
    const std::string session = names_session ? " session=0x" + hex_code(event.session) : "";
    std::string text = clock_time(event.time) + " #" + std::to_string(event.connection) + " " +
                       terminal_text(event.peer) + session + "  " + event.name() + "  " + result_of(event) +
                       "  " + std::to_string(event.micros) +
                       " us  users=" + (event.users.empty() ? "-" : terminal_text(event.users)) + "  " +
                       mode_names(event.modes) + "\n";
    static constexpr Layout kUnknown = "data:*";
    const Layout& request = event.function ? event.function->request : kUnknown;
    const Layout& answer = event.function ? event.function->answer : kUnknown;
    if (event.known && !event.request_block().empty())
        text += "    > " + fields_of(request, event.request_block()) + "\n";
    if (event.code == 0 && (event.action == 0 || event.is_service()) && !event.answer_block().empty())
        text += "    < " + fields_of(answer, event.answer_block()) + "\n";
    return text;
}

}  // namespace cs2sim
