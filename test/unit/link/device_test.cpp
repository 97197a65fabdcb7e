// The front door of host-lib against the real firmware behind sockets.
#include "host-lib/link/device.h"

#include <fstream>

#include "firmware/cmds/users.h"
#include "firmware/protocol/channel/secure_channel.h"
#include "firmware/protocol/frame.h"
#include "host-lib/cards/card.h"
#include "host-lib/cards/key_source.h"
#include "test/unit/link/running_device.h"

using namespace cs2sim;
using namespace cs2sim::host;
using HostDevice = cs2sim::host::Device;

namespace {

std::unique_ptr<HostDevice> connect(const std::string& specifier) {
    auto device = HostDevice::open(specifier);
    REQUIRE(code_of(device) == 0);
    return std::move(*device);
}

std::uint32_t logon(HostDevice& device, std::string_view user, std::string_view spec) {
    auto key = open_key_source(spec);
    REQUIRE(code_of(key) == 0);
    return code_of(device.logon(user, **key));
}

std::uint32_t logon_with_password(HostDevice& device, std::string_view user, std::string_view password) {
    return code_of(device.logon(user, *password_source(as_bytes(password))));
}

std::uint32_t auth_state(HostDevice& device) {
    const auto answer = device.execute(FC_CMDS, SFC_CMDS_GET_AUTH_STATE);
    REQUIRE(code_of(answer) == 0);
    return answer->block.u32("state");
}

std::uint32_t add_user(HostDevice& device, std::string_view name, std::uint32_t permission,
                       std::uint8_t mechanism, ByteView token) {
    return code_of(device.execute(FC_CMDS, SFC_CMDS_ADD_USER, {name, permission, mechanism, 0, "", token}));
}

}  // namespace

TEST_CASE("commands over the Unix socket and TCP") {
    RunningDevice running;
    for (const std::string& specifier : {running.socket(), running.port(), "TCP:" + running.port()}) {
        CAPTURE(specifier);
        const auto device = connect(specifier);
        CHECK(device->specifier() == specifier);
        const auto state = device->execute(FC_ADM, SFC_ADM_GET_STATE);
        REQUIRE(code_of(state) == 0);
        CHECK(state->block.text("text").find("mode") != std::string_view::npos);
        const Bytes data(200000, 0x5A);
        const auto echoed = device->execute(FC_CMDS, SFC_CMDS_ECHO, {data});
        REQUIRE(code_of(echoed) == 0);
        CHECK(to_bytes(echoed->block.bytes("data")) == data);
        CHECK(code_of(device->execute_block(0x7FF, 0, {})) == E_CMDS_BAD_FC);
        CHECK(code_of(device->execute_block(FC_CMDS, SFC_CMDS_ECHO, Bytes(kMaxFrame))) == E_CSA_PARAM);
        CHECK(code_of(device->execute(FC_CMDS, SFC_CMDS_ECHO, {"still here"})) == 0);
    }
}

TEST_CASE("logon with an RSA key file, states add up, logoff") {
    RunningDevice running;
    const auto device = connect(running.socket());
    CHECK(auth_state(*device) == 0);
    REQUIRE(logon(*device, " ADMIN ", running.admin_key()) == 0);
    CHECK(auth_state(*device) == 0x22000000);
    CHECK(code_of(device->execute(FC_CMDS, SFC_CMDS_ECHO, {Bytes(300000, 1)})) == 0);
    CHECK(code_of(device->execute_block(FC_CMDS, SFC_CMDS_ECHO, Bytes(kMaxFrame - 20))) == E_CSA_PARAM);

    const std::string ec = running.folder() / "ec.key";
    REQUIRE(generate_key(KeyFileKind::ec, ec, "", "ANN"));
    const auto token = (*open_key_source(ec))->token();
    REQUIRE(add_user(*device, "ANN", 0x01000000, MECH_ECDSA, *token) == 0);
    REQUIRE(logon(*device, "ANN", ec) == 0);
    CHECK(auth_state(*device) == 0x23000000);

    REQUIRE(code_of(device->logoff()) == 0);
    CHECK(auth_state(*device) == 0);
    CHECK(code_of(device->logoff()) == 0);
    REQUIRE(logon(*device, "ANN", ec) == 0);
    CHECK(auth_state(*device) == 0x01000000);
}

TEST_CASE("logon with passwords by the user's mechanism, and what refuses it") {
    RunningDevice running;
    const auto device = connect(running.port());
    REQUIRE(logon(*device, "ADMIN", running.admin_key()) == 0);
    const std::pair<std::string, std::uint8_t> users[] = {
        {"CLEAR", MECH_CLR_PWD}, {"SHA", MECH_SHA1_PWD}, {"HMAC", MECH_HMAC_PWD}};
    for (const auto& [name, mechanism] : users)
        REQUIRE(add_user(*device, name, 0x2, mechanism, password_token(mechanism, as_bytes("pass word"))) ==
                0);
    for (const auto& [name, mechanism] : users) {
        CAPTURE(name);
        const auto other = connect(running.socket());
        CHECK(logon_with_password(*other, name, "wrong one") == E_CMDS_AUTH_FAILED);
        CHECK(auth_state(*other) == 0);
        CHECK(logon_with_password(*other, name, "pass word") == 0);
        CHECK(auth_state(*other) == 0x2);
        CHECK(logon(*other, name, running.admin_key()) == E_CMDS_BAD_MECH);
    }
    const auto other = connect(running.socket());
    CHECK(logon_with_password(*other, "NOBODY", "x") == E_CMDS_NO_USER);
    CHECK(logon_with_password(*other, "ADMIN", "x") == E_CMDS_BAD_MECH);
    other->set_challenge_length(20);
    CHECK(logon(*other, "ADMIN", running.admin_key()) == E_CMDS_CHALLENGE_LEN);
    other->set_challenge_length(32);
    CHECK(logon(*other, "ADMIN", running.admin_key()) == 0);
}

