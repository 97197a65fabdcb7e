// bl_sim5, cs_sim.sh, cs_multi.sh: simulators started as scripts and containers elsewhere start them.
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

// Starts `command` in the background, waits until csadm finds a device at each port, asks one of them, ends
// it with `signal` and says how it ended.
Outcome start_ask_end(const Folder& folder, const std::string& command, const std::vector<unsigned>& ports,
                      const std::string& signal, std::map<std::string, std::string> environment) {
    const std::filesystem::path bin = std::filesystem::path(built_program("cs2sim")).parent_path();
    environment["PATH"] = bin.string() + ":/usr/bin:/bin";
    for (const char* other :
         {"CRYPTOSERVER", "CRYPTOSEVER", "SDK_PATH", "SDK_PATH_DEVICES", "SDK_INSTANCE_PATH"})
        environment.try_emplace(other, "");
    std::string script = command + " > started 2>&1 &\nstarted=$!\n";
    for (const unsigned port : ports) {
        const std::string device = "Dev=" + std::to_string(port) + "@127.0.0.1";
        script += "until csadm " + device +
                  " GetState > state 2>/dev/null; do kill -0 $started || exit 9; sleep 0.05; done\n" +
                  "csadm " + device + " GetState | sed -n 2p\n";
    }
    script += "kill -" + signal + " $started\nwait $started\necho ended $?\ncat started\n";
    return run({"/bin/sh", "-c", script}, {folder.path(), environment});
}

}  // namespace

TEST_CASE("bl_sim5 runs in the foreground on loopback, keeps its state, and a signal ends it") {
    const Folder folder;
    const unsigned port = free_port();
    const std::string variable = GENERATE("SDK_PATH", "SDK_PATH_DEVICES", "SDK_INSTANCE_PATH", "-d");
    const std::string program = GENERATE("bl_sim5 -h -o", "cs_sim.sh");
    std::map<std::string, std::string> environment{{"SDK_PORT", std::to_string(port)}};
    if (variable != "-d") environment[variable] = folder / "devices";
    const std::string command = program + (variable == "-d" ? " -d devices" : "");
    for (const char* signal : {"TERM", "HUP"}) {
        const Outcome outcome = start_ask_end(folder, command, {port}, signal, environment);
        INFO(variable << "\n" << outcome.out << outcome.err);
        CHECK(outcome.status == 0);
        CHECK(
            outcome.out.starts_with("mode      = Operational Mode\nended 0\n"
                                    "bl_sim5: listening on 127.0.0.1, port " +
                                    std::to_string(port) + "; CS2SIM_LISTEN=any listens on all addresses\n"));
        CHECK(std::filesystem::exists(folder / "devices/ADMIN.key"));
    }
}

TEST_CASE("bl_sim5 listens on all addresses only when the environment says so") {
    const Folder folder;
    const unsigned port = free_port();
    const Outcome outcome = start_ask_end(folder, "bl_sim5 -h -o -d devices", {port}, "TERM",
                                          {{"SDK_PORT", std::to_string(port)}, {"CS2SIM_LISTEN", "any"}});
    INFO(outcome.out << outcome.err);
    CHECK(outcome.out.find("bl_sim5: listening on all addresses, port " + std::to_string(port) +
                           " (CS2SIM_LISTEN=any)\n") != std::string::npos);
    CHECK(outcome.out.find("listen     " + std::to_string(port) + "@0.0.0.0") != std::string::npos);
}

TEST_CASE("CS2SIM_LISTEN has one grammar, for bl_sim5 and for cs2sim start") {
    const Folder folder;
    const unsigned first = free_port(), second = first + 2;
    const std::string places = std::to_string(first) + "@127.0.0.1 " + std::to_string(second) + "@127.0.0.1";
    const Outcome listed = start_ask_end(folder, "bl_sim5 -h -o -d devices", {first, second}, "TERM",
                                         {{"CS2SIM_LISTEN", places}});
    INFO(listed.out << listed.err);
    CHECK(listed.out.starts_with("mode      = Operational Mode\nmode      = Operational Mode\nended 0\n"));
    const Outcome any =
        start_ask_end(folder, "cs2sim start --foreground --no-device --state other", {first}, "TERM",
                      {{"SDK_PORT", std::to_string(first)}, {"CS2SIM_LISTEN", "any"}});
    INFO(any.out << any.err);
    CHECK(any.out.find("listen     " + std::to_string(first) + "@0.0.0.0") != std::string::npos);
}

