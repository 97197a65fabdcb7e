// The C interface against the real firmware behind sockets.
#include <csxapi/csxapi.h>

#include <atomic>
#include <thread>

#include "firmware/protocol/functions.h"
#include "test/unit/csxapi/csxapi_client.h"
#include "test/unit/link/running_device.h"

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
    CHECK(u(cs_open_connection("unix:/nonexistent", 0, 0, &none)) == CSA_ERR_CONNECT);
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
    CHECK(prepare(handle, "ADMIN", "/nonexistent.key", context) == E_CSA_KEY_FILE);
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
    CHECK(cluster_echo(cluster) == CSA_ERR_CONNECT);
    CHECK(u(cs_cluster_close(cluster)) == 0);
    CHECK(u(cs_cluster_close(cluster)) == CSA_ERR_HANDLE);
    CHECK(cs_cluster_get_current_device(cluster) == nullptr);
}
