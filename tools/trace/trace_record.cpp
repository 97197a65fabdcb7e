#include "tools/trace/trace_record.h"

#include <sys/stat.h>

#include <filesystem>
#include <utility>

#include "firmware/toml/toml.h"

namespace cs2sim {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kLongest = std::size_t{64} << 20;  // bytes of a recording

// A number of a table that fits T; `good` becomes false when there is none.
template <class T>
T number(const toml::table& table, std::string_view key, bool& good) {
    const auto value = table[key].value<std::int64_t>();
    good = good && value && std::in_range<T>(*value);
    return good ? static_cast<T>(*value) : T{};
}

Bytes bytes(const toml::table& table, std::string_view key, bool& good) {
    Bytes out;
    const auto text = table[key].value<std::string>();
    good = good && text && from_hex(*text, out);
    return out;
}

}  // namespace

RecordFile::RecordFile(const std::string& path, bool with_secrets) {
    const mode_t before = ::umask(077);  // what clients send is theirs
    file_.open(path, std::ios::trunc);
    ::umask(before);
    file_ << "# What clients sent to a cs2sim simulator, and its answers. Replay: cs2sim replay FILE\n"
          << "version = " << kVersion << "\nsecrets = " << (with_secrets ? "true" : "false")
          << (with_secrets ? "" : "  # secret fields are masked, so some commands cannot be sent again")
          << '\n';
    file_.flush();
}

void RecordFile::add(const TraceEvent& event) {
    file_ << "\n[[exchange]]  # " << event.name() << "\nconnection = " << event.connection
          << "\nsession = " << event.session << "\nfc = " << event.fc << "\nsfc = " << int{event.sfc}
          << "\nknown = " << (event.known ? "true" : "false")
          << "\nwhole = " << (event.whole() && event.action == 0 ? "true" : "false") << "\ncode = 0x"
          << hex_code(event.code) << "\nrequest = \"" << to_hex(event.request) << "\"\nanswer = \""
          << to_hex(event.answer) << "\"\n";
    file_.flush();
}

tl::expected<Recording, std::string> read_recording(const std::string& path) {
    const auto refuse = [&](const std::string& what) { return tl::unexpected(path + ": " + what); };
    CS2SIM_TRY_LET(parsed, parse_toml_file(path, kLongest));
    if (parsed["version"].value<std::int64_t>() != kVersion) return refuse("no recording of cs2sim trace");
    Recording recording;
    recording.with_secrets = parsed["secrets"].value_or(false);
    if (!parsed.contains("exchange")) return recording;
    const toml::array* list = parsed["exchange"].as_array();
    if (!list) return refuse("'exchange' is no list of [[exchange]]");
    for (const toml::node& node : *list) {
        const toml::table* table = node.as_table();
        bool good = table != nullptr;
        Exchange exchange;
        if (good) {
            exchange.connection = number<std::uint32_t>(*table, "connection", good);
            exchange.session = number<std::uint32_t>(*table, "session", good);
            exchange.fc = number<std::uint16_t>(*table, "fc", good);
            exchange.sfc = number<std::uint8_t>(*table, "sfc", good);
            exchange.code = number<std::uint32_t>(*table, "code", good);
            exchange.known = (*table)["known"].value_or(false);
            exchange.whole = (*table)["whole"].value_or(false);
            exchange.request = bytes(*table, "request", good);
            exchange.answer = bytes(*table, "answer", good);
        }
        if (!good)
            return refuse("exchange " + std::to_string(recording.exchanges.size() + 1) +
                          " cannot be understood");
        recording.exchanges.push_back(std::move(exchange));
    }
    return recording;
}

}  // namespace cs2sim
