// The life of challenges and sessions, one caller at a time.
#include <algorithm>
#include <chrono>
#include <thread>

#include "test/unit/cmds/host.h"

using namespace cs2sim;

namespace {

constexpr std::string_view kPassword = "a good password";

Bytes response_to(ByteView challenge, std::string_view user) {
    const SecretBytes response =
        password_response(MECH_HMAC_PWD, as_bytes(kPassword), logon_message(challenge, {}, user));
    return {response.begin(), response.end()};
}

// A firmware where plain logons work, so that what is sent can be written down.
struct OldDevice : Simulated {
    explicit OldDevice(std::uint32_t challenge_seconds = 60) : Simulated(old(challenge_seconds)) {
        REQUIRE(Caller(*this).as_admin().add_user("ALICE", 2, kPassword));
    }
    static Profile old(std::uint32_t challenge_seconds) {
        Profile profile = profile_named("fw-4.20");
        profile.challenge_seconds = challenge_seconds;
        return profile;
    }
};

std::uint32_t logon_with(Caller& caller, ByteView challenge) {
    return code_of(
        caller.plain(FC_CMDS, SFC_CMDS_LOGON, {"ALICE", MECH_HMAC_PWD, response_to(challenge, "ALICE")}));
}

}  // namespace

TEST_CASE("a challenge serves once, whether the logon was good or not") {
    OldDevice device;
    Caller caller(device);
    const auto challenge = caller.challenge(8);
    REQUIRE(challenge);
    CHECK(logon_with(caller, *challenge) == 0);
    CHECK(logon_with(caller, *challenge) == E_CMDS_BAD_AUTH_CMD);

    const auto second = caller.challenge(8);
    REQUIRE(second);
    CHECK(*second != *challenge);
    CHECK(code_of(caller.plain(FC_CMDS, SFC_CMDS_LOGON, {"ALICE", MECH_HMAC_PWD, "wrong"})) ==
          E_CMDS_AUTH_FAILED);
    CHECK(logon_with(caller, *second) == E_CMDS_BAD_AUTH_CMD);
}

TEST_CASE("a challenge belongs to its connection and to its session") {
    OldDevice device;
    Caller first(device);
    Caller second(device);
    const auto challenge = first.challenge(8);
    REQUIRE(challenge);
    CHECK(logon_with(second, *challenge) == E_CMDS_BAD_AUTH_CMD);  // none was given to this one
    REQUIRE(second.challenge(8));
    CHECK(logon_with(second, *challenge) == E_CMDS_AUTH_FAILED);
    CHECK(logon_with(first, *challenge) == 0);

    // a response without the session's binding does not log on inside it
    REQUIRE(first.open_session());
    const auto inside = first.challenge(8);
    REQUIRE(inside);
    CHECK(code_of(first.cmds(SFC_CMDS_LOGON, {"ALICE", MECH_HMAC_PWD, response_to(*inside, "ALICE")})) ==
          E_CMDS_AUTH_FAILED);
}

TEST_CASE("a challenge expires") {
    OldDevice device(1);
    Caller caller(device);
    const auto challenge = caller.challenge(8);
    REQUIRE(challenge);
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    CHECK(logon_with(caller, *challenge) == E_CMDS_AUTH_FAILED);
}

TEST_CASE("each profile accepts the challenge lengths that it lists and no other") {
    for (const std::string& name : built_in_profiles()) {
        INFO(name);
        Simulated device(name);
        Caller caller(device);
        const auto& lengths = device.profile().challenge_lengths;
        for (const std::uint16_t length : {0, 1, 7, 8, 15, 16, 17, 20, 24, 32, 33, 64, 255, 65535}) {
            INFO("length " << length);
            const auto challenge = caller.challenge(length);
            if (std::ranges::find(lengths, length) == lengths.end()) {
                CHECK(code_of(challenge) == E_CMDS_CHALLENGE_LEN);
            } else {
                REQUIRE(challenge);
                CHECK(challenge->size() == length);
            }
        }
    }
}

