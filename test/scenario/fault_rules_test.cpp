// Every matcher and every action of fault rules, on a running device, by what its users see.
#include <atomic>
#include <chrono>
#include <thread>

#include "firmware/protocol/frame.h"
#include "host-lib/cards/key_source.h"
#include "host-lib/link/device.h"
#include "test/scenario/expect.h"
#include "test/scenario/raw_caller.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;
using Milliseconds = std::chrono::milliseconds;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// A device, its operator, and one rule at a time.
struct Faulty {
    explicit Faulty(Way the_way) : way(the_way), user(simulator, the_way) {}

    void arm(std::vector<std::string> rule) {
        simulator.steered({"fault", "clear"});
        rule.insert(rule.begin(), {"fault", "add"});
        simulator.steered(std::move(rule));
    }
    // Whether GetTime is answered with an error.
    bool hit() const { return user.csadm({"GetTime"}).status != 0; }
    std::string last_hit() const {
        std::string log = simulator.steered({"fault", "log"});
        if (!log.empty()) log.pop_back();
        return log.substr(log.rfind('\n') + 1);
    }
    Bytes echo() const { return RawCaller(simulator.device(way)).ask(kEcho); }

    const Bytes kEcho = request_frame(FC_CMDS, SFC_CMDS_ECHO, Bytes{1, 2, 3});
    const Bytes kAnswer = answer_frame(Bytes{1, 2, 3});
    Simulator simulator;
    Way way;
    Operator user;
};

const char* const kDenied = "error=CMDS.DENIED";

}  // namespace

TEST_CASE("rules match by function: name, FC.SFC, name alone, module") {
    Faulty device(GENERATE(Way::mount, Way::tcp));
    for (const char* function : {"ADM.GET_TIME", "087.04", "GET_TIME", "ADM", "087", "87", "ADM.*"}) {
        INFO(function);
        device.arm({"--function", function, "--do", kDenied});
        require_error(device.user.csadm({"GetTime"}), E_CMDS_DENIED);
        CHECK(device.echo() == device.kAnswer);
    }
    CHECK(contains(device.last_hit(), "ADM.GET_TIME 008704"));
}

TEST_CASE("rules match by user, database, search key and connection") {
    Faulty device(Way::mount);
    const Operator over_tcp(device.simulator, Way::tcp);
    device.user.admin_does({"AddUser=CLERK,00000002,hmacpwd,clerks-secret"});

    device.arm({"--user", "CLERK", "--do", kDenied});
    require_error(device.user.csadm({"LogonPass=CLERK,clerks-secret"}), E_CMDS_DENIED);
    CHECK(contains(device.last_hit(), "[CLERK]"));
    CHECK_FALSE(contains(device.last_hit(), "clerks-secret"));
    device.user.admin_does({"ListUsers"});

    device.arm({"--database", "user.db", "--do", kDenied});
    require_error(device.user.csadm({"ListUsers"}), E_CMDS_DENIED);
    CHECK_FALSE(device.hit());

    device.arm({"--key", "CLERK", "--do", kDenied});
    device.user.admin_does({"ListUsers"});
    require_error(device.user.as_admin({"DeleteUser=CLERK"}), E_CMDS_DENIED);
    device.arm({"--database", "user.db", "--key", "0x434C45524B", "--do", kDenied});
    require_error(device.user.as_admin({"DeleteUser=CLERK"}), E_CMDS_DENIED);

    device.arm({"--connection", "tcp", "--do", kDenied});
    CHECK_FALSE(device.hit());
    require_error(over_tcp.csadm({"GetTime"}), E_CMDS_DENIED);
    CHECK(contains(device.last_hit(), "tcp 127.0.0.1:"));
    device.arm({"--connection", "pid", "--do", kDenied});
    CHECK(device.hit());
    require_success(over_tcp.csadm({"GetTime"}));
}

TEST_CASE("rules match by session") {
    Faulty device(GENERATE(Way::mount, Way::tcp));
    const auto log_on = [&] {
        auto opened = host::Device::open(device.simulator.device(device.way));
        REQUIRE(opened);
        const auto key = host::open_key_source(device.simulator.admin_key().string());
        REQUIRE((key && (*opened)->logon("ADMIN", **key)));
        return std::move(*opened);
    };
    const auto one = log_on();
    const auto other = log_on();
    const auto users = [](host::Device& session) {
        const auto answer = session.execute(FC_CMDS, SFC_CMDS_LIST_USERS, {""});
        return answer ? 0 : answer.error().code;
    };
    // The trace tells the number of the session that talks while it listens.
    std::atomic<bool> traced{false};
    std::thread talking([&] {
        while (!traced && users(*one) == 0) std::this_thread::sleep_for(Milliseconds(20));
    });
    const std::string trace = device.simulator.steered({"trace", "--count", "2", "--seconds", "20"});
    traced = true;
    talking.join();
    const std::size_t at = trace.find("session=");
    REQUIRE(at != std::string::npos);
    device.arm({"--session", trace.substr(at + 8, 10), "--do", kDenied});
    CHECK(users(*one) == E_CMDS_DENIED);
    CHECK(users(*other) == 0);

    const Outcome refused = device.simulator.steer({"fault", "add", "--session", "77", "--do", "drop"});
    require_error(refused, E_SIM_RULE);
    CHECK(contains(refused.err, "no such session is open"));
}

