/* What a session looks like to stat() and access(): a character device. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "next_call.h"

enum { MAJOR_OF_MISC = 10 };

typedef int stat_call(const char*, struct stat*);
typedef int fstatat_call(int, const char*, struct stat*, int);
typedef int access_call(const char*, int);
typedef int statx_call(int, const char*, int, unsigned, struct statx*);

static int look_like_a_device(struct stat* found) {
    found->st_mode = S_IFCHR | 0600;
    found->st_rdev = makedev(MAJOR_OF_MISC, 0);
    return 0;
}

/* By the socket behind it: no simulator, no device. */
static int device_status(struct stat* found) {
    memset(found, 0, sizeof *found);
    const int missing = NEXT(stat_call, stat)(setting("CS2SIM_PRELOAD_SOCKET"), found);
    return missing ? missing : look_like_a_device(found);
}

#define STAT(name, type)                                                \
    EXPORTED int name(const char* path, struct type* found) {           \
        if (is_device(path)) return device_status((struct stat*)found); \
        return NEXT(stat_call, name)(path, (struct stat*)found);        \
    }
STAT(stat, stat)
STAT(stat64, stat64)
STAT(lstat, stat)
STAT(lstat64, stat64)

#define FSTAT(name, type)                                                                    \
    EXPORTED int name(int fd, struct type* found) {                                          \
        const int failed = NEXT(fstat_call, name)(fd, (struct stat*)found);                  \
        return failed || !is_session(fd) ? failed : look_like_a_device((struct stat*)found); \
    }
FSTAT(fstat, stat)
FSTAT(fstat64, stat64)

#define FSTATAT(name, type)                                                          \
    EXPORTED int name(int folder, const char* path, struct type* found, int flags) { \
        if (is_device(path)) return device_status((struct stat*)found);              \
        return NEXT(fstatat_call, name)(folder, path, (struct stat*)found, flags);   \
    }
FSTATAT(fstatat, stat)
FSTATAT(fstatat64, stat64)

EXPORTED int statx(int folder, const char* path, int flags, unsigned mask, struct statx* found) {
    const int device = is_device(path);
    const char* place = device ? setting("CS2SIM_PRELOAD_SOCKET") : path;
    const int failed = NEXT(statx_call, statx)(folder, place, flags, mask, found);
    if (failed || !(device || (*path == '\0' && is_session(folder)))) return failed;
    found->stx_mode = S_IFCHR | 0600;
    found->stx_rdev_major = MAJOR_OF_MISC;
    found->stx_rdev_minor = 0;
    return 0;
}

EXPORTED int access(const char* path, int mode) {
    if (is_device(path)) path = setting("CS2SIM_PRELOAD_SOCKET");
    return NEXT(access_call, access)(path, mode);
}
