// A pooler in front of a server, with the faults of poolers: relays PostgreSQL's protocol 3.0 message by
// message over loopback, tells another process than the server's, and does to some connections what a test
// asks for.
#pragma once

#include <atomic>
#include <list>
#include <optional>
#include <string>
#include <thread>

#include "test/loopback_listener.h"

namespace cs2sim::keystore {

// What a server answers to one statement.
std::string answer_without_rows(const std::string& command);
std::string answer_of_row(const std::vector<std::string>& columns);

class StandInPooler {
public:
    struct Fault {
        int first = 0, last = 0;  // of the connections, by their number from 0, that have it
        std::string owed{};       // said before the first answer
        // After so many statements it says nothing any more, and keeps its sockets open.
        std::optional<int> stops_after{};
    };
    StandInPooler(unsigned server_port, Fault fault);
    ~StandInPooler();

    std::string connection(const std::string& database) const;
    int connections() const { return connections_; }

private:
    void serve(int client, bool faulty);

    const unsigned server_port_;
    const Fault fault_;
    const test::LoopbackListener listener_{16};
    std::atomic<bool> ends_ = false;
    std::atomic<int> connections_ = 0;
    std::list<std::thread> relays_;  // the accepting thread's
    std::thread accepting_;
};

}  // namespace cs2sim::keystore
