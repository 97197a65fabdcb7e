#include "test/false_device/false_device.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace cs2sim::scenario {
namespace {

bool send_all(int fd, ByteView rest) {
    while (!rest.empty()) {
        const ssize_t sent = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        rest = rest.subspan(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

FalseDevice::FalseDevice(Says says) : says_(std::move(says)) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    const std::string path = folder_ / "s";
    REQUIRE(path.size() < sizeof where.sun_path);
    path.copy(where.sun_path, path.size());
    listener_ = host::FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0);
    REQUIRE(::listen(listener_.get(), 16) == 0);
    acceptor_ = std::thread([this] { accept_all(); });
}

FalseDevice::~FalseDevice() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    for (const host::FileDescriptor& fd : connections_) ::shutdown(fd.get(), SHUT_RDWR);
    for (std::thread& thread : threads_) thread.join();
}

Outcome FalseDevice::run(const std::string& program, std::vector<std::string> words) const {
    words.insert(words.begin(), {built_program(program), "Dev=" + specifier(), "Timeout=20000"});
    return scenario::run(words, {.folder = folder()});
}

void FalseDevice::accept_all() {
    while (true) {
        host::FileDescriptor fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!fd) return;
        const int number = fd.get();
        connections_.push_back(std::move(fd));
        threads_.emplace_back([this, number] { serve(number); });
    }
}

void FalseDevice::serve(int fd) {
    FrameReader reader;
    Bytes buffer(64 * 1024);
    while (true) {
        const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (got <= 0) return;
        reader.feed(ByteView(buffer).first(static_cast<std::size_t>(got)));
        while (const auto frame = reader.next()) {
            ++asked_;
            const auto request = parse_request(*frame);
            const auto block = request ? says_(*request) : std::nullopt;
            if (!send_all(fd, block ? answer_frame(*block) : error_frame(Error{E_CMDS_BAD_SFC}))) return;
        }
    }
}

}  // namespace cs2sim::scenario
