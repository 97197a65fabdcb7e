// The front door of host-lib for C++ callers: open a device by its specifier, log on, execute.
// csxapi.h is the same as a C interface; the tools are written against this file and know no frames.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "firmware/crypto/secret.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim::host {

class KeySource;  // key_source.h: a key file, a smartcard, or a password

// An answer and the bytes that its fields point into.
struct Answer {
    Bytes bytes;
    Block block;
};

struct Timeouts {
    std::chrono::milliseconds connect{5000};
    std::chrono::milliseconds command{60000};
};

class Device {
public:
    // `specifier`: /dev/cs2a, PCI:0, PCI:/dev/cs2, 3001@127.0.0.1, TCP:3001@host, host, and for our own use
    // unix:PATH (device-formats.md, section 1.3). Errors: E_CSA_DEVICE_NAME, E_CSA_CONNECT, E_CSA_TIMEOUT,
    // E_CSA_BUSY.
    static Result<std::unique_ptr<Device>> open(std::string_view specifier, Timeouts timeouts = {});
    virtual ~Device() = default;

    virtual const std::string& specifier() const = 0;

    // The descriptor of the connection, for a child after fork() that closes it without a word to the device.
    virtual int descriptor() const { return -1; }

    // How long each further command may take; before, what open() was given.
    virtual void set_command_timeout(std::chrono::milliseconds timeout) = 0;

    // Length of the challenges that logon asks for; default 16 (csadm ChallengeLength=).
    virtual void set_challenge_length(std::uint16_t length) = 0;

    // Opens the secure session when there is none yet, and adds a user to it. A blank around the user's
    // name is ignored (guide G5). Errors: the device's (E_CMDS_NO_USER, E_CMDS_AUTH_FAILED,
    // E_CMDS_CHALLENGE_LEN, …), those of the key source, and E_CSA_SESSION.
    virtual Result<void> logon(std::string_view user, KeySource& key) = 0;

    // Ends the secure session with all of its users; no session is no error.
    virtual Result<void> logoff() = 0;

    // Runs one command, through the secure session when there is one. Precondition: the catalogue has
    // FC.SFC, values fit its request layout. Errors: the device's own, E_CSA_TIMEOUT, E_CSA_CLOSED,
    // E_CSA_PROTOCOL, E_CSA_SESSION.
    Result<Answer> execute(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values = {});

    // The same with raw blocks, for functions of users' own modules.
    virtual Result<Bytes> execute_block(std::uint16_t fc, std::uint8_t sfc, ByteView block) = 0;
};

}  // namespace cs2sim::host