TEST_CASE("rules match the n-th time, so often, by chance, for a while") {
    Faulty device(GENERATE(Way::mount, Way::tcp));
    const auto pattern = [&](int times) {
        std::string hits;
        for (int i = 0; i < times; ++i) hits += device.hit() ? 'x' : '.';
        return hits;
    };
    device.arm({"--function", "ADM.GET_TIME", "--nth", "2", "--do", kDenied});
    CHECK(pattern(4) == ".x..");
    device.arm({"--function", "ADM.GET_TIME", "--nth", "2", "--times", "2", "--do", kDenied});
    CHECK(pattern(5) == ".xx..");
    std::vector<std::string> drawn;
    for (const char* seed : {"3", "3", "4"}) {
        device.arm({"--function", "ADM.GET_TIME", "--probability", "0.5", "--seed", seed, "--do", kDenied});
        drawn.push_back(pattern(12));
    }
    CHECK(drawn[0] == drawn[1]);
    CHECK(drawn[0] != drawn[2]);
    CHECK(contains(drawn[0], "x"));
    CHECK(contains(drawn[0], "."));

    device.arm({"--function", "ADM.GET_TIME", "--from", "0.5", "--do", kDenied});
    std::string hits;
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < Milliseconds(900)) hits += device.hit() ? 'x' : '.';
    CHECK(hits.starts_with('.'));
    CHECK(hits.ends_with('x'));
    CHECK_FALSE(contains(hits, "x."));
    device.arm({"--function", "ADM.GET_TIME", "--until", "0.3", "--do", kDenied});
    while (device.hit()) {
    }
    CHECK(pattern(2) == "..");
}

TEST_CASE("rules delay: by a fixed time, and by distributions") {
    Faulty device(GENERATE(Way::mount, Way::tcp));
    const RawCaller caller(device.simulator.device(device.way));
    const auto mean = [&](const char* delay) {
        device.arm({"--function", "CMDS.ECHO", "--seed", "1", "--do", delay});
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < 10; ++i) CHECK(caller.ask(device.kEcho) == device.kAnswer);
        return (std::chrono::steady_clock::now() - begin) / 10;
    };
    CHECK(mean("delay=30") >= Milliseconds(30));
    CHECK(mean("delay=20-40") >= Milliseconds(20));
    CHECK(mean("delay=normal:40:5") >= Milliseconds(25));
    CHECK(mean("delay=exponential:20") >= Milliseconds(4));
    CHECK(contains(device.simulator.steered({"fault", "list"}), "seed=1 do=delay=exponential:20"));
}

TEST_CASE("rules spoil the answer on its way") {
    Faulty device(GENERATE(Way::mount, Way::tcp));
    const auto next = [&](const char* fault, bool again = true) {
        device.arm({"--function", "CMDS.ECHO", "--nth", "1", "--do", fault});
        RawCaller caller(device.simulator.device(device.way));
        const Bytes got = caller.ask(device.kEcho, Milliseconds(300));
        CHECK((caller.ask(device.kEcho) == device.kAnswer) == again);  // whether the connection lives
        CHECK(device.echo() == device.kAnswer);                        // the device does in any case
        return got;
    };
    const Bytes& whole = device.kAnswer;
    CHECK(next("drop").empty());
    CHECK(contains(device.last_hit(), "  drop  "));
    CHECK(next("truncate=5") == Bytes(whole.begin(), whole.begin() + 5));
    Bytes corrupted = whole;
    corrupted[0] ^= 0xFF;
    CHECK(next("corrupt=0") == corrupted);
    CHECK(next("close", false).empty());
    CHECK(next("cut=3", false) == Bytes(whole.begin(), whole.begin() + 3));
}

TEST_CASE("rules answer for a device that lacks memory, sessions, room") {
    Faulty device(GENERATE(Way::mount, Way::tcp));
    Operator& user = device.user;
    device.arm({"--function", "ADM.GET_TIME", "--do", "no-memory"});
    require_error(user.csadm({"GetTime"}), E_CMDS_NO_MEM);
    device.arm({"--do", "no-sessions"});
    require_error(user.as_admin({"ListUsers"}), E_CMDS_NO_MEM);
    CHECK(device.echo() == device.kAnswer);
    const std::string users = (device.simulator.steered({"fault", "clear"}), user.users());
    const auto add = [&] { return user.as_admin({"AddUser=NEW,00000002,hmacpwd,a-password"}); };
    device.arm({"--do", "no-space"});
    require_error(add(), E_DB_NO_SPACE);
    device.arm({"--database", "user.db", "--do", "fail-write=1,DB.NO_CACHE"});
    require_error(add(), E_DB_NO_CACHE);
    CHECK(user.users() == users);
    device.arm({"--do", "fail-write=2"});
    require_success(add());  // writes one record
}

