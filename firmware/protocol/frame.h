// Frames: the same bytes on the character device, TCP and Unix sockets (device-formats.md, section 1.1).
//
//   1 byte tag | 3 bytes big-endian length of the whole frame | rest
//   request (9C):  FC 2 bytes, SFC 1 byte, command block
//   answer (9A):   answer block;   error (9E, our assumption):  error code 4 bytes
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

inline constexpr std::uint8_t kRequestTag = 0x9C;
inline constexpr std::uint8_t kAnswerTag = 0x9A;
inline constexpr std::uint8_t kErrorTag = 0x9E;  // public clients test only `== 9A`

inline constexpr std::size_t kFrameHeader = 4;
inline constexpr std::size_t kRequestHeader = kFrameHeader + 3;

// The largest frame, header included, in either direction: room for 256 KiB of data with its envelope.
inline constexpr std::size_t kMaxFrame = 0x80000;

struct Request {
    std::uint16_t fc = 0;
    std::uint8_t sfc = 0;
    ByteView block;  // points into the frame
};

// Precondition of the four: the whole frame is at most kMaxFrame bytes.
Bytes request_head(std::uint16_t fc, std::uint8_t sfc,
                   std::size_t block_size);  // what stands before the block
Bytes request_frame(std::uint16_t fc, std::uint8_t sfc, ByteView block);
Bytes answer_frame(Bytes block);  // in place, where there are kFrameHeader bytes to spare
Bytes error_frame(Error error);

// Takes a whole request frame apart.
// Errors: E_CMDS_BAD_TAG when the tag is not 9C; E_CMDS_BAD_CMD when FC and SFC are not whole;
// E_CMDS_DATA_LEN when the length in the header is not that of the frame.
Result<Request> parse_request(ByteView frame);

// Takes a whole answer frame apart and returns its block, a view into the frame.
// Errors: the device's own code from an error frame; E_CSA_PROTOCOL when it is no frame.
Result<ByteView> parse_answer(ByteView frame);

// Whether `bytes` are exactly one frame of lawful length, which then needs no FrameReader.
bool is_frame(ByteView bytes);

// Cuts a byte stream into frames: split, coalesced and partial input is all one to it. It looks at
// nothing but the length. Memory is bounded by kMaxFrame whatever the peer sends.
//
// A frame longer than kMaxFrame is swallowed and comes out as its first kRequestHeader bytes: the length
// in its header no longer fits, so the firmware answers E_CMDS_DATA_LEN and the stream goes on behind it.
// After a length under kFrameHeader the next boundary is unknown: those four bytes come out (the firmware
// answers E_CMDS_BAD_CMD) and lost() is true from then on; the caller closes the connection.
class FrameReader {
public:
    void feed(ByteView bytes);
    std::optional<Bytes> next();  // the next whole frame, or nothing until more is fed
    bool lost() const { return lost_; }
    // For a stream that must not be read past one frame: how many bytes may be fed without reaching into the
    // next; at least 1. First the header's, then what its length says.
    std::size_t wanted() const;
    // Bytes of memory that it keeps for what has not been given out.
    std::size_t held() const { return buffer_.capacity(); }
    // Gives up the frame that has begun: what there is of it is forgotten, its rest will be swallowed. True
    // when the rest is known to come, that is when the header has come whole.
    bool refuse();
    std::size_t swallowing() const { return swallow_; }  // bytes of an oversized frame that are still to come
    bool idle() const { return buffer_.size() == taken_ && swallow_ == 0; }  // between two frames

private:
    Bytes buffer_;
    std::size_t taken_ = 0;    // bytes of buffer_ that have been given out
    std::size_t swallow_ = 0;  // bytes of an oversized frame still to be dropped
    bool lost_ = false;
};

}  // namespace cs2sim
