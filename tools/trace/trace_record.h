// Recordings of what clients sent and got, as TOML: one [[exchange]] a frame or command inside a session.
#pragma once

#include <fstream>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "tools/trace/trace_event.h"

namespace cs2sim {

class RecordFile {
public:
    explicit RecordFile(const std::string& path, bool with_secrets);  // mode 0600; good() tells
    bool good() const { return static_cast<bool>(file_); }
    void add(const TraceEvent& event);  // on disk when it returns

private:
    std::ofstream file_;
};

struct Exchange {
    std::uint32_t connection = 0;
    std::uint32_t session = 0;  // 0: a whole frame; else a command inside a session
    std::uint16_t fc = 0;
    std::uint8_t sfc = 0;
    bool known = false;
    bool whole = true;
    std::uint32_t code = 0;
    Bytes request;
    Bytes answer;
};

struct Recording {
    bool with_secrets = false;
    std::vector<Exchange> exchanges;
};

// Error: words for the operator.
tl::expected<Recording, std::string> read_recording(const std::string& path);

}  // namespace cs2sim
