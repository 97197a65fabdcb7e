// A caller who sends and receives bytes as they are, at the node or over TCP.
#pragma once

#include <chrono>
#include <string>

#include "firmware/protocol/bytes.h"
#include "host-lib/files/file_descriptor.h"

namespace cs2sim::scenario {

class RawCaller {
public:
    // `device` as CRYPTOSERVER names it: a path, or port@address. Fails the test when nobody is there.
    explicit RawCaller(const std::string& device);

    // Sends `bytes`, and returns what one read gives; empty when the line is closed, or nothing came in time.
    Bytes ask(ByteView bytes, std::chrono::milliseconds within = std::chrono::seconds(10)) const;

private:
    host::FileDescriptor fd_;
};

}  // namespace cs2sim::scenario
