// What belongs to another user: a state folder that one may not look into, and a runtime folder that they
// made first. Root plays the plain user nobody; a plain user closes the folder to themselves.
#include <sys/stat.h>
#include <unistd.h>

#include "test/scenario/expect.h"
#include "test/scenario/process.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

std::vector<std::string> as_other_user(std::vector<std::string> words) {
    if (geteuid() == 0)
        words.insert(words.begin(),
                     {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"});
    return words;
}

// Programs that another user may run: they need not be able to read the checkout.
struct Programs {
    Folder folder;
    RunOptions options;

    Programs() {
        for (const char* name : {"cs2sim", "cs2simd"})
            std::filesystem::copy_file(built_program(name), folder / name);
        std::filesystem::create_directory(folder / "run");
        REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
        options.environment = {{"XDG_RUNTIME_DIR", folder / "run"}, {"CS2SIM_STATE", ""}};
    }
    std::vector<std::string> words(std::vector<std::string> rest, const std::string& state) const {
        rest.insert(rest.begin(), folder / "cs2sim");
        rest.insert(rest.end(), {"--state", state});
        return rest;
    }
};

unsigned mode_of(const std::filesystem::path& path) {
    struct stat info {};
    REQUIRE(::lstat(path.c_str(), &info) == 0);
    return info.st_mode & 0777;
}

}  // namespace

TEST_CASE("who may not look into a state folder is told so, and not that nothing runs there") {
    const Programs programs;
    const std::string state = programs.folder / "state";
    require_success(run(programs.words({"start", "--no-device"}, state), programs.options));
    REQUIRE(::chmod(state.c_str(), geteuid() == 0 ? 0700 : 0000) == 0);
    const std::string told = "state folder " + state + ": this user may not look into it\n";
    for (const std::vector<std::string>& verb :
         std::vector<std::vector<std::string>>{{"status"},
                                               {"stop"},
                                               {"restart"},
                                               {"start", "--no-device"},
                                               {"logs"},
                                               {"fault", "list"},
                                               {"mode", "show"}}) {
        CAPTURE(verb);
        const Outcome outcome = run(as_other_user(programs.words(verb, state)), programs.options);
        CHECK(outcome.status == 1);
        CHECK(outcome.out.empty());
        CHECK(outcome.err.find(told) != std::string::npos);
        CHECK(outcome.err.find("no instance runs") == std::string::npos);
        CHECK(outcome.err.find("died") == std::string::npos);
    }
    REQUIRE(::chmod(state.c_str(), 0700) == 0);
    require_success(run(programs.words({"stop"}, state), programs.options));  // it ran all the while
}

TEST_CASE(
    "a runtime folder is closed to others whatever the umask, and one that others may write to is none") {
    const Programs programs;
    const std::string state = programs.folder / "state";
    const std::filesystem::path ours = programs.folder / "run/cs2sim";
    const auto start = programs.words({"start", "--no-device"}, state);
    const auto stop = [&] { require_success(run(programs.words({"stop"}, state), programs.options)); };
    const auto listed = [&] {
        return run({programs.folder / "cs2sim", "list"}, programs.options).out.find(state) !=
               std::string::npos;
    };
    const mode_t before = ::umask(0);
    const Outcome started = run(start, programs.options);
    ::umask(before);
    require_success(started);
    CHECK(mode_of(ours) == 0700);
    CHECK(mode_of(ours / "instances") == 0700);
    CHECK(listed());

    // As if somebody else had made it: what it says of instances is theirs.
    REQUIRE(::chmod(ours.c_str(), 0777) == 0);
    CHECK_FALSE(listed());
    stop();
    std::filesystem::remove_all(ours / "instances");
    require_success(run(start, programs.options));
    CHECK_FALSE(std::filesystem::exists(ours / "instances"));  // nothing is put there
    stop();
}

TEST_CASE("a state folder that another user made, or has files in, is refused in words") {
    if (geteuid() != 0) return;  // others' files are root's to make
    constexpr uid_t kNobody = 65534;
    const Programs programs;
    const std::string state = programs.folder / "state", link = programs.folder / "link";
    const auto start = [&](const std::string& where) {
        return run(programs.words({"start", "--no-device"}, where), programs.options);
    };
    const auto refused = [&](const std::string& where, const std::string& what) {
        const Outcome outcome = start(where);
        CHECK(outcome.status == 1);
        CHECK(outcome.err == "cs2sim: state folder: " + what + " belongs to another user (uid 65534)\n");
    };
    std::filesystem::create_directory(state);
    REQUIRE(::chown(state.c_str(), kNobody, kNobody) == 0);
    refused(state, state);
    CHECK(std::filesystem::is_empty(state));
    REQUIRE(::chown(state.c_str(), 0, 0) == 0);
    std::filesystem::create_directory_symlink(state, link);
    REQUIRE(::lchown(link.c_str(), kNobody, kNobody) == 0);
    refused(link, link);
    CHECK(std::filesystem::is_empty(state));

    require_success(start(state));
    require_success(run(programs.words({"stop"}, state), programs.options));
    for (const std::string name : {"/nvram.db", "/flash/db", "/audit/audit.1"}) {
        REQUIRE(::chown((state + name).c_str(), kNobody, kNobody) == 0);
        refused(state, state + name);
        REQUIRE(::chown((state + name).c_str(), 0, 0) == 0);
    }
    require_success(start(state));
    require_success(run(programs.words({"stop"}, state), programs.options));
}

TEST_CASE("other processes of its user do not look into the simulator's memory") {
    const Programs programs;
    const std::string state = programs.folder / "state";
    std::filesystem::create_directory(state);
    std::filesystem::permissions(programs.folder / "run", std::filesystem::perms(0777));
    if (geteuid() == 0) REQUIRE(::chown(state.c_str(), 65534, 65534) == 0);
    require_success(run(as_other_user(programs.words({"start", "--no-device"}, state)), programs.options));
    const std::string told = run(as_other_user(programs.words({"status"}, state)), programs.options).out;
    const std::string process = "/proc/" + std::to_string(std::stoi(told.substr(told.find("pid ") + 4)));
    for (const std::string file : {"/environ", "/mem", "/maps"}) {
        INFO(file);
        const Outcome read = run(as_other_user({"head", "-c0", process + file}), programs.options);
        CHECK(read.status == 1);
        CHECK(read.err.find("Permission denied") != std::string::npos);
    }
    require_success(run(as_other_user(programs.words({"stop"}, state)), programs.options));
}
