// The C interface against the real firmware behind sockets.
#include <csxapi/csxapi.h>

#include <atomic>
#include <thread>

#include "firmware/protocol/cxi/property_list.h"
#include "firmware/protocol/functions.h"
#include "test/unit/csxapi/csxapi_client.h"
#include "test/unit/link/running_device.h"
#include "test/unit/scratch.h"

using namespace cs2sim;

namespace {

const unsigned char* bytes(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.c_str());
}
std::uint32_t u(int result) { return static_cast<std::uint32_t>(result); }

int open(const std::string& device) {
    int handle = -7;
    REQUIRE(u(cs_open_connection(device.c_str(), 0, 0, &handle)) == 0);
    return handle;
}

std::uint32_t prepare(int handle, const std::string& user, const std::string& key, void*& context,
                      int mechanism = CSA_AUTH_MECH_AUTO) {
    return u(cs_prepare_auth(handle, mechanism, bytes(user), static_cast<unsigned>(user.size()), bytes(key),
                             nullptr, 0, context, &context));
}

std::uint32_t echo(int handle, void* context, std::size_t size = 16) {
    const Bytes data(size, 0x77);
    unsigned char* answer = nullptr;
    unsigned length = 0;
    const std::uint32_t code = u(cs_exec_command(handle, context, FC_CMDS, SFC_CMDS_ECHO, data.data(),
                                                 static_cast<unsigned>(data.size()), &answer, &length));
    if (code == 0) CHECK(to_bytes({answer, length}) == data);
    cs_free_answ(answer);
    return code;
}

// One command as the user whose context it is, or outside any session.
std::uint32_t run(int handle, void* context, std::uint16_t fc, std::uint8_t sfc,
                  std::initializer_list<Value> values) {
    const Bytes block = compose(find_function(fc, sfc)->request, values).value();
    return u(cs_exec_command(handle, context, fc, sfc, block.data(), static_cast<unsigned>(block.size()),
                             nullptr, nullptr));
}

std::uint32_t as_admin(const RunningDevice& device, std::uint8_t sfc, std::initializer_list<Value> values) {
    const int handle = open(device.socket());
    void* context = nullptr;
    REQUIRE(prepare(handle, "ADMIN", device.admin_key(), context) == 0);
    REQUIRE(u(cs_get_sessionkey_ex(handle, context)) == 0);
    const std::uint32_t code = run(handle, context, FC_CMDS, sfc, values);
    REQUIRE(u(cs_close_connection(handle)) == 0);
    return code;
}

std::uint32_t on_cluster(int cluster, std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values,
                         Bytes* out = nullptr) {
    const Bytes block = compose(find_function(fc, sfc)->request, values).value();
    unsigned char* answer = nullptr;
    unsigned length = 0;
    const std::uint32_t code = u(cs_cluster_exec(cluster, fc, sfc, block.data(),
                                                 static_cast<unsigned>(block.size()), &answer, &length));
    if (out) *out = to_bytes({answer, length});
    cs_free_answ(answer);
    return code;
}

// How many keys the device that serves the cluster has.
std::uint64_t keys_of(int cluster) {
    Bytes info;
    REQUIRE(on_cluster(cluster, FC_CXI, SFC_CXI_GET_INFO, {}, &info) == 0);
    return parse(find_function(FC_CXI, SFC_CXI_GET_INFO)->answer, info)->u64("keys");
}

std::uint8_t failures_of(const RunningDevice& device, const std::string& user) {
    const int handle = open(device.socket());
    const Bytes block = compose(find_function(FC_CMDS, SFC_CMDS_GET_USER_INFO)->request, {user}).value();
    unsigned char* answer = nullptr;
    unsigned length = 0;
    REQUIRE(u(cs_exec_command(handle, nullptr, FC_CMDS, SFC_CMDS_GET_USER_INFO, block.data(),
                              static_cast<unsigned>(block.size()), &answer, &length)) == 0);
    const std::uint8_t failures = parse(LAYOUT_USER, ByteView(answer, length))->u8("failures");
    cs_free_answ(answer);
    REQUIRE(u(cs_close_connection(handle)) == 0);
    return failures;
}

