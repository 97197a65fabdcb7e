// A bounded map that forgets what was used longest ago. Not thread-safe.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace cs2sim {

template <class Value>
class LatelyUsed {
public:
    explicit LatelyUsed(std::size_t most) : most_(most) {}

    // Null when there is none; valid until the next change.
    const Value* find(std::string_view key) {
        const auto found = places_.find(key);
        if (found == places_.end()) return nullptr;
        entries_.splice(entries_.begin(), entries_, found->second);
        return &found->second->second;
    }
    void put(std::string_view key, Value value) {
        if (const auto known = places_.find(key); known != places_.end()) {
            entries_.erase(known->second);
            places_.erase(known);
        }
        entries_.emplace_front(key, std::move(value));
        places_.emplace(entries_.front().first, entries_.begin());
        if (entries_.size() <= most_) return;
        places_.erase(entries_.back().first);
        entries_.pop_back();
    }
    void clear() {
        places_.clear();
        entries_.clear();
    }
    std::size_t size() const { return entries_.size(); }

private:
    using Entries = std::list<std::pair<std::string, Value>>;
    const std::size_t most_;
    Entries entries_;
    std::unordered_map<std::string_view, typename Entries::iterator> places_;  // views into entries_
};

}  // namespace cs2sim
