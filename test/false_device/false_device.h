// A device that says what a test wants: at a Unix socket, frame by frame.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "firmware/protocol/frame.h"
#include "host-lib/files/file_descriptor.h"
#include "test/scenario/process.h"

namespace cs2sim::scenario {

// The block that answers a request; nothing: E_CMDS_BAD_SFC, as for a function that is none. Called from one
// thread a connection; the view is good during the call.
using Says = std::function<std::optional<Bytes>(const Request&)>;

class FalseDevice {
public:
    explicit FalseDevice(Says says);  // fails the test when there is no socket
    ~FalseDevice();                   // ends every connection
    FalseDevice(const FalseDevice&) = delete;
    FalseDevice& operator=(const FalseDevice&) = delete;

    std::string specifier() const { return "unix:" + (folder_ / "s").string(); }

    // A built tool at work on it, in a folder of its own.
    Outcome run(const std::string& program, std::vector<std::string> words) const;
    const std::filesystem::path& folder() const { return folder_.path(); }
    unsigned asked() const { return asked_; }  // requests so far

private:
    void accept_all();
    void serve(int fd);

    const Says says_;
    Folder folder_;
    host::FileDescriptor listener_;
    std::atomic<unsigned> asked_{0};
    std::vector<host::FileDescriptor> connections_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

}  // namespace cs2sim::scenario
