// Sockets that whoever starts a simulator hands to it: what they are called, that no restart has them, and
// that they outlive it.
#include <string>

#include "test/scenario/expect.h"
#include "test/scenario/instance.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Starts with a socket as descriptor 3; the program makes `s`.
Outcome start_with(const Instance& instance, const std::string& makes,
                   const std::vector<std::string>& words) {
    const std::string program = "import os, socket, sys\n" + makes +
                                "\nos.dup2(s.fileno(), 3); os.set_inheritable(3, True)\n"
                                "os.execv(sys.argv[1], sys.argv[1:])\n";
    std::vector<std::string> whole{"python3", "-c",          program,   built_program("cs2sim"),
                                   "start",   "--no-device", "--state", instance.state};
    whole.insert(whole.end(), words.begin(), words.end());
    RunOptions options;
    options.environment = instance.environment;
    return run(whole, options);
}

const std::string kTcp = "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()";

std::string abstract_socket(const std::string& name) {
    return "s = socket.socket(socket.AF_UNIX); s.bind('\\0" + name + "'); s.listen()";
}

}  // namespace

TEST_CASE("an inherited abstract socket is named as such, and no way to it is told that no tool has") {
    const Instance instance;
    const std::string name = "cs2sim-test-" + instance.folder.path().filename().string();
    const Outcome started = start_with(instance, abstract_socket(name + "\\x1b[2J"), {"--listen", "fd:3"});
    require_success(started);
    const std::string shown = "unix:@" + name + "?[2J (abstract)";
    CHECK(line_of(started.out, "listen") == shown);
    CHECK(!has(started.out, "can be reached from other machines"));
    const std::string own = "unix:" + instance.state + "/host.sock";
    CHECK(has(started.out, "export CRYPTOSERVER=" + own + "\n"));
    CHECK(has(instance.cs2sim({"status"}).out, "listen     " + shown + "\n"));
    require_success(run({built_program("csadm"), "Dev=" + own, "GetState"}));
}

TEST_CASE("an inherited Unix socket is named by its path, a relative one too") {
    for (const bool relative : {false, true}) {
        const Instance instance;
        const std::string path = relative ? "way" : instance.folder / "way";
        const Outcome started =
            start_with(instance,
                       "os.chdir('" + instance.folder.path().string() +
                           "'); s = socket.socket(socket.AF_UNIX); s.bind('" + path + "'); s.listen()",
                       {"--listen", "fd:3"});
        require_success(started);
        CHECK(line_of(started.out, "listen") == "unix:" + path);
        CHECK(!has(started.out, "can be reached from other machines"));
    }
}

TEST_CASE("a descriptor that is named more than once is taken once") {
    const Instance instance;
    const std::string by_systemd = kTcp + "; os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))";
    const Outcome started =
        start_with(instance, by_systemd, {"--listen", "fd:3", "--listen", "fd:03", "--listen", "fd:3"});
    require_success(started);
    const std::string where = line_of(started.out, "listen");
    CHECK(has(started.out, "export CRYPTOSERVER=" + where + "\n"));
    CHECK(started.out.find("listen ", started.out.find("listen ") + 1) == std::string::npos);
    require_success(run({built_program("csadm"), "Dev=" + where, "GetState"}));
    require_success(instance.cs2sim({"stop"}));
}

TEST_CASE("a restart that does not get what the instance inherited stops nothing, and says so") {
    for (const std::string& makes : {kTcp, abstract_socket("cs2sim-test-restart")}) {
        INFO(makes);
        const Instance instance;
        require_success(start_with(instance, makes, {"--listen", "fd:3"}));
        const pid_t before = instance.pid();
        const Outcome refused = instance.cs2sim({"restart"});
        CHECK(refused.status == 1);
        CHECK(has(refused.err, "was handed to the instance by who started it"));
        const Outcome no_socket = instance.cs2sim({"restart", "--listen", "fd:999"});
        CHECK(no_socket.status == 1);
        CHECK(has(no_socket.err, "fd:999: is no socket that listens"));
        CHECK(instance.pid() == before);

        require_success(instance.cs2sim({"restart", "--listen", "0"}));
        CHECK(instance.pid() != before);
        require_success(instance.cs2sim({"restart"}));  // its own sockets again
    }
}

TEST_CASE(
    "inherited sockets listen on when the simulator ends and the next one answers who queued meanwhile") {
    // One who keeps the sockets, as systemd does, and asks for a challenge that no device gives.
    const std::string keeper = R"(
import fcntl, os, signal, socket, subprocess, sys
cs2sim, state, folder = sys.argv[1:]
tcp = socket.create_server(('127.0.0.1', 0))
local = socket.socket(socket.AF_UNIX); local.bind(folder + '/way'); local.listen()
tcp, local = (socket.socket(fileno=fcntl.fcntl(s.detach(), fcntl.F_DUPFD_CLOEXEC, 10)) for s in (tcp, local))
os.dup2(tcp.fileno(), 3); os.dup2(local.fileno(), 4)

def call():
    callers = [socket.create_connection(tcp.getsockname()), socket.socket(socket.AF_UNIX)]
    callers[1].connect(folder + '/way')
    for caller in callers: caller.sendall(bytes.fromhex('9C000009008301000A'))
    return callers

def start(by_systemd):
    words = [cs2sim, 'start', '--foreground', '--state', state, '--no-device']
    child = os.fork()
    if child: return child
    if by_systemd: os.environ.update(LISTEN_FDS='2', LISTEN_PID=str(os.getpid()))
    else: words += ['--listen', 'fd:3', '--listen', 'fd:4']
    for kept in (3, 4): os.set_inheritable(kept, True)
    os.dup2(2, 1)
    os.execv(cs2sim, words)

for by_systemd in (True, True, False, False):
    queued = call()
    child = start(by_systemd)
    for caller in queued + call(): print(caller.recv(8).hex())
    if by_systemd: os.kill(child, signal.SIGTERM)
    else: subprocess.run([cs2sim, 'stop', '--state', state], stdout=2, check=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]),
          [s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) for s in (tcp, local)])
)";
    const Instance instance;
    RunOptions options;
    options.environment = instance.environment;
    const Outcome outcome = run(
        {"python3", "-c", keeper, built_program("cs2sim"), instance.state, instance.folder.path().string()},
        options);
    INFO(outcome.err);
    std::string expected;
    for (int round = 0; round < 4; ++round) {
        for (int caller = 0; caller < 4; ++caller) expected += "9e000008b0830063\n";
        expected += "0 [1, 1]\n";
    }
    CHECK(outcome.out == expected);
    CHECK(outcome.status == 0);
}
