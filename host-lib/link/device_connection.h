// A connection to a device: plain commands and their answers.
#pragma once

#include <memory>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"
#include "host-lib/link/transport.h"

namespace cs2sim::host {

// Used by one thread at a time.
class DeviceConnection {
public:
    // Precondition: a transport that has been opened.
    DeviceConnection(std::unique_ptr<Transport> transport, Milliseconds command_timeout)
        : transport_(std::move(transport)), timeout_(command_timeout) {}

    // Runs one command outside any session and gives its answer block, until the next call. Errors:
    // E_CSA_PARAM when the command is larger than a frame may be, those of Transport::exchange(), and the
    // device's own.
    Result<ByteView> exchange(std::uint16_t fc, std::uint8_t sfc, ByteView block);
    // The same, with an answer of the caller's own.
    Result<Bytes> execute(std::uint16_t fc, std::uint8_t sfc, ByteView block);

    int descriptor() const { return transport_->descriptor(); }
    Milliseconds timeout() const { return timeout_; }
    void set_timeout(Milliseconds timeout) { timeout_ = timeout; }

private:
    std::unique_ptr<Transport> transport_;
    Milliseconds timeout_;
};

}  // namespace cs2sim::host
