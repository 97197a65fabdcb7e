/* What the calls that stand in for the C library's share: the call behind one, and whose path or descriptor
 * it is. */
#ifndef CS2SIM_PRELOAD_NEXT_CALL_H
#define CS2SIM_PRELOAD_NEXT_CALL_H

#include <dlfcn.h>
#include <poll.h>
#include <sys/stat.h>

#define EXPORTED __attribute__((visibility("default")))

struct next_call {
    const char* name;
    void* function;
};

/* The call behind ours: NEXT(read_call, read)(fd, …), of the type that is named. All are looked up when the
 * library is loaded (places.c), as dlsym() is nothing for signal handlers and children of threaded programs.
 */
#define NEXT(type, called)                                                               \
    ({                                                                                   \
        static struct next_call next                                                     \
            __attribute__((section("next_calls"), used, aligned(16))) = {#called, NULL}; \
        if (!next.function) next.function = dlsym(RTLD_NEXT, next.name);                 \
        (type*)next.function;                                                            \
    })

typedef int fstat_call(int, struct stat*);
typedef int fstatat_call(int, const char*, struct stat*, int);

int next_poll(struct pollfd* fds, nfds_t count, int timeout_ms);
int next_fcntl(int fd, int command, void* argument);

/* A variable of the environment; NULL when it is absent or empty. */
const char* setting(const char* name);
/* Whether the program means the device, by whichever spelling, and a socket is named that it is led to.
 * `folder` as of openat(); `follow`: through a symbolic link at the end too. Leaves errno alone. */
int names_device(int folder, const char* path, int follow);
/* -1 and errno for a negative one. */
long result_of(long value);

#endif
