// A TCP socket that listens on loopback, at a port that was free.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "host-lib/files/file_descriptor.h"

namespace cs2sim::test {

struct LoopbackListener {
    explicit LoopbackListener(int backlog) {
        sockaddr_in here{};
        here.sin_family = AF_INET;
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof here;
        REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&here), size) == 0);
        REQUIRE(::listen(socket.get(), backlog) == 0);
        REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&here), &size) == 0);
        port = ntohs(here.sin_port);
    }

    const host::FileDescriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::uint16_t port = 0;
};

}  // namespace cs2sim::test
