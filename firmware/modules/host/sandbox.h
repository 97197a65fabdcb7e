/* What a module's process may not do. */
#ifndef CS2SIM_MODULES_SANDBOX_H
#define CS2SIM_MODULES_SANDBOX_H

/* Before `image` is loaded, whose constructors run then: no privilege to gain and no capability left, no
 * other process to make, to look into or to signal, no network, no file to write; to read there are the image
 * and the system's libraries (where the kernel has Landlock; else what the simulator's user may read); limits
 * of memory and descriptors; only the channel's descriptors are left; it dies with the simulator. A process
 * that runs under a debugger (CS2SIM_MODULE_OPEN in its environment) keeps what that needs. Answers the path
 * by which the image is loaded, which stays: `image` itself, or that of a copy in memory where only
 * capabilities lead to it. */
const char* enter_sandbox(const char* image);
/* When it is loaded: no file to open any more, and none that its constructors left open. */
void forbid_opening(void);

/* Becomes `program` (words, the last NULL), which looks into a module's image for the simulator: as little as
 * the module may it reach others or write, it reads the image, the system's programs and libraries alone, and
 * its time of the processor is limited. */
_Noreturn void read_only(const char* image, char** program);

#endif