TEST_CASE("sessions of every kind that a profile lists open and carry commands; others are refused") {
    for (const std::string& name : built_in_profiles()) {
        Simulated device(name);
        const Profile& profile = device.profile();
        for (const std::uint8_t mode : {SM_MODE_DH, SM_MODE_ECDH, SM_MODE_DH_MA_RSA}) {
            for (const std::uint8_t mechanism : {SM_MECH_AES, SM_MECH_AES_CMAC, SM_MECH_AES_GCM}) {
                INFO(name << " mode " << int(mode) << " mechanism " << int(mechanism));
                const bool has_mode = std::ranges::count(profile.session_modes, mode) != 0;
                const bool has_mechanism = std::ranges::count(profile.session_mechanisms, mechanism) != 0;
                Caller caller(device);
                const std::uint32_t opened = code_of(caller.open_session({mode, mechanism}));
                if (has_mode && has_mechanism) {
                    REQUIRE(opened == 0);
                    CHECK(code_of(caller.logon("ADMIN", *admin_key())) == 0);
                } else {
                    const bool cc = profile.certification == Certification::cc;
                    CHECK(opened == (!has_mode && cc ? E_CMDS_CC_SM_MA : E_CMDS_BAD_SM_MODE));
                }
            }
        }
    }
}

TEST_CASE("a mode with its FAST bit is the mode, on every profile") {
    constexpr std::uint8_t kFast = 0x80;
    std::size_t opened = 0;
    for (const std::string& name : built_in_profiles()) {
        Simulated device(name);
        const std::uint8_t mechanism = device.profile().session_mechanisms.back();
        for (const std::uint8_t mode : {SM_MODE_DH, SM_MODE_ECDH}) {
            INFO(name << " mode " << int(mode));
            const Bytes value = KeyAgreement::start(mode)->public_value();
            const auto open = [&](std::uint8_t as) {
                Caller caller(device);
                return code_of(caller.plain(FC_CMDS, SFC_CMDS_OPEN_SESSION, {as, mechanism, value}));
            };
            const std::uint32_t code = open(mode);
            CHECK(open(mode | kFast) == code);
            opened += code == 0 ? 1 : 0;
        }
    }
    CHECK(opened > 0);
}

TEST_CASE("an envelope that was changed, cut, replayed or reordered is refused; the session lives on") {
    Simulated device;
    Caller caller(device);
    caller.as_admin();
    const auto refused = [&](ByteView frame) { return code_of(caller.frame(frame)) == E_CMDS_SM_FAILED; };
    REQUIRE(caller.cmds(SFC_CMDS_GET_AUTH_STATE));
    const Bytes older = caller.last_envelope();
    REQUIRE(caller.cmds(SFC_CMDS_GET_AUTH_STATE));
    CHECK(refused(caller.last_envelope()));
    CHECK(refused(older));

    // every byte of the sequence counter and of the sealed part
    for (std::size_t at = kRequestHeader + 4; at < older.size(); ++at) {
        INFO("byte " << at);
        Bytes changed = caller.last_envelope();
        changed[at] ^= 0x80;
        CHECK(refused(changed));
    }
    constexpr std::size_t kSealed = kRequestHeader + 4 + 16;  // behind the session's number and the sequence
    for (std::size_t size = kSealed; size < older.size(); ++size) {
        INFO("cut to " << size);
        Bytes cut(caller.last_envelope().begin(),
                  caller.last_envelope().begin() + static_cast<std::ptrdiff_t>(size));
        cut[kRequestHeader + 4] = 0xFF;  // a fresh sequence value
        cut[3] = static_cast<std::uint8_t>(cut.size());
        cut[2] = 0;
        CHECK(refused(cut));
    }
    CHECK(caller.add_user("ALICE", 2, kPassword));
}

TEST_CASE("a session ends with its connection, and its users are no longer active") {
    Simulated device;
    Caller admin(device);
    REQUIRE(admin.as_admin().add_user("ALICE", 2, kPassword));
    {
        Caller alice(device);
        REQUIRE(alice.open_session());
        REQUIRE(alice.logon("ALICE", kPassword));
        CHECK(code_of(admin.cmds(SFC_CMDS_DELETE_USER, {"ALICE"})) == E_CMDS_USER_ACTIVE);
    }
    CHECK(code_of(admin.cmds(SFC_CMDS_DELETE_USER, {"ALICE"})) == 0);
}

TEST_CASE("logoff ends the rights of a session and not the session") {
    Simulated device;
    Caller caller(device);
    caller.as_admin();
    REQUIRE(caller.cmds(SFC_CMDS_LOGOFF));
    CHECK(code_of(caller.add_user("ALICE", 2, kPassword)) == E_CMDS_DENIED);
    CHECK(code_of(caller.logon("ADMIN", *admin_key())) == 0);
    CHECK(code_of(caller.add_user("ALICE", 2, kPassword)) == 0);
}

TEST_CASE("when idle sessions fill the table, those that ran out make room") {
    Profile profile = profile_named("se-gen2");
    profile.max_sessions = 2;
    profile.session_seconds = 1;
    Simulated device(profile);
    Caller first(device), second(device), third(device);
    first.as_admin();  // who is logged on does not give way
    second.as_admin();
    CHECK(code_of(third.open_session()) == E_CMDS_NO_MEM);
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    CHECK(code_of(third.open_session()) == 0);
    CHECK(code_of(first.cmds(SFC_CMDS_GET_AUTH_STATE)) == E_CMDS_SM_EXPIRED);
}

