#include "tools/trace/trace_pcap.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>

namespace cs2sim {
namespace {

constexpr std::string_view kDissector =
#include "wireshark_dissector.inc"
    ;

constexpr std::uint32_t kMagic = 0xA1B2C3D4;  // in the writer's byte order, as the format wants
constexpr std::uint32_t kUser0 = 147;
constexpr std::uint8_t kVersion = 1;

void put(std::ofstream& file, const auto& numbers) {
    file.write(reinterpret_cast<const char*>(numbers.data()),
               static_cast<std::streamsize>(numbers.size() * sizeof numbers[0]));
}

std::string lua_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string hex(const char* pattern, unsigned a, unsigned b = 0) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), pattern, a, b);
    return text.data();
}

std::string tables() {
    std::string text =
        "local packet_layout = " + lua_string(LAYOUT_TRACE_PACKET.text()) + "\nlocal functions = {\n";
    for (const FunctionSignature& row : function_catalogue())
        text += "  [" + lua_string(hex("%03X.%02X", row.fc, row.sfc)) +
                "] = {name = " + lua_string(std::string(row.module) + "." + std::string(row.name)) +
                ", request = " + lua_string(row.request.text()) +
                ", answer = " + lua_string(row.answer.text()) + "},\n";
    text += "}\nlocal codes = {\n";
    for (const ErrorRow& row : error_table())
        text +=
            "  [0x" + hex_code(row.code) + "] = " +
            lua_string(std::string(row.module) + "." + std::string(row.name) + ": " + std::string(row.text)) +
            ",\n";
    return text + "}\n";
}

}  // namespace

PcapFile::PcapFile(const std::string& path) {
    const mode_t before = ::umask(077);  // what clients send is theirs
    file_.open(path, std::ios::binary | std::ios::trunc);
    ::umask(before);
    const std::array<std::uint16_t, 2> version{2, 4};
    put(file_, std::array<std::uint32_t, 1>{kMagic});
    put(file_, version);
    put(file_, std::array<std::uint32_t, 4>{0, 0, 0x40000, kUser0});
    file_.flush();
}

void PcapFile::add_packet(const TraceEvent& event, bool answer, ByteView data, std::size_t original) {
    const auto packet = compose(LAYOUT_TRACE_PACKET,
                                {kVersion, answer, event.action, event.connection, event.session, event.modes,
                                 event.state, answer ? event.code : 0, answer ? event.micros : 0, event.fc,
                                 event.sfc, event.peer, event.users, data});
    if (!packet) return;  // no device sends such an event
    const std::uint64_t time = std::max(latest_, event.time - (answer ? 0 : event.micros));
    latest_ = time;
    const auto size = static_cast<std::uint32_t>(packet->size());
    put(file_, std::array<std::uint32_t, 4>{static_cast<std::uint32_t>(time / 1000000),
                                            static_cast<std::uint32_t>(time % 1000000), size,
                                            static_cast<std::uint32_t>(size + original - data.size())});
    put(file_, *packet);
}

void PcapFile::add(const TraceEvent& event) {
    add_packet(event, false, event.request, event.request_size);
    if (event.action == 0) add_packet(event, true, event.answer, event.answer_size);
    file_.flush();
}

std::string dissector() {
    constexpr std::string_view kMark = "-- TABLES\n";
    std::string text(kDissector);
    text.replace(text.find(kMark), kMark.size(), tables());
    return text;
}

}  // namespace cs2sim
