// Events of a trace as text.
#pragma once

#include <string>
#include <string_view>

#include "firmware/modules/images/known_modules.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {

// What LAYOUT_TRACE_EVENT holds. Views into the bytes that it was read from.
struct TraceEvent {
    std::uint64_t number = 0;
    std::uint64_t time = 0;  // microseconds since 1970-01-01 UTC, of the answer
    std::uint32_t micros = 0;
    std::uint32_t connection = 0;
    std::string_view peer;
    std::uint32_t session = 0;  // 0: a frame as it came; else a command inside that session
    std::uint16_t modes = 0;
    std::uint32_t state = 0;
    std::string_view users;
    const FunctionSignature* function = nullptr;  // null when the catalogue has none
    std::uint16_t fc = 0;
    std::uint8_t sfc = 0;
    bool known = false;       // false: the frame was too damaged to hold FC and SFC
    std::uint8_t action = 0;  // Reply::Action: 1 dropped, 2 closed, by a fault rule; 3: a module's service
    std::uint32_t code = 0;
    ByteView request;  // session 0: whole frame, else the command block
    ByteView answer;
    std::size_t request_size = 0;  // as it was; the bytes above may be cut off
    std::size_t answer_size = 0;

    // Of a service inside a command that came without a session.
    static constexpr std::uint32_t kNoSession = 0xFFFFFFFF;
    bool is_service() const { return action == 3; }
    bool whole() const { return request.size() == request_size && answer.size() == answer_size; }
    ByteView request_block() const;
    ByteView answer_block() const;
    std::string name() const;  // "CMDS.ECHO", or "123.45"
};

// Takes the first event off `events`; functions that the catalogue has not are looked up in `modules`, which
// must outlive the event. Error: E_CSA_PROTOCOL.
Result<TraceEvent> next_event(ByteView& events, const KnownModules& modules);

// One line, and one more for each block that holds fields. What is secret is not shown.
std::string text_of(const TraceEvent& event);

// "name=value name=value" by the layout; the bytes in hexadecimal when they do not fit it.
std::string fields_of(const Layout& layout, ByteView block);

}  // namespace cs2sim
