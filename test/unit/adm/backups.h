// A database of a user's own with 500 entries, and its backup: what tests of backups and restores begin with.
#pragma once

#include <catch2/catch.hpp>

#include "test/unit/adm/administered.h"

namespace cs2sim::test {

inline Bytes key(int number) {
    char text[16];
    std::snprintf(text, sizeof text, "%08d", number);
    return to_bytes(as_bytes(text));
}

inline std::shared_ptr<Database> custom(Administered& device, int entries,
                                        std::string_view name = "ERP_Blob.db") {
    auto database = device.databases.create(name, {8, 4711});
    REQUIRE(database);
    for (int i = 0; i < entries; ++i)
        REQUIRE((*database)->update(key(i), as_bytes("record " + std::to_string(i))));
    return *database;
}

// A device with an MBK, an administrator logged on and 500 entries, and what it backs up.
struct Prepared {
    Administered device;
    std::vector<MbkShare> shares = device.make_mbk();
    std::shared_ptr<Database> database = custom(device, 500);
    BackedUp backup = [this] {
        device.log_on(kSystemAdministrator);
        return back_up(device, "ERP_Blob.db");
    }();
};

inline std::string record_of(Database& database, int number) {
    const auto record = database.find(key(number));
    return record ? std::string(as_text(*record)) : "";
}

}  // namespace cs2sim::test
