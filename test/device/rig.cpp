#include "test/device/rig.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace cs2sim::test {
namespace {

class TestConversation : public Conversation {
public:
    explicit TestConversation(std::shared_ptr<Counters> counters)
        : counters_(std::move(counters)), number_(++counters_->made) {
        ++counters_->alive;
    }
    ~TestConversation() override { --counters_->alive; }

    Reply transact(ByteView frame) override {
        const auto request = parse_request(frame);
        if (!request) return {Reply::Action::send, error_frame(request.error())};
        const ByteView block = request->block;
        switch (request->sfc) {
            case kSlow:
                std::this_thread::sleep_for(std::chrono::milliseconds(block[0] << 8 | block[1]));
                break;
            case kDrop:
                return {Reply::Action::drop, {}};
            case kHangUp:
                return {Reply::Action::close, to_bytes(block)};
            case kBig: {
                const std::size_t size =
                    static_cast<std::size_t>(block[0]) << 24 | block[1] << 16 | block[2] << 8 | block[3];
                return {Reply::Action::send, answer_frame(pattern(size - kFrameHeader))};
            }
            case kWho:
                return {Reply::Action::send,
                        answer_frame(Bytes{0, 0, 0, static_cast<std::uint8_t>(number_)})};
            default:
                break;
        }
        return {Reply::Action::send, answer_frame(to_bytes(block))};
    }

private:
    std::shared_ptr<Counters> counters_;
    int number_;
};

constexpr std::string_view kSocketSuffix = ".socket";

std::string folder() {
    static const std::string made = [] {
        char name[] = "/tmp/cs2sim-device-XXXXXX";
        if (mkdtemp(name) == nullptr) throw std::runtime_error("no temporary folder");
        static const std::string path = name;
        std::atexit([] { std::filesystem::remove_all(path); });
        return path;
    }();
    return made;
}

bool is_node(Kind kind) { return kind == Kind::fuse || kind == Kind::cuse || kind == Kind::preload; }

// The socket to which driver/preload leads the device path from now on: its name is longer by a suffix.
std::string led_to(std::string device) {
    if (device.ends_with(kSocketSuffix)) device.resize(device.size() - kSocketSuffix.size());
    const std::string socket = device + std::string(kSocketSuffix);
    setenv("CS2SIM_PRELOAD_DEVICE", device.c_str(), 1);
    setenv("CS2SIM_PRELOAD_SOCKET", socket.c_str(), 1);
    return socket;
}

int connected(int family, const sockaddr* address, socklen_t size, int flags) {
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, address, size) == 0 && (flags == 0 || fcntl(fd, F_SETFL, flags) == 0)) return fd;
    const int error = errno;
    close(fd);
    return -error;
}

}  // namespace

std::vector<Kind> kinds() {
    static const std::vector<Kind> chosen = [] {
        const char* list = std::getenv("CS2SIM_DEVICE_KINDS");
        std::istringstream words(list != nullptr ? list : "fuse unix tcp");
        std::vector<Kind> result;
        for (std::string word; words >> word;)
            for (Kind kind : {Kind::fuse, Kind::cuse, Kind::preload, Kind::unix_socket, Kind::tcp})
                if (name_of(kind) == word) result.push_back(kind);
        if (list == nullptr && cuse_available()) result.push_back(Kind::cuse);
        return result;
    }();
    return chosen;
}

std::vector<Kind> node_kinds() {
    std::vector<Kind> result = kinds();
    std::erase_if(result, [](Kind kind) { return !is_node(kind); });
    return result;
}

std::vector<Kind> exchanging_kinds() {
    std::vector<Kind> result = node_kinds();
    std::erase(result, Kind::preload);
    return result;
}

std::vector<Kind> socket_kinds() {
    std::vector<Kind> result = kinds();
    std::erase_if(result, is_node);
    return result;
}

bool has(Kind kind) {
    const auto all = kinds();
    return std::find(all.begin(), all.end(), kind) != all.end();
}

std::string name_of(Kind kind) {
    switch (kind) {
        case Kind::fuse:
            return "fuse";
        case Kind::cuse:
            return "cuse";
        case Kind::preload:
            return "preload";
        case Kind::unix_socket:
            return "unix";
        case Kind::tcp:
            return "tcp";
    }
    return "?";
}

Bytes command(Verb verb, ByteView block) { return request_frame(0x123, verb, block); }

Bytes slow_command(std::chrono::milliseconds time) {
    return command(
        kSlow, Bytes{static_cast<std::uint8_t>(time.count() >> 8), static_cast<std::uint8_t>(time.count())});
}

