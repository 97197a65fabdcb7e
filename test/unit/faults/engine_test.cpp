// Fault rules on a booted device, from its front door: frames in, answers out.
#include <chrono>
#include <thread>
#include <vector>

#include "firmware/crypto/pkey.h"
#include "firmware/device/device.h"
#include "firmware/faults/rules/rule.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/channel/secure_channel.h"
#include "firmware/protocol/frame.h"
#include "firmware/protocol/functions.h"
#include "test/bad_input.h"
#include "test/unit/recorder.h"
#include "test/unit/scratch.h"

using namespace cs2sim;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

const EVP_PKEY& admin_key() {
    static const auto key = generate_rsa(2048);
    REQUIRE(key);
    return **key;
}

class Fixture {
public:
    Fixture() {
        auto profile = *load_profile("se-gen2");
        profile.static_logon = true;  // so that plain frames can log on
        auto booted = SimulatedDevice::boot({folder_.path() / "state", profile, public_key_der(admin_key())});
        REQUIRE(code_of(booted) == 0);
        device_ = std::move(*booted);
        host_ = device_->converse(Reach::host, "tcp 127.0.0.1:4711");
        control_ = device_->converse(Reach::control, "control");
    }

    Reply host(std::uint16_t fc, std::uint8_t sfc, const Bytes& block = {}) {
        recorder_.add(fc, sfc, block);
        return host_->transact(request_frame(fc, sfc, block));
    }
    // The code of the answer, 0 when it is good.
    std::uint32_t code(std::uint16_t fc, std::uint8_t sfc, const Bytes& block = {}) {
        const Reply reply = host(fc, sfc, block);
        REQUIRE(reply.action == Reply::Action::send);
        return code_of(parse_answer(reply.frame));
    }
    Reply echo() { return host(FC_CMDS, SFC_CMDS_ECHO, {1, 2, 3}); }
    std::uint32_t echo_code() { return code(FC_CMDS, SFC_CMDS_ECHO, {1, 2, 3}); }

    Reply control_reply(std::uint8_t sfc, const Bytes& block) {
        recorder_.add(FC_SIM, sfc, block);
        return control_->transact(request_frame(FC_SIM, sfc, block));
    }
    Bytes control(std::uint8_t sfc, const Bytes& block = {}) {
        const Reply reply = control_reply(sfc, block);
        const auto answer = parse_answer(reply.frame);
        REQUIRE(answer);
        return to_bytes(*answer);
    }
    // Empty when armed, else why not.
    std::string refused(const Pairs& text) {
        const auto rule = parse_rule(text);
        if (!rule) FAIL(rule.error());
        const Bytes bytes = control(SFC_SIM_FAULT_ADD, encode_rule(*rule).value());
        const auto answer = parse("id:u4 refusal:*", bytes);
        REQUIRE(answer);
        CHECK((answer->u32("id") == 0) == !answer->text("refusal").empty());
        return std::string(answer->text("refusal"));
    }
    void arm(const Pairs& text) { REQUIRE(refused(text) == ""); }
    std::vector<std::string> log() {
        const Bytes bytes = control(SFC_SIM_FAULT_LOG, compose("after:u8", {0}).value());
        std::vector<std::string> lines;
        for (ByteView rest = bytes; !rest.empty();) {
            const auto hit = parse_prefix(LAYOUT_FAULT_HIT, rest);
            REQUIRE(hit);
            lines.push_back(std::string(hit->text("what")) + " " + std::string(hit->text("frame")));
        }
        return lines;
    }

