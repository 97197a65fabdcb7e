// Numbers and pointers that C callers hold, and what stands behind them. A stale one finds nothing.
#pragma once

#include <map>
#include <memory>
#include <mutex>

namespace cs2sim::host::capi {

// Things that callers hold by a key.
template <class Key, class Thing>
class Table {
public:
    std::shared_ptr<Thing> get(Key key) const {
        const std::lock_guard lock(mutex_);
        const auto found = things_.find(key);
        return found == things_.end() ? nullptr : found->second;
    }
    // Whoever still works with the thing keeps it until that is done.
    std::shared_ptr<Thing> take(Key key) {
        const std::lock_guard lock(mutex_);
        auto node = things_.extract(key);
        return node.empty() ? nullptr : std::move(node.mapped());
    }

protected:
    mutable std::mutex mutex_;
    std::map<Key, std::shared_ptr<Thing>> things_;
};

// By the smallest free number from 0 up.
template <class Thing>
class NumberTable : public Table<int, Thing> {
public:
    int put(std::shared_ptr<Thing> thing) {
        const std::lock_guard lock(this->mutex_);
        int handle = 0;
        for (const auto& [taken, ignored] : this->things_) {
            if (taken != handle) break;
            ++handle;
        }
        this->things_.emplace(handle, std::move(thing));
        return handle;
    }
};

// By their address, as opaque pointers.
template <class Thing>
class PointerTable : public Table<void*, Thing> {
public:
    void* put(std::shared_ptr<Thing> thing) {
        const std::lock_guard lock(this->mutex_);
        void* pointer = thing.get();
        this->things_.emplace(pointer, std::move(thing));
        return pointer;
    }
};

}  // namespace cs2sim::host::capi
