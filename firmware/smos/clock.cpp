#include "firmware/smos/clock.h"

#include <chrono>

#include "firmware/smos/nvram.h"

namespace cs2sim {
namespace {

constexpr std::string_view kOffset = "clock.offset";
constexpr std::int64_t kEndOf2099 = 4102444800000;  // 2100-01-01 00:00 UTC

std::int64_t host_milliseconds() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

Clock::Clock(Nvram& nvram) : nvram_(nvram), offset_(nvram.number(kOffset).value_or(0)) {}

std::int64_t Clock::milliseconds() const { return host_milliseconds() + offset_.load(); }

Result<void> Clock::set(std::int64_t milliseconds) {
    if (milliseconds < 0 || milliseconds >= kEndOf2099) return fail(E_OS_RTC_PARAM);
    const std::int64_t offset = milliseconds - host_milliseconds();
    CS2SIM_TRY(nvram_.set_number(kOffset, offset));
    offset_.store(offset);
    return {};
}

std::int64_t monotonic_milliseconds() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace cs2sim