    void log_on() {
        const Reply reply = host(FC_CMDS, SFC_CMDS_GET_CHALLENGE, compose("length:u2", {16}).value());
        const auto challenge = parse_answer(reply.frame);
        REQUIRE(challenge);
        const auto signature = sign_sha256(admin_key(), logon_message(*challenge, {}, "ADMIN"));
        REQUIRE(signature);
        REQUIRE(code(FC_CMDS, SFC_CMDS_LOGON,
                     compose("user:v2 mechanism:u1 response:v2", {"ADMIN", 0, *signature}).value()) == 0);
    }
    std::uint32_t insert(std::initializer_list<const char*> keys) {
        Bytes entries;
        for (const char* key : keys) compose_into(entries, LAYOUT_DB_ENTRY, {key, Bytes{1, 2, 3}});
        return code(FC_DB, SFC_DB_TEST_INSERT, compose("name:v2 entries:*", {"OWN.db", entries}).value());
    }
    std::uint32_t find(const char* key) {
        return code(FC_DB, SFC_DB_TEST_FIND, compose("name:v2 mode:u1 key:v2", {"OWN.db", 0, key}).value());
    }
    void make_database() {
        log_on();
        REQUIRE(code(FC_DB, SFC_DB_TEST_CREATE,
                     compose("name:v2 keylen:u4 maxsize:u4", {"OWN.db", 4, 1000}).value()) == 0);
    }

private:
    Recorder recorder_;
    ScratchFolder folder_;
    std::unique_ptr<SimulatedDevice> device_;
    std::unique_ptr<Conversation> host_;
    std::unique_ptr<Conversation> control_;
};

}  // namespace

TEST_CASE("the control module is there for the control socket only") {
    Fixture fixture;
    CHECK(fixture.code(FC_SIM, SFC_SIM_FAULT_LIST) == E_CMDS_BAD_FC);
    CHECK(fixture.control(SFC_SIM_FAULT_LIST).empty());
}

TEST_CASE("B0830063 by a raw frame and by a rule") {
    Fixture fixture;
    CHECK(fixture.code(FC_CMDS, SFC_CMDS_GET_CHALLENGE, {0, 7}) == 0xB0830063);
    CHECK(fixture.code(FC_CMDS, SFC_CMDS_GET_CHALLENGE, {0, 16}) == 0);
    fixture.arm({{"function", "083.01"}, {"do", "error=B0830063"}});
    CHECK(fixture.code(FC_CMDS, SFC_CMDS_GET_CHALLENGE, {0, 16}) == 0xB0830063);
    CHECK(fixture.echo_code() == 0);
    fixture.control(SFC_SIM_FAULT_CLEAR);
    CHECK(fixture.code(FC_CMDS, SFC_CMDS_GET_CHALLENGE, {0, 16}) == 0);
    CHECK(fixture.log() == std::vector<std::string>{"error=B0830063 CMDS.GET_CHALLENGE 008301 length=16"});
}

TEST_CASE("n-th occurrence, so many times") {
    Fixture fixture;
    fixture.arm({{"function", "CMDS.ECHO"}, {"nth", "3"}, {"times", "2"}, {"do", "error=CMDS.DENIED"}});
    std::vector<bool> hit;
    for (int i = 0; i < 6; ++i) hit.push_back(fixture.echo_code() != 0);
    CHECK(hit == std::vector<bool>{false, false, true, true, false, false});
}

TEST_CASE("a probability with a seed hits the same commands again") {
    Fixture fixture;
    std::vector<std::vector<bool>> runs;
    for (const char* seed : {"7", "7", "8"}) {
        fixture.arm(
            {{"function", "CMDS.ECHO"}, {"probability", "0.3"}, {"seed", seed}, {"do", "error=CMDS.DENIED"}});
        std::vector<bool> run;
        for (int i = 0; i < 200; ++i) run.push_back(fixture.echo_code() != 0);
        fixture.control(SFC_SIM_FAULT_CLEAR);
        runs.push_back(run);
    }
    CHECK(runs[0] == runs[1]);
    CHECK(runs[0] != runs[2]);
    const auto hits = std::count(runs[0].begin(), runs[0].end(), true);
    CHECK(hits > 30);  // 60 expected
    CHECK(hits < 90);
}

