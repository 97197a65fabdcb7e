#include "host-lib/pkcs11/spec_blocks.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace cs2sim::p11 {
namespace {

constexpr std::uint32_t kLargestBlock = 64;
constexpr std::uint32_t kGrowth = 4;  // so that who makes many soon asks seldom
constexpr std::size_t kMostGroups = 1000;
constexpr std::chrono::seconds kStaysGood{1};

}  // namespace

// Precondition of all below: the lock is held.
void SpecBlocks::leave_parents_blocks() {
    if (process_ == ::getpid() && groups_.size() <= kMostGroups) return;
    process_ = ::getpid();
    groups_.clear();
}

std::optional<std::uint32_t> SpecBlocks::take(const std::string& group, std::uint32_t count) {
    const std::lock_guard lock(mutex_);
    leave_parents_blocks();
    const auto found = groups_.find(group);
    if (found == groups_.end()) return std::nullopt;
    std::vector<Range>& ranges = found->second.ranges;
    const auto oldest = Clock::now() - kStaysGood;
    std::erase_if(ranges,
                  [&](const Range& one) { return one.end - one.next < count || one.reserved < oldest; });
    if (ranges.empty()) return std::nullopt;
    return std::exchange(ranges.front().next, ranges.front().next + count);
}

std::uint32_t SpecBlocks::size(const std::string& group, std::uint32_t count) {
    const std::lock_guard lock(mutex_);
    leave_parents_blocks();
    Group& own = groups_[group];
    const auto now = Clock::now();
    const bool again = own.size != 0 && now - own.asked < kStaysGood;
    own.size = std::max(count, again ? std::min(kGrowth * own.size, kLargestBlock) : 1);
    own.asked = now;
    return own.size;
}

void SpecBlocks::add(const std::string& group, std::uint32_t first, std::uint32_t end) {
    const std::lock_guard lock(mutex_);
    leave_parents_blocks();
    if (first != end) groups_[group].ranges.push_back({first, end, Clock::now()});
}

void SpecBlocks::forget(const std::string& group) {
    const std::lock_guard lock(mutex_);
    leave_parents_blocks();
    groups_.erase(group);
}

}  // namespace cs2sim::p11
