// The device node as clients know it (device-formats.md, section 1.2): one state machine for every shim. A
// Node is one device, a NodeFile (node_file.h) one open file of it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "driver/node_file.h"

namespace cs2sim {

class Node {
public:
    // `memory` may be null: one of its own.
    explicit Node(std::shared_ptr<CallerMemory> memory, std::size_t max_files = 1024)
        : memory_(memory ? std::move(memory) : std::make_shared<CallerMemory>()), max_files_(max_files) {}
    ~Node() { stop(); }

    // Where there are too many open files, the one that is idle for longest without anybody logged on gives
    // way; null when there is none such.
    std::shared_ptr<NodeFile> open(std::unique_ptr<Conversation> conversation);
    bool full() const;
    // A signal ends the waiting request `key` with EINTR, if it still waits.
    void interrupt(const void* key);
    // Whatever waits ends with EIO, and so does everything that comes later.
    void stop();
    // Ends all conversations. Precondition: stopped, and no file is in use any more.
    void close_all();

private:
    friend class NodeFile;
    using Instant = NodeFile::Instant;

    bool crowded() const;                 // lock held
    NodeFile* first_to_give_way() const;  // lock held; null: none
    void forget(NodeFile* file);
    void expect(Instant deadline);               // lock held
    void hand_over(NodeFile::Effects& effects);  // lock held: the node is free again
    void watch_deadlines();

    mutable std::mutex mutex_;
    const std::shared_ptr<CallerMemory> memory_;
    const std::size_t max_files_;
    std::vector<std::shared_ptr<NodeFile>> files_;
    NodeFile* holder_ = nullptr;  // has taken the node
    std::uint64_t turns_ = 0;
    bool stopped_ = false;
    Instant next_deadline_ = Instant::max();
    std::condition_variable deadline_moved_;
    std::thread deadlines_;  // started by the first request with a timeout
};

}  // namespace cs2sim