TEST_CASE("connection, user, session and time window") {
    Fixture fixture;
    fixture.arm({{"connection", "4711"}, {"nth", "1"}, {"do", "error=CMDS.DENIED"}});
    CHECK(fixture.echo_code() == E_CMDS_DENIED);
    fixture.arm({{"connection", "4712"}, {"do", "error=CMDS.DENIED"}});
    fixture.arm({{"user", "ADMIN"}, {"function", "CMDS.ECHO"}, {"do", "error=CMDS.NO_USER"}});
    fixture.arm({{"from", "0.2"},
                 {"until", "3600"},
                 {"function", "CMDS.GET_AUTH_STATE"},
                 {"do", "error=CMDS.INVAL"}});
    CHECK(fixture.code(FC_CMDS, SFC_CMDS_GET_AUTH_STATE) == 0);
    CHECK(fixture.echo_code() == 0);
    fixture.log_on();
    CHECK(fixture.echo_code() == E_CMDS_NO_USER);
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    CHECK(fixture.code(FC_CMDS, SFC_CMDS_GET_AUTH_STATE) == E_CMDS_INVAL);
}

TEST_CASE("faults of the line") {
    Fixture fixture;
    const Bytes whole = fixture.echo().frame;
    const auto next = [&](const char* fault) {
        fixture.arm({{"function", "CMDS.ECHO"}, {"nth", "1"}, {"do", fault}});
        return fixture.echo();
    };
    CHECK(next("drop").action == Reply::Action::drop);
    const Reply closed = next("close");
    CHECK(closed.action == Reply::Action::close);
    CHECK(closed.frame.empty());
    CHECK(next("truncate=5").frame == Bytes(whole.begin(), whole.begin() + 5));
    CHECK(next("truncate=500").frame == whole);
    const Reply cut = next("cut=3");
    CHECK(cut.action == Reply::Action::close);
    CHECK(cut.frame == Bytes(whole.begin(), whole.begin() + 3));
    Bytes corrupted = whole;
    corrupted[4] ^= 0xFF;
    CHECK(next("corrupt=4").frame == corrupted);
    CHECK(fixture.echo().frame == whole);
}

TEST_CASE("a delay holds the command up, and lets go when its rule is removed") {
    Fixture fixture;
    fixture.arm({{"function", "CMDS.ECHO"}, {"nth", "1"}, {"do", "delay=150"}});
    const auto start = std::chrono::steady_clock::now();
    CHECK(fixture.echo_code() == 0);
    CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(140));

    fixture.arm({{"function", "CMDS.ECHO"}, {"do", "delay=3600000"}});
    std::uint32_t answered = 1;
    std::thread caller([&] { answered = code_of(parse_answer(fixture.echo().frame)); });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    fixture.control(SFC_SIM_FAULT_CLEAR);
    caller.join();
    CHECK(answered == 0);
}

TEST_CASE("a database write fails at the n-th record, and none of the command's is there") {
    Fixture fixture;
    fixture.make_database();
    fixture.arm({{"database", "OWN.db"}, {"nth", "1"}, {"do", "fail-write=2,DB.NO_CACHE"}});
    CHECK(fixture.insert({"AAAA", "BBBB", "CCCC"}) == E_DB_NO_CACHE);
    for (const char* key : {"AAAA", "BBBB", "CCCC"}) CHECK(fixture.find(key) == E_DB_NOT_FOUND);
    CHECK(fixture.insert({"AAAA", "BBBB", "CCCC"}) == 0);
    CHECK(fixture.log().at(0).starts_with("fail-write=2,B0880006 DB.TEST_INSERT 008801 name="));

    fixture.arm({{"key", "EEEE"}, {"do", "fail-write=1"}});
    CHECK(fixture.insert({"DDDD"}) == 0);
    CHECK(fixture.insert({"EEEE"}) == E_DB_COR_FILE);
    fixture.arm({{"database", "OTHER.db"}, {"do", "no-space"}});
    CHECK(fixture.insert({"FFFF"}) == 0);
    fixture.arm({{"do", "no-space"}});
    CHECK(fixture.insert({"GGGG"}) == E_DB_NO_SPACE);
    CHECK(fixture.find("GGGG") == E_DB_NOT_FOUND);
    CHECK(fixture.find("FFFF") == 0);
}

