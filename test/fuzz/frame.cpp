// The frame reader: however a stream is cut, the same frames come out, and memory stays bounded.
#include <cstdlib>

#include "firmware/protocol/frame.h"

using namespace cs2sim;

namespace {

std::vector<Bytes> frames_of(ByteView stream, std::size_t piece) {
    FrameReader reader;
    std::vector<Bytes> frames;
    while (!stream.empty()) {
        const ByteView head = stream.first(std::min(piece, stream.size()));
        stream = stream.subspan(head.size());
        reader.feed(head);
        while (auto frame = reader.next()) frames.push_back(std::move(*frame));
    }
    return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView stream(data + 1, size - 1);
    const auto whole = frames_of(stream, size);
    if (whole != frames_of(stream, data[0] % 17u + 1)) std::abort();
    for (const Bytes& frame : whole) {
        if (frame.size() > kMaxFrame) std::abort();
        (void)parse_request(frame);
        (void)parse_answer(frame);
    }
    return 0;
}
