// Instances as an operator handles them: where they answer, what is told of them, and how they end.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "host-lib/link/apart.h"
#include "test/scenario/expect.h"
#include "test/scenario/instance.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

void wait_until_gone(pid_t pid) {
    for (int i = 0; ::kill(pid, 0) == 0; ++i) {
        REQUIRE(i < 10000);
        ::usleep(1000);
    }
}

Outcome csadm(const std::string& device, std::vector<std::string> words = {"GetModel"},
              const RunOptions& options = {}) {
    words.insert(words.begin(), {built_program("csadm"), "Dev=" + device});
    return run(words, options);
}

}  // namespace

TEST_CASE("port 0 is told: printed, in the status and in the instance file, and every tool takes it bare") {
    const Instance instance;
    const Outcome started = instance.cs2sim({"start", "--no-device", "--listen", "0@127.0.0.1"});
    require_success(started);
    const std::string where = line_of(started.out, "listen");
    REQUIRE(where.ends_with("@127.0.0.1"));
    const std::string port = where.substr(0, where.find('@'));
    CHECK(port != "0");
    CHECK(started.out.find("export CRYPTOSERVER=" + where + "\n") != std::string::npos);
    CHECK(line_of(instance.cs2sim({"status"}).out, "listen") == where);
    CHECK(read_file(instance.folder / "state/instance.toml").find(where) != std::string::npos);
    for (const std::string& name : {port, where, "127.0.0.1:" + port, "TCP:" + port}) {
        INFO(name);
        require_success(csadm(name));
    }
    require_error(csadm("99999"), E_CSA_DEVICE_NAME);
    CHECK(instance.cs2sim({"restart"}).out.find(where) != std::string::npos);
}

TEST_CASE("an instance without device or port is reached by its own socket, and one beyond loopback warns") {
    Instance instance;
    const Outcome hidden = instance.cs2sim({"start", "--no-device"});
    require_success(hidden);
    CHECK(hidden.out.find("export CRYPTOSERVER=unix:") != std::string::npos);
    // A restart keeps what it was started with, whatever the environment says by now.
    instance.environment["CS2SIM_DEVICE"] = instance.folder / "node";
    instance.environment["CS2SIM_PROFILE"] = "cse-fips";
    require_success(instance.cs2sim({"restart"}));
    CHECK(!std::filesystem::exists(instance.folder / "node"));
    CHECK(read_file(instance.folder / "state/instance.toml").find("cse-fips") == std::string::npos);
    instance.environment.erase("CS2SIM_DEVICE");
    instance.environment.erase("CS2SIM_PROFILE");
    require_success(instance.cs2sim({"stop"}));
    const Outcome open = instance.cs2sim({"start", "--no-device", "--listen", "0@0.0.0.0"});
    require_success(open);
    CHECK(open.out.find("can be reached from other machines") != std::string::npos);
}