TEST_CASE("alarm: the master key is gone, and what it protected") {
    Fixture fixture;
    fixture.make_database();
    REQUIRE(fixture.insert({"AAAA"}) == 0);
    fixture.arm({{"function", "CMDS.ECHO"}, {"do", "alarm=tamper"}});
    CHECK(fixture.echo_code() == E_CMDS_ALARM);
    CHECK(fixture.find("AAAA") == E_CMDS_ALARM);
    CHECK(fixture.code(FC_CMDS, SFC_CMDS_LIST_USERS) == E_DB_BAD_MKEY);
}

TEST_CASE("batteries: 18 months empty the external one, 6 more the other; then the alarm is there") {
    Fixture fixture;
    const auto shelve = [&](std::uint32_t months) {
        return fixture.control(SFC_SIM_SHELVE, compose("months:u4", {months}).value()).at(0);
    };
    CHECK(shelve(18) == 0);
    CHECK(shelve(5) == 0);
    CHECK(shelve(1) == 1);
    CHECK(fixture.code(FC_CMDS, SFC_CMDS_LIST_USERS) == E_DB_BAD_MKEY);
    CHECK(fixture.control(SFC_SIM_GET_ALARM) == Bytes{1});
}

TEST_CASE("memory, sessions, clock and mode") {
    Fixture fixture;
    fixture.arm({{"function", "CMDS.ECHO"}, {"nth", "1"}, {"do", "no-memory"}});
    CHECK(fixture.echo_code() == E_CMDS_NO_MEM);
    fixture.arm({{"do", "no-sessions"}});
    CHECK(fixture.echo_code() == 0);
    CHECK(fixture.code(FC_CMDS, SFC_CMDS_OPEN_SESSION,
                       compose("mode:u1 mechanism:u1 parameter:v2", {5, 3, "x"}).value()) == E_CMDS_NO_MEM);

    const auto now = [&] { return parse("time:u8", fixture.control(SFC_SIM_GET_CLOCK))->u64("time"); };
    const Bytes before = fixture.control(SFC_SIM_GET_CLOCK);
    fixture.arm({{"function", "CMDS.ECHO"}, {"nth", "1"}, {"do", "clock=-86400"}});
    CHECK(fixture.echo_code() == 0);
    CHECK(now() < parse("time:u8", before)->u64("time") - 86000000);

    fixture.arm({{"function", "CMDS.ECHO"}, {"nth", "1"}, {"do", "mode=fips-error"}});
    CHECK(fixture.echo_code() == 0);
    CHECK(fixture.code(FC_CMDS, SFC_CMDS_LIST_USERS) == E_CMDS_AUTH_FIPS_ESTATE);
}

TEST_CASE("what can match nothing is refused, with the reason") {
    Fixture fixture;
    const auto why = [&](Pairs text) {
        test::bad_input("fault rules that can match nothing");
        text.emplace_back("do", "error=CMDS.DENIED");
        return fixture.refused(text);
    };
    CHECK(why({{"function", "ADM.FLY"}}) == "there is no function 'ADM.FLY'");
    CHECK(why({{"function", "CMDS.7F"}}) == "this device has no such function: 'CMDS.7F'");
    CHECK(why({{"function", "ASN1"}}) == "this device has no such module: 'ASN1'");
    CHECK(why({{"function", "FFF.01"}}) == "this device has no such module: 'FFF.01'");
    CHECK(why({{"function", "SIM.FAULT_LIST"}}) == "faults do not meet the simulator's own control");
    CHECK(why({{"database", "user"}}) == "'user' cannot be the name of a database");
    CHECK(why({{"database", "../user.db"}}) == "'../user.db' cannot be the name of a database");
    CHECK(why({{"function", "CMDS.ADD_USER"}, {"database", "CXIKEY.db"}}) ==
          "CMDS.ADD_USER works on user.db only");
    CHECK(why({{"function", "CMDS.ECHO"}, {"database", "user.db"}}) == "CMDS.ECHO works on no database");
    CHECK(why({{"database", "user.db"}, {"key", "NINELONGS"}}) == "search keys have 8 bytes at most");
    CHECK(why({{"session", "99"}}).starts_with("no such session is open"));
    CHECK(why({{"nth", "0"}}) == "occurrences count from 1");
    CHECK(why({{"probability", "0"}}) == "with probability 0 it never happens");
    CHECK(why({{"from", "5"}, {"until", "5"}}) == "the time window ends before it begins");
    CHECK(fixture.refused({{"do", "error=CSA.CLOSED"}}) == "no device answers a code of the host library");
    CHECK(fixture.refused({{"function", "ADM.GET_STATE"}, {"do", "no-sessions"}}) ==
          "only CMDS.OPEN_SESSION runs out of sessions");
    CHECK(fixture.refused({{"function", "CMDS.OPEN_SESSION"}, {"do", "expire-session"}}) ==
          "CMDS.OPEN_SESSION does not run in a session that could expire");
    CHECK(fixture.refused({{"do", "truncate=600000"}}) == "no frame is that long");
    CHECK(fixture.control(SFC_SIM_FAULT_LIST).empty());
}

