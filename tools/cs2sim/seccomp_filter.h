// Which system calls of a supervised program its supervisor is asked about (seccomp_unotify(2)): open and its
// kin, and ioctls of the driver's numbers; everything else goes on.
#pragma once

#include <linux/seccomp.h>

#include <cstdint>

namespace cs2sim {

// Their numbers, of one kind of program that this machine runs.
struct FilteredCalls {
    std::uint32_t architecture;
    int open;
    int openat;
    int openat2;
    int creat;
    int ioctl;
};

// Those of the kind of program that asks.
const FilteredCalls& calls_of(const seccomp_data& asked);

// For this process and its descendants, for ever; they gain no privileges by running a program any more. The
// descriptor at which the supervisor is asked; -1, with errno, where the kernel allows it not: EBUSY when it
// asks somebody already.
int install_filter();

}  // namespace cs2sim
