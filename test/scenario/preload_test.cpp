// The library that `cs2sim run` preloads: what preload_caller.h's programs find, and what shells and scripts
// do.
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

// The library alone: the program is its own simulator.
Outcome play(const Folder& folder, const std::string& program, const std::string& scene) {
    const std::filesystem::path top =
        std::filesystem::path(built_program("cs2sim")).parent_path().parent_path();
    std::filesystem::create_directories(folder / "dev");
    return run({built_program(program), scene}, {folder.path(),
                                                 {{"LD_PRELOAD", top / "lib/libcs2sim-preload.so"},
                                                  {"CS2SIM_PRELOAD_DEVICE", folder / "dev/cs2a"},
                                                  {"CS2SIM_PRELOAD_SOCKET", folder / "socket"}}});
}

void require_played(const std::string& program, const std::string& scene) {
    const Folder folder;
    const Outcome outcome = play(folder, program, scene);
    INFO(scene << ":\n" << outcome.out << outcome.err);
    CHECK(outcome.status == 0);
    CHECK_FALSE(std::filesystem::exists(folder / "dev/cs2a"));  // nothing was made at the device's path
}

// By the whole of `cs2sim run`, at /dev/cs2a.
void require_led(const std::vector<std::string>& program) {
    const Folder folder;
    std::vector<std::string> words{built_program("cs2sim"), "run", "--state", folder / "state", "--"};
    words.insert(words.end(), program.begin(), program.end());
    require_success(run(words, {folder.path(), {{"CRYPTOSERVER", ""}, {"LD_PRELOAD", ""}}}));
}

}  // namespace

TEST_CASE("preload: threads may fork while others work and close while others wait") {
    require_played("preload_descriptors", "forks-beside-threads");
    require_played("preload_descriptors", "closes-under-a-reader");
    require_played("preload_descriptors", "child-beside-a-reader");
}

TEST_CASE("preload: signal handlers work on descriptors whatever they interrupt") {
    require_played("preload_descriptors", "calls-in-handlers");
}

TEST_CASE("preload: a child of vfork closes its own descriptors and not the parent's sessions") {
    require_played("preload_descriptors", "vforks");
}

TEST_CASE("preload: programs that close all descriptors open the device again or keep it") {
    require_played("preload_descriptors", "closes-ranges");
    require_played("preload_descriptors", "keeps-one-of-all");
    require_played("preload_descriptors", "stale-lock-numbers");
}

TEST_CASE("preload: pieces and general ioctls are the kernel's") {
    require_played("preload_descriptors", "pieces-and-general-ioctls");
    require_played("preload_descriptors", "selects");
}

TEST_CASE("preload: every call that opens by a path is led and every spelling of it") {
    require_played("preload_paths", "opened-by-every-call");
    require_played("preload_paths", "spelt-in-every-way");
    require_played("preload_paths", "looked-at");
    require_played("preload_paths", "has-a-real-path");
}

TEST_CASE("preload: a descriptor and a stream may do what they were opened for") {
    require_played("preload_paths", "modes-hold");
    require_played("preload_paths", "modes-of-streams");
}

TEST_CASE("preload: shells see the device and may write to it") {
    const std::string looks =
        "set -e; [ -c /dev/cs2a ]; [ -r /dev/cs2a ]; [ -w /dev/cs2a ]; ! [ -x /dev/cs2a ]; cd /dev; "
        "[ -w cs2a ]; [ -c .//cs2a ]; exec 3<>cs2a; [ -c /dev/fd/3 ]";
    require_led({"sh", "-c", looks});
    require_led({"bash", "-c", looks});
    CHECK_FALSE(std::filesystem::is_regular_file("/dev/cs2a"));
}

TEST_CASE("preload: programs that a script starts leave its session alone") {
    require_led({"python3", "-c", R"(
import os, subprocess
request = bytes.fromhex('9C000007008701')
device = os.open('/dev/cs2a', os.O_RDWR)
def ask():
    os.write(device, request)
    return os.read(device, 4096)
first = ask()
for options in ({}, {'close_fds': False}, {'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE},
                {'preexec_fn': lambda: None}):
    subprocess.run(['true'], check=True, **options)
    assert ask() == first
    try:
        os.read(device, 1)
        assert False
    except OSError as error:
        assert error.errno == 61, error  # ENODATA
)"});
}