TEST_CASE("the log masks secrets") {
    Fixture fixture;
    fixture.log_on();
    fixture.arm({{"function", "CMDS.ADD_USER"}, {"nth", "1"}, {"do", "error=CMDS.NO_MEM"}});
    const Bytes block = compose("name:v2 permission:u4 mechanism:u1 flags:u1 attributes:v2 token:v2",
                                {"CLERK", 2, 4, 0, "", "secret"})
                            .value();
    CHECK(fixture.code(FC_CMDS, SFC_CMDS_ADD_USER, block) == E_CMDS_NO_MEM);
    CHECK(fixture.log() ==
          std::vector<std::string>{"error=B0830002 CMDS.ADD_USER 008310 name=434C45524B "
                                   "permission=2 mechanism=4 flags=0 attributes= token=***(6)"});
}

TEST_CASE("the log shows no name that no user has, and a rule is no longer than a rule can be") {
    Fixture fixture;
    fixture.arm({{"function", "CMDS.LOGON"}, {"do", "delay=0"}});
    const Bytes block = compose("user:v2 mechanism:u1 response:v2", {"my password", 0, Bytes(4)}).value();
    CHECK(fixture.code(FC_CMDS, SFC_CMDS_LOGON, block) == E_CMDS_BAD_AUTH_CMD);
    REQUIRE(fixture.log().size() == 1);
    CHECK_THAT(fixture.log()[0], Catch::Contains("user=***(11)"));

    FaultRule rule = *parse_rule(Pairs{{"do", "drop"}});
    rule.user = std::string(60000, 'u');
    rule.database = std::string(60000, 'd');
    const Reply reply = fixture.control_reply(SFC_SIM_FAULT_ADD, encode_rule(rule).value());
    CHECK(code_of(parse_answer(reply.frame)) == E_SIM_PARAM);
    CHECK(fixture.control(SFC_SIM_FAULT_LIST).size() < 1000);
    rule.user = std::string(70000, 'u');
    CHECK(code_of(encode_rule(rule)) == E_CMDS_BAD_SIZE);
}

TEST_CASE("errors that were answered are counted") {
    Fixture fixture;
    fixture.code(FC_CMDS, SFC_CMDS_GET_CHALLENGE, {0, 7});
    fixture.code(FC_CMDS, SFC_CMDS_GET_CHALLENGE, {0, 7});
    fixture.code(0x7FF, 0x01);
    const Bytes bytes = fixture.control(SFC_SIM_ERROR_COUNTS);
    ByteView rest = bytes;
    const auto first = parse_prefix(LAYOUT_ERROR_COUNT, rest);
    REQUIRE(first);
    CHECK(first->u32("code") == E_CMDS_CHALLENGE_LEN);
    CHECK(first->u64("count") == 2);
    const auto second = parse_prefix(LAYOUT_ERROR_COUNT, rest);
    REQUIRE(second);
    CHECK(second->u16("fc") == 0x7FF);
    CHECK(second->u32("code") == E_CMDS_BAD_FC);
    CHECK(rest.empty());
}
