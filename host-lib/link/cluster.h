// Several devices that hold the same keys and users: one serves, another takes its place when it fails.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "host-lib/cards/key_source.h"
#include "host-lib/link/device.h"

namespace cs2sim::host {

// Used by several threads; commands go in turn.
class Cluster {
public:
    // `devices`: specifiers as Device::open() takes them, at least one; the first is preferred.
    Cluster(std::vector<std::string> devices, Timeouts timeouts)
        : devices_(std::move(devices)), timeouts_(timeouts) {}

    // Connects to the first device that answers. Error: that of the last one tried; that a device refuses a
    // user goes before that another does not answer.
    Result<void> connect();

    // Logs a user on, here and on every device that serves later. Who logs on again, with a new password say,
    // takes the place of before. Errors: those of connect() and Device::logon().
    Result<void> logon(std::string_view user, std::unique_ptr<KeySource> key);

    // Nobody is logged on any more, in a session that was ended elsewhere or on a connection that is gone
    // neither. Errors: those of Device::logoff().
    Result<void> logoff();

    // After so long the first device is tried again; 0, as at first: never.
    void set_fallback(std::chrono::seconds interval);

    // Runs one command. One whose answer was lost goes to another device only when the catalogue says that it
    // may be repeated; one that may not is preceded by a question to the device whether it is still there.
    // What goes on with a handle ends with its device. Errors: those of connect() and
    // Device::execute_block().
    Result<Bytes> execute(std::uint16_t fc, std::uint8_t sfc, ByteView block);

    // Specifier of the device that serves, or that did last; lives as long as the cluster.
    const std::string& current() const;

private:
    struct User {
        std::string name;
        std::unique_ptr<KeySource> key;
    };

    // With the lock held.
    Result<Bytes> execute_here(std::uint16_t fc, std::uint8_t sfc, ByteView block);
    Result<std::unique_ptr<Device>> open(std::size_t index);
    Result<void> connect_from(std::size_t first);
    void fall_back();

    mutable std::mutex mutex_;
    const std::vector<std::string> devices_;
    const Timeouts timeouts_;
    std::size_t current_ = 0;
    std::unique_ptr<Device> device_;  // null until connected, and after a failure
    std::vector<User> users_;
    std::map<std::size_t, Error>
        refused_;  // by device: its answer to the logon of a user who was on elsewhere
    std::chrono::seconds fallback_{0};
    std::chrono::steady_clock::time_point left_first_{};
};

}  // namespace cs2sim::host
