// Transports against scripted peers: what a device, or something that is none, may do to a host.
#include "host-lib/link/transport.h"
#include "host-lib/link/apart.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>

#include <fstream>
#include <functional>
#include <future>
#include <thread>

#include "firmware/protocol/frame.h"
#include "host-lib/files/file_descriptor.h"
#include "test/loopback_listener.h"
#include "test/unit/scratch.h"

using namespace cs2sim;
using namespace cs2sim::host;
using namespace std::chrono_literals;

namespace {

void send_all(int fd, ByteView bytes) {
    ::signal(SIGPIPE, SIG_IGN);  // the host may be gone
    while (!bytes.empty()) {
        const ssize_t sent = ::write(fd, bytes.data(), bytes.size());
        if (sent <= 0) return;
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
}

Bytes receive_frame(int fd) {
    FrameReader reader;
    for (;;) {
        if (auto frame = reader.next()) return *frame;
        std::uint8_t buffer[4096];
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got <= 0) return {};
        reader.feed(ByteView(buffer, static_cast<std::size_t>(got)));
    }
}

// Listens on a Unix socket and serves one caller by a script.
class Peer {
public:
    explicit Peer(std::function<void(int fd)> script)
        : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(listener_.get(), 1) == 0);
        thread_ = std::thread([this, script = std::move(script)] {
            const FileDescriptor fd(::accept(listener_.get(), nullptr, nullptr));
            script(fd.get());
        });
    }
    ~Peer() { end(); }
    // The script has run to its end.
    void end() {
        if (thread_.joinable()) thread_.join();
    }
    std::string path() const { return folder_.path() / "peer"; }
    std::unique_ptr<Transport> connect() const {
        auto transport = connect_transport({DeviceAddress::Kind::unix_socket, path(), 0}, 2s);
        REQUIRE(code_of(transport) == 0);
        return std::move(*transport);
    }

private:
    ScratchFolder folder_;
    FileDescriptor listener_;
    std::thread thread_;
};

const Bytes kRequest = request_frame(0x083, 0, as_bytes("ping"));

}  // namespace

TEST_CASE("an answer in pieces is one answer") {
    const Bytes answer = answer_frame(Bytes(100000, 0x42));
    Bytes asked;
    Peer peer([&](int fd) {
        asked = receive_frame(fd);
        send_all(fd, ByteView(answer).first(3));
        std::this_thread::sleep_for(20ms);
        send_all(fd, ByteView(answer).subspan(3, 70000));
        std::this_thread::sleep_for(20ms);
        send_all(fd, ByteView(answer).subspan(70003));
    });
    const auto transport = peer.connect();
    const auto got = transport->exchange(kRequest, 5s);
    REQUIRE(code_of(got) == 0);
    CHECK(*got == answer);
    peer.end();
    CHECK(asked == kRequest);
}

TEST_CASE("the largest frames pass both ways") {
    const Bytes request = request_frame(0x083, 0, Bytes(kMaxFrame - kRequestHeader, 1));
    const Bytes answer = answer_frame(Bytes(kMaxFrame - kFrameHeader, 2));
    Bytes asked;
    Peer peer([&](int fd) {
        asked = receive_frame(fd);
        send_all(fd, answer);
    });
    const auto transport = peer.connect();
    const auto got = transport->exchange(request, 10s);
    REQUIRE(code_of(got) == 0);
    CHECK(*got == answer);
    peer.end();
    CHECK(asked == request);
}

TEST_CASE("a silent device: time-out, and the late answer is not taken for the next one") {
    Peer peer([&](int fd) {
        receive_frame(fd);
        std::this_thread::sleep_for(100ms);
        send_all(fd, answer_frame(to_bytes(as_bytes("late"))));
        receive_frame(fd);
    });
    const auto transport = peer.connect();
    const auto begin = std::chrono::steady_clock::now();
    CHECK(code_of(transport->exchange(kRequest, 30ms)) == E_CSA_TIMEOUT);
    CHECK(std::chrono::steady_clock::now() - begin >= 30ms);
    std::this_thread::sleep_for(100ms);
    CHECK(code_of(transport->exchange(kRequest, 1s)) == E_CSA_CLOSED);
}

TEST_CASE("a device that goes in the middle of an answer") {
    Peer peer([&](int fd) {
        receive_frame(fd);
        send_all(fd, ByteView(answer_frame(to_bytes(as_bytes("half")))).first(6));
    });
    const auto transport = peer.connect();
    CHECK(code_of(transport->exchange(kRequest, 10s)) == E_CSA_CLOSED);
    CHECK(code_of(transport->exchange(kRequest, 10s)) == E_CSA_CLOSED);
}

TEST_CASE("answers that are none") {
    const std::pair<std::string, std::uint32_t> answers[] = {
        {std::string("\x9A\0\0\x04\x9A\0\0\x04", 8), E_CSA_PROTOCOL},  // two at once
        {std::string("\x9A\0\0\x06xxy", 7), E_CSA_PROTOCOL},           // more than announced
    };
    for (const auto& [text, code] : answers) {
        Peer peer([&answer = text](int fd) {
            receive_frame(fd);
            send_all(fd, as_bytes(answer));
        });
        const auto transport = peer.connect();
        CHECK(code_of(transport->exchange(kRequest, 5s)) == code);
    }
}

