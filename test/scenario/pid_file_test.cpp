// --pid-file: the file of one instance, which takes nobody else's place and stays nobody else's.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "test/scenario/expect.h"
#include "test/scenario/instance.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace fs = std::filesystem;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Outcome start(const Instance& instance, const fs::path& pid_file) {
    return instance.cs2sim({"start", "--no-device", "--pid-file", pid_file.string()});
}

void check_refused(const Outcome& outcome, const std::string& words) {
    INFO(outcome.out << outcome.err);
    CHECK(outcome.status == 1);
    CHECK(has(outcome.err, words));
}

}  // namespace

TEST_CASE("a PID file takes the place of nothing that is no PID file") {
    const Instance instance;
    const fs::path precious = instance.folder / "precious", link = instance.folder / "link";
    write_file(precious, "kept\n");
    fs::create_symlink(precious, link);
    const fs::path pipe = instance.folder / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);

    check_refused(start(instance, precious), "holds something else than the number of a process");
    check_refused(start(instance, link), "is no regular file, it stays");
    check_refused(start(instance, pipe), "is no regular file, it stays");
    check_refused(start(instance, instance.folder.path()), "is no regular file, it stays");
    check_refused(start(instance, instance.folder / "absent/pid"), "No such file or directory");
    CHECK(!fs::exists(instance.state));  // no start, no device
    CHECK(read_file(precious) == "kept\n");
    CHECK(fs::is_symlink(link));
    CHECK(fs::is_fifo(pipe));

    // The lock of the state would be lost with the file that is closed.
    require_success(instance.cs2sim({"start", "--no-device"}));
    require_success(instance.cs2sim({"stop"}));
    for (const char* lock : {"lock", "run.lock"})
        check_refused(start(instance, fs::path(instance.state) / lock), "is the state's lock");
}

TEST_CASE("a PID file that is empty or was left behind is taken over, and goes with its instance") {
    const Instance instance;
    const fs::path file = instance.folder / "pid";
    for (const std::string there : {"", "4711\n", "1"}) {
        INFO(there);
        write_file(file, there);
        require_success(start(instance, file));
        CHECK(read_file(file) == std::to_string(instance.pid()) + "\n");
        require_success(instance.cs2sim({"stop"}));
        CHECK(!fs::exists(file));
    }
    // Its instance was killed.
    require_success(start(instance, file));
    const pid_t killed = instance.pid();
    REQUIRE(::kill(killed, SIGKILL) == 0);
    while (instance.cs2sim({"status"}).status != 3) {
    }
    CHECK(read_file(file) == std::to_string(killed) + "\n");
    require_success(start(instance, file));
    CHECK(read_file(file) == std::to_string(instance.pid()) + "\n");
    CHECK(names_in(instance.folder.path()) == std::vector<std::string>{"pid", "run", "state"});
}

TEST_CASE("a PID file belongs to one instance as long as that runs") {
    const Instance first;
    const Instance second;
    const fs::path file = first.folder / "pid";
    require_success(start(first, file));
    const std::string number = read_file(file);
    check_refused(start(second, file),
                  "belongs to another instance (pid " + std::to_string(first.pid()) + ")");
    CHECK(second.cs2sim({"status"}).status == 3);
    CHECK(read_file(file) == number);

    // What somebody has put in its place since is not ours to take away.
    fs::remove(file);
    write_file(file, "somebody's\n");
    require_success(first.cs2sim({"stop"}));
    CHECK(read_file(file) == "somebody's\n");
}

TEST_CASE("a restart keeps the PID file, and what it could not write stops nothing") {
    const Instance instance;
    const fs::path file = instance.folder / "pid", precious = instance.folder / "precious";
    require_success(start(instance, file));
    const std::string before = read_file(file);
    require_success(instance.cs2sim({"restart"}));
    const std::string after = read_file(file);
    CHECK(after == std::to_string(instance.pid()) + "\n");
    CHECK(after != before);

    write_file(precious, "kept\n");
    check_refused(instance.cs2sim({"restart", "--pid-file", precious.string()}), "holds something else");
    CHECK(read_file(file) == std::to_string(instance.pid()) + "\n");
    CHECK(read_file(file) == after);
    CHECK(read_file(precious) == "kept\n");
    require_success(instance.cs2sim({"stop"}));
    CHECK(!fs::exists(file));
}

TEST_CASE("a PID file made beforehand in a folder of others is written itself") {
    const Folder top;
    const fs::path shut = top.path() / "shut", file = shut / "pid", state = top.path() / "state";
    fs::create_directory(shut);
    write_file(file, "");
    fs::permissions(top.path(), fs::perms::all);
    fs::permissions(shut, fs::perms(0555));
    std::vector<std::string> user;
    if (::geteuid() == 0) {
        REQUIRE(::chown(file.c_str(), 65534, 65534) == 0);
        user = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    }
    const auto cs2sim = [&](std::vector<std::string> words) {
        words.insert(words.begin(), built_program("cs2sim"));
        words.insert(words.begin(), user.begin(), user.end());
        words.insert(words.end(), {"--state", state});
        return run(words, {top.path(), {{"XDG_RUNTIME_DIR", top.path()}}});
    };
    require_success(cs2sim({"start", "--no-device", "--pid-file", file}));
    const std::string number = read_file(file);
    CHECK(has(cs2sim({"status"}).out, "pid " + number));
    require_success(cs2sim({"stop"}));
    CHECK(read_file(file).empty());
}
