#include "test/keystore/small_disk.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

namespace cs2sim::keystore {

SmallDisk::SmallDisk(std::size_t bytes) {
    const auto disk = folder_ / "disk", pid = folder_ / "pid", written = folder_ / "pid.new";
    std::filesystem::create_directory(disk);
    for (const auto& folder : {folder_.path(), disk}) give_to_plain_user(folder);
    holder_.start(
        {"bwrap", "--dev-bind", "/", "/", "--size", std::to_string(bytes), "--tmpfs", disk,
         "--die-with-parent", "sh", "-euc",
         "mkdir \"$1/space\"; echo $$ > \"$2\"; mv \"$2\" \"$3\"; exec sleep 3600", "sh", disk, written, pid},
        folder_ / "log");
    for (int i = 0; !std::filesystem::exists(pid); ++i) {
        INFO(scenario::read_file(folder_ / "log"));
        REQUIRE(i < 500);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const std::string process = scenario::read_file(pid);
    path_ = "/proc/" + process.substr(0, process.find('\n')) + "/root" + (disk / "space").string();
}

void SmallDisk::fill() const {
    const auto outcome = scenario::run(
        as_plain_user({"sh", "-c", "exec head -c 1G /dev/zero > \"$1\"", "sh", path_ / "ballast"}));
    INFO(outcome.err);
    REQUIRE(outcome.err.find("No space left") != std::string::npos);
}

void SmallDisk::empty() const {
    REQUIRE(scenario::run(as_plain_user({"rm", path_ / "ballast"})).status == 0);
}

}  // namespace cs2sim::keystore