TEST_CASE(
    "who is logged on in a session whose time is over counts for nobody, although none was used since") {
    Profile profile = profile_named("se-gen2");
    profile.session_seconds = 1;
    Simulated device(profile);
    Caller gone(device), unknown(device);
    gone.as_admin();
    CHECK(code_of(unknown.plain(FC_ADM, SFC_ADM_RESTART)) == E_CMDS_DENIED);
    std::this_thread::sleep_for(std::chrono::milliseconds(2200));
    CHECK(code_of(unknown.plain(FC_ADM, SFC_ADM_RESTART)) == 0);
}

TEST_CASE("a session holds as many users as its profile says, and their states add up to F at most") {
    Simulated device;
    Caller admin(device);
    admin.as_admin();
    const std::uint32_t most = device.profile().max_users_per_session;
    for (std::uint32_t i = 0; i < most; ++i) REQUIRE(admin.add_user("U" + std::to_string(i), 1, kPassword));
    Caller crowd(device);
    REQUIRE(crowd.open_session());
    for (std::uint32_t i = 0; i < most; ++i) REQUIRE(crowd.logon("U" + std::to_string(i), kPassword));
    CHECK(code_of(crowd.logon("ADMIN", *admin_key())) == E_CMDS_MAX_AUTH_USER_REACHED);
    const auto state = crowd.cmds(SFC_CMDS_GET_AUTH_STATE);
    REQUIRE(state);
    const auto block = parse(find_function(FC_CMDS, SFC_CMDS_GET_AUTH_STATE)->answer, *state);
    REQUIRE(block);
    CHECK(block->u32("state") == 0x0000000F);  // sixteen ones: the nibble stays at F
    CHECK(block->u16("count") == most);
}

TEST_CASE("sessions without logon give way, those of users do not") {
    Profile profile = profile_named("se-gen2");
    profile.max_sessions = 6;
    profile.max_sessions_without_logon = 3;
    Simulated device(profile);
    Caller admin(device);
    admin.as_admin();

    Caller greedy(device);
    std::vector<std::uint32_t> sessions;
    for (int i = 0; i < 4; ++i) {
        REQUIRE(greedy.open_session());
        sessions.push_back(greedy.session_id());
    }
    const auto code_in = [](Caller& caller, std::uint32_t session) {
        const Bytes nothing(40);
        const auto block = compose(find_function(FC_CMDS, SFC_CMDS_SECURE_MESSAGE)->request,
                                   {session, ByteView(nothing).first(8), nothing});
        REQUIRE(block);
        return code_of(caller.plain(FC_CMDS, SFC_CMDS_SECURE_MESSAGE, *block));
    };
    CHECK(code_in(greedy, sessions[0]) == E_CMDS_SM_EXPIRED);
    CHECK(code_in(greedy, sessions[1]) == E_CMDS_SM_FAILED);  // it is there

    Caller second(device);  // the table gets full
    for (int i = 0; i < 3; ++i) REQUIRE(second.open_session());
    CHECK(code_in(greedy, sessions[2]) == E_CMDS_SM_EXPIRED);
    CHECK(code_of(admin.cmds(SFC_CMDS_GET_AUTH_STATE)) == 0);
}

TEST_CASE("a restart takes an administrator where others are logged on") {
    Simulated device;
    Caller nobody(device);
    REQUIRE(nobody.plain(FC_ADM, SFC_ADM_RESTART));
    Caller admin(device);
    REQUIRE(admin.as_admin().add_user("ALICE", 2, kPassword));
    CHECK(code_of(nobody.plain(FC_ADM, SFC_ADM_RESTART)) == E_CMDS_DENIED);
    CHECK(code_of(nobody.plain(FC_ADM, SFC_ADM_RESET_TO_BL)) == E_CMDS_DENIED);
    CHECK(code_of(admin.cmds(SFC_CMDS_GET_AUTH_STATE)) == 0);

    Caller alice(device);
    REQUIRE(alice.open_session());
    REQUIRE(alice.logon("ALICE", kPassword));
    CHECK(code_of(alice.call(FC_ADM, SFC_ADM_RESTART)) == E_CMDS_DENIED);
    REQUIRE(admin.call(FC_ADM, SFC_ADM_RESTART));
    REQUIRE(nobody.plain(FC_ADM, SFC_ADM_RESTART));
}
