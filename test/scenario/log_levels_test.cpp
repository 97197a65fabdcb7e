// What a simulator's log has at each level of --log-level, and that nothing of a command's content is in it.
#include <algorithm>
#include <string>

#include "test/scenario/expect.h"
#include "test/scenario/instance.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::string kPassword = "a-word-that-nobody-logs";

// The log of an instance of that level to which the same is done at each.
std::string log_at(const std::string& level) {
    const Instance instance;
    const std::string way = "unix:" + (instance.folder / "way").string();
    require_success(instance.cs2sim({"start", "--no-device", "--listen", way, "--log-level", level}));
    const auto csadm = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {built_program("csadm"), "Dev=" + way});
        return run(words);
    };
    const std::string admin = "LogonSign=ADMIN," + instance.state + "/ADMIN.key";
    require_success(csadm({"GetState"}));
    require_success(csadm({admin, "AddUser=WINSTON,00000002,hmacpwd," + kPassword}));
    require_success(csadm({"LogonPass=WINSTON," + kPassword, "ShowAuthState"}));
    require_success(
        instance.cs2sim({"fault", "add", "--function", "CMDS.GET_CHALLENGE", "--do", "error=B0830063"}));
    CHECK(csadm({admin, "ListUsers"}).status == 1);
    require_success(instance.cs2sim({"stop"}));
    return read_file(instance.state + "/cs2sim.log");
}

}  // namespace

TEST_CASE("the usual log has a simulator's beginning and end alone") {
    const std::string log = log_at("info");
    INFO(log);
    CHECK(std::ranges::count(log, '\n') == 2);
    CHECK(has(log, "[info] started, profile se-gen2"));
    CHECK(has(log, "[info] signal 15: stopping"));
}

TEST_CASE("at debug the log has options and who comes and goes, sessions and fault rules") {
    const std::string log = log_at("debug");
    INFO(log);
    CHECK(has(log, "opened, a new device\n"));
    CHECK(has(log, "[debug] options in force: --state "));
    CHECK(has(log, " --log-level debug"));
    CHECK(has(log, "[debug] unix pid "));
    CHECK(has(log, ": connected\n"));
    CHECK(has(log, ": gone after 1 commands, "));
    CHECK(has(log, ": CMDS.OPEN_SESSION: ok\n"));
    CHECK(has(log, " (control): SIM.FAULT_ADD: ok\n"));
    CHECK(!has(log, "[trace]"));
    CHECK(!has(log, kPassword));
}

TEST_CASE("at trace the log has every command besides, by its function and lengths and result and time") {
    const std::string log = log_at("trace");
    INFO(log);
    CHECK(has(log, ": connected\n"));
    const std::size_t state = log.find(": ADM.GET_STATE, 7 bytes, answer ");
    REQUIRE(state != std::string::npos);
    CHECK(has(log.substr(state, log.find('\n', state) - state), " bytes, ok, "));
    CHECK(has(log, " us\n"));
    CHECK(has(log, ", in a session: CMDS.LOGON, "));
    CHECK(has(log, ", in a session: CMDS.GET_CHALLENGE, 2 bytes, answer 0 bytes, B0830063 CHALLENGE_LEN, "));
    CHECK(!has(log, "TRACE_READ"));
    for (const std::string& content : {kPassword, std::string("WINSTON"), std::string("CXI_GROUP")}) {
        INFO(content);
        CHECK(!has(log, content));
    }
}