std::uint32_t cluster_echo(int handle) {
    unsigned char* answer = nullptr;
    unsigned length = 0;
    const std::uint32_t code =
        u(cs_cluster_exec(handle, FC_CMDS, SFC_CMDS_ECHO, bytes("x"), 1, &answer, &length));
    if (code == 0) CHECK(length == 1);
    cs_free_answ(answer);
    return code;
}

}  // namespace

TEST_CASE("a client written in C") {
    RunningDevice running;
    CHECK(csxapi_client(running.socket().c_str(), running.admin_key().c_str()) == 0);
    ::setenv("CRYPTOSERVER", running.port().c_str(), 1);
    CHECK(csxapi_client(nullptr, running.admin_key().c_str()) == 0);
    ::unsetenv("CRYPTOSERVER");
}

TEST_CASE("NULL and stale arguments are answered, not followed") {
    RunningDevice running;
    int none = 5;
    CHECK(u(cs_open_connection(nullptr, 0, 0, &none)) == CSA_ERR_DEVICE_NAME);
    CHECK(none == -1);
    CHECK(u(cs_open_connection("unix:/nonexistent", 0, 0, &none)) == (CSA_ERR_CONNECT | ENOENT));
    CHECK(u(cs_open_connection(running.socket().c_str(), 0, 0, nullptr)) == CSA_ERR_PARAM);
    const int handle = open(running.socket());
    CHECK(handle == 0);
    CHECK(u(cs_exec_command(handle, nullptr, FC_CMDS, 0, nullptr, 0, nullptr, nullptr)) == 0);
    CHECK(u(cs_exec_command(handle, nullptr, FC_CMDS, 0, nullptr, 1, nullptr, nullptr)) == CSA_ERR_PARAM);
    CHECK(u(cs_exec_command(handle, nullptr, 0x10083, 0, nullptr, 0, nullptr, nullptr)) == CSA_ERR_PARAM);
    CHECK(u(cs_exec_command(handle, nullptr, 0x7FF, 0, nullptr, 0, nullptr, nullptr)) == E_CMDS_BAD_FC);
    CHECK(u(cs_exec_command(99, nullptr, FC_CMDS, 0, nullptr, 0, nullptr, nullptr)) == CSA_ERR_HANDLE);
    CHECK(u(cs_exec_command(handle, &none, FC_CMDS, 0, nullptr, 0, nullptr, nullptr)) == CSA_ERR_PARAM);
    CHECK(u(cs_get_sessionkey_ex(handle, nullptr)) == CSA_ERR_PARAM);
    CHECK(u(cs_get_sessionkey_ex(handle, &none)) == CSA_ERR_PARAM);
    CHECK(u(cs_end_session(handle, nullptr)) == 0);
    CHECK(u(cs_end_session(handle, &none)) == CSA_ERR_PARAM);
    cs_free_answ(nullptr);
    void* context = nullptr;
    CHECK(u(cs_prepare_auth(handle, 0, nullptr, 0, nullptr, nullptr, 0, nullptr, &context)) == CSA_ERR_PARAM);
    CHECK(u(cs_prepare_auth(handle, 0, bytes("A"), 1, nullptr, nullptr, 0, nullptr, nullptr)) ==
          CSA_ERR_PARAM);
    CHECK(u(cs_prepare_auth(handle, 77, bytes("A"), 1, nullptr, bytes("p"), 1, nullptr, &context)) ==
          CSA_ERR_PARAM);
    CHECK(prepare(handle, "ADMIN", "/nonexistent.key", context) == E_CSA_KEY_OPEN);
    CHECK(context == nullptr);

    REQUIRE(prepare(handle, "ADMIN", running.admin_key(), context) == 0);
    const int other = open(running.socket());
    CHECK(other == 1);
    CHECK(u(cs_get_sessionkey_ex(other, context)) == CSA_ERR_PARAM);  // of another connection
    CHECK(u(cs_close_connection(handle)) == 0);
    CHECK(u(cs_get_sessionkey_ex(handle, context)) == CSA_ERR_HANDLE);
    CHECK(open(running.socket()) == 0);                           // the smallest free number
    CHECK(u(cs_get_sessionkey_ex(0, context)) == CSA_ERR_PARAM);  // not the connection it was made for
    CHECK(u(cs_end_session(0, context)) == 0);
    CHECK(u(cs_end_session(0, context)) == CSA_ERR_PARAM);
    cs_close_connection(0);
    cs_close_connection(1);
    CHECK(std::string(cs_error_text(0xB0830063)) == "illegal challenge length requested");
    CHECK(std::string(cs_error_text(0x12345678)) == "unknown error");
}

