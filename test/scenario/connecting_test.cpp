// Devices that let nobody in: a tool gives up when its time is over, while it connects too.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "host-lib/files/file_descriptor.h"
#include "test/scenario/clerk.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

// Listens, and never takes a caller.
class Deaf {
public:
    explicit Deaf(int family) : family_(family), listener_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (family == AF_UNIX) {
            auto* const where = reinterpret_cast<sockaddr_un*>(&address_);
            where->sun_family = AF_UNIX;
            (folder_ / "deaf").string().copy(where->sun_path, sizeof where->sun_path - 1);
            size_ = sizeof(sockaddr_un);
        } else {
            auto* const where = reinterpret_cast<sockaddr_in*>(&address_);
            where->sin_family = AF_INET;
            where->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            size_ = sizeof(sockaddr_in);
        }
        auto* const address = reinterpret_cast<sockaddr*>(&address_);
        REQUIRE(::bind(listener_.get(), address, size_) == 0);
        REQUIRE(::getsockname(listener_.get(), address, &size_) == 0);
        REQUIRE(::listen(listener_.get(), 0) == 0);
    }
    // Callers wait until no more find room in the queue.
    void fill() {
        for (int i = 0; i < 4; ++i) {
            waiting_.emplace_back(::socket(family_, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
            (void)::connect(waiting_.back().get(), reinterpret_cast<const sockaddr*>(&address_), size_);
        }
    }
    std::string device() const {
        if (family_ == AF_UNIX) return "unix:" + (folder_ / "deaf").string();
        return std::to_string(ntohs(reinterpret_cast<const sockaddr_in*>(&address_)->sin_port)) +
               "@127.0.0.1";
    }

private:
    const Folder folder_;
    const int family_;
    const host::FileDescriptor listener_;
    sockaddr_storage address_{};
    socklen_t size_ = 0;
    std::vector<host::FileDescriptor> waiting_;
};

void gives_up(const Deaf& deaf) {
    for (const std::string tool : {"csadm", "cxitool"}) {
        const Outcome outcome = run({built_program(tool), "Dev=" + deaf.device(), "Timeout=700",
                                     tool == "csadm" ? "GetState" : "ListKeys"},
                                    {"/", {{"CRYPTOSERVER", ""}}, std::chrono::seconds(60)});
        INFO(tool << ": " << outcome.err);
        CHECK(outcome.status == 3);
        CHECK_FALSE(outcome.err.empty());
    }
}

}  // namespace

TEST_CASE("Timeout= holds while a tool connects to a socket that takes nobody") {
    for (const int family : {AF_INET, AF_UNIX}) {
        Deaf deaf(family);
        INFO(deaf.device());
        gives_up(deaf);  // the system takes the connection, nobody answers
        deaf.fill();
        gives_up(deaf);
    }
}
