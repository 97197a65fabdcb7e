// What is FUSE's alone: the file below the mount, its attributes, 32-bit callers.
#include <fcntl.h>
#include <grp.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <fstream>

#include "test/device/rig.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

struct stat status_of(const std::string& path) {
    struct stat found {};
    if (stat(path.c_str(), &found) != 0) found.st_mode = 0;
    return found;
}

Opened<std::unique_ptr<Listener>> mount_at(const std::string& path, NodeOptions options = {}) {
    return mount_fuse(path, test_answerer(std::make_shared<Counters>()), options);
}

}  // namespace

TEST_CASE("FUSE: the mount point comes and goes with the mount") {
    if (!has(Kind::fuse)) return;
    const std::string path = fresh_path(Kind::fuse);
    auto made = mount_at(path);
    if (!made) FAIL(made.error());
    CHECK((*made)->address() == path);
    CHECK(S_ISREG(status_of(path).st_mode));
    made->reset();
    CHECK(access(path.c_str(), F_OK) != 0);

    std::ofstream(path).close();  // the operator's own file stays
    made = mount_at(path);
    if (!made) FAIL(made.error());
    made->reset();
    CHECK(access(path.c_str(), F_OK) == 0);
    unlink(path.c_str());
}

TEST_CASE("FUSE: mode and group are as asked for, and can be changed") {
    if (!has(Kind::fuse)) return;
    const std::string path = fresh_path(Kind::fuse);
    const group* any = getgrgid(getegid());
    REQUIRE(any != nullptr);
    auto made = mount_at(path, {.mode = 0640, .group = any->gr_name});
    if (!made) FAIL(made.error());
    CHECK((status_of(path).st_mode & 07777) == 0640);
    CHECK(status_of(path).st_gid == getegid());
    CHECK(status_of(path).st_uid == geteuid());
    CHECK(chmod(path.c_str(), 0600) == 0);
    CHECK((status_of(path).st_mode & 07777) == 0600);
    const Line line(open(path.c_str(), O_RDWR | O_TRUNC));  // `>` from a shell
    CHECK(line.ask(command(kEcho)) == answer_frame({}));
    CHECK(status_of(path).st_size == 0);
    CHECK_FALSE(mount_at(fresh_path(Kind::fuse), {.group = "no such group"}));
}

TEST_CASE("FUSE: permissions are enforced") {
    if (!has(Kind::fuse) || geteuid() != 0) return;
    const std::string path = fresh_path(Kind::fuse);
    auto made = mount_at(path, {.mode = 0660, .group = ""});
    if (!made) FAIL(made.error());
    CHECK(chmod(path.substr(0, path.rfind('/')).c_str(), 0755) == 0);
    const auto as_nobody = [&] {
        const pid_t child = fork();
        if (child == 0) {
            if (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(65534) != 0) _exit(100);
            const int fd = open(path.c_str(), O_RDWR);
            _exit(fd < 0 ? errno : 0);
        }
        int status = 0;
        waitpid(child, &status, 0);
        return WEXITSTATUS(status);
    };
    CHECK(as_nobody() == EACCES);
    CHECK(chmod(path.c_str(), 0666) == 0);
    CHECK(as_nobody() == 0);
}

TEST_CASE("FUSE: what is no place for a node is refused, and stays as it is") {
    if (!has(Kind::fuse)) return;
    const std::string path = fresh_path(Kind::fuse);
    std::ofstream(path) << "precious";
    CHECK_FALSE(mount_at(path));
    CHECK(status_of(path).st_size == 8);
    unlink(path.c_str());
    CHECK_FALSE(mount_at("/tmp"));
    CHECK_FALSE(mount_at("/dev/null"));
    CHECK_FALSE(mount_at(path + "/none/such"));

    auto made = mount_at(path);
    if (!made) FAIL(made.error());
    const auto refused = mount_at(path);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().find("taken") != std::string::npos);
}

TEST_CASE("FUSE: an operator who unmounts under the daemon ends it cleanly") {
    if (!has(Kind::fuse) || geteuid() != 0) return;
    const std::string path = fresh_path(Kind::fuse);
    auto made = mount_at(path);
    if (!made) FAIL(made.error());
    CHECK(umount(path.c_str()) == 0);
    CHECK(status_of(path).st_mode != 0);
    (*made)->stop();
    CHECK(access(path.c_str(), F_OK) != 0);
}

#ifdef CS2SIM_CALLER32
TEST_CASE("FUSE: 32-bit clients") {
    if (!has(Kind::fuse)) return;
    Rig rig(Kind::fuse);
    std::string program = CS2SIM_CALLER32;
    std::string path = rig.path();
    char* arguments[] = {program.data(), path.data(), nullptr};
    pid_t child = 0;
    REQUIRE(posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ) == 0);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}
#endif
