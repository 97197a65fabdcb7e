// Sockets that whoever starts a simulator hands to it: what they are called, and that no restart has them.
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
