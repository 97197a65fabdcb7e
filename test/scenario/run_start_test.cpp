// cs2sim run: the simulator that it starts, whose that is, and when it ends.
#include <sys/stat.h>

#include "test/scenario/led_script.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

// For a script: $slow is the simulator's program, which makes the file `starts` and begins when there is one
// `go`.
std::string slow_start(const Folder& folder) {
    const std::string place = folder.path().string();
    write_file(folder / "slow", "#!/bin/sh\necho > " + place + "/starts\nwhile ! test -e " + place +
                                    "/go; do sleep 0.02; done\nexec " + built_program("cs2simd") +
                                    " \"$@\"\n");
    std::filesystem::permissions(folder / "slow", std::filesystem::perms::owner_all);
    return "slow=" + place + "/slow\ncs2sim=" + built_program("cs2sim") + "\n" + stopped();
}

}  // namespace

TEST_CASE("run: a start that fails leaves no folder behind") {
    const Folder folder;
    const Outcome failed =
        run({built_program("cs2sim"), "run", "--state", folder / "state/of/mine", "--", "true"},
            {"/", {{"CS2SIM_PROFILE", "no-such"}}});
    CHECK(failed.status == 125);
    CHECK_FALSE(std::filesystem::exists(folder / "state"));
}

TEST_CASE("run: who ignores the ends of children is told of a failed start") {
    const Folder folder;
    require_output(script(folder,
                          "CS2SIM_PROFILE=no-such env --ignore-signal=CHLD $run echo ran 2> err; echo "
                          "$?\ngrep -c no-such err; test -e state; echo $?"),
                   "125\n1\n1\n");
}

TEST_CASE("run: a simulator of the user's own is not taken for one that a run began") {
    const Folder folder;
    const std::string cs2sim = built_program("cs2sim") + " ", state = " --state state";
    for (const std::string began : {"", " 1", " 0"})
        require_output(script(folder, cs2sim + "start --no-device" + state + " > started; pid=$(" + cs2sim +
                                          "status" + state + " | sed -n 's/^running *pid //p'); echo \"$pid" +
                                          began + "\" > state/run.lock; $run true; " + cs2sim + "status" +
                                          state + " | grep -c \"pid $pid\"; " + cs2sim + "stop" + state),
                       "1\n");
}

TEST_CASE("run: a simulator that the user starts meanwhile is the user's own") {
    const Folder folder;
    require_output(script(folder, slow_start(folder) + R"(
CS2SIM_DAEMON=$slow $run sleep 600 2> taken & when test -e starts
$cs2sim start --no-device --state state > started
kill -KILL $!; wait $!; echo $?
echo > go; when grep -q taken taken
$cs2sim status --state state | grep -c ^running
$cs2sim stop --state state)"),
                   "137\n1\n");
}

TEST_CASE("run: what has no lock in the place of its lock is left alone, and nothing is started") {
    const Folder folder;
    require_output(
        script(folder,
               "mkdir state; mkfifo state/run.lock; $run echo ran 2> err; echo $?; grep -c 'no regular' err"),
        "125\n1\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("run: who ends it while its simulator starts ends it, and nothing runs on") {
    const Folder folder;
    const std::string signal = GENERATE("INT", "TERM", "HUP", "QUIT", "KILL");
    const std::string whom = GENERATE("$!", "-$!");  // it alone, or its group as a terminal does
    INFO(signal << " " << whom);
    require_output(script(folder, slow_start(folder) + R"(
export CS2SIM_DAEMON=$slow
setsid env --default-signal=INT,QUIT $run echo ran & when test -e starts
env kill -s )" + signal + " -- " + whom +
                                      R"(; wait $!; kill -l $?
echo > go; when grep -q 'nobody uses' state/cs2sim.log 2> absent; when stopped)"),
                   signal + "\n");
}

