// cs2sim run: programs bound to the device's path, where there is neither FUSE nor root.
#include <unistd.h>

#include "test/scenario/expect.h"
#include "test/scenario/led_script.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

constexpr const char* kGetState = "state     = INITIALIZED";

// Somebody without a simulator, whose own one would lie in `folder`.
Outcome run_led(const Folder& folder, std::vector<std::string> options, std::vector<std::string> program) {
    std::vector<std::string> words{built_program("cs2sim"), "run", "--state", folder / "state"};
    words.insert(words.end(), options.begin(), options.end());
    words.emplace_back("--");
    words.insert(words.end(), program.begin(), program.end());
    return run(words, {folder.path(), {{"CRYPTOSERVER", ""}, {"LD_PRELOAD", ""}}});
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

void require_shown(const Outcome& outcome, const std::string& part) {
    INFO(outcome.out << outcome.err);
    REQUIRE(outcome.status == 0);
    REQUIRE(contains(outcome.out, part));
}

}  // namespace

TEST_CASE("run: csadm and cxitool work at /dev/cs2a unchanged, and the simulator goes with them") {
    const Folder folder;
    require_shown(run_led(folder, {}, {built_program("csadm"), "Dev=/dev/cs2a", "GetState"}), kGetState);
    CHECK(is_stopped(folder));
    require_shown(run_led(folder, {},
                          {built_program("csadm"), "LogonSign=ADMIN," + (folder / "state/ADMIN.key").string(),
                           "AddUser=ALICE,00000002,hmacpwd,password1", "ListUsers"}),
                  "ALICE");
    require_shown(
        run_led(folder, {}, {built_program("cxitool"), "LogonPass=ALICE,password1", "ShowAuthState"}),
        "00000002");
}

TEST_CASE("run: a client with the driver's ioctl works, linked dynamically or statically, at any path") {
    const Folder folder;
    const std::string client = built_program(GENERATE("example_raw_client", "example_raw_client_static"));
    require_shown(run_led(folder, {}, {client}), kGetState);
    require_shown(run_led(folder, {"--device", "/nowhere/hsm"}, {client, "9C000009008301000A"}),
                  "9e000008b0830063");
    const Outcome other = run_led(folder, {"--by", "preload"},
                                  {"env", "CRYPTOSERVER=/nowhere/else", built_program("example_raw_client")});
    CHECK(other.status == 1);
    CHECK(contains(other.err, "No such file or directory"));
}

TEST_CASE("run: by seccomp programs that make their system calls themselves are led when asked for") {
    const Folder folder;
    require_shown(run_led(folder, {"--by", "seccomp"}, {built_program("example_raw_client")}), kGetState);
    require_shown(run_led(folder, {"--by", "seccomp"}, {"sh", "-c", built_program("example_raw_client")}),
                  kGetState);
}

TEST_CASE("run: a script may start static programs and dynamic ones") {
    const Folder folder;
    const std::string script = built_program("example_raw_client_static") + " && " + built_program("csadm") +
                               " GetState && test -c /dev/cs2a && echo all";
    const Outcome all = run_led(folder, {"--by", "both"}, {"sh", "-c", script});
    require_shown(all, kGetState);
    CHECK(contains(all.out, "all\n"));
    // One that is static itself starts dynamic ones.
    require_shown(run_led(folder, {}, {"busybox", "sh", "-c", built_program("csadm") + " GetState"}),
                  kGetState);
}

#ifdef CS2SIM_CALLER32
TEST_CASE("run: a program of 32 bits is led too, though nothing can be preloaded into it") {
    const Folder folder;
    CHECK(run_led(folder, {}, {built_program("caller32"), "/dev/cs2a", "refused"}).status == 0);
    CHECK(
        run_led(folder, {"--device", "/nowhere/hsm"}, {built_program("caller32"), "/nowhere/hsm", "refused"})
            .status == 0);
}
#endif

TEST_CASE("run: by seccomp within another run of the same device a program is led as well") {
    const Folder folder;
    const auto nested = [&](const std::string& outer, std::vector<std::string> options) {
        std::vector<std::string> words{built_program("cs2sim"), "run", "--state", folder / "state"};
        words.insert(words.end(), options.begin(), options.end());
        words.insert(words.end(), {"--", built_program("example_raw_client_static")});
        return run_led(folder, {"--by", outer}, words);
    };
    const std::string outer = GENERATE("preload", "seccomp", "both");
    const std::string inner = GENERATE("seccomp", "both");
    INFO(outer << " " << inner);
    require_shown(nested(outer, {"--by", inner}), kGetState);
}

TEST_CASE("run: by seccomp where it is refused, the reason is told and the program does not run") {
    const Folder folder;
    // The kernel refuses a second listener below the first one. Through a shell: see below.
    const std::string led =
        built_program("cs2sim") + " run --by seccomp --state " + (folder / "state").string();
    const Outcome refused = run({"sh", "-c",
                                 led + " -- " + led + " --device /nowhere/hsm -- touch " +
                                     (folder / "there").string() + "; echo $?"});
    INFO(refused.out << refused.err);
    CHECK(refused.out == "126\n");
    CHECK(contains(refused.err, "seccomp user notification"));
    CHECK(contains(refused.err, "Device or resource busy; another one, as of a `cs2sim run` around this"));
    CHECK_FALSE(std::filesystem::exists(folder / "there"));
    CHECK(is_stopped(folder));
}

