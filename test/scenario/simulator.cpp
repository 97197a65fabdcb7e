#include "test/scenario/simulator.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

namespace cs2sim::scenario {
namespace {

// The folder in which test/fuzz/record_seeds wants to see what the tests send; null in an ordinary run.
const char* recordings() { return std::getenv("CS2SIM_RECORD_TO"); }

// `cs2sim trace` in the background; it ends with the simulator.
void record(const std::filesystem::path& state) {
    static int count = 0;
    const std::string file = std::string(recordings()) + "/" + std::to_string(++count) + ".toml";
    const std::string trace = built_program("cs2sim") + " trace --with-secrets --quiet --state " +
                              state.string() + " --record " + file;
    (void)run({"sh", "-c", trace + " >/dev/null 2>&1 & sleep 0.2"});
}

}  // namespace

unsigned free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(fd);
    REQUIRE(bound);
    return ntohs(address.sin_port);
}

Simulator::Simulator(std::string profile) : profile_(std::move(profile)), port_(free_port()) {
    if (::access("/dev/fuse", R_OK | W_OK) != 0) FAIL("/dev/fuse is missing or closed to this user");
    start();
}

Simulator::Simulator(const State& copied) : profile_("se-gen2"), port_(free_port()) {
    std::filesystem::copy(copied.folder, state(), std::filesystem::copy_options::recursive);
    start();
}

Simulator::~Simulator() {
    if (running_) command({"stop", "--state", state()});
}

Outcome Simulator::command(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), built_program("cs2sim"));
    return run(arguments);
}

std::string Simulator::start() {
    const Outcome outcome = command({"start", "--state", state(), "--device", device(Way::mount), "--listen",
                                     std::to_string(port_) + "@127.0.0.1", "--profile", profile_});
    INFO(outcome.out << outcome.err);
    REQUIRE(outcome.status == 0);
    running_ = true;
    if (recordings()) record(state());
    return outcome.err;
}

void Simulator::stop() {
    const Outcome outcome = command({"stop", "--state", state()});
    INFO(outcome.out << outcome.err);
    REQUIRE(outcome.status == 0);
    running_ = false;
}

void Simulator::ended() {
    for (int i = 0; command({"status", "--state", state()}).status == 0; ++i) {
        REQUIRE(i < 1000);
        ::usleep(10000);
    }
    running_ = false;
}

::pid_t Simulator::process() const {
    const Outcome status = command({"status", "--state", state()});
    const std::string running = "running    pid ";
    REQUIRE(status.out.starts_with(running));
    return std::stoi(status.out.substr(running.size()));
}

void Simulator::kill() {
    const ::pid_t daemon = process();
    REQUIRE(::kill(daemon, SIGKILL) == 0);
    // It is not our child: wait until it is gone.
    for (int i = 0; ::kill(daemon, 0) == 0; ++i) {
        REQUIRE(i < 5000);
        ::usleep(1000);
    }
    running_ = false;
}

Outcome Simulator::steer(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), built_program("cs2sim"));
    RunOptions options;
    options.environment = {{"CS2SIM_STATE", state()}};
    return run(arguments, options);
}

std::string Simulator::steered(std::vector<std::string> arguments) const {
    const Outcome outcome = steer(std::move(arguments));
    INFO(outcome.out << outcome.err);
    REQUIRE(outcome.status == 0);
    return outcome.out;
}

std::string Simulator::device(Way way) const {
    if (way == Way::mount) return folder_ / "cs2a";
    return std::to_string(port_) + "@127.0.0.1";
}

Operator::Operator(const Simulator& simulator, Way way)
    : simulator_(simulator), folder_(std::make_unique<Folder>()) {
    options.folder = folder();
    options.environment = {{"CRYPTOSERVER", simulator.device(way)},
                           {"CRYPTOSEVER", ""},
                           {"CS_AUTH_KEYS", ""},
                           {"CS2SIM_CARDS", folder() / "cards"}};
}

Outcome Operator::tool(const std::string& program, std::vector<std::string> arguments) const {
    if (recordings()) {
        std::ofstream list(std::string(recordings()) + "/arguments", std::ios::app);
        for (const std::string& argument : arguments) list << argument << '\n';
    }
    arguments.insert(arguments.begin(), built_program(program));
    return run(arguments, options);
}

std::string Operator::admin_logon() const { return "LogonSign=ADMIN," + simulator_.admin_key().string(); }

Outcome Operator::as_admin(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), admin_logon());
    return csadm(std::move(arguments));
}

std::string Operator::admin_does(std::vector<std::string> arguments) const {
    const std::string first = arguments.empty() ? "" : arguments[0];
    const Outcome outcome = as_admin(std::move(arguments));
    INFO(first << "\n" << outcome.out << outcome.err);
    REQUIRE(outcome.status == 0);
    return outcome.out;
}

void Operator::make_mbk() const {
    admin_does({"Key=s1.key#one,s2.key#two", "MBKGenerateKey=AES,32,2,2,TESTMBK"});
}

void Operator::import_mbk_of(const Operator& other) const {
    admin_does({"Key=" + other.file("s1.key").string() + "#one," + other.file("s2.key").string() + "#two",
                "MBKImportKey=3"});
}

std::string Operator::users() const {
    const Outcome outcome = csadm({"ListUsers"});
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    return outcome.out;
}

}  // namespace cs2sim::scenario
