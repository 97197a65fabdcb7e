// Captures: pcap files (libpcap 2.4, microseconds) of link type DLT_USER0 (147). A packet is
// LAYOUT_TRACE_PACKET, then the frame as it travelled; for a command inside a session (session not 0) the
// command or answer block alone. tools/wireshark/cs2sim.lua dissects them. Times never go backwards: events
// come as commands end, so the request of one that began before others ended stands behind these, with the
// time of the packet before it. How long a command took stands in its answer.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

#include "tools/trace/trace_event.h"

namespace cs2sim {

class PcapFile {
public:
    explicit PcapFile(const std::string& path);  // good() tells whether it worked
    bool good() const { return static_cast<bool>(file_); }
    void add(const TraceEvent& event);  // two packets: request and answer; on disk when it returns

private:
    void add_packet(const TraceEvent& event, bool answer, ByteView data, std::size_t original);
    std::ofstream file_;
    std::uint64_t latest_ = 0;  // microseconds
};

// The Wireshark dissector: tools/wireshark/cs2sim.lua with the tables of this simulator.
std::string dissector();

}  // namespace cs2sim
