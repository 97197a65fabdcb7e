#include "test/bench/main/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace cs2sim::bench {
namespace {

[[noreturn]] void give_up(const std::string& what) {
    std::fprintf(stderr, "bench: %s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(1);
}

}  // namespace

double seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

pid_t launch(const std::vector<std::string>& command) {
    const pid_t child = ::fork();
    if (child < 0) give_up("fork");
    if (child > 0) return child;
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, 1);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
}

void run(const std::vector<std::string>& command) {
    int status = 0;
    ::waitpid(launch(command), &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) give_up(command[0] + " failed");
}

void end(pid_t program) {
    ::kill(program, SIGTERM);
    ::waitpid(program, nullptr, 0);
}

Connection::Connection(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const double deadline = seconds() + 5;
    for (;;) {
        fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return;
        ::close(fd_);
        if (seconds() > deadline) give_up("connect " + path);
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
}

Connection::~Connection() { ::close(fd_); }

Bytes Connection::exchange(ByteView request, std::size_t answer_size) {
    if (::write(fd_, request.data(), request.size()) != static_cast<ssize_t>(request.size()))
        give_up("write");
    Bytes answer(answer_size);
    for (std::size_t got = 0; got < answer_size;) {
        const ssize_t count = ::read(fd_, answer.data() + got, answer_size - got);
        if (count <= 0) give_up("read");
        got += static_cast<std::size_t>(count);
    }
    return answer;
}

double rate(Connection& connection, ByteView request, std::size_t answer_size, double duration) {
    std::size_t count = 0;
    const double begin = seconds();
    while (seconds() < begin + duration)
        for (int i = 0; i < 100; ++i, ++count) connection.exchange(request, answer_size);
    return static_cast<double>(count) / (seconds() - begin);
}

double median(std::vector<double> values) {
    std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
    return values[values.size() / 2];
}

}  // namespace cs2sim::bench