Bytes big_command(std::size_t answer_size) {
    Bytes block;
    for (int shift : {24, 16, 8, 0}) block.push_back(static_cast<std::uint8_t>(answer_size >> shift));
    return command(kBig, block);
}

Bytes pattern(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i ^ i >> 8 ^ i >> 16);
    return bytes;
}

Line& Line::operator=(Line&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

void Line::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

int Line::send(ByteView bytes) const {
    while (!bytes.empty()) {
        const ssize_t sent = ::write(fd_, bytes.data(), bytes.size());
        if (sent < 0) return errno;
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return 0;
}

Bytes Line::receive() const {
    Bytes frame(kFrameHeader);
    for (std::size_t have = 0; have < frame.size();) {
        errno = 0;
        const ssize_t got = ::read(fd_, frame.data() + have, frame.size() - have);
        if (got <= 0) return {};
        have += static_cast<std::size_t>(got);
        if (have == kFrameHeader)
            frame.resize(static_cast<std::size_t>(frame[1]) << 16 | frame[2] << 8 | frame[3]);
    }
    return frame;
}

Bytes Line::ask(ByteView frame) const { return send(frame) == 0 ? receive() : Bytes(); }

bool Line::readable(std::chrono::milliseconds within) const {
    pollfd events{fd_, POLLIN, 0};
    return ::poll(&events, 1, static_cast<int>(within.count())) == 1 && (events.revents & POLLIN) != 0;
}

std::string fresh_path(Kind kind) {
    static std::atomic<int> number{0};
    const std::string name = "cs2test" + std::to_string(getpid()) + "_" + std::to_string(++number);
    if (kind == Kind::tcp) return "0";
    return (kind == Kind::cuse ? std::string("/dev") : folder()) + "/" + name;
}

Answerer test_answerer(std::shared_ptr<Counters> counters) {
    return [counters](const std::string&) -> std::unique_ptr<Conversation> {
        if (counters->refuse) return nullptr;
        return std::make_unique<TestConversation>(counters);
    };
}

Opened<std::unique_ptr<Listener>> open_listener(Kind kind, const std::string& where, Answerer answerer,
                                                SocketOptions options) {
    switch (kind) {
        case Kind::fuse:
            return mount_fuse(where, std::move(answerer));
        case Kind::cuse:
            return mount_cuse(where, std::move(answerer));
        case Kind::preload:
            return listen_unix(led_to(where), std::move(answerer), options);
        case Kind::unix_socket:
            return listen_unix(where, std::move(answerer), options);
        case Kind::tcp:
            return listen_tcp(where, std::move(answerer), options);
    }
    return tl::make_unexpected(std::string("no such kind"));
}

int open_line(Kind kind, const std::string& address, int flags) {
    if (kind == Kind::preload) {
        led_to(address);
        return open_line(Kind::fuse, std::getenv("CS2SIM_PRELOAD_DEVICE"), flags);
    }
    if (is_node(kind)) {
        const int fd = open(address.c_str(), O_RDWR | O_CLOEXEC | flags);
        return fd < 0 ? -errno : fd;
    }
    if (kind == Kind::unix_socket) {
        sockaddr_un where{.sun_family = AF_UNIX, .sun_path = {}};
        std::strncpy(where.sun_path, address.c_str(), sizeof where.sun_path - 1);
        return connected(AF_UNIX, reinterpret_cast<sockaddr*>(&where), sizeof where, flags);
    }
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address)));
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connected(AF_INET, reinterpret_cast<sockaddr*>(&where), sizeof where, flags);
}

Rig::Rig(Kind kind, SocketOptions options) : kind_(kind), path_(fresh_path(kind)) {
    auto opened = open_listener(kind, path_, test_answerer(counters), options);
    if (!opened) throw std::runtime_error(name_of(kind) + ": " + opened.error());
    listener_ = std::move(*opened);
}

int Rig::try_connect(int flags) const { return open_line(kind_, listener_->address(), flags); }

Line Rig::connect(int flags) const {
    const int fd = try_connect(flags);
    if (fd < 0) throw std::runtime_error(name_of(kind_) + " does not connect: " + std::strerror(-fd));
    return Line(fd);
}

bool Rig::settles_at(int alive) const {
    for (auto waited = 0ms; waited < 5s; waited += 2ms) {
        if (counters->alive == alive) return true;
        std::this_thread::sleep_for(2ms);
    }
    return false;
}

}  // namespace cs2sim::test