TEST_CASE("status, list and logs say what there is to know, and the PID file holds the process") {
    const Instance instance;
    const std::string node = instance.folder / "node";
    const std::string pid_file = instance.folder / "pid";
    require_success(instance.cs2sim({"start", "--device", node, "--pid-file", pid_file, "--mode", "0600"}));
    const pid_t pid = instance.pid();
    CHECK(read_file(pid_file) == std::to_string(pid) + "\n");
    const std::string status = instance.cs2sim({"status"}).out;
    CHECK(line_of(status, "device") == node + " (FUSE)");
    CHECK(line_of(status, "log") == instance.state + "/cs2sim.log");
    CHECK(line_of(status, "clients") == "0");
    CHECK(line_of(status, "uptime").starts_with("00:"));
    RunOptions here;
    here.environment = instance.environment;
    const Outcome list = run({built_program("cs2sim"), "list"}, here);
    CHECK(list.out.find(instance.state) != std::string::npos);
    CHECK(list.out.find(node) != std::string::npos);
    CHECK(instance.cs2sim({"logs"}).out.find("started, profile se-gen2") != std::string::npos);

    require_success(instance.cs2sim({"restart"}));  // keeps --mode
    struct stat found {};
    REQUIRE(::stat(node.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
    require_success(instance.cs2sim({"stop"}));
    CHECK(run({built_program("cs2sim"), "list"}, here).out.find(instance.state) == std::string::npos);
    CHECK(instance.cs2sim({"status"}).status == 3);
}

// A login has XDG_RUNTIME_DIR; what a service or a remote command starts may have none.
TEST_CASE("list finds an instance that was started without a login's runtime folder") {
    Instance instance;
    const std::string runtime = instance.environment["XDG_RUNTIME_DIR"];
    instance.environment["XDG_RUNTIME_DIR"] = "";
    require_success(instance.cs2sim({"start", "--no-device"}));
    RunOptions login;
    login.environment = {{"XDG_RUNTIME_DIR", runtime}};
    const Outcome list = run({built_program("cs2sim"), "list"}, login);
    INFO(list.out);
    const std::string entry = "  " + instance.state + "  ";
    const auto found = list.out.find(entry);
    CHECK(found != std::string::npos);
    CHECK(list.out.find(entry, found + 1) == std::string::npos);  // once
    require_success(instance.cs2sim({"stop"}));
}

namespace {

// Returns when each of its threads stands still: the signal reaches them one by one.
void stop_by_signal(pid_t pid) {
    REQUIRE(::kill(pid, SIGSTOP) == 0);
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    for (bool all = false; !all;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        all = true;
        for (const auto& task : std::filesystem::directory_iterator(tasks)) {
            const std::string stat = read_file(task.path() / "stat");
            all = all && stat.substr(stat.rfind(')')).starts_with(") T");
        }
    }
}

}  // namespace

TEST_CASE("a simulator that is stopped by a signal hangs nobody beyond the time-out") {
    const Instance instance;
    const std::string node = instance.folder / "node";
    require_success(instance.cs2sim({"start", "--device", node}));
    const pid_t pid = instance.pid();
    stop_by_signal(pid);
    // A search for leaks would first stop the thread that the kernel keeps inside the node, and wait for
    // ever.
    RunOptions without_search;
    without_search.environment = {{"ASAN_OPTIONS", "detect_leaks=0"}};
    const Outcome asked = csadm(node, {"Timeout=1500", "GetState"}, without_search);
    const Outcome steered = instance.cs2sim({"fault", "list"});
    const Outcome status = instance.cs2sim({"status"});
    REQUIRE(::kill(pid, SIGCONT) == 0);
    require_error(asked, E_CSA_TIMEOUT);
    CHECK(steered.status != 0);
    CHECK(line_of(status.out, "clients") == "unknown: it does not answer");
    require_success(csadm(node));
}

TEST_CASE("a simulator that is stopped between two commands to its node hangs no tool beyond the time-out") {
    const Instance instance;
    const std::string node = instance.folder / "node";
    require_success(instance.cs2sim({"start", "--device", node}));
    require_success(
        csadm(node));  // who has closed the node once tells the kernel that closing wants no answer
    const auto device = host::open_apart(node, {.command = std::chrono::milliseconds(1000)});
    REQUIRE(device);
    CHECK((*device)->execute(FC_CMDS, SFC_CMDS_ECHO, {"running"}));
    stop_by_signal(instance.pid());
    const auto stopped = (*device)->execute(FC_CMDS, SFC_CMDS_ECHO, {"stopped"});  // else it hangs here
    const auto again = (*device)->execute(FC_CMDS, SFC_CMDS_ECHO, {"again"});
    REQUIRE(::kill(instance.pid(), SIGCONT) == 0);
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().code == E_CSA_TIMEOUT);
    REQUIRE_FALSE(again);
    CHECK(again.error().code == E_CSA_CLOSED);
    require_success(csadm(node));
}

TEST_CASE("an instance whose state folder is gone ends") {
    const Instance instance;
    require_success(instance.cs2sim({"start", "--no-device", "--listen", "0"}));
    const pid_t pid = instance.pid();
    std::error_code taken;  // the instance may notice in the midst of it, and take its sockets away itself
    while (std::filesystem::exists(instance.state)) std::filesystem::remove_all(instance.state, taken);
    wait_until_gone(pid);
}

TEST_CASE("stop reaches an instance of another PID namespace, and hits nobody else") {
    const Instance instance;
    require_success(instance.cs2sim({"start", "--no-device", "--listen", "0"}));
    const pid_t pid = instance.pid();
    require_success(run({"unshare", "--map-root-user", "--pid", "--fork", built_program("cs2sim"), "stop",
                         "--state", instance.state}));
    wait_until_gone(pid);
}

TEST_CASE("a socket that listens already is inherited") {
    const Instance instance;
    const std::string program =
        "import os, socket, sys\n"
        "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\n"
        "os.dup2(s.fileno(), 3); os.set_inheritable(3, True)\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n";
    const Outcome started = run({"python3", "-c", program, built_program("cs2sim"), "start", "--state",
                                 instance.state, "--no-device", "--listen", "fd:3"});
    require_success(started);
    require_success(csadm(line_of(started.out, "listen")));
    CHECK(instance.cs2sim({"stop"}).status == 0);
    CHECK(instance.cs2sim({"start", "--no-device", "--listen", "fd:999"}).status == 1);
}

TEST_CASE("two instances without --device take two nodes") {
    const Instance first;
    Instance second;
    second.environment = first.environment;
    const Outcome one = first.cs2sim({"start"});
    const Outcome two = second.cs2sim({"start"});
    INFO(one.out << one.err << two.out << two.err);  // without FUSE both are sockets
    require_success(one);
    require_success(two);
    CHECK(line_of(one.out, "device") != line_of(two.out, "device"));
    CHECK(two.out.find("is taken") != std::string::npos);
}

TEST_CASE("CS2SIM_STATE is where cards of csadm lie") {
    const Folder folder;
    RunOptions options;
    options.environment = {{"CS2SIM_STATE", folder / "state"}, {"CS2SIM_CARDS", ""}};
    require_success(run({built_program("cs2sim"), "card", "new", "anna"}, options));
    CHECK(std::filesystem::exists(folder / "state/cards"));
}

TEST_CASE("the simulator's program starts whether or not somebody listens to what it tells of that") {
    const Instance instance;
    for (const std::string listener : {"", "77", "1", "x"}) {
        INFO(listener);
        RunOptions options;
        options.environment = instance.environment;
        options.environment["CS2SIM_TELL_START"] = listener;
        const Outcome started =
            run({built_program("cs2simd"), "start", "--no-device", "--state", instance.state}, options);
        require_success(started);
        CHECK(line_of(started.out, "state") == instance.state);
        require_success(instance.cs2sim({"stop"}));
    }
}

TEST_CASE("csadm finds the card reader of the simulator that it talks to") {
    const Instance mine;
    const Instance other;
    RunOptions options;
    options.environment = mine.environment;  // CS2SIM_STATE tells nothing, nor does CS2SIM_CARDS
    options.environment["CS2SIM_CARDS"] = "";
    options.environment["HOME"] = mine.folder.path();
    options.environment["XDG_STATE_HOME"] = "";
    const auto does = [&](std::vector<std::string> words) {
        words[0] = built_program(words[0]);
        const Outcome outcome = run(words, options);
        INFO(outcome.err);
        CHECK(outcome.status == 0);
        return outcome;
    };
    const std::string way = "unix:" + (mine.folder / "way").string();
    does({"cs2sim", "start", "--no-device", "--listen", way, "--state", mine.state});
    does({"cs2sim", "start", "--no-device", "--state", other.state});
    does({"cs2sim", "card", "new", "anna", "--user", "ANNA", "--state", mine.state});
    does({"cs2sim", "card", "insert", "anna", "--state", mine.state});
    const std::string admin = "LogonSign=ADMIN," + mine.state + "/ADMIN.key";
    does({"csadm", "Dev=" + way, admin, "AddUser=ANNA,02000000,rsasc,:cs2:cjo:USB0"});
    CHECK(does({"csadm", "Dev=" + way, "LogonSign=ANNA,:cs2:cjo:USB0", "ShowAuthState"})
              .out.starts_with("state = 02000000"));
    does({"csadm", "Dev=" + (mine.folder / "way").string(), "LogonSign=ANNA,:cs2:cjo:USB0", "GetModel"});
    // Also where a parameter names it.
    does({"cs2sim", "card", "new", "s", "--state", mine.state});
    does({"cs2sim", "card", "new", "t", "--state", mine.state});
    does({"cs2sim", "card", "insert", "s", "t", "--state", mine.state});
    const std::string two = "Key=:cs2:cjo:USB0,:cs2:cjo:USB0";
    does({"csadm", "Dev=" + way, admin, two, "MBKGenerateKey=AES,32,2,2,CARDMBK"});
    does({"cs2sim", "card", "insert", "s", "t", "--state", mine.state});
    CHECK(does({"csadm", "Dev=" + way, admin, two, "MBKImportKey=3", "MBKListKeys"}).out.find("CARDMBK") !=
          std::string::npos);
    // The other one's reader is empty.
    CHECK(run({built_program("csadm"), "Dev=unix:" + other.state + "/host.sock",
               "LogonSign=ANNA,:cs2:cjo:USB0"},
              options)
              .status == 1);
    does({"cs2sim", "stop", "--state", other.state});
    does({"cs2sim", "stop", "--state", mine.state});
}

TEST_CASE("systemd's sockets are taken by the process that they were made for, and by no other") {
    const Instance instance;
    const auto start = [&](const std::string& pid) {
        const std::string program =
            "import os, socket, sys\n"
            "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\n"
            "print('port', s.getsockname()[1], flush=True)\n"
            "os.dup2(s.fileno(), 3); os.set_inheritable(3, True)\n"
            "os.environ.update(LISTEN_FDS='1', LISTEN_PID=" +
            pid +
            ")\n"
            "os.execv(sys.argv[1], sys.argv[1:])\n";
        return run({"python3", "-c", program, built_program("cs2sim"), "start", "--state", instance.state,
                    "--no-device"});
    };
    const Outcome taken = start("str(os.getpid())");
    require_success(taken);
    CHECK(line_of(taken.out, "listen") == line_of(taken.out, "port") + "@127.0.0.1");
    require_success(csadm(line_of(taken.out, "listen")));
    require_success(instance.cs2sim({"stop"}));
    const Outcome not_ours = start("'1'");
    require_success(not_ours);
    CHECK(line_of(not_ours.out, "listen").starts_with("unix:"));
}

TEST_CASE(
    "the log: as much as its level says, followed until the end, without colours where nobody wants them") {
    const Instance quiet;
    require_success(quiet.cs2sim({"start", "--no-device", "--log-level", "error"}));
    CHECK(quiet.cs2sim({"logs"}).out.empty());
    CHECK(quiet.cs2sim({"start", "--no-device", "--log-level", "loud"}).status == 2);

    const Instance instance;
    require_success(instance.cs2sim({"start", "--no-device"}));
    const std::string cs2sim = built_program("cs2sim");
    const Outcome followed =
        run({"sh", "-c", "\"$0\" logs -f --state \"$1\" & sleep 0.3; \"$0\" stop --state \"$1\"; wait",
             cs2sim, instance.state});
    require_success(followed);
    CHECK(followed.out.find("started, profile se-gen2") != std::string::npos);
    CHECK(followed.out.find("stopping") != std::string::npos);

    const auto on_a_terminal = [&](const std::string& no_color) {
        RunOptions options;
        options.environment = instance.environment;
        options.environment["NO_COLOR"] = no_color;
        options.environment["TERM"] = "xterm";
        const std::string script = "'" + cs2sim + "' start --foreground --no-device --state '" +
                                   instance.state + "' & sleep 1; kill -TERM $!; wait";
        return run({"script", "--quiet", "--command", script, "/dev/null"}, options).out;
    };
    const std::string plain = on_a_terminal("1");
    CHECK(plain.find("stopping") != std::string::npos);
    CHECK(plain.find("\x1b[") == std::string::npos);
    CHECK(on_a_terminal("").find("\x1b[") != std::string::npos);
}

TEST_CASE("a start with too few descriptors says so, and what is enough serves") {
    const Instance instance;
    const auto start = [&](int most, int taken) {
        // `taken` of them are open already, handed down by whoever starts it.
        const std::string program =
            "import os, resource, sys\n"
            "most, taken = int(sys.argv[1]), int(sys.argv[2])\n"
            "os.closerange(3, 4096)\n"  // what the test's own starter left open
            "for _ in range(taken): os.set_inheritable(os.open('/dev/null', os.O_RDONLY), True)\n"
            "resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))\n"
            "os.execv(sys.argv[3], sys.argv[3:])\n";
        return run({"python3", "-c", program, std::to_string(most), std::to_string(taken),
                    built_program("cs2sim"), "start", "--no-device", "--state", instance.state});
    };
    for (const int most : {8, 16, 24, 39}) {
        const Outcome outcome = start(most, 0);
        CHECK(outcome.status == 1);
        CHECK(outcome.err.find("may have " + std::to_string(most) + " files open") != std::string::npos);
    }
    require_success(start(40, 0));
    require_success(csadm(instance.state + "/host.sock"));
    require_success(instance.cs2sim({"stop"}));
    // However many are left: it starts, or says in a code or in words what is missing. (UBSan itself needs
    // some to look at an object, and calls it bad when it gets none.)
#ifndef __SANITIZE_ADDRESS__
    for (int taken = 4; taken < 36; taken += 3) {
        INFO(taken);
        const Outcome outcome = start(40, taken);
        if (outcome.status == 0) {
            require_success(instance.cs2sim({"stop"}));
            continue;
        }
        CHECK(outcome.status == 1);
        CHECK(outcome.err.find("died") == std::string::npos);
        CHECK(outcome.err.find("B0880007") == std::string::npos);  // no file is damaged
    }
#endif
    require_success(instance.cs2sim({"start", "--no-device"}));
}

TEST_CASE("Ctrl-C ends the command of a scenario, and its device goes too") {
    const std::string program =
        "import os, signal, subprocess, sys\n"
        "run = subprocess.Popen([sys.argv[1], 'scenario', 'run', 'wrong-mbk', '--', 'sh', '-c',\n"
        "                        'echo $CS2SIM_STATE; exec sleep 60'],\n"
        "                       stdout=subprocess.PIPE, text=True, start_new_session=True)\n"
        "state = run.stdout.readline().strip()\n"
        "assert os.path.isdir(state)\n"
        "os.killpg(run.pid, signal.SIGINT)\n"
        "print(run.wait(timeout=30), os.path.exists(state))\n";
    const Outcome outcome = run({"python3", "-c", program, built_program("cs2sim")});
    INFO(outcome.err);
    CHECK(outcome.out == "99 False\n");  // the device never met what the scenario is about
    CHECK(outcome.err.find("exit status 130") != std::string::npos);
}
