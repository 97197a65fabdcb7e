// Events of PKCS#11 slots (C_WaitForSlotEvent): raised by fault rules, asked for by libraries. Used by
// several threads.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

namespace cs2sim {

class SlotEvents {
public:
    void raise(std::uint16_t slot) {
        const std::lock_guard lock(mutex_);
        ++count_;
        last_.push_back(slot);
        if (last_.size() > kMost) last_.pop_front();
    }

    // How many there were since the device started, and the slots of those beyond the first `after`, oldest
    // first; what is too long ago is left out.
    struct News {
        std::uint32_t count;
        std::vector<std::uint16_t> slots;
    };
    News since(std::uint32_t after) const {
        const std::lock_guard lock(mutex_);
        const std::size_t many = after < count_ ? count_ - after : 0;
        const std::size_t known = many < last_.size() ? many : last_.size();
        return {count_, {last_.end() - static_cast<std::ptrdiff_t>(known), last_.end()}};
    }

private:
    static constexpr std::size_t kMost = 64;
    mutable std::mutex mutex_;
    std::uint32_t count_ = 0;
    std::deque<std::uint16_t> last_;
};

}  // namespace cs2sim
