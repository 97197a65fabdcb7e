#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "test/bench/device/echo.h"

namespace cs2sim::bench {

void echo_socket(int listening) {
    for (;;) {
        const int fd = accept(listening, nullptr, nullptr);
        if (fd < 0) return;
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        std::thread([fd] {
            std::vector<char> chunk(0x10000);
            for (ssize_t got; (got = read(fd, chunk.data(), chunk.size())) > 0;)
                for (ssize_t sent = 0; sent < got;) {
                    const ssize_t more = write(fd, chunk.data() + sent, static_cast<std::size_t>(got - sent));
                    if (more <= 0) break;
                    sent += more;
                }
            close(fd);
        }).detach();
    }
}

}  // namespace cs2sim::bench
