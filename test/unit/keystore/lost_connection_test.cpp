// Connections that end while they begin: a server that goes after so many statements, or a pooler that loses
// it.
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "test/loopback_listener.h"
#include "test/unit/keystore/conformance.h"
#include "test/unit/keystore/stand_in_pooler.h"

namespace cs2sim::keystore {
namespace {

using namespace std::string_literals;

// Speaks PostgreSQL's protocol 3.0 as far as a beginning goes (no TLS, no password; a statement is done and
// has no rows, but for the word that it is to repeat), and hangs up instead of answering statement number
// `most`.
class LeavingServer {
public:
    explicit LeavingServer(int most) : most_(most) {
        thread_ = std::thread([this] {
            for (;;) {
                const host::FileDescriptor caller(::accept(listener_.socket.get(), nullptr, nullptr));
                if (!caller) return;
                serve(caller.get());
            }
        });
    }
    ~LeavingServer() {
        ::shutdown(listener_.socket.get(), SHUT_RDWR);
        thread_.join();
    }

    std::string connection() const {
        return "host=127.0.0.1 user=none dbname=none sslmode=disable port=" + std::to_string(listener_.port);
    }

private:
    static bool read_all(int from, void* into, std::size_t size) {
        return ::recv(from, into, size, MSG_WAITALL) == static_cast<ssize_t>(size);
    }
    static std::uint32_t length_in(const unsigned char* bytes) {
        return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
               static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
    }
    static void say(int to, const std::string& bytes) {
        (void)::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    void serve(int caller) {
        const std::string ready = "Z\0\0\0\5I"s, done = answer_without_rows("SET");
        unsigned char head[5] = {};
        std::string body(65536, '\0');
        if (!read_all(caller, head, 4) || !read_all(caller, body.data(), length_in(head) - 4)) return;
        say(caller, "R\0\0\0\x08\0\0\0\0"s + "K\0\0\0\x0C\0\0\0\1\0\0\0\1"s + ready);
        for (int statements = 0;;) {
            if (!read_all(caller, head, 5) || !read_all(caller, body.data(), length_in(head + 1) - 4)) return;
            const bool plain = head[0] == 'Q';
            if (!plain && head[0] != 'S') continue;  // the parts of a prepared one, up to its Sync
            if (++statements > most_) return;
            const std::size_t word = body.find(", '");
            if (plain && word < length_in(head + 1))
                say(caller,
                    answer_of_row({"1", body.substr(word + 3, body.find('\'', word + 3) - word - 3)}));
            else
                say(caller, (plain ? ""s : "1\0\0\0\4"s + "2\0\0\0\4"s + "n\0\0\0\4"s) + done);
        }
    }

    const int most_;
    const test::LoopbackListener listener_{8};
    std::thread thread_;
};

}  // namespace

TEST_CASE(
    "a connection that is lost at any statement with which it begins is a code, not the program's end") {
    constexpr int kStatements = 2;  // which process answers, then SOCI's own; a third finds no tables
    for (int answered = 0; answered < kStatements; ++answered) {
        INFO(answered << " statements answered");
        LeavingServer server(answered);
        KeyStorage storage;
        storage.kind = Kind::postgresql;
        storage.connection = server.connection();
        storage.connection_timeout = std::chrono::milliseconds(1000);
        storage.command_timeout = std::chrono::milliseconds(2000);
        const auto counted = opened(storage)->count({});
        REQUIRE_FALSE(counted);
        CHECK(counted.error().code == E_CSA_STORE_CONNECT);
    }
}

}  // namespace cs2sim::keystore