TEST_CASE("rules make things happen to the device: clock, MBK, mode, battery, session, restart, alarm") {
    Faulty device(GENERATE(Way::mount, Way::tcp));
    Operator& user = device.user;
    const auto next = [&](const char* fault) {
        device.arm({"--function", "ADM.GET_TIME", "--nth", "1", "--do", fault});
    };
    device.simulator.steered({"clock", "set", "2031-05-06 07:08:09"});
    next("clock=-86400");
    CHECK(user.csadm({"GetTime"}).out.starts_with("time = 2031-05-05 07:0"));
    next("flip-mbk");
    CHECK(contains(user.admin_does({"GetTime", "MBKListKeys"}), "FLIPPED"));
    next("mode=admin");
    CHECK(contains(user.csadm({"GetTime", "GetState"}).out, "Administration-Only Mode"));
    next("mode=operational");
    CHECK(contains(user.csadm({"GetTime", "GetState"}).out, "Operational Mode"));
    next("drain=external");
    CHECK(contains(user.csadm({"GetTime", "GetBattState"}).out, "External Battery:  low"));
    next("expire-session");
    require_error(user.as_admin({"GetTime"}), E_CMDS_SM_EXPIRED);
    next("restart");
    require_error(user.as_admin({"GetTime", "GetTime"}), E_CMDS_SM_SESS_CLOSED);
    user.admin_does({"ListUsers"});
    next("alarm=tamper");
    require_error(user.csadm({"GetTime"}), E_CMDS_ALARM);
    CHECK(device.simulator.steered({"alarm", "show"}) == "alarm: tamper\n");
    require_error(user.as_admin({"ListUsers"}), E_DB_BAD_MKEY);
}

TEST_CASE("rules kill the daemon before a command, before its commit, after it") {
    const Way way = GENERATE(Way::mount, Way::tcp);
    Simulator simulator;
    const Operator user(simulator, way);
    const auto crashes = [&](const char* crash, const char* name) {
        simulator.steered({"fault", "add", "--function", "CMDS.ADD_USER", "--do", crash});
        require_error(user.as_admin({"AddUser=" + std::string(name) + ",00000002,hmacpwd,a-password"}),
                      E_CSA_CLOSED);
        CHECK(simulator.steer({"status"}).status == 3);
        simulator.start();
        return contains(user.users(), name);
    };
    CHECK_FALSE(crashes("crash", "ANNA"));
    CHECK_FALSE(crashes("crash-before-commit", "BERT"));
    CHECK(crashes("crash-after-commit", "CARL"));
    CHECK(simulator.steered({"fault", "list"}).empty());  // rules end with the process
}

TEST_CASE("a rule that can match nothing is refused with the reason, whatever is wrong with it") {
    const Simulator simulator;
    const auto why = [&](std::vector<std::string> rule) {
        rule.insert(rule.begin(), {"fault", "add"});
        const Outcome outcome = simulator.steer(std::move(rule));
        require_error(outcome, E_SIM_RULE);
        return outcome.err;
    };
    CHECK(contains(why({"--function", "ADM.FLY", "--do", "drop"}), "there is no function 'ADM.FLY'"));
    CHECK(contains(why({"--function", "CMDS.ECHO", "--database", "user.db", "--do", "drop"}),
                   "CMDS.ECHO works on no database"));
    CHECK(contains(why({"--nth", "0", "--do", "drop"}), "occurrences count from 1"));
    CHECK(contains(why({"--probability", "0", "--do", "drop"}), "with probability 0 it never happens"));
    CHECK(
        contains(why({"--from", "5", "--until", "5", "--do", "drop"}), "time window ends before it begins"));
    CHECK(contains(why({"--do", "error=B9010003"}), "no device answers a code of the host library"));
    CHECK(simulator.steered({"fault", "list"}).empty());
}

TEST_CASE("a rule whose words are wrong is told which, and not that it can match nothing") {
    const Simulator simulator;
    const auto told = [&](std::vector<std::string> rule, const std::string& why, int status) {
        rule.insert(rule.begin(), {"fault", "add"});
        const Outcome outcome = simulator.steer(std::move(rule));
        test::bad_input("fault rules with wrong words");
        CHECK(outcome.status == status);
        CHECK(outcome.err == "cs2sim: " + why + "\n");
    };
    const std::string help = "; cs2sim fault add --help lists what there is";
    told({"--function", "ADM"}, "--do is missing" + help, 2);
    told({"--do", "errr=B0830063"}, "--do has no 'errr', did you mean error?" + help, 2);
    told({"--do", "fly"}, "--do has no 'fly'" + help, 2);
    told({"--do", "error=1"}, "do=error: no error code '1'", 2);
    told({"--do", "delay=soon"}, "do=delay: delay is not in ms, 0 to 3600000", 2);
    told({"--nth", "x", "--do", "drop"}, "nth 'x' is no whole number", 2);
    told({"/nowhere/rules.toml"}, "/nowhere/rules.toml: cannot be read", 1);
    CHECK(simulator.steered({"fault", "list"}).empty());
}