TEST_CASE("run: as the first process of a container it is ended while its simulator starts") {
    const Folder folder;
    const std::string signal = GENERATE("INT", "TERM", "HUP");
    require_output(script(folder, slow_start(folder) + R"(
export CS2SIM_DAEMON=$slow
env --default-signal=INT unshare --user --map-root-user --pid --fork --kill-child $run echo ran & when test -e starts
env kill -s )" + signal + R"( $(cat /proc/$!/task/$!/children); wait $!; kill -l $?)"),
                   signal + "\n");
}

TEST_CASE("run: the next one waits for the start of one that was killed") {
    const Folder folder;
    require_output(script(folder, slow_start(folder) + R"(
CS2SIM_DAEMON=$slow $run true & first=$!; when test -e starts; kill -KILL $first
inode=$(stat -c %i state/run.lock)
{ $run $client > answer 2> err; echo $?; cat err; } & when grep -q " -> OFDLCK .*:$inode " /proc/locks
wait $first; echo $?; echo > go; wait)"),
                   "137\n0\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("run: a simulator that its program restarts ends with it all the same") {
    const Folder folder;
    require_output(script(folder,
                          "$run sh -c \"" + built_program("cs2sim") +
                              " restart > again; echo \\$?; $client > answer; echo \\$?\"",
                          "preload"),
                   "0\n0\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("run: by seccomp its program cannot restart a simulator that others may use longer") {
    const Folder folder;
    require_output(
        script(folder,
               "$run sh -c \"" + built_program("cs2sim") +
                   " restart 2> refused; echo \\$?; $client > answer; echo \\$?\"; grep -c within refused",
               GENERATE("seccomp", "both")),
        "1\n0\n1\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("run: its simulator keeps nothing open that its caller handed it") {
    const Folder folder;
    require_output(script(folder, "$run sh -c 'ls -l /proc/$(" + built_program("cs2sim") +
                                      " status | sed -n \"s/^running *pid //p\")/fd' 9> caller < /dev/null | "
                                      "grep -oE '(caller|/lock)$'"),
                   "/lock\n");
}

TEST_CASE("run: a start that fails beside it takes nothing of it away") {
    const Folder folder;
    require_output(script(folder, slow_start(folder) + R"(
CS2SIM_DAEMON=$slow $run $client > answer 2> err & when test -e starts
$cs2sim start --no-device --state state --listen unix:/nowhere/socket 2> failed; echo $?
echo > go; wait $!; echo $?; cat err)"),
                   "1\n0\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("run: what a restart starts when the run has ended stays") {
    const Folder folder;
    require_output(
        script(folder, "$run true; " + built_program("cs2sim") + " restart --state state > again; " +
                           built_program("cs2sim") + " status --state state | grep -c ^running; " +
                           built_program("cs2sim") + " stop --state state"),
        "1\n");
}

TEST_CASE("run: by seccomp a simulator that a run within it starts is not waited for") {
    const Folder folder;
    require_output(
        script(folder,
               "$run sh -c '" + built_program("cs2sim") + " stop; '\"$run\"' $0 > answer; echo $?' $client",
               GENERATE("seccomp", "both")),
        "0\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("run: by seccomp a simulator that would outlive it is not started") {
    const Folder folder;
    require_output(script(folder,
                          "$run " + built_program("cs2sim") +
                              " start --no-device --state other 2> err; echo $?; grep -c within err; test -e "
                              "other; echo $?",
                          GENERATE("seccomp", "both")),
                   "1\n1\n1\n");
}

TEST_CASE("run: by seccomp within a run by preload of another state it leads to its own") {
    const Folder folder;
    write_file(folder / "who.py",
               "import os, socket\nline = socket.socket(fileno=os.open('/dev/cs2a', "
               "os.O_RDWR))\nprint(os.path.basename(os.path.dirname(line.getpeername())))\n");
    require_output(
        script(folder,
               "$run " + built_program("cs2sim") + " run --state other --by seccomp -- python3 who.py",
               "preload"),
        "other\n");
}
