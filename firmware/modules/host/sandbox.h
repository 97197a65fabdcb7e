/* What a module's process may not do. */
#ifndef CS2SIM_MODULES_SANDBOX_H
#define CS2SIM_MODULES_SANDBOX_H

/* Before the image is loaded: no privilege to gain, no other process to make, no network, no file to write;
 * limits of memory and descriptors; only the channel's descriptors are left; it dies with the simulator. A
 * process that runs under a debugger (CS2SIM_MODULE_OPEN in its environment) keeps what that needs. */
void shut_the_box(void);
/* When it is loaded: no file to open any more. */
void close_the_door(void);

#endif
