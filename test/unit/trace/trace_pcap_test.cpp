// Captures: what stands in the file, packet by packet.
#include "tools/trace/trace_pcap.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "test/unit/scratch.h"

using namespace cs2sim;

namespace {

// Microseconds of each packet, in the order of the file.
std::vector<std::uint64_t> times_in(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    constexpr std::size_t kFileHeader = 24, kPacketHeader = 16;
    std::vector<std::uint64_t> times;
    for (std::size_t at = kFileHeader; at + kPacketHeader <= content.size();) {
        std::uint32_t header[4];
        std::memcpy(header, content.data() + at, sizeof header);
        times.push_back(header[0] * std::uint64_t{1000000} + header[1]);
        at += kPacketHeader + header[2];
    }
    return times;
}

TraceEvent event_of(std::uint64_t time, std::uint32_t micros) {
    TraceEvent event;
    event.time = time;
    event.micros = micros;
    event.known = true;
    return event;
}

}  // namespace

TEST_CASE("times of a capture never go backwards when commands overlap") {
    const ScratchFolder folder;
    const std::string path = folder.path() / "capture.pcap";
    {
        PcapFile file(path);
        file.add(event_of(5'000'100, 50));
        file.add(event_of(5'000'200, 180));  // began before the first one
        file.add(event_of(5'000'190, 5));    // told late
        REQUIRE(file.good());
    }
    CHECK(times_in(path) ==
          std::vector<std::uint64_t>{5'000'050, 5'000'100, 5'000'100, 5'000'200, 5'000'200, 5'000'200});
}
