#include "test/scenario/backup_text.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace cs2sim::scenario {
namespace {

constexpr const char* kIndex = "DB Index\n";
constexpr const char* kEntry = "DB Entry\n";
constexpr const char* kTail = "Additional Database Information\n";

// Takes `text` up to and without `mark` off the front, and the mark too.
std::string take(std::string& text, const std::string& mark) {
    const std::size_t at = text.find(mark);
    INFO("looking for " << mark);
    REQUIRE(at != std::string::npos);
    std::string front = text.substr(0, at);
    text.erase(0, at + mark.size());
    return front;
}

}  // namespace

BackupText::BackupText(const std::string& whole) {
    std::string rest = whole;
    head = rest.substr(0, std::min(rest.find(kIndex), rest.find(kTail)));
    rest.erase(0, head.size());
    while (rest.find(kIndex) != std::string::npos) {
        take(rest, kIndex);
        Entry& entry = entries.emplace_back();
        entry.index = take(rest, "\n");
        REQUIRE(take(rest, kEntry).empty());
        entry.record = take(rest, "\n");
        take(rest, "\n");
    }
    tail = rest;
}

std::string BackupText::text() const {
    std::string text = head;
    for (const Entry& entry : entries) text += kIndex + entry.index + "\n" + kEntry + entry.record + "\n\n";
    return text + tail;
}

BackupText::Entry& BackupText::entry(const std::string& name) {
    for (Entry& entry : entries)
        if (entry.index.find("(" + name) != std::string::npos) return entry;
    FAIL("no entry " << name);
    return entries.front();
}

}  // namespace cs2sim::scenario
