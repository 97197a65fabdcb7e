// cs2sim run: when it ends, and what ends with it.
#include "test/scenario/expect.h"
#include "test/scenario/led_script.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

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
