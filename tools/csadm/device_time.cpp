#include "tools/csadm/device_time.h"

#include <chrono>
#include <ctime>

#include "tools/session/arguments.h"
#include "tools/session/print.h"

namespace cs2sim::tools {
namespace {

// YYYYMMDDhhmmss as seconds since 1970.
Result<std::time_t> parse_time(const std::string& text) {
    if (text.size() != 14 || text.find_first_not_of("0123456789") != std::string::npos)
        return fail(E_CSA_SYNTAX);
    const auto part = [&](std::size_t at, std::size_t size) { return std::stoi(text.substr(at, size)); };
    std::tm parts{};
    parts.tm_year = part(0, 4) - 1900;
    parts.tm_mon = part(4, 2) - 1;
    parts.tm_mday = part(6, 2);
    parts.tm_hour = part(8, 2);
    parts.tm_min = part(10, 2);
    parts.tm_sec = part(12, 2);
    std::tm same = parts;  // timegm() brings 30 February into March
    const std::time_t seconds = ::timegm(&same);
    if (same.tm_mon != parts.tm_mon || same.tm_mday != parts.tm_mday || same.tm_hour != parts.tm_hour ||
        same.tm_min != parts.tm_min || seconds < 0)
        return fail(E_CSA_SYNTAX);
    return seconds;
}

}  // namespace

Result<void> show_time(ToolSession& session, std::uint8_t sfc) {
    CS2SIM_TRY_LET(answer, session.execute(FC_ADM, sfc));
    const std::uint64_t milliseconds = answer.block.u64("milliseconds");
    const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
    std::tm parts{};
    if (!::gmtime_r(&seconds, &parts)) return fail(E_CSA_PROTOCOL);
    print("time = %04d-%02d-%02d %02d:%02d:%02d.%03u UTC\n", parts.tm_year + 1900, parts.tm_mon + 1,
          parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
          static_cast<unsigned>(milliseconds % 1000));
    return {};
}

Result<void> send_time(ToolSession& session, std::uint8_t sfc, const std::string& value) {
    using namespace std::chrono;
    auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    const std::string text(trimmed(value));
    if (same_word(text, "LOCAL")) {
        const auto seconds = static_cast<std::time_t>(now / 1000);
        std::tm local{};
        ::localtime_r(&seconds, &local);
        now += 1000 * local.tm_gmtoff;
    } else if (!same_word(text, "GMT") && !same_word(text, "UTC")) {
        const auto seconds = parse_time(text);
        if (!seconds)
            return misused(session, "'" + text.substr(0, 60) + "' is no time: GMT, LOCAL or YYYYMMDDhhmmss");
        now = 1000 * *seconds;
    }
    CS2SIM_TRY(session.execute(FC_ADM, sfc, {static_cast<std::uint64_t>(now)}));
    return {};
}

}  // namespace cs2sim::tools
