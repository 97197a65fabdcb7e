// The tap: what a listener gets of frames and of commands inside sessions, and what it does not get.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "firmware/protocol/cxi/constants.h"
#include "test/unit/cmds/host.h"
#include "tools/trace/trace_event.h"
#include "tools/trace/trace_record.h"

using namespace cs2sim;

namespace {

constexpr std::string_view kPassword = "a good password";

class Ear {
public:
    explicit Ear(Simulated& device, std::uint8_t flags = 0) : caller_(device, Reach::control) {
        const auto opened = caller_.plain(FC_SIM, SFC_SIM_TRACE_OPEN, {flags});
        REQUIRE(opened);
        listener_ = parse(find_function(FC_SIM, SFC_SIM_TRACE_OPEN)->answer, *opened)->u32("listener");
    }
    // The events since the last time; their views live until the next call.
    std::vector<TraceEvent> hear() {
        auto answer = caller_.plain(FC_SIM, SFC_SIM_TRACE_READ, {listener_});
        REQUIRE(answer);
        bytes_ = std::move(*answer);
        const auto block = parse(find_function(FC_SIM, SFC_SIM_TRACE_READ)->answer, bytes_);
        REQUIRE(block);
        lost_ += block->u64("lost");
        std::vector<TraceEvent> events;
        for (ByteView rest = block->bytes("events"); !rest.empty();) {
            const auto event = next_event(rest, KnownModules());
            REQUIRE(event);
            events.push_back(*event);
        }
        return events;
    }
    std::uint64_t lost() const { return lost_; }
    std::uint32_t listener() const { return listener_; }
    Caller& caller() { return caller_; }

private:
    Caller caller_;
    std::uint32_t listener_ = 0;
    Bytes bytes_;
    std::uint64_t lost_ = 0;
};

bool holds(ByteView bytes, std::string_view text) {
    return as_text(bytes).find(text) != std::string_view::npos;
}

}  // namespace

TEST_CASE("a listener gets every frame with what it was and what came of it") {
    Simulated device;
    Ear ear(device);
    Caller caller(device);
    REQUIRE(caller.plain(FC_CMDS, SFC_CMDS_ECHO, {"hello"}));
    CHECK(code_of(caller.challenge(7)) == E_CMDS_CHALLENGE_LEN);
    CHECK(code_of(caller.plain(0x123, 0x45, ByteView())) == E_CMDS_BAD_FC);
    CHECK(code_of(caller.frame(hex_bytes("9C000005FF"))) == E_CMDS_BAD_CMD);

    const auto events = ear.hear();
    REQUIRE(events.size() == 4);
    CHECK(events[0].name() == "CMDS.ECHO");
    CHECK(events[0].code == 0);
    CHECK(events[0].session == 0);
    CHECK(events[0].peer == "test");
    CHECK(events[0].modes == MODE_OPERATIONAL);
    CHECK(as_text(events[0].request_block()) == "hello");
    CHECK(as_text(events[0].answer_block()) == "hello");
    CHECK(events[1].name() == "CMDS.GET_CHALLENGE");
    CHECK(events[1].code == E_CMDS_CHALLENGE_LEN);
    CHECK(events[2].name() == "123.45");
    CHECK_FALSE(events[3].known);
    CHECK(events[0].connection == events[3].connection);
    CHECK(events[0].number + 3 == events[3].number);
    CHECK_THAT(text_of(events[0]), Catch::Contains("CMDS.ECHO  ok") && Catch::Contains("> data=\"hello\""));
    CHECK_THAT(text_of(events[1]),
               Catch::Contains("B0830063 CHALLENGE_LEN") && Catch::Contains("> length=7"));
}

TEST_CASE("commands inside a session are seen, with session and users; secrets are masked") {
    Simulated device;
    Caller admin(device);
    admin.as_admin();
    Ear ear(device);
    Ear told(device, 1);
    REQUIRE(admin.add_user("ALICE", 2, kPassword));

    for (const bool secrets : {false, true}) {
        const auto events = (secrets ? told : ear).hear();
        REQUIRE(events.size() == 2);  // the command, then the frame that carried it
        CHECK(events[0].name() == "CMDS.ADD_USER");
        CHECK(events[0].session == admin.session_id());
        CHECK(events[0].users == "ADMIN");
        CHECK(events[0].state == 0x22000000);
        CHECK(holds(events[0].request, "ALICE"));
        CHECK(holds(events[0].request, kPassword) == secrets);
        CHECK(events[0].request.size() == events[0].request_size);
        CHECK_THAT(text_of(events[0]),
                   !Catch::Contains(std::string(kPassword)) && Catch::Contains("token=***(15 bytes)"));
        CHECK(events[1].name() == "CMDS.SECURE_MESSAGE");
        CHECK(events[1].session == 0);
        CHECK(ByteView(events[1].request).size() == admin.last_envelope().size());
    }
}

