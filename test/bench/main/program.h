// What the benchmark needs of processes, clocks and sockets.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "firmware/protocol/bytes.h"

namespace cs2sim::bench {

double seconds();  // monotonic

// Runs a program to its end; output is dropped. Aborts the benchmark when it fails.
void run(const std::vector<std::string>& command);
pid_t launch(const std::vector<std::string>& command);
void end(pid_t program);  // SIGTERM, and waits

// A stream connection to a Unix socket; tries until it is there, for 5 seconds at most.
class Connection {
public:
    explicit Connection(const std::string& path);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Sends a request and reads `answer_size` bytes of answer.
    Bytes exchange(ByteView request, std::size_t answer_size);

private:
    int fd_ = -1;
};

// Exchanges a second on one connection, over `duration` seconds.
double rate(Connection& connection, ByteView request, std::size_t answer_size, double duration);

double median(std::vector<double> values);

}  // namespace cs2sim::bench
