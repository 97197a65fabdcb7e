#include "host-lib/pkcs11/device_group.h"

#include <algorithm>

#include "firmware/protocol/error.h"

namespace cs2sim::p11 {
namespace {

// With FallbackInterval 0 a dead device's turn comes again after so long. OUR CHOICE.
constexpr std::chrono::seconds kRetryInTurn{30};

}  // namespace

DeviceGroup::DeviceGroup(std::vector<std::string> devices, Settings settings)
    : devices_(std::move(devices)),
      settings_(std::move(settings)),
      retry_(settings_.fallback_interval.count() != 0 ? settings_.fallback_interval : kRetryInTurn),
      down_until_(std::make_unique<std::atomic<Clock::rep>[]>(devices_.size())) {}

bool DeviceGroup::is_down(std::size_t place) const {
    const Clock::rep until = down_until_[place].load();
    return until != 0 && Clock::now().time_since_epoch().count() < until;
}

std::vector<std::size_t> DeviceGroup::order(std::size_t last) {
    const std::size_t count = devices_.size();
    const bool in_turn = settings_.fallback_interval.count() == 0;
    std::size_t first = 0;
    if (in_turn && count != 0) first = last != kNowhere ? last : turn_++ % count;
    std::vector<std::size_t> all(count);
    for (std::size_t i = 0; i < count; ++i) all[i] = (first + i) % count;
    std::stable_partition(all.begin(), all.end(), [this](std::size_t place) { return !is_down(place); });
    return all;
}

bool DeviceGroup::falls_back(std::size_t place) const {
    return settings_.fallback_interval.count() != 0 && place != 0 && place != kNowhere && !is_down(0);
}

void DeviceGroup::set_down(std::size_t place, std::uint32_t code) {
    const bool was_up = down_until_[place].exchange((Clock::now() + retry_).time_since_epoch().count()) == 0;
    if (was_up && devices_.size() > 1 && settings_.log)
        settings_.log(true, "device " + devices_[place] + " is down: " + hex_code(code));
}

void DeviceGroup::set_up(std::size_t place) {
    if (down_until_[place].exchange(0) != 0 && devices_.size() > 1 && settings_.log)
        settings_.log(false, "device " + devices_[place] + " is up again");
}

}  // namespace cs2sim::p11
