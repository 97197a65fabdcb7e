// The factory user's key in flash: without a good one nothing is erased, and whatever lies there nobody
// waits.
#include <sys/stat.h>

#include <fstream>

#include "test/unit/cmds/host.h"

using namespace cs2sim;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> warnings_of_start(Simulated& device) {
    std::vector<std::string> warnings;
    const fs::path state = device.state();
    Profile profile = device.profile();
    device.reboot(profile, [&] {
        SimulatedDevice::Options options{state, profile, {}};
        options.warned = [&](std::string_view line) { warnings.emplace_back(line); };
        REQUIRE(SimulatedDevice::boot(std::move(options)));
    });
    return warnings;
}

}  // namespace

TEST_CASE("Clear without a good init.key answers so and erases nothing; a start tells of it") {
    for (const std::string what : {"absent", "named pipe", "folder", "no key"}) {
        INFO(what);
        Simulated device;
        const fs::path key = device.state() / "flash" / "files" / kInitialKey;
        Caller(device).as_admin();
        fs::rename(key, key.parent_path() / "kept.key");
        if (what == "named pipe") REQUIRE(::mkfifo(key.c_str(), 0600) == 0);
        if (what == "folder") fs::create_directory(key);
        if (what == "no key") std::ofstream(key) << "no key";
        {
            Caller admin(device);
            admin.as_admin();
            CHECK(code_of(admin.call(FC_ADM, SFC_ADM_CLEAR)) == E_CMDS_BAD_INITKEY);
            CHECK(admin.cmds(SFC_CMDS_GET_USER_INFO, {"ADMIN"}));
        }
        const auto warnings = warnings_of_start(device);
        REQUIRE(warnings.size() == 1);
        CHECK(warnings[0].find("init.key") != std::string::npos);
        fs::remove(key);
        fs::rename(key.parent_path() / "kept.key", key);
        {
            Caller admin(device);
            admin.as_admin();
            CHECK(code_of(admin.call(FC_ADM, SFC_ADM_CLEAR)) == 0);
        }
        CHECK(warnings_of_start(device).empty());
        Caller(device).as_admin();
    }
}
