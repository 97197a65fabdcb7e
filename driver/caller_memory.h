// The memory of a process that is inside an ioctl of ours. A plain FUSE file has no other way to an argument
// whose size the command number does not tell, nor to what the argument points at.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "firmware/wire/bytes.h"

namespace cs2sim {

// Both give 0 or an errno: EFAULT when not all of the range is the caller's to read or write; EPERM when the
// daemon has no right to that process (the first time the log says what to do about it).
int copy_from_caller(pid_t pid, std::uint64_t address, std::span<std::uint8_t> into);
int copy_to_caller(pid_t pid, std::uint64_t address, ByteView bytes);

}  // namespace cs2sim
