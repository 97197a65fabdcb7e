#include "host-lib/pkcs11/slot_watch.h"

#include <algorithm>

namespace cs2sim::p11 {

void SlotWatch::add(DeviceGroup& group, CK_SLOT_ID first, CK_ULONG slots) {
    for (std::size_t place = 0; place < group.devices().size(); ++place)
        devices_.emplace_back(group, nobody_, place, first, slots);
}

void SlotWatch::ask(Watched& device) {
    constexpr std::uint32_t kNoneYet = UINT32_MAX;
    const auto answer = device.channel.execute(FC_CXI, SFC_CXI_P11_EVENTS, {device.seen.value_or(kNoneYet)});
    if (!answer) return;
    const std::uint32_t count = answer->block.u32("count");
    // A device that started again counts from 0; what came since is asked for the next time.
    const bool again = device.seen && count < *device.seen;
    device.seen = again ? 0 : count;
    for (ByteView slots = answer->block.bytes("slots"); slots.size() >= 2; slots = slots.subspan(2)) {
        const CK_SLOT_ID slot = big_endian(slots.first(2));
        const bool known = std::find(pending_.begin(), pending_.end(), device.first + slot) != pending_.end();
        if (slot < device.slots && !known) pending_.push_back(device.first + slot);
    }
}

std::optional<CK_SLOT_ID> SlotWatch::next() {
    const std::lock_guard lock(mutex_);
    if (pending_.empty())
        for (Watched& device : devices_) ask(device);
    if (pending_.empty()) return std::nullopt;
    const CK_SLOT_ID slot = pending_.front();
    pending_.pop_front();
    return slot;
}

void SlotWatch::close(bool wait) {
    for (Watched& device : devices_) device.channel.close(wait);
}

}  // namespace cs2sim::p11
