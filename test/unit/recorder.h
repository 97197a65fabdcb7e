// Writes down the commands that a test's host sends, for the seeds of the fuzzers (test/fuzz/record_seeds).
// In an ordinary run it does nothing.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "firmware/protocol/bytes.h"

namespace cs2sim {

class Recorder {
public:
    Recorder() {
        static int count = 0;
        const char* folder = std::getenv("CS2SIM_RECORD_TO");
        if (folder)
            file_.open(std::string(folder) + "/" + std::to_string(::getpid()) + "-" +
                       std::to_string(++count) + ".commands");
    }
    void add(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
        if (file_.is_open()) file_ << fc << ' ' << int{sfc} << ' ' << to_hex(block) << std::endl;
    }

private:
    std::ofstream file_;
};

}  // namespace cs2sim