TEST_CASE("every profile gets a session that it accepts") {
    const std::string profile = GENERATE("se-gen2", "se-gen2-fips", "cse", "cse-fips", "cp5");
    CAPTURE(profile);
    RunningDevice running(profile);
    const auto device = connect(running.socket());
    CHECK(logon(*device, "ADMIN", running.admin_key()) == 0);
    CHECK(auth_state(*device) == 0x22000000);
}

TEST_CASE("mutual authentication by CS_AUTH_KEYS") {
    RunningDevice running;
    const auto device = connect(running.socket());
    const auto key = device->execute(FC_CMDS, SFC_CMDS_GET_HSM_AUTH_KEY);
    REQUIRE(code_of(key) == 0);
    const std::filesystem::path file = running.folder() / "hsm.keys";
    const auto write = [&](std::string_view text) {
        std::ofstream(file) << text;
        ::setenv("CS_AUTH_KEYS", file.c_str(), 1);
    };
    write(to_hex(key->block.bytes("key")) + "\n");
    CHECK(logon(*device, "ADMIN", running.admin_key()) == 0);

    const auto other = connect(running.socket());
    write(to_hex(public_key_der(**generate_rsa(2048))) + "\n");
    CHECK(logon(*other, "ADMIN", running.admin_key()) == E_CSA_DEVICE_KEY);
    write("rubbish\n");
    CHECK(logon(*other, "ADMIN", running.admin_key()) == E_CSA_DEVICE_KEYS);
    std::filesystem::remove(file);
    CHECK(logon(*other, "ADMIN", running.admin_key()) == E_CSA_DEVICE_KEYS);
    ::unsetenv("CS_AUTH_KEYS");
    CHECK(logon(*other, "ADMIN", running.admin_key()) == 0);
}

TEST_CASE("two administrators with smartcards swapped in one reader") {
    RunningDevice running;
    ::setenv("CS2SIM_CARDS", (running.folder() / "cards").c_str(), 1);
    CardBox box;
    REQUIRE(code_of(box.make("A", "AdminA")) == 0);
    REQUIRE(code_of(box.make("B", "AdminB", "98765")) == 0);
    const auto device = connect(running.socket());
    REQUIRE(logon(*device, "ADMIN", running.admin_key()) == 0);
    REQUIRE(code_of(box.insert({"A", "B"})) == 0);
    for (const char* user : {"AdminA", "AdminB"}) {
        const auto token = (*open_key_source(":cs2:cjo:USB0"))->token();
        REQUIRE(code_of(token) == 0);
        const std::uint8_t mechanism = user == std::string_view("AdminA") ? MECH_RSA_SC : MECH_RSA_SIGN;
        REQUIRE(add_user(*device, user, 0x10000000, mechanism, *token) == 0);
    }
    REQUIRE(code_of(device->logoff()) == 0);

    REQUIRE(code_of(box.insert({"A", "B"}, std::nullopt)) == 0);
    CHECK(logon(*device, "AdminA", ":cs2:cjo:USB0") == E_PP_KEY_TIMEOUT);
    CHECK(logon(*device, "AdminB", ":cs2:cjo:USB0#98765") == E_SC_NOPEN_OR_UNKNOWN);
    CHECK(logon(*device, "AdminA", ":cs2:cjo:USB0#123456") == 0);
    CHECK(logon(*device, "AdminB", ":cs2:auto:USB0#98765") == 0);
    CHECK(auth_state(*device) == 0x20000000);
    ::unsetenv("CS2SIM_CARDS");
}

TEST_CASE("a device that goes away is noticed: its end, not a timeout, is what calls see") {
    RunningDevice running;
    const auto device = connect(running.socket());
    REQUIRE(logon(*device, "ADMIN", running.admin_key()) == 0);
    const auto plain = connect(running.port());
    running.stop();
    CHECK(code_of(device->execute(FC_CMDS, SFC_CMDS_ECHO, {"x"})) == E_CSA_CLOSED);
    CHECK(code_of(plain->execute(FC_CMDS, SFC_CMDS_ECHO, {"x"})) == E_CSA_CLOSED);
    CHECK(code_of(plain->execute(FC_CMDS, SFC_CMDS_ECHO, {"x"})) == E_CSA_CLOSED);
    CHECK(is_of(code_of(HostDevice::open(running.socket())), E_CSA_CONNECT));
}