TEST_CASE("a block that does not fit a layout with secrets is masked whole") {
    Simulated device;
    Ear ear(device);
    Caller caller(device);
    Bytes block = compose(find_function(FC_CMDS, SFC_CMDS_ADD_USER)->request,
                          {"ALICE", 2u, MECH_HMAC_PWD, 0, "", kPassword})
                      .value();
    block.push_back(0);
    CHECK(code_of(caller.plain(FC_CMDS, SFC_CMDS_ADD_USER, block)) == E_CMDS_DENIED);
    const ByteView cut = ByteView(block).first(block.size() - 5);
    CHECK(code_of(caller.plain(FC_CMDS, SFC_CMDS_ADD_USER, cut)) == E_CMDS_DENIED);
    for (const TraceEvent& event : ear.hear()) {
        CHECK(event.known);
        CHECK_FALSE(holds(event.request, "good"));
        CHECK(event.request.size() == event.request_size);
    }
}

TEST_CASE("answers with secrets are masked, secret key properties too") {
    Simulated device;
    Caller admin(device);
    admin.as_admin();
    Ear ear(device);
    REQUIRE(admin.call(FC_MBK, SFC_MBK_GENERATE, {2, 32, 2, 2, "UNITTEST"}));
    const Bytes properties = compose(LAYOUT_CXI_PROPERTY, {41u, as_bytes("very secret value")}).value();
    (void)admin.call(FC_CXI, SFC_CXI_OBJ_CREATE, {0u, properties});
    const std::uint32_t hash = CXI_PROP_CFG_GROUP_BACKUP_PASS_HASH;
    const Bytes setting = compose(LAYOUT_CXI_PROPERTY, {hash, as_bytes("very secret hash")}).value();
    (void)admin.call(FC_CXI, SFC_CXI_KEY_PROP_SET, {Bytes{CXI_TAG_CONFIG}, setting});
    const auto events = ear.hear();
    REQUIRE(events.size() == 6);
    CHECK(events[4].name() == "CXI.KEY_PROP_SET");
    CHECK_FALSE(holds(events[4].request, "secret"));
    CHECK(events[0].name() == "MBK.GENERATE");
    CHECK(std::ranges::count(events[0].answer, '*') >= 60);
    CHECK(events[2].name() == "CXI.OBJ_CREATE");
    CHECK_FALSE(holds(events[2].request, "secret"));
}

TEST_CASE("what may be secret is masked: records, files, data of MACs, names that no user has") {
    Simulated device;
    Caller admin(device);
    admin.as_admin();
    REQUIRE(admin.call(FC_DB, SFC_DB_TEST_CREATE, {"OWN.db", 4, 1000}));
    Ear ear(device);
    const std::string_view secret = "very secret";
    const Bytes entry = compose(LAYOUT_DB_ENTRY, {"AAAA", secret}).value();
    REQUIRE(admin.call(FC_DB, SFC_DB_TEST_INSERT, {"OWN.db", entry}));
    REQUIRE(admin.call(FC_DB, SFC_DB_TEST_FIND, {"OWN.db", 0, "AAAA"}));
    REQUIRE(admin.call(FC_ADM, SFC_ADM_LOAD_FILE, {"file.txt", 0, 1, secret}));
    (void)admin.call(FC_CXI, SFC_CXI_HASH_COMPUTE, {0, 0, 0, ByteView(), secret});
    // A list of properties that ends in the middle of one, and a function that nobody knows.
    Bytes cut = compose(LAYOUT_CXI_PROPERTY, {41u, secret}).value();
    cut.pop_back();
    (void)admin.call(FC_CXI, SFC_CXI_OBJ_CREATE, {0u, cut});
    (void)admin.call(FC_CXI, 0x7F, as_bytes(secret));
    Caller unknown(device);
    REQUIRE(unknown.open_session());
    CHECK(code_of(unknown.logon(secret, "name")) == E_CMDS_NO_USER);
    CHECK(code_of(unknown.plain(FC_CMDS, SFC_CMDS_GET_USER_INFO, {secret})) == E_CMDS_NO_USER);
    std::size_t events = 0;
    for (const TraceEvent& event : ear.hear()) {
        INFO(event.name());
        CHECK_FALSE(holds(event.request, secret));
        CHECK_FALSE(holds(event.answer, secret));
        ++events;
    }
    CHECK(events == 18);
}