TEST_CASE("TCP opens with its two frames, and the device may refuse them") {
    const auto serve = [](const std::function<void(int)>& script,
                          const std::function<void(DeviceAddress)>& check) {
        const test::LoopbackListener listener(1);
        std::thread thread([&] {
            const FileDescriptor fd(::accept(listener.socket.get(), nullptr, nullptr));
            script(fd.get());
        });
        check({DeviceAddress::Kind::tcp, "127.0.0.1", listener.port});
        thread.join();
    };
    std::vector<std::string> asked;
    serve(
        [&](int fd) {
            for (int i = 0; i < 2; ++i) {
                asked.push_back(to_hex(receive_frame(fd)));
                send_all(fd, answer_frame({}));
            }
        },
        [](DeviceAddress address) { CHECK(code_of(connect_transport(address, 5s)) == 0); });
    CHECK(asked == std::vector<std::string>{"9C00000800002200", "9C0000090000100002"});
    serve(
        [](int fd) {
            receive_frame(fd);
            send_all(fd, error_frame({E_CMDS_NO_MEM}));
        },
        [](DeviceAddress address) { CHECK(code_of(connect_transport(address, 5s)) == E_CMDS_NO_MEM); });
    serve([](int fd) { receive_frame(fd); },
          [](DeviceAddress address) { CHECK(code_of(connect_transport(address, 5s)) == E_CSA_CLOSED); });
    serve([](int fd) { receive_frame(fd), receive_frame(fd); },
          [](DeviceAddress address) { CHECK(code_of(connect_transport(address, 50ms)) == E_CSA_TIMEOUT); });
}

namespace {

// Keeps an exchange until it is let go, as the kernel does with a node whose daemon is stopped.
class HoldingTransport final : public Transport {
public:
    explicit HoldingTransport(std::shared_future<void> released) : released_(std::move(released)) {}
    using Transport::exchange;
    Result<ByteView> exchange(ByteView head, ByteView body, Milliseconds) override {
        frame_ = to_bytes(head);
        append(frame_, body);
        if (frame_.front() == 'h') released_.wait();
        return frame_;
    }

private:
    std::shared_future<void> released_;
    Bytes frame_;
};

}  // namespace

TEST_CASE("an exchange that the system holds ends when its time is up, where a thread of its own makes it") {
    std::promise<void> release;
    const auto transport = apart(std::make_unique<HoldingTransport>(release.get_future().share()));
    CHECK(*transport->exchange(as_bytes("answered"), 10s) == to_bytes(as_bytes("answered")));
    CHECK(as_text(*transport->exchange(as_bytes("in two "), as_bytes("parts"), 10s)) == "in two parts");
    CHECK(code_of(transport->exchange(as_bytes("held"), 50ms)) == E_CSA_TIMEOUT);
    CHECK(code_of(transport->exchange(as_bytes("answered"), 10s)) == E_CSA_CLOSED);
    release.set_value();
}

TEST_CASE("nobody there") {
    const ScratchFolder folder;
    const auto connect = [&](DeviceAddress::Kind kind, const std::string& place, std::uint16_t port = 0) {
        return code_of(connect_transport({kind, place, port}, 1s));
    };
    using Kind = DeviceAddress::Kind;
    CHECK(connect(Kind::tcp, "127.0.0.1", 1) == 0xB901306F);
    CHECK(connect(Kind::unix_socket, folder.path() / "none") == with_errno(E_CSA_CONNECT, ENOENT));
    CHECK(connect(Kind::unix_socket, std::string(200, 'x')) == E_CSA_DEVICE_NAME);
    CHECK(connect(Kind::node, folder.path() / "none") == E_CSA_NO_NODE);
    CHECK(connect(Kind::node, folder.path()) == E_CSA_NO_NODE);
}

TEST_CASE("a plain file in the place of a node is not written to") {
    const ScratchFolder folder;
    const std::string path = folder.path() / "cs2a";
    std::ofstream(path) << "left over";
    CHECK(code_of(connect_transport({DeviceAddress::Kind::node, path, 0}, 1s)) == E_CSA_NO_NODE);
    CHECK(std::filesystem::file_size(path) == 9);
}

TEST_CASE("a character device is driven by write, poll and read") {
    int master = -1, slave = -1;
    char name[256];
    REQUIRE(::openpty(&master, &slave, name, nullptr, nullptr) == 0);
    const FileDescriptor near(master);
    {
        const FileDescriptor far(slave);
        termios raw{};
        REQUIRE(::tcgetattr(far.get(), &raw) == 0);
        ::cfmakeraw(&raw);
        REQUIRE(::tcsetattr(far.get(), TCSANOW, &raw) == 0);
        auto transport = connect_transport({DeviceAddress::Kind::node, name, 0}, 1s);
        REQUIRE(code_of(transport) == 0);
        const Bytes large = answer_frame(Bytes(50000, 0x11));
        Bytes asked;
        std::thread device([&] {
            asked = receive_frame(near.get());
            send_all(near.get(), large);
        });
        const auto answer = (*transport)->exchange(kRequest, 5s);
        device.join();
        CHECK(asked == kRequest);
        REQUIRE(code_of(answer) == 0);
        CHECK(*answer == large);
        CHECK(code_of((*transport)->exchange(kRequest, 30ms)) == E_CSA_TIMEOUT);
    }
}
