#include "host-lib/link/device_connection.h"

#include "firmware/protocol/frame.h"

namespace cs2sim::host {

Result<ByteView> DeviceConnection::exchange(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
    if (block.size() > kMaxFrame - kRequestHeader) return fail(E_CSA_PARAM);
    CS2SIM_TRY_LET(frame, transport_->exchange(request_head(fc, sfc, block.size()), block, timeout_));
    return parse_answer(frame);
}

Result<Bytes> DeviceConnection::execute(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
    CS2SIM_TRY_LET(answer, exchange(fc, sfc, block));
    return to_bytes(answer);
}

}  // namespace cs2sim::host
