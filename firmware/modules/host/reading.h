/* Which files a process may still open, by the kernel's Landlock (landlock(7), Linux 5.13). */
#ifndef CS2SIM_MODULES_READING_H
#define CS2SIM_MODULES_READING_H

#include <stddef.h>

enum readers {
    READS_ONLY,    /* reads files */
    READS_AND_RUNS /* lists folders and runs programs as well */
};

/* From now on this process, and what it becomes, opens files beneath `paths` only, and those for reading
 * only: nothing is written, made, removed or renamed, and processes outside are neither looked into
 * (/proc/PID/mem) nor sent signals. Paths that are not there are left out; "/dev/null" may be written.
 * Precondition: no_new_privs. A kernel without Landlock changes nothing; one that refuses ends the process.
 */
void read_only_beneath(const char* const* paths, size_t count, enum readers readers);

#endif
