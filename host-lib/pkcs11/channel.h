// A connection to a token's device, made when it is first needed and made again when it broke, on which the
// users who are logged on to the token are logged on.
#pragma once

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "host-lib/link/device.h"
#include "host-lib/pkcs11/logons.h"

namespace cs2sim::p11 {

// What a command does, so that it is known whether it may be sent again when its answer was lost.
enum class Effect : std::uint8_t {
    none,     // changes nothing: sent again on a new connection
    change,   // may have been done: not sent again
    chained,  // goes on with a job that lives in the device's session: lost with it
};

struct DeviceGroup {
    std::vector<std::string> devices;
    host::Timeouts timeouts;
    bool keep_alive = false;
    bool balance = true;  // FallbackInterval 0: connections go round
    std::atomic<std::size_t> turn{0};
};

// Used by several threads; commands of one channel go in turn.
class Channel {
public:
    Channel(DeviceGroup& group, Logons& logons) : group_(group), logons_(logons) {}
    ~Channel();

    // Errors: the device's, those of Device::open() and logon(). E_CMDS_SM_EXPIRED: the device's session
    // ended while nobody used it, and KeepAlive is off.
    Result<host::Answer> execute(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values,
                                 Effect effect = Effect::none);

    // Logs the user on here, to see whether he may; whoever adds him to the token's logons makes him stay.
    // Errors: those of Device::open() and logon().
    Result<void> try_logon(Logon& logon);

    // Ends the device's session, if there is one, and the connection.
    void close();
    // Ends the device's session only.
    void log_off();

    // Of the device that this channel is or was last connected to; empty before.
    std::string device_name() const;
    // Counts the device sessions of this channel: what lives in one ends with it.
    std::uint64_t generation() const { return generation_.load(); }

private:
    Result<void> connect();
    Result<void> log_users_on();
    Result<void> ready();
    void drop();

    DeviceGroup& group_;
    Logons& logons_;
    mutable std::mutex mutex_;
    std::unique_ptr<host::Device> device_;
    std::uint64_t epoch_ = 0;
    std::set<std::string> on_;  // users logged on here
    std::string device_name_;
    std::atomic<std::uint64_t> generation_{0};
};

// Closes the descriptors of all channels without a word to the devices. For a child after fork():
// async-signal-safe.
void abandon_channels();

}  // namespace cs2sim::p11
