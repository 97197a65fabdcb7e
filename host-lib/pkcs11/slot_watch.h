// What C_WaitForSlotEvent looks at: events that the devices tell of.
#pragma once

#include <deque>
#include <mutex>
#include <optional>

#include "host-lib/pkcs11/channel.h"
#include "host-lib/pkcs11/cryptoki/cryptoki.h"

namespace cs2sim::p11 {

// Used by several threads. Connections of its own, on which nobody is logged on, so that asking keeps no
// session alive.
class SlotWatch {
public:
    // The devices of a block of slots, the first of which is `first`.
    void add(DeviceGroup& group, CK_SLOT_ID first, CK_ULONG slots);

    // The next event, if there is one; asks each device once. Events count from the first call on; a device
    // that is down has none.
    std::optional<CK_SLOT_ID> next();

    void close(bool wait);

private:
    struct Watched {
        Watched(DeviceGroup& group, Logons& nobody, std::size_t place, CK_SLOT_ID its_first,
                CK_ULONG its_slots)
            : channel(group, nobody, place), first(its_first), slots(its_slots) {}
        Channel channel;
        CK_SLOT_ID first;
        CK_ULONG slots;
        std::optional<std::uint32_t> seen;
    };
    void ask(Watched& device);

    std::mutex mutex_;
    Logons nobody_;
    std::deque<Watched> devices_;
    std::deque<CK_SLOT_ID> pending_;
};

}  // namespace cs2sim::p11
