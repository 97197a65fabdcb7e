/* What a module's process may not do. */
#ifndef CS2SIM_MODULES_SANDBOX_H
#define CS2SIM_MODULES_SANDBOX_H

/* Before the image is loaded: no privilege to gain, no other process to make, no network, no file to write;
 * limits of memory and descriptors; only the channel's descriptors are left; it dies with the simulator. A
 * process that runs under a debugger (CS2SIM_MODULE_OPEN in its environment) keeps what that needs. */
void shut_the_box(void);
/* When it is loaded: no file to open any more, no capability left. */
void close_the_door(void);

/* Becomes `program` (words, the last NULL), which looks into a module's image for the simulator: as little as
 * the module may it reach others or write, and its time of the processor is limited. */
_Noreturn void read_only(char** program);

#endif
