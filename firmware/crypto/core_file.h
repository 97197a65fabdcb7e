// A process that holds secrets leaves no image of its memory when it crashes.
#pragma once

namespace cs2sim {

// For the process and those it starts. No file, and nothing to a program that collects such images either:
// the limit of 1 byte, not 0, is what keeps the kernel from calling that (core(5), "Piping core dumps to a
// program"; fs/coredump.c). PR_SET_DUMPABLE stays: without it a device node, which runs as the same user,
// could not read its callers' memory for an ioctl(), and nobody could debug their own module.
void leave_no_core_file();

// For the simulator itself, which no other process has to look into: those of the same user can neither read
// nor write its memory (/proc/PID/mem), nor trace it, nor see its environment and open files; root can. The
// programs that it starts, modules among them, are as they were.
void close_memory();

}  // namespace cs2sim