TEST_CASE("who closes a connection and forgets its contexts leaves nobody logged on and no descriptor open") {
    RunningDevice running;
    const auto descriptors = [] {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
        return count;
    };
    void* context = nullptr;
    std::size_t before = 0;
    for (int i = 0; i < 20; ++i) {
        const int handle = open(running.socket());
        context = nullptr;
        REQUIRE(prepare(handle, "ADMIN", running.admin_key(), context) == 0);
        REQUIRE(u(cs_get_sessionkey_ex(handle, context)) == 0);
        CHECK(u(cs_close_connection(handle)) == 0);
        if (i == 0) before = descriptors();
    }
    CHECK(descriptors() <= before + 3);  // the device's own end of a connection may go a moment later
    CHECK(u(cs_end_session(0, context)) == 0);
    CHECK(u(cs_end_session(0, context)) == CSA_ERR_PARAM);
}

TEST_CASE("logon through csxapi: what refuses it, and what remains possible") {
    RunningDevice running;
    const int handle = open(running.port());
    void* context = nullptr;
    REQUIRE(prepare(handle, "NOBODY", running.admin_key(), context) == 0);
    CHECK(echo(handle, context) == CSA_ERR_PARAM);  // prepared, not logged on: nothing goes in clear
    CHECK(u(cs_get_sessionkey_ex(handle, context)) == E_CMDS_NO_USER);
    REQUIRE(prepare(handle, "ADMIN", running.admin_key(), context, CSA_AUTH_MECH_ECDSA) == 0);
    CHECK(u(cs_get_sessionkey_ex(handle, context)) == E_CMDS_BAD_MECH);
    REQUIRE(prepare(handle, "ADMIN", running.admin_key(), context) == 0);
    CHECK(u(cs_get_sessionkey_ex(handle, context)) == 0);
    CHECK(echo(handle, context, 200000) == 0);
    CHECK(u(cs_end_session(handle, context)) == 0);
    CHECK(echo(handle, context) == CSA_ERR_PARAM);
    CHECK(u(cs_close_connection(handle)) == 0);
}

TEST_CASE("one handle and many handles used by several threads") {
    RunningDevice running;
    const int shared = open(running.socket());
    void* context = nullptr;
    REQUIRE(prepare(shared, "ADMIN", running.admin_key(), context) == 0);
    REQUIRE(u(cs_get_sessionkey_ex(shared, context)) == 0);
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
            int own = -1;
            if (cs_open_connection(running.socket().c_str(), 0, 0, &own) != 0) ++failures;
            for (int n = 0; n < 50; ++n) {
                unsigned char* answer = nullptr;
                unsigned length = 0;
                const std::string text = std::to_string(i * 1000 + n);
                const auto size = static_cast<unsigned>(text.size());
                const bool sealed = n % 2 == 0;
                if (cs_exec_command(sealed ? shared : own, sealed ? context : nullptr, FC_CMDS, SFC_CMDS_ECHO,
                                    bytes(text), size, &answer, &length) != 0 ||
                    as_text({answer, length}) != text)
                    ++failures;
                cs_free_answ(answer);
            }
            if (cs_close_connection(own) != 0) ++failures;
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(failures == 0);
    CHECK(u(cs_end_session(shared, context)) == 0);
    CHECK(u(cs_close_connection(shared)) == 0);
}

