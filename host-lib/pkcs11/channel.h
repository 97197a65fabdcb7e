// A connection to a token's device, made when it is first needed and made again when it broke, on which the
// users who are logged on to the token are logged on.
//
// Where several devices serve the slot and hold its keys, what changes something is done on all of them: on
// this channel's own first, then on the others, and what was made at random is carried over as a backup.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host-lib/link/device.h"
#include "host-lib/pkcs11/device_group.h"
#include "host-lib/pkcs11/logons.h"

namespace cs2sim::p11 {

// What a command does, so that it is known whether it may be sent again when its answer was lost: what the
// catalogue says of its function, unless its caller knows better.
enum class Effect : std::uint8_t {
    none,     // of a repeatable function: sent again on a new connection
    open,     // the same, and needs nobody logged on
    change,   // of any other: may have been done, and is not sent again
    chained,  // goes on with a job that lives in the device's session: lost with it
};

// Used by several threads; commands of one channel go in turn.
class Channel {
public:
    // `place`: of the one device that this channel is for; else any of the group.
    Channel(DeviceGroup& group, Logons& logons, std::size_t place = DeviceGroup::kNowhere)
        : group_(group), logons_(logons), only_(place) {}
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    // Ends within the group's connection and command time-outs, whatever it takes. Errors: the device's,
    // those of Device::open() and logon(). E_CMDS_SM_EXPIRED: the device's session ended while nobody used
    // it, and KeepAlive is off. CKR_DEVICE_ERROR: a change was not done on all devices.
    Result<host::Answer> execute(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values,
                                 std::optional<Effect> known = {});

    // Logs the user on here, to see whether they may; whoever adds them to the token's logons makes them
    // stay. Errors: those of Device::open() and logon().
    Result<void> try_logon(Logon& logon);

    // Ends the device's session, if there is one, and the connection. `wait`: for the device's answer.
    void close(bool wait = true);
    // Lets the device hear of a session that nobody used for `idle`, so that it does not expire. Channels
    // that are in use are left alone; what goes wrong shows at the next command.
    void keep_alive(std::chrono::milliseconds idle);
    // Ends the device's session only.
    void log_off();

    // Of the device that this channel is or was last connected to; empty before.
    std::string device_name() const;
    // Counts the device sessions of this channel: what lives in one ends with it.
    std::uint64_t generation() const { return generation_.load(); }

private:
    using Clock = std::chrono::steady_clock;

    // The time that a call has, counted from where it came in: waiting for its turn is part of it.
    class Budget {
    public:
        explicit Budget(const host::Timeouts& timeouts)
            : timeouts_(timeouts), end_(Clock::now() + timeouts.connect + timeouts.command) {}
        bool spent() const { return Clock::now() >= end_; }
        host::Timeouts left() const;

    private:
        host::Timeouts timeouts_;
        Clock::time_point end_;
    };

    Result<void> connect(const Budget& budget);
    Result<void> log_users_on(const Budget& budget, Effect effect);
    Result<void> ready(const Budget& budget, Effect effect);
    Result<host::Answer> run(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values,
                             Effect effect, const Budget& budget);
    Result<void> do_on_the_others(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values,
                                  const host::Answer& answer, const Budget& budget);
    Result<void> do_there(Channel& there, std::uint16_t fc, std::uint8_t sfc,
                          std::initializer_list<Value> values, const std::vector<ByteView>& made,
                          const Budget& budget);
    Result<void> carry_over(Channel& other, ByteView reference, const Budget& budget);
    Channel& other(std::size_t place);
    void lost(std::uint32_t code);
    void drop();

    DeviceGroup& group_;
    Logons& logons_;
    const std::size_t only_;
    mutable std::mutex mutex_;
    std::unique_ptr<host::Device> device_;
    std::size_t place_ = DeviceGroup::kNowhere;  // of the device, now or before
    std::uint64_t epoch_ = 0;
    std::set<std::string> on_;  // users logged on here
    Clock::time_point used_;
    std::atomic<std::uint64_t> generation_{0};
    std::vector<std::unique_ptr<Channel>> others_;  // by place; those that changes went to
};

// Closes the descriptors of all channels without a word to the devices. For a child after fork():
// async-signal-safe.
void abandon_channels();

}  // namespace cs2sim::p11
