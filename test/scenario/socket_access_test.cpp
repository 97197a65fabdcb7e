// Who may use the files that a simulator makes: its Unix sockets are for whom they were asked for, its state
// is its user's alone, whatever the umask.
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "test/scenario/expect.h"
#include "test/scenario/instance.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

namespace fs = std::filesystem;

unsigned mode_of(const std::string& path) {
    struct stat info {};
    REQUIRE(::lstat(path.c_str(), &info) == 0);
    return info.st_mode & 07777;
}

gid_t group_of(const std::string& path) {
    struct stat info {};
    REQUIRE(::lstat(path.c_str(), &info) == 0);
    return info.st_gid;
}

// Another group than a file has by itself, where this user may give it one.
// One that a socket of this user's may be given, and has not without.
const struct group& another_group() {
    std::vector<gid_t> groups{65534};  // root's to give
    if (::geteuid() != 0) {
        groups.resize(64);
        const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
        REQUIRE(count >= 0);
        groups.resize(static_cast<std::size_t>(count));
        if (std::ranges::any_of(groups, [](gid_t each) { return each != ::getegid(); }))
            std::erase(groups, ::getegid());
        if (groups.empty()) groups.push_back(::getegid());  // he is in no other
    }
    const struct group* const named = ::getgrgid(groups[0]);
    REQUIRE(named);
    return *named;
}

Outcome start_under(const Instance& instance, const std::string& umask, const std::string& words) {
    RunOptions options;
    options.environment = instance.environment;
    return run({"sh", "-c", "umask " + umask + "; exec \"$0\" start --no-device --state \"$1\" " + words,
                built_program("cs2sim"), instance.state},
               options);
}

}  // namespace

TEST_CASE("a Unix socket is its user's alone, or of the mode and the group that were asked for") {
    const Instance instance;
    const std::string way = instance.folder / "way";
    for (const std::string umask : {"000", "077", "777"}) {
        INFO(umask);
        require_success(start_under(instance, umask, "--listen unix:" + way));
        CHECK(mode_of(way) == 0600);
        require_success(instance.cs2sim({"stop"}));
    }
    const struct group& group = another_group();
    require_success(start_under(instance, "077",
                                "--listen unix:" + way + " --socket-mode 0660 --group " + group.gr_name));
    const auto check_open = [&] {
        CHECK(mode_of(way) == 0660);
        CHECK(group_of(way) == group.gr_gid);
        CHECK(mode_of(instance.state + "/control.sock") == 0600);
    };
    check_open();
    require_success(instance.cs2sim({"restart"}));
    check_open();
    require_success(instance.cs2sim({"restart", "--socket-mode", "0606"}));
    CHECK(mode_of(way) == 0606);
    require_success(run({built_program("csadm"), "Dev=unix:" + way, "GetState"}));
}

TEST_CASE("the environment says the mode of sockets where no word does") {
    Instance instance;
    const std::string way = instance.folder / "way";
    instance.environment["CS2SIM_SOCKET_MODE"] = "0660";
    require_success(start_under(instance, "077", "--listen unix:" + way));
    CHECK(mode_of(way) == 0660);
    instance.environment["CS2SIM_SOCKET_MODE"] = "0606";
    require_success(instance.cs2sim({"restart"}));
    CHECK(mode_of(way) == 0660);
    require_success(instance.cs2sim({"stop"}));
    require_success(start_under(instance, "077", "--listen unix:" + way + " --socket-mode 0600"));
    CHECK(mode_of(way) == 0600);
}

TEST_CASE("a socket for a group that is not there, or of no permissions, is refused and leaves nothing") {
    const Instance instance;
    const std::string way = instance.folder / "way";
    const Outcome no_group =
        instance.cs2sim({"start", "--no-device", "--listen", "unix:" + way, "--group", "no such"});
    CHECK(no_group.status == 1);
    CHECK(no_group.err.find("there is no group no such") != std::string::npos);
    CHECK(instance.cs2sim({"start", "--no-device", "--socket-mode", "0999"}).status == 2);
    CHECK(!fs::exists(way));
    CHECK(!fs::exists(instance.state));
}

TEST_CASE("what lies in the state folder is its user's alone whatever the umask") {
    for (const std::string umask : {"000", "007", "277"}) {
        INFO(umask);
        const Instance instance;
        require_success(
            start_under(instance, umask,
                        std::string("--socket-mode 0666 --listen unix:").append(instance.folder / "way")));
        CHECK(mode_of(instance.state) == 0700);
        for (const auto& entry : fs::recursive_directory_iterator(instance.state)) {
            INFO(entry.path());
            if (!entry.is_symlink()) CHECK((mode_of(entry.path()) & 0077) == 0);
        }
    }
}