TEST_CASE("a cluster fails over, logs on again and falls back") {
    RunningDevice first;
    RunningDevice second;
    const std::string one = first.socket(), two = second.socket();
    std::filesystem::copy_file(second.admin_key(), first.folder() / "other.key");
    const char* devices[] = {one.c_str(), two.c_str()};
    int cluster = -1;
    CHECK(u(cs_cluster_open(nullptr, 2, 0, 0, &cluster)) == CSA_ERR_PARAM);
    CHECK(u(cs_cluster_open(devices, 0, 0, 0, &cluster)) == CSA_ERR_PARAM);
    CHECK(u(cs_cluster_open(devices, 10, 0, 0, &cluster)) == CSA_ERR_PARAM);
    REQUIRE(u(cs_cluster_open(devices, 2, 0, 0, &cluster)) == 0);
    CHECK(std::string(cs_cluster_get_current_device(cluster)) == one);
    CHECK(cluster_echo(cluster) == 0);
    CHECK(u(cs_cluster_set_fallback_interval(cluster, 1)) == 0);

    first.stop();
    CHECK(cluster_echo(cluster) == 0);
    CHECK(std::string(cs_cluster_get_current_device(cluster)) == two);
    CHECK(u(cs_cluster_logon(cluster, bytes("ADMIN"), 5, bytes(second.admin_key()), nullptr, 0)) == 0);
    CHECK(u(cs_cluster_logon(cluster, bytes("ADMIN"), 5, bytes(first.admin_key()), nullptr, 0)) ==
          E_CMDS_AUTH_FAILED);
    CHECK(u(cs_cluster_logoff(cluster)) == 0);

    first.start();
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    CHECK(cluster_echo(cluster) == 0);
    CHECK(std::string(cs_cluster_get_current_device(cluster)) == one);
    REQUIRE(u(cs_cluster_logon(cluster, bytes("ADMIN"), 5, bytes(first.admin_key()), nullptr, 0)) == 0);
    second.stop();
    first.stop();
    first.start();
    CHECK(cluster_echo(cluster) == 0);  // the same device again, logged on again
    first.stop();
    CHECK(CSA_ERR_IS(cluster_echo(cluster), CSA_ERR_CONNECT));
    CHECK(u(cs_cluster_close(cluster)) == 0);
    CHECK(u(cs_cluster_close(cluster)) == CSA_ERR_HANDLE);
    CHECK(cs_cluster_get_current_device(cluster) == nullptr);
}

// A cluster of two devices that both have the user CRYPTO with the password "password".
static int cluster_with_user(const RunningDevice& first, const RunningDevice& second) {
    for (const RunningDevice* device : {&first, &second})
        REQUIRE(as_admin(*device, SFC_CMDS_ADD_USER,
                         {"CRYPTO", 0x00000002u, std::uint8_t{4}, std::uint8_t{0}, "CXI_GROUP=*",
                          "password"}) == 0);
    const std::string one = first.socket(), two = second.socket();
    const char* devices[] = {one.c_str(), two.c_str()};
    int cluster = -1;
    REQUIRE(u(cs_cluster_open(devices, 2, 0, 0, &cluster)) == 0);
    return cluster;
}

