// cs2sim run: when it ends, and what ends with it.
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"
#include "test/scenario/ways_to_lead.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

// A script in a folder of its own, where $run leads a program to the simulator of the state there.
Outcome script(const Folder& folder, const std::string& lines, const std::string& by = "auto") {
    const std::string run_led = "run='" + built_program("cs2sim") + " run --state " + folder.path().string() +
                                "/state --by " + by + " --'\n";
    const std::string client = "client=" + built_program("example_raw_client") + "\n";
    const std::string when = "when() { while ! \"$@\"; do sleep 0.02; done; }\n";
    return run({"sh", "-uc", "cd " + folder.path().string() + "\n" + run_led + client + when + lines});
}

// `when` of this waits until the simulator is gone.
std::string stopped() {
    return "stopped() { " + built_program("cs2sim") + " status --state state | grep -q ^stopped; }\n";
}

void require_output(const Outcome& outcome, const std::string& out) {
    INFO(outcome.err);
    REQUIRE(outcome.out == out);
}

bool is_stopped(const Folder& folder) {
    return run({built_program("cs2sim"), "status", "--state", folder / "state"}).out.starts_with("stopped");
}

}  // namespace

TEST_CASE("run: who ends first leaves the simulator to the other") {
    const Folder folder;
    const std::string both =
        "$run sh -c \"echo > one; while ! test -e two; do sleep 0.02; done\" & first=$!\n"
        "when test -e one\n"
        "$run sh -c \"echo > two; while ! test -e go; do sleep 0.02; done; $client > answer; echo second "
        "\\$?\" &\n"
        "wait $first; echo first $?; echo > go; wait";
    require_output(script(folder, both), "first 0\nsecond 0\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("run: who begin and end at once share one simulator") {
    const Folder folder;
    require_output(script(folder, "for i in 1 2 3 4 5 6; do { $run $client > $i; echo $?; } & done; wait"),
                   "0\n0\n0\n0\n0\n0\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("run: a start that fails leaves no folder behind") {
    const Folder folder;
    const Outcome failed = run({built_program("cs2sim"), "run", "--state", folder / "state", "--", "true"},
                               {"/", {{"CS2SIM_PROFILE", "no-such"}}});
    CHECK(failed.status == 125);
    CHECK_FALSE(std::filesystem::exists(folder / "state"));
}

TEST_CASE("run: when it is killed its program is, and the simulator ends") {
    const Folder folder;
    const std::string by = GENERATE(from_range(ways_to_lead()));
    require_output(script(folder,
                          stopped() + "$run sh -c 'echo $$ > pid.new; mv pid.new pid; exec sleep 600' &\n"
                                      "when test -e pid; kill -KILL $!; wait $!; echo $?\n"
                                      "gone() { ! kill -0 $(cat pid); }\n"
                                      "when gone 2> gone; when stopped; echo gone",
                          by),
                   "137\ngone\n");
}

TEST_CASE("run: signals that are sent to it reach its program") {
    const Folder folder;
    const std::string signal = GENERATE("USR1", "USR2", "QUIT", "INT", "HUP", "CONT", "WINCH");
    const std::string by = GENERATE(from_range(ways_to_lead()));
    INFO(signal << " " << by);
    // A shell starts what is in the background with SIGINT and SIGQUIT ignored.
    require_output(script(folder,
                          "env --default-signal=INT,QUIT $run sh -c 'trap \"echo got; exit 9\" " + signal +
                              "; echo > there; while :; do sleep 0.02; done' &\n"
                              "when test -e there; kill -" +
                              signal + " $!; wait $!; echo $?",
                          by),
                   "got\n9\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("run: children that outlive the program have the simulator to their end") {
    const Folder folder;
    const std::string by = GENERATE(from_range(ways_to_lead()));
    require_output(
        script(folder,
               "$run sh -c \"(while ! test -e go; do sleep 0.02; done; $client > answer; echo child \\$?) & "
               "echo > there; exit 5\" & when test -e there; echo > go; wait $!; echo $?",
               by),
        "child 0\n5\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("run: by preload nobody waits for a daemon that the program leaves behind") {
    const Folder folder;
    require_output(
        script(folder,
               "$run sh -c \"setsid sh -c 'echo \\$\\$ > daemon; exec sleep 600' & "
               "while ! test -s daemon; do sleep 0.02; done; exit 5\"; echo $?; kill $(cat daemon); echo $?",
               "preload"),
        "5\n0\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("run: whom it waits for, it says after a while") {
    const Folder folder;
    const std::string by = GENERATE(from_range(ways_to_lead()));
    require_output(
        script(folder,
               "$run sh -c \"sh -c 'echo \\$\\$ > child; while ! grep -q behind err; do sleep 0.02; "
               "done' & exit 5\" 2> err; echo $?; grep -c \": $(cat child)$\" err",
               by),
        "5\n1\n");
}

TEST_CASE("run: who wants to end it waits for no child that outlives the program") {
    const Folder folder;
    const std::string by = GENERATE(from_range(ways_to_lead()));
    const std::string main_ends = "echo \\$\\$ > pid; exit 5";
    require_output(script(folder,
                          "$run sh -c \"sleep 600 > there & echo \\$! > child; " + main_ends +
                              "\" & when test -s pid; gone() { ! kill -0 $(cat pid); }; when gone 2> gone\n"
                              "kill -TERM $!; wait $!; echo $?; kill $(cat child)",
                          by),
                   "5\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("run: who ended its program by a signal waits for no child of it") {
    const Folder folder;
    const std::string by = GENERATE(from_range(ways_to_lead()));
    require_output(script(folder,
                          "$run sh -c \"sleep 600 > there & echo \\$! > child; wait\" & when test -s child\n"
                          "kill -TERM $!; wait $!; echo $?; kill $(cat child)",
                          by),
                   "143\n");
    CHECK(is_stopped(folder));
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

TEST_CASE("run: what is in the place of its lock and is no file is left alone") {
    const Folder folder;
    require_output(script(folder, "mkdir state; mkfifo state/run.lock; $run sh -c 'exit 5'; echo $?"), "5\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("run: who ends it while its simulator starts ends it, and nothing runs on") {
    const Folder folder;
    const std::string slow = "#!/bin/sh\necho > starts\nsleep 0.3\nexec " + built_program("cs2simd");
    write_file(folder / "slow", slow + " \"$@\"\n");
    std::filesystem::permissions(folder / "slow", std::filesystem::perms::owner_all);
    const std::string signal = GENERATE("INT", "TERM", "HUP");
    const std::string whom = GENERATE("$!", "-$!");  // it alone, or its group as a terminal does
    INFO(signal << " " << whom);
    require_output(
        script(folder, stopped() +
                           "export CS2SIM_DAEMON=$PWD/slow\n"
                           "setsid env --default-signal=INT $run sh -c 'echo ran' & when test -e starts\n"
                           "env kill -s " +
                           signal + " -- " + whom + "; wait $!; kill -l $?; when stopped"),
        signal + "\n");
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

TEST_CASE("run: by seccomp its simulator cannot be restarted by its program, which would wait for itself") {
    const Folder folder;
    const std::string by = GENERATE("seccomp", "both");
    require_output(
        script(folder,
               "$run sh -c \"" + built_program("cs2sim") +
                   " restart 2> refused; echo \\$?; $client > answer; echo \\$?\"; grep -c within refused",
               by),
        "1\n0\n1\n");
    CHECK(is_stopped(folder));
}

TEST_CASE("run: by seccomp an open that a signal interrupted leaves no descriptor") {
    const Folder folder;
    write_file(folder / "opens.py", R"(
import os, signal
signal.signal(signal.SIGALRM, lambda *_: None)
signal.siginterrupt(signal.SIGALRM, False)
signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
for _ in range(1500):
    os.close(os.open("/dev/cs2a", os.O_RDWR))
signal.setitimer(signal.ITIMER_REAL, 0)
links = (f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd"))
print(sum(os.readlink(link).startswith("socket:") for link in links if os.path.islink(link)))
)");
    require_output(script(folder, "$run python3 opens.py", "seccomp"), "0\n");
}

TEST_CASE("run: children that were there before are not waited for") {
    const Folder folder;
    const std::string by = GENERATE(from_range(ways_to_lead()));
    require_output(
        script(folder,
               "sh -c 'sleep 600 > there 2>&1 & echo $! > before; exec \"$@\"' - $run sh -c 'exit 5'; "
               "echo $?; kill $(cat before)",
               by),
        "5\n");
}

TEST_CASE("run: the exit status is the program's, too, for who ignores the ends of children") {
    const Folder folder;
    require_output(script(folder, "env --ignore-signal=CHLD $run sh -c 'exit 42'; echo $?"), "42\n");
}

TEST_CASE("run: by seccomp a wait that a signal interrupted keeps neither a thread nor a session") {
    const Folder folder;
    write_file(folder / "waits.py", R"(
import fcntl, os, signal, subprocess, sys, time
class Interrupted(Exception): pass
def interrupt(*_): raise Interrupted
signal.signal(signal.SIGALRM, interrupt)
for i in range(20):
    f = os.open("/dev/cs2a", os.O_RDWR)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    try: fcntl.ioctl(f, 0x6b02, bytes.fromhex("ffffffff0000000000000000"))
    except Interrupted: pass
    os.close(f)
def left():
    status = subprocess.run([sys.argv[1], "status"], stdout=subprocess.PIPE, text=True).stdout
    threads = open("/proc/%d/status" % os.getppid()).read().split("Threads:")[1].split()[0]
    return status.split("clients")[1].split()[0] != "0" or threads != "1"
while left(): time.sleep(0.05)
print("none left")
)");
    require_output(script(folder, "$run python3 waits.py " + built_program("cs2sim"), "seccomp"),
                   "none left\n");
}
