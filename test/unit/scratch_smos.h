// The storage of a device in a folder of its own, for unit tests of the rooms above it.
#pragma once

#include <memory>
#include <utility>

#include "firmware/smos/smos.h"
#include "test/unit/scratch.h"

namespace cs2sim {

struct ScratchSmos {
    ScratchFolder scratch;
    std::unique_ptr<Smos> smos = std::move(*Smos::open(scratch.path()));

    // Precondition: nobody uses it.
    void restart() {
        smos.reset();
        smos = std::move(*Smos::open(scratch.path()));
    }
};

}  // namespace cs2sim
