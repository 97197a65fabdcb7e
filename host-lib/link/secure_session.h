// A secure session over a connection: key agreement, sealed commands, logon of users.
//
// Protocol (OUR ASSUMPTION; the cryptography is firmware/protocol/channel/secure_channel.h, shared with the
// device): OPEN_SESSION in clear, then every command as SECURE_MESSAGE around LAYOUT_SEALED_COMMAND, answered
// by LAYOUT_SEALED_ANSWER. A request and its answer share one value of the sequence counter.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "firmware/protocol/channel/secure_channel.h"
#include "firmware/protocol/error.h"
#include "host-lib/cards/key_source.h"
#include "host-lib/link/device_connection.h"

namespace cs2sim::host {

// Whether a device answers so that it has no such session, or has it no longer.
bool is_session_gone(std::uint32_t code);

class SecureSession {
public:
    static constexpr std::uint16_t kChallengeLength = 16;

    // Offers the device, from the strongest down, the modes and mechanisms that this library has, and takes
    // the first that it accepts. When the environment names CS_AUTH_KEYS, only with mutual authentication:
    // the device's proof must be by a key of that file (device_keys.h). Errors: the device's own;
    // E_CSA_SESSION when the answer or the device's proof is not good.
    static Result<std::unique_ptr<SecureSession>> open(DeviceConnection& connection);

    // All of these: precondition: the connection on which the session was opened.

    // Runs one command in the session. Errors: the device's own, E_CSA_SESSION when the answer is not
    // authentic, those of DeviceConnection::execute().
    Result<Bytes> execute(DeviceConnection& connection, std::uint16_t fc, std::uint8_t sfc, ByteView block);

    // Adds a user to the session. Blanks around the name are ignored (guide G5). `mechanism`: instead of the
    // key source's own, or of the one that the user of a password is registered with, which the device says.
    // With CLR_PWD (`clrpwd`, one of the device's mechanisms: device-formats.md, section 2) it is told the
    // password, with SHA1_PWD and HMAC_PWD what the password can be guessed by; all of them inside the
    // session, never in clear on the way. Only CS_AUTH_KEYS tells the device from who answers in its place.
    Result<void> logon(DeviceConnection& connection, std::string_view user, KeySource& key,
                       std::uint16_t challenge_length = kChallengeLength,
                       std::optional<std::uint8_t> mechanism = std::nullopt);

    // Ends the session on the device.
    Result<void> close(DeviceConnection& connection);

private:
    SecureSession(const SessionTranscript& transcript, ByteView secret)
        : id_(transcript.session),
          sequence_(transcript.sequence),
          channel_(SecureChannel::Side::host, transcript, secret) {}

    static Result<std::unique_ptr<SecureSession>> open_as(DeviceConnection& connection, std::uint8_t mode,
                                                          std::uint8_t mechanism);
    Result<std::uint8_t> mechanism_for(DeviceConnection& connection, std::string_view user,
                                       const KeySource& key);

    // Makes envelope_ of a command, under the present value of the sequence counter.
    Result<void> enclose(std::uint16_t fc, std::uint8_t sfc, ByteView block);

    std::uint32_t id_;
    SequenceCounter sequence_;
    SecureChannel channel_;
    Bytes envelope_;  // of the last command, sealed
};

}  // namespace cs2sim::host
