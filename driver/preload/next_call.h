/* What the calls that stand in for the C library's share: the call behind one, and whose path or descriptor
 * it is. */
#ifndef CS2SIM_PRELOAD_NEXT_CALL_H
#define CS2SIM_PRELOAD_NEXT_CALL_H

#include <dlfcn.h>
#include <sys/stat.h>

#define EXPORTED __attribute__((visibility("default")))

/* The call behind ours: NEXT(read)(fd, …), of the type that `type` names. */
#define NEXT(type, name)                                          \
    ({                                                            \
        static type* function;                                    \
        if (!function) function = (type*)dlsym(RTLD_NEXT, #name); \
        function;                                                 \
    })

typedef int fstat_call(int, struct stat*);

/* A variable of the environment; NULL when it is absent or empty. */
const char* setting(const char* name);
/* Whether the program means the device, and a socket is named that it is led to. */
int is_device(const char* path);
/* Whether the descriptor is a session's. */
int is_session(int fd);

#endif
