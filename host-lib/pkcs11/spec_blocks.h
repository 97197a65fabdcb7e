// Specifiers that this process has reserved ahead: who makes many keys asks the database once for many
// numbers.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cs2sim::p11 {

// Used by several threads at once. Nothing of it passes through a fork.
class SpecBlocks {
public:
    // The first of `count` in a row, when they are there. What was reserved more than a second ago is not
    // given any more: keys that were copied into the store meanwhile may have it.
    std::optional<std::uint32_t> take(const std::string& group, std::uint32_t count);
    // How many to reserve when there were none: `count`, and more and more for who comes again within a
    // second.
    std::uint32_t size(const std::string& group, std::uint32_t count);
    // Those from `first` to before `end` were reserved, and nobody has them yet.
    void add(const std::string& group, std::uint32_t first, std::uint32_t end);
    void forget(const std::string& group);  // the database may have forgotten them, or others may have them

private:
    using Clock = std::chrono::steady_clock;
    struct Range {
        std::uint32_t next = 0, end = 0;
        Clock::time_point reserved;
    };
    struct Group {
        std::vector<Range> ranges;
        std::uint32_t size = 0;
        Clock::time_point asked;
    };
    void leave_parents_blocks();

    std::mutex mutex_;
    ::pid_t process_ = 0;
    std::map<std::string, Group> groups_;
};

}  // namespace cs2sim::p11