TEST_CASE("data of MACs, values inside templates and names, and passwords typed as names are masked") {
    Simulated device;
    Caller admin(device);
    admin.as_admin();
    Ear ear(device);
    const std::string_view secret = "very secret";
    const auto property = [](std::uint32_t id, ByteView value) {
        return compose(LAYOUT_CXI_PROPERTY, {id, value}).value();
    };
    const Bytes value = property(CXI_PROP_VALUE, as_bytes(secret));
    Bytes by_name{CXI_TAG_NAME};
    append(by_name, value);
    const Bytes by_index{CXI_TAG_INDEX, 1};
    (void)admin.call(FC_CXI, SFC_CXI_SIGN, {0, 0, by_index, ByteView(), secret});
    (void)admin.call(FC_CXI, SFC_CXI_VERIFY, {0, 0, by_index, ByteView(), ByteView(), secret});
    (void)admin.call(FC_CXI, SFC_CXI_SIGN_BULK, {0, 0, by_index, ByteView(), secret});
    for (const std::uint32_t id : {CXI_PROP_WRAP_TEMPLATE, CXI_PROP_UNWRAP_TEMPLATE}) {
        (void)admin.call(FC_CXI, SFC_CXI_OBJ_CREATE, {0u, property(id, value)});
        (void)admin.call(FC_CXI, SFC_CXI_OBJ_CREATE, {0u, property(id, property(id, value))});
        // As the PKCS#11 library writes a template: types of eight bytes, lengths of four.
        Bytes attribute{0, 0, 0, 0, 0, 0, 0, 0x11, 0, 0, 0, static_cast<std::uint8_t>(secret.size())};
        append(attribute, as_bytes(secret));
        (void)admin.call(FC_CXI, SFC_CXI_KEY_GENERATE, {0u, 0u, property(id, attribute)});
        (void)admin.call(FC_CXI, SFC_CXI_OBJ_CREATE, {0u, property(id, as_bytes(secret))});
    }
    (void)admin.call(FC_CXI, SFC_CXI_KEY_BACKUP, {by_name});
    (void)admin.call(FC_CXI, SFC_CXI_KEY_WRAP, {0, by_index, by_name, ByteView()});
    Caller typist(device);
    REQUIRE(typist.open_session());
    // Without a challenge it is refused before anybody looks for such a user.
    CHECK(code_of(typist.call(FC_CMDS, SFC_CMDS_LOGON, {secret, 0, ByteView()})) == E_CMDS_BAD_AUTH_CMD);
    std::size_t events = 0;
    for (const TraceEvent& event : ear.hear()) {
        INFO(event.name());
        CHECK_FALSE(holds(event.request, secret));
        ++events;
    }
    CHECK(events >= 24);
    // Who is there and failed is still seen.
    CHECK(code_of(typist.logon("ADMIN", "wrong")) != 0);
    const auto failed = ear.hear();
    CHECK(std::ranges::any_of(failed, [](const TraceEvent& event) {
        return event.name() == "CMDS.LOGON" && holds(event.request, "ADMIN");
    }));
}

TEST_CASE("the control module is not traced, nor within reach of hosts") {
    Simulated device;
    Ear ear(device);
    REQUIRE(ear.caller().plain(FC_SIM, SFC_SIM_GET_MODES));
    CHECK(ear.hear().empty());
    Caller caller(device);
    CHECK(code_of(caller.plain(FC_SIM, SFC_SIM_TRACE_OPEN, {0})) == E_CMDS_BAD_FC);
    CHECK(code_of(caller.plain(FC_SIM, SFC_SIM_TRACE_READ, {ear.listener()})) == E_CMDS_BAD_FC);
}

TEST_CASE("a listener that was closed, or never was, hears nothing; unknown flags are refused") {
    Simulated device;
    Ear ear(device);
    REQUIRE(ear.caller().plain(FC_SIM, SFC_SIM_TRACE_CLOSE, {ear.listener()}));
    CHECK(code_of(ear.caller().plain(FC_SIM, SFC_SIM_TRACE_READ, {ear.listener()})) == E_SIM_PARAM);
    CHECK(code_of(ear.caller().plain(FC_SIM, SFC_SIM_TRACE_READ, {9999})) == E_SIM_PARAM);
    CHECK(code_of(ear.caller().plain(FC_SIM, SFC_SIM_TRACE_OPEN, {2})) == E_SIM_PARAM);
    Caller caller(device);
    CHECK(caller.plain(FC_CMDS, SFC_CMDS_ECHO, {"x"}));
}