TEST_CASE("a cluster sends a command again only when that does no harm, and a refused password once") {
    RunningDevice first, second;
    const std::string one = first.socket(), two = second.socket();
    const int cluster = cluster_with_user(first, second);
    REQUIRE(u(cs_cluster_logon(cluster, bytes("CRYPTO"), 6, nullptr, bytes("password"), 8)) == 0);

    PropertyList key;
    key.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    key.set_number(CXI_PROP_KEY_SIZE, 256);
    key.set(CXI_PROP_KEY_NAME, "made once");
    first.lose_answer_of("CXI.KEY_GENERATE");
    const std::uint32_t lost = on_cluster(cluster, FC_CXI, SFC_CXI_KEY_GENERATE, {0, 0, key.encode()});
    CHECK(lost >> 24 == 0xB9);  // an error of the connection: nobody knows whether there is a key
    CHECK(keys_of(cluster) == 0);
    CHECK(std::string(cs_cluster_get_current_device(cluster)) == two);

    second.lose_answer_of("CXI.GET_INFO");
    CHECK(keys_of(cluster) == 1);  // asked again, of the first device, which made the key
    CHECK(std::string(cs_cluster_get_current_device(cluster)) == one);

    // A connection that broke while nothing was sent costs no command that may not be repeated.
    first.stop();
    key.set(CXI_PROP_KEY_NAME, "elsewhere");
    CHECK(on_cluster(cluster, FC_CXI, SFC_CXI_KEY_GENERATE, {0, 0, key.encode()}) == 0);
    CHECK(std::string(cs_cluster_get_current_device(cluster)) == two);

    first.start();
    for (const RunningDevice* device : {&first, &second})
        REQUIRE(as_admin(*device, SFC_CMDS_CHANGE_USER, {"CRYPTO", "other password"}) == 0);
    second.stop();
    for (int i = 0; i < 10; ++i) CHECK(cluster_echo(cluster) == E_CMDS_AUTH_FAILED);
    second.start();
    for (int i = 0; i < 10; ++i) CHECK(cluster_echo(cluster) == E_CMDS_AUTH_FAILED);
    for (const RunningDevice* device : {&first, &second}) CHECK(failures_of(*device, "CRYPTO") <= 1);
    CHECK(u(cs_cluster_logoff(cluster)) == 0);
    CHECK(cluster_echo(cluster) == 0);
    CHECK(u(cs_cluster_close(cluster)) == 0);
}

TEST_CASE("who logs on to a cluster again, with a new password, is logged on elsewhere by that one alone") {
    RunningDevice first, second;
    const int cluster = cluster_with_user(first, second);
    for (int i = 0; i < 20; ++i)
        REQUIRE(u(cs_cluster_logon(cluster, bytes("CRYPTO"), 6, nullptr, bytes("password"), 8)) == 0);
    for (const RunningDevice* device : {&first, &second})
        REQUIRE(as_admin(*device, SFC_CMDS_CHANGE_USER, {"CRYPTO", "other password"}) == 0);
    REQUIRE(u(cs_cluster_logoff(cluster)) == 0);
    REQUIRE(u(cs_cluster_logon(cluster, bytes("CRYPTO"), 6, nullptr, bytes("other password"), 14)) == 0);
    REQUIRE(u(cs_cluster_logon(cluster, bytes("CRYPTO"), 6, nullptr, bytes("other password"), 14)) == 0);
    first.stop();
    CHECK(keys_of(cluster) == 0);
    CHECK(std::string(cs_cluster_get_current_device(cluster)) == second.socket());
    CHECK(failures_of(second, "CRYPTO") == 0);
    Bytes state;
    REQUIRE(on_cluster(cluster, FC_CMDS, SFC_CMDS_GET_AUTH_STATE, {}, &state) == 0);
    CHECK(parse(find_function(FC_CMDS, SFC_CMDS_GET_AUTH_STATE)->answer, state)->u16("count") == 1);
    CHECK(u(cs_cluster_close(cluster)) == 0);
}

TEST_CASE("a C program keeps external keys in a store") {
    const ScratchFolder folder;
    CHECK(keystore_client((folder.path() / "keys.db").c_str()) == 0);
    CHECK(keystore_client(nullptr) != 0);
    int handle = 0;
    CHECK(u(cs_keystore_open("odbc:", &handle)) == E_CSA_STORE_CONFIG);
    CHECK(handle == -1);
}
