#include "test/scenario/raw_caller.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "firmware/protocol/frame.h"

namespace cs2sim::scenario {
namespace {

int connected(const std::string& device) {
    const std::size_t at = device.find('@');
    if (at == std::string::npos) return ::open(device.c_str(), O_RDWR | O_CLOEXEC);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(static_cast<std::uint16_t>(std::stoi(device)));
    ::inet_pton(AF_INET, device.c_str() + at + 1, &where.sin_addr);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0) return fd;
    ::close(fd);
    return -1;
}

}  // namespace

RawCaller::RawCaller(const std::string& device) : fd_(connected(device)) { REQUIRE(fd_.get() >= 0); }

Bytes RawCaller::ask(ByteView bytes, std::chrono::milliseconds within) const {
    if (::write(fd_.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return {};
    pollfd event{fd_.get(), POLLIN, 0};
    if (::poll(&event, 1, static_cast<int>(within.count())) != 1) return {};
    Bytes answer(kMaxFrame);
    const ssize_t got = ::read(fd_.get(), answer.data(), answer.size());
    answer.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return answer;
}

}  // namespace cs2sim::scenario