TEST_CASE("what a listener leaves unread is bounded; what is lost is counted, the rest is in order") {
    Simulated device;
    Ear ear(device);
    Caller caller(device);
    const Bytes large(0x2FFF0, 'x');
    constexpr std::size_t kSent = 120;  // of about 384 KiB each
    for (std::size_t i = 0; i < kSent; ++i) REQUIRE(caller.plain(FC_CMDS, SFC_CMDS_ECHO, {large}));
    std::size_t heard = 0;
    std::uint64_t last = 0;
    for (auto events = ear.hear(); !events.empty(); events = ear.hear())
        for (const TraceEvent& event : events) {
            CHECK(event.number > last);
            last = event.number;
            ++heard;
        }
    CHECK(ear.lost() > 0);
    CHECK(heard + ear.lost() == kSent);
    CHECK(heard >= 80);
}

TEST_CASE("a frame that is longer than an event holds is cut, and says so") {
    Simulated device;
    Ear ear(device);
    Caller caller(device);
    const Bytes huge(0x40000, 'x');
    REQUIRE(caller.plain(FC_CMDS, SFC_CMDS_ECHO, {huge}));
    const auto events = ear.hear();
    REQUIRE(events.size() == 1);
    CHECK_FALSE(events[0].whole());
    CHECK(events[0].request_size == huge.size() + kRequestHeader);
}

TEST_CASE("many conversations and listeners at once: every event once, none of another's peer") {
    Simulated device;
    Ear first(device), second(device);
    std::atomic<std::size_t> done{0};
    constexpr std::size_t kThreads = 8, kCommands = 50;
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                Caller caller(device);
                if (!caller.open_session()) return;
                for (std::size_t i = 0; i < kCommands; ++i)
                    done += caller.cmds(SFC_CMDS_ECHO, {"thread " + std::to_string(t)}).has_value();
            });
    }
    CHECK(done == kThreads * kCommands);
    for (Ear* ear : {&first, &second}) {
        std::map<std::uint32_t, std::string> text_of_connection;
        std::size_t inside = 0;
        for (auto events = ear->hear(); !events.empty(); events = ear->hear())
            for (const TraceEvent& event : events) {
                if (event.session == 0) continue;
                ++inside;
                auto& text = text_of_connection[event.connection];
                if (text.empty()) text = as_text(event.request);
                CHECK(text == as_text(event.request));
            }
        CHECK(inside == kThreads * kCommands);
        CHECK(text_of_connection.size() == kThreads);
    }
}

TEST_CASE("a recording is read as it was written; a damaged one is refused with its place") {
    Simulated device;
    Ear ear(device);
    Caller caller(device);
    REQUIRE(caller.plain(FC_CMDS, SFC_CMDS_ECHO, {"hello"}));
    CHECK(code_of(caller.challenge(7)) == E_CMDS_CHALLENGE_LEN);
    const ScratchFolder folder;
    const std::string path = folder.path() / "record.toml";
    {
        RecordFile file(path, false);
        REQUIRE(file.good());
        for (const TraceEvent& event : ear.hear()) file.add(event);
    }
    CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::others_all) ==
          std::filesystem::perms::none);
    const auto recording = read_recording(path);
    REQUIRE(recording);
    REQUIRE(recording->exchanges.size() == 2);
    CHECK_FALSE(recording->with_secrets);
    CHECK(recording->exchanges[0].request == request_frame(FC_CMDS, SFC_CMDS_ECHO, as_bytes("hello")));
    CHECK(recording->exchanges[1].code == E_CMDS_CHALLENGE_LEN);

    const auto refused = [&](std::string_view text) {
        std::ofstream(path) << text;
        const auto read = read_recording(path);
        return !read && read.error().find(path) != std::string::npos;
    };
    CHECK(refused("hello"));
    CHECK(refused("version = 2\n"));
    CHECK(refused("version = 1\nexchange = [1]\n"));
    CHECK(refused("version = 1\n[[exchange]]\nconnection = -1\n"));
    CHECK(
        refused("version = 1\n[[exchange]]\nconnection = 1\nsession = 0\nfc = 131\nsfc = 0\ncode = 0\n"
                "request = \"9C0\"\nanswer = \"\"\n"));
    CHECK(!read_recording("/nowhere/record.toml"));
}
