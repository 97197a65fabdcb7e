#include "host-lib/connection.h"

#include "firmware/wire/frame.h"

namespace cs2sim::host {

Result<Bytes> Connection::execute(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
    if (block.size() > kMaxFrame - kRequestHeader) return fail(E_CSA_PARAM);
    auto frame = transport_->exchange(request_frame(fc, sfc, block), timeout_);
    if (!frame) return fail(frame.error());
    const auto answer = parse_answer(*frame);
    if (!answer) return fail(answer.error());
    frame->erase(frame->begin(), frame->end() - static_cast<std::ptrdiff_t>(answer->size()));
    return std::move(*frame);
}

}  // namespace cs2sim::host
