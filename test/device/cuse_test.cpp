// What is CUSE's alone: a true character device.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "test/device/rig.h"

using namespace cs2sim;
using namespace cs2sim::test;

TEST_CASE("CUSE: the node is a character device with the asked permissions, and goes at the end") {
    if (!has(Kind::cuse)) return;
    const std::string path = fresh_path(Kind::cuse);
    auto made =
        mount_cuse(path, test_answerer(std::make_shared<Counters>()), {.mode = 0640, .group = "daemon"});
    if (!made) FAIL(made.error());
    struct stat found {};
    REQUIRE(stat(path.c_str(), &found) == 0);
    CHECK(S_ISCHR(found.st_mode));
    CHECK((found.st_mode & 07777) == 0640);
    CHECK(found.st_gid == 1);
    CHECK(found.st_rdev != 0);
    CHECK(Line(open_line(Kind::cuse, path)).ask(command(kEcho)) == answer_frame({}));
    const auto twice = mount_cuse(path, test_answerer(std::make_shared<Counters>()));
    CHECK_FALSE(twice);
    (*made)->stop();
    for (int tries = 0; tries < 200 && access(path.c_str(), F_OK) == 0; ++tries) usleep(10000);
    CHECK(access(path.c_str(), F_OK) != 0);
}

TEST_CASE("CUSE: where it cannot be, the reason is told") {
    const auto answerer = test_answerer(std::make_shared<Counters>());
    CHECK_FALSE(mount_cuse("/tmp/cs2a", answerer));
    CHECK_FALSE(mount_cuse("/dev/", answerer));
    CHECK_FALSE(mount_cuse("/dev/null", answerer));
    if (cuse_available()) return;
    const auto refused = mount_cuse("/dev/cs2test", answerer);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().find("/dev/cuse") != std::string::npos);
}
