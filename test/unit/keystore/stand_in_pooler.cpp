#include "test/unit/keystore/stand_in_pooler.h"

#include <netinet/tcp.h>
#include <poll.h>

#include <functional>

namespace cs2sim::keystore {
namespace {

using namespace std::string_literals;

std::string big_endian(std::uint64_t number, int bytes) {
    std::string text;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        text += static_cast<char>(number >> shift & 0xFF);
    return text;
}

std::string message(char type, const std::string& body) {
    return type + big_endian(static_cast<std::uint32_t>(body.size() + 4), 4) + body;
}

std::uint32_t number_in(std::string_view bytes) {
    std::uint32_t number = 0;
    for (const char byte : bytes.substr(0, 4)) number = number << 8 | static_cast<unsigned char>(byte);
    return number;
}

void say(int to, const std::string& bytes) { (void)::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

// One side's bytes, given on by whole messages. The client's first has no type.
class Side {
public:
    Side(int from, bool typed) : from_(from), typed_(typed) {}
    // False when there will be no more.
    bool read(const std::function<void(char type, std::string message)>& give) {
        char buffer[8192];
        const ssize_t size = ::recv(from_, buffer, sizeof buffer, 0);
        if (size <= 0) return false;
        bytes_.append(buffer, static_cast<std::size_t>(size));
        for (;;) {
            const std::size_t head = typed_ ? 1 : 0;
            if (bytes_.size() < head + 4) return true;
            const std::size_t whole = head + number_in(std::string_view(bytes_).substr(head));
            if (bytes_.size() < whole) return true;
            give(typed_ ? bytes_[0] : '\0', bytes_.substr(0, whole));
            bytes_.erase(0, whole);
            typed_ = true;
        }
    }

private:
    const int from_;
    bool typed_;
    std::string bytes_;
};

host::FileDescriptor connected_to(unsigned port) {
    host::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(static_cast<std::uint16_t>(port));
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::connect(socket.get(), reinterpret_cast<sockaddr*>(&there), sizeof there);
    return socket;
}

}  // namespace

std::string answer_without_rows(const std::string& command) {
    return message('C', command + "\0"s) + message('Z', "I");
}

std::string answer_of_row(const std::vector<std::string>& columns) {
    constexpr std::uint32_t kText = 25;
    const auto count = static_cast<std::uint32_t>(columns.size());
    std::string names = big_endian(count, 2), values = names;
    for (const std::string& column : columns) {
        names += "?column?\0"s + big_endian(0, 6) + big_endian(kText, 4) + "\xFF\xFF"s +
                 big_endian(0xFFFFFFFF, 4) + big_endian(0, 2);
        values += big_endian(static_cast<std::uint32_t>(column.size()), 4) + column;
    }
    return message('T', names) + message('D', values) + answer_without_rows("SELECT 1");
}

StandInPooler::StandInPooler(unsigned server_port, Fault fault)
    : server_port_(server_port), fault_(std::move(fault)), accepting_([this] {
          for (;;) {
              const int client = ::accept4(listener_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC);
              if (client < 0) return;
              const int number = connections_++;
              relays_.emplace_back(&StandInPooler::serve, this, client,
                                   number >= fault_.first && number <= fault_.last);
          }
      }) {}

StandInPooler::~StandInPooler() {
    ends_ = true;
    ::shutdown(listener_.socket.get(), SHUT_RDWR);
    accepting_.join();
    for (std::thread& relay : relays_) relay.join();
}

std::string StandInPooler::connection(const std::string& database) const {
    return "host=127.0.0.1 port=" + std::to_string(listener_.port) + " dbname=" + database +
           " user=owner password=secret sslmode=disable gssencmode=disable";
}

void StandInPooler::serve(int client, bool faulty) {
    const host::FileDescriptor caller(client);
    const host::FileDescriptor server = connected_to(server_port_);
    const int at_once = 1;
    for (const int socket : {caller.get(), server.get()})
        (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    Side of_caller(caller.get(), false), of_server(server.get(), true);
    int statements = 0;
    bool stopped = false;
    const auto from_caller = [&](char type, const std::string& bytes) {
        if (type == 'Q' || type == 'S') ++statements;
        if (faulty && type == 'Q' && statements == 1) say(caller.get(), fault_.owed);
        stopped = faulty && fault_.stops_after && statements > *fault_.stops_after;
        if (!stopped) say(server.get(), bytes);
    };
    const auto from_server = [&](char type, const std::string& bytes) {
        if (!stopped) say(caller.get(), type == 'K' ? message('K', "\0\0\0\1\0\0\0\1"s) : bytes);
    };
    pollfd sides[] = {{caller.get(), POLLIN, 0}, {server.get(), POLLIN, 0}};
    constexpr int kMilliseconds = 50;
    while (!ends_) {
        if (::poll(sides, 2, kMilliseconds) <= 0) continue;
        if (sides[0].revents != 0 && !of_caller.read(from_caller)) return;
        if (sides[1].revents != 0 && !of_server.read(from_server)) return;
    }
}

}  // namespace cs2sim::keystore
