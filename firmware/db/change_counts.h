// Counts the changes of a database's entries, in classes of search keys: a few numbers tell caches of decoded
// records what still holds.
#pragma once

#include <array>
#include <atomic>
#include <bitset>
#include <cstdint>
#include <functional>
#include <string_view>

#include "firmware/protocol/bytes.h"

namespace cs2sim {

class ChangeCounts {
public:
    static constexpr std::size_t kClasses = 1024;
    using Classes = std::bitset<kClasses>;

    // Begins at numbers that no other database of this process has had, not even one of the same name.
    ChangeCounts() {
        static std::atomic<std::uint64_t> databases{0};
        const std::uint64_t first = ++databases << 40;
        for (auto& count : counts_) count.store(first, std::memory_order_relaxed);
    }

    // Which of kClasses numbers is this key's.
    static std::size_t class_of(ByteView key) {
        return std::hash<std::string_view>()(as_text(key)) % kClasses;
    }
    // A number that only grows, with each change of this key's entry and of some others'.
    std::uint64_t of(ByteView key) const { return counts_[class_of(key)].load(std::memory_order_acquire); }
    // To be called when a change has become visible. Safe from several threads.
    void add(const Classes& changed) {
        for (std::size_t each = 0; each < kClasses; ++each)
            if (changed[each]) add(each);
    }
    void add(std::size_t changed) { counts_[changed].fetch_add(1, std::memory_order_acq_rel); }

private:
    std::array<std::atomic<std::uint64_t>, kClasses> counts_;
};

}  // namespace cs2sim