TEST_CASE("cs_multi.sh starts several on every second port, and ends them all") {
    const Folder folder;
    const unsigned port = free_port();
    const Outcome outcome = start_ask_end(folder, "cs_multi.sh 2 -d devices", {port, port + 2}, "TERM",
                                          {{"SDK_PORT", std::to_string(port)}});
    INFO(outcome.out << outcome.err);
    CHECK(outcome.out.starts_with("mode      = Operational Mode\nmode      = Operational Mode\nended 0\n"));
    for (const char* state : {"devices/1", "devices/2"}) {
        const Outcome status = run({built_program("cs2sim"), "status", "--state", folder / state});
        CHECK(status.status == 3);  // stopped
    }
}

TEST_CASE("cs_multi.sh says by its exit status that a simulator did not start") {
    const Simulator other;
    const Folder folder;
    const std::string taken = other.device(Way::tcp);
    RunOptions options;
    options.folder = folder.path();
    options.environment["SDK_PORT"] = taken.substr(0, taken.find('@'));
    const std::string bin = std::filesystem::path(built_program("cs2sim")).parent_path();
    const Outcome outcome = run({bin + "/cs_multi.sh", "1", "-d", "devices"}, options);
    CHECK(outcome.status == 1);
    CHECK(outcome.err.find("is taken, another program listens there\n") != std::string::npos);
}

TEST_CASE("bl_sim5 and its kin explain each of their words on demand") {
    const Folder folder;
    const std::string bin = std::filesystem::path(built_program("cs2sim")).parent_path();
    const std::vector<std::pair<std::string, std::vector<std::string>>> programs{
        {"bl_sim5", {"-h  ", "-o  ", "-d FOLDER  ", "SDK_PORT  ", "CS2SIM_LISTEN\n", "CS2SIM_PROFILE\n"}},
        {"cs_sim.sh", {"-d FOLDER  ", "SDK_PORT  ", "--help  "}},
        {"cs_multi.sh", {"N  ", "-d FOLDER  ", "SDK_PORT  ", "CS2SIM_LISTEN\n"}}};
    for (const auto& [program, words] : programs) {
        std::string called = bin;
        called += "/" + program;
        const Outcome help = run({called, "--help"}, {folder.path()});
        INFO(help.out << help.err);
        CHECK(help.status == 0);
        CHECK(help.err.empty());
        CHECK(help.out.starts_with(program + " "));
        CHECK(help.out.find('#') == std::string::npos);
        for (const std::string& word : words) CHECK(help.out.find("\n" + word) != std::string::npos);
    }
}

TEST_CASE("bl_sim5 and its kin refuse what they do not know") {
    const Folder folder;
    const std::string bin = std::filesystem::path(built_program("cs2sim")).parent_path();
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"/bl_sim5", "-x"}, {"/bl_sim5", "word"}, {"/cs_multi.sh"}, {"/cs_multi.sh", "many"}}) {
        std::vector<std::string> command = words;
        command[0] = bin + command[0];
        const Outcome outcome = run(command, {folder.path()});
        CHECK(outcome.status == 2);
        CHECK(outcome.err.starts_with("usage: "));
    }
    CHECK(run({bin + "/bl_sim5"}, {folder.path(), {{"SDK_PORT", "x"}}}).status == 2);
    const Outcome one_place =
        run({bin + "/cs_multi.sh", "2"}, {folder.path(), {{"CS2SIM_LISTEN", "127.0.0.1:3001"}}});
    CHECK(one_place.status == 2);
    CHECK(one_place.err.starts_with("cs_multi.sh: CS2SIM_LISTEN names one place for 2 simulators;"));
}
