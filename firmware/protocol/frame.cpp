#include "firmware/protocol/frame.h"

#include <algorithm>
#include <utility>

namespace cs2sim {
namespace {

std::size_t length_in(ByteView frame) { return big_endian(frame.subspan(1, 3)); }

// With room for `space` bytes behind the header, of the `rest` that the frame will have there.
Bytes frame_with(std::uint8_t tag, std::size_t rest, std::size_t space) {
    Bytes frame;
    frame.reserve(kFrameHeader + space);
    frame.push_back(tag);
    append_big_endian(frame, kFrameHeader + rest, 3);
    return frame;
}

Bytes request_with(std::uint16_t fc, std::uint8_t sfc, std::size_t block_size, std::size_t space) {
    Bytes frame = frame_with(kRequestTag, 3 + block_size, 3 + space);
    append_big_endian(frame, fc, 2);
    frame.push_back(sfc);
    return frame;
}

}  // namespace

Bytes request_head(std::uint16_t fc, std::uint8_t sfc, std::size_t block_size) {
    return request_with(fc, sfc, block_size, 0);
}

Bytes request_frame(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
    Bytes frame = request_with(fc, sfc, block.size(), block.size());
    append(frame, block);
    return frame;
}

Bytes answer_frame(Bytes block) {
    const Bytes header = frame_with(kAnswerTag, block.size(), 0);
    block.insert(block.begin(), header.begin(), header.end());
    return block;
}

Bytes error_frame(Error error) {
    Bytes frame = frame_with(kErrorTag, 4, 4);
    append_big_endian(frame, error.code, 4);
    return frame;
}

Result<Request> parse_request(ByteView frame) {
    if (frame.empty() || frame[0] != kRequestTag) return fail(E_CMDS_BAD_TAG);
    if (frame.size() < kRequestHeader) return fail(E_CMDS_BAD_CMD);
    if (length_in(frame) != frame.size()) return fail(E_CMDS_DATA_LEN);
    return Request{static_cast<std::uint16_t>(big_endian(frame.subspan(4, 2))), frame[6],
                   frame.subspan(kRequestHeader)};
}

Result<ByteView> parse_answer(ByteView frame) {
    if (frame.size() < kFrameHeader || length_in(frame) != frame.size()) return fail(E_CSA_PROTOCOL);
    if (frame[0] == kAnswerTag) return frame.subspan(kFrameHeader);
    if (frame[0] != kErrorTag || frame.size() < kFrameHeader + 4) return fail(E_CSA_PROTOCOL);
    return fail(static_cast<std::uint32_t>(big_endian(frame.subspan(4, 4))));
}

bool is_frame(ByteView bytes) {
    return bytes.size() >= kFrameHeader && bytes.size() <= kMaxFrame && length_in(bytes) == bytes.size();
}

void FrameReader::feed(ByteView bytes) {
    if (lost_) return;
    const std::size_t dropped = std::min(swallow_, bytes.size());
    swallow_ -= dropped;
    append(buffer_, bytes.subspan(dropped));
}

std::size_t FrameReader::wanted() const {
    if (swallow_ > 0) return swallow_;
    const ByteView rest = ByteView(buffer_).subspan(taken_);
    if (rest.size() < kFrameHeader) return kFrameHeader - rest.size();
    const std::size_t length = length_in(rest);
    return length > rest.size() ? length - rest.size() : 1;
}

bool FrameReader::refuse() {
    const ByteView rest = ByteView(buffer_).subspan(taken_);
    if (rest.size() < kFrameHeader) return false;
    swallow_ = length_in(rest) - rest.size();
    buffer_ = Bytes();
    taken_ = 0;
    return true;
}

std::optional<Bytes> FrameReader::next() {
    if (lost_) return std::nullopt;
    const ByteView rest = ByteView(buffer_).subspan(taken_);
    if (rest.size() < kFrameHeader) return std::nullopt;

    const std::size_t length = length_in(rest);
    if (length < kFrameHeader) {
        lost_ = true;
        return to_bytes(rest.first(kFrameHeader));
    }
    const bool oversized = length > kMaxFrame;
    const std::size_t wanted = oversized ? kRequestHeader : length;
    if (rest.size() < wanted) return std::nullopt;
    if (!oversized && taken_ == 0 && buffer_.size() == length) return std::exchange(buffer_, {});

    Bytes frame = to_bytes(rest.first(wanted));
    const std::size_t present = std::min(length, rest.size());
    swallow_ = length - present;
    taken_ += present;
    if (taken_ == buffer_.size()) {
        buffer_ = Bytes();  // callers may be idle for long, and many
        taken_ = 0;
    } else if (taken_ > kMaxFrame) {
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
        taken_ = 0;
    }
    return frame;
}

}  // namespace cs2sim