TEST_CASE("run: a user without any privilege needs no more than the programs") {
    const Folder folder;  // others need not be able to read the checkout
    std::filesystem::create_directories(folder / "bin");
    std::filesystem::create_directories(folder / "lib");
    for (const char* name : {"cs2sim", "cs2simd", "csadm", "example_raw_client", "example_raw_client_static"})
        std::filesystem::copy_file(built_program(name), folder / "bin" / name);
    const std::filesystem::path library = "lib/libcs2sim-preload.so";
    std::filesystem::copy_file(
        std::filesystem::path(built_program("cs2sim")).parent_path().parent_path() / library,
        folder.path() / library);
    std::vector<std::string> as_nobody;
    if (geteuid() == 0) {
        REQUIRE(chown(folder.path().c_str(), 65534, 65534) == 0);
        as_nobody = {"setpriv",        "--reuid=65534",  "--regid=65534",
                     "--clear-groups", "--no-new-privs", "--bounding-set=-all"};
    }
    as_nobody.insert(as_nobody.end(), {folder / "bin/cs2sim", "run", "--state", folder / "state", "--"});
    for (const std::vector<std::string>& program :
         {std::vector<std::string>{folder / "bin/csadm", "GetState"},
          {folder / "bin/example_raw_client"},
          {folder / "bin/example_raw_client_static"}}) {
        std::vector<std::string> words = as_nobody;
        words.insert(words.end(), program.begin(), program.end());
        require_shown(
            run(words, {folder.path(),
                        {{"HOME", folder.path()}, {"XDG_RUNTIME_DIR", folder.path()}, {"LD_PRELOAD", ""}}}),
            kGetState);
    }
}

TEST_CASE("run: children, shells and scripts are led too") {
    const Folder folder;
    require_shown(
        run_led(folder, {},
                {"sh", "-c", "sh -c '" + built_program("csadm") + " GetState' && test -c /dev/cs2a"}),
        kGetState);
    require_shown(
        run_led(folder, {},
                {"python3", "-c",
                 "import os, select; f = os.open('/dev/cs2a', os.O_RDWR); "
                 "assert select.select([f], [f], [], 1)[1]; os.write(f, bytes.fromhex('9C000007008701')); "
                 "assert select.select([f], [], [], 60)[0]; print(os.read(f, 4096)[4:].decode())"}),
        kGetState);
}

TEST_CASE("run: a simulator that runs is used, and stays") {
    const Simulator simulator;
    const Outcome outcome = run({built_program("cs2sim"), "run", "--state", simulator.state(), "--",
                                 built_program("csadm"), "GetState"});
    require_shown(outcome, kGetState);
    CHECK(simulator.steer({"status"}).status == 0);
}

TEST_CASE("run: the exit status is the program's, and what cannot be run is told") {
    const Folder folder;
    CHECK(run_led(folder, {}, {"sh", "-c", "exit 42"}).status == 42);
    CHECK(run_led(folder, {}, {"sh", "-c", "kill -9 $$"}).status == 128 + 9);
    write_file(folder / "text", "no program");
    // Through a shell: what ends with 126 itself would be taken for a program that could not be started.
    const std::string led =
        built_program("cs2sim") + " run --state " + (folder.path() / "state").string() + " -- ";
    const Outcome refused = run({"sh", "-c", led + (folder.path() / "text").string() + "; echo $?"});
    CHECK(refused.out == "126\n");
    CHECK(contains(refused.err, "text: Permission denied"));
    CHECK(is_stopped(folder));
}

TEST_CASE("run: who ends it ends the program, and the simulator goes too") {
    const Folder folder;
    const std::string how = GENERATE(from_range(ways_to_lead()));
    const std::string script = "cd " + folder.path().string() + "; " + built_program("cs2sim") +
                               " run --state state --by " + how +
                               " -- sh -c 'echo > there; exec sleep 600' & "
                               "while ! test -e there; do sleep 0.05; done; kill -TERM $!; wait $!; echo $?";
    const Outcome outcome = run({"sh", "-c", script});
    INFO(outcome.out << outcome.err);
    CHECK(outcome.out == "143\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("health tells whether the simulator answers") {
    Simulator simulator;
    CHECK(simulator.steer({"health"}).status == 0);
    simulator.stop();
    CHECK(simulator.steer({"health"}).status == 3);
    simulator.start();
}

TEST_CASE("a new device's ADMIN may be given a key, and without one each has its own") {
    const Folder folder;
    const std::string cs2sim = built_program("cs2sim");
    const std::string key = folder / "given.key";
    require_success(run({built_program("csadm"), "KeyType=RSA", "GenKey=" + key + ",2048,ADMIN"}));
    require_success(run({cs2sim, "start", "--no-device", "--state", folder / "state", "--factory-key", key}));
    const std::string device = "Dev=unix:" + (folder / "state/host.sock").string();
    CHECK(run({built_program("csadm"), device, "LogonSign=ADMIN," + key, "ShowAuthState"}).status == 0);
    require_success(run({cs2sim, "stop", "--state", folder / "state"}));
    CHECK(read_file(folder / "state/ADMIN.key") != "");
    const Outcome missing =
        run({cs2sim, "start", "--no-device", "--state", folder / "other", "--factory-key", folder / "none"});
    CHECK(missing.status == 1);
    CHECK_FALSE(std::filesystem::exists(folder / "other/ADMIN.key"));
}
