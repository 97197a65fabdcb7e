// Numbers and pointers that C callers hold, and what stands behind them. A stale one finds nothing.
#pragma once

#include <map>
#include <memory>
#include <mutex>

namespace cs2sim::host::capi {

// Things by the smallest free number from 0 up.
template <class Thing>
class NumberTable {
public:
    int put(std::shared_ptr<Thing> thing) {
        const std::lock_guard lock(mutex_);
        int handle = 0;
        for (const auto& [taken, ignored] : things_) {
            if (taken != handle) break;
            ++handle;
        }
        things_.emplace(handle, std::move(thing));
        return handle;
    }
    std::shared_ptr<Thing> get(int handle) const {
        const std::lock_guard lock(mutex_);
        const auto found = things_.find(handle);
        return found == things_.end() ? nullptr : found->second;
    }
    // Whoever still works with the thing keeps it until he is done.
    std::shared_ptr<Thing> take(int handle) {
        const std::lock_guard lock(mutex_);
        const auto found = things_.find(handle);
        if (found == things_.end()) return nullptr;
        std::shared_ptr<Thing> thing = std::move(found->second);
        things_.erase(found);
        return thing;
    }

private:
    mutable std::mutex mutex_;
    std::map<int, std::shared_ptr<Thing>> things_;
};

// Things by their address, as opaque pointers.
template <class Thing>
class PointerTable {
public:
    void* put(std::shared_ptr<Thing> thing) {
        const std::lock_guard lock(mutex_);
        void* pointer = thing.get();
        things_.emplace(pointer, std::move(thing));
        return pointer;
    }
    std::shared_ptr<Thing> get(void* pointer) const {
        const std::lock_guard lock(mutex_);
        const auto found = things_.find(pointer);
        return found == things_.end() ? nullptr : found->second;
    }
    std::shared_ptr<Thing> take(void* pointer) {
        const std::lock_guard lock(mutex_);
        const auto found = things_.find(pointer);
        if (found == things_.end()) return nullptr;
        std::shared_ptr<Thing> thing = std::move(found->second);
        things_.erase(found);
        return thing;
    }

private:
    mutable std::mutex mutex_;
    std::map<void*, std::shared_ptr<Thing>> things_;
};

}  // namespace cs2sim::host::capi
