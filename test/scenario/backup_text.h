// A backup file in its parts, so that tests can forge one.
#pragma once

#include <string>
#include <vector>

namespace cs2sim::scenario {

struct BackupText {
    struct Entry {
        std::string index;   // the line behind "DB Index"
        std::string record;  // the line behind "DB Entry"
    };
    std::string head;
    std::vector<Entry> entries;
    std::string tail;

    explicit BackupText(const std::string& text);
    std::string text() const;
    // The entry whose name is shown as `name`, e.g. "ADMIN"; fails the test when there is none.
    Entry& entry(const std::string& name);
};

}  // namespace cs2sim::scenario
