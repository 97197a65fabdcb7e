#include "test/keystore/pgbouncer.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

namespace cs2sim::keystore {
namespace {

bool somebody_listens(unsigned port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool there = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return there;
}

}  // namespace

Pgbouncer::Pgbouncer(const Postgres& server, const std::string& database, const std::string& mode,
                     unsigned servers)
    : database_(database), port_(free_port()) {
    const std::string port = std::to_string(port_);
    scenario::write_file(folder_ / "users", "\"owner\" \"secret\"\n");
    scenario::write_file(
        folder_ / "pgbouncer.ini",
        "[databases]\n" + database + " = host=127.0.0.1 port=" + std::to_string(server.port()) +
            " dbname=" + database + "\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " + port +
            "\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = " + (folder_ / "users").string() +
            "\npool_mode = " + mode +
            "\nserver_tls_sslmode = require\ndefault_pool_size = " + std::to_string(servers) + "\n");
    std::filesystem::permissions(folder_.path(),
                                 std::filesystem::perms::others_all | std::filesystem::perms::owner_all);
    process_.start({"/usr/sbin/pgbouncer", (folder_ / "pgbouncer.ini").string()}, folder_ / "log");
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!somebody_listens(port_)) {
        INFO("apt-get install pgbouncer; " << scenario::read_file(folder_ / "log"));
        REQUIRE(std::chrono::steady_clock::now() < end);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

std::string Pgbouncer::connection() const {
    return "host=127.0.0.1 port=" + std::to_string(port_) + " dbname=" + database_ +
           " user=owner password=secret sslmode=disable";
}

}  // namespace cs2sim::keystore
