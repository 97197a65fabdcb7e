// A map that forgets what was used longest ago, bounded by number and by what the values cost together (bytes
// of memory, say). Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace cs2sim {

template <class Value>
class LatelyUsed {
public:
    explicit LatelyUsed(std::size_t most, std::size_t most_cost = SIZE_MAX)
        : most_(most), most_cost_(most_cost) {}

    // Null when there is none; valid until the next change.
    Value* find(std::string_view key) {
        const auto found = places_.find(key);
        if (found == places_.end()) return nullptr;
        entries_.splice(entries_.begin(), entries_, found->second);
        return &found->second->value;
    }
    // What costs more than all may is not kept at all.
    void put(std::string_view key, Value value, std::size_t cost = 0) {
        if (const auto known = places_.find(key); known != places_.end()) drop(known->second);
        entries_.push_front({std::string(key), std::move(value), cost});
        places_.emplace(entries_.front().key, entries_.begin());
        cost_ += cost;
        while (entries_.size() > most_ || cost_ > most_cost_) drop(std::prev(entries_.end()));
    }
    void erase(std::string_view key) {
        if (const auto known = places_.find(key); known != places_.end()) drop(known->second);
    }
    void erase_if(const std::function<bool(const Value&)>& goes) {
        for (auto at = entries_.begin(); at != entries_.end();)
            if (const auto entry = at++; goes(entry->value)) drop(entry);
    }
    void clear() {
        places_.clear();
        entries_.clear();
        cost_ = 0;
    }
    std::size_t size() const { return entries_.size(); }
    std::size_t cost() const { return cost_; }

private:
    struct Entry {
        std::string key;
        Value value;
        std::size_t cost;
    };
    using Entries = std::list<Entry>;

    void drop(typename Entries::iterator entry) {
        cost_ -= entry->cost;
        places_.erase(entry->key);
        entries_.erase(entry);
    }

    const std::size_t most_;
    const std::size_t most_cost_;
    std::size_t cost_ = 0;
    Entries entries_;
    std::unordered_map<std::string_view, typename Entries::iterator> places_;  // views into entries_
};

}  // namespace cs2sim
