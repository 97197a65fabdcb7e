/* Calls that open by a path. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "next_call.h"
#include "places.h"

typedef int open_call(const char*, int, ...);
typedef int openat_call(int, const char*, int, ...);
typedef int open_2_call(const char*, int);
typedef int openat_2_call(int, const char*, int);
typedef int creat_call(const char*, mode_t);
typedef FILE* fopen_call(const char*, const char*);
typedef FILE* freopen_call(const char*, const char*, FILE*);
typedef int fclose_call(FILE*);
typedef int close_call(int);

static int connect_device(const char* path, int flags) {
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof where.sun_path) return -ENAMETOOLONG;
    strcpy(where.sun_path, path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | (flags & O_CLOEXEC ? SOCK_CLOEXEC : 0), 0);
    if (fd < 0) return -errno;
    int error = connect(fd, (struct sockaddr*)&where, sizeof where) == 0 ? 0 : errno;
    if (error == ECONNREFUSED) error = ENXIO; /* as a node whose daemon is gone */
    if (error == 0 && (flags & O_NONBLOCK)) next_fcntl(fd, F_SETFL, (void*)(intptr_t)O_NONBLOCK);
    if (error == 0) error = begin_session(fd, flags & O_ACCMODE, flags & O_CLOEXEC, 0);
    if (error == 0) return fd;
    NEXT(close_call, close)(fd);
    return -error;
}

static int open_device(int flags) {
    const char* path = setting("CS2SIM_PRELOAD_SOCKET");
    if (flags & O_DIRECTORY) return (int)result_of(-ENOTDIR);
    if (flags & O_PATH) return NEXT(open_call, open)(path, flags & (O_PATH | O_CLOEXEC));
    if ((flags & O_CREAT) && (flags & O_EXCL)) return (int)result_of(-EEXIST);
    forget_closed(); /* their locks would keep the node from this one */
    return (int)result_of(connect_device(path, flags));
}

static int follows(int flags) { return !(flags & O_NOFOLLOW) && !((flags & O_CREAT) && (flags & O_EXCL)); }

#define MODE_BEHIND(flags)                   \
    mode_t mode = 0;                         \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list rest;                        \
        va_start(rest, flags);               \
        mode = va_arg(rest, mode_t);         \
        va_end(rest);                        \
    }

#define OPEN(name)                                                                   \
    EXPORTED int name(const char* path, int flags, ...);                             \
    EXPORTED int name(const char* path, int flags, ...) {                            \
        MODE_BEHIND(flags)                                                           \
        if (names_device(AT_FDCWD, path, follows(flags))) return open_device(flags); \
        return NEXT(open_call, name)(path, flags, mode);                             \
    }
OPEN(open)
OPEN(open64)
OPEN(__open)
OPEN(__open64)

#define OPENAT(name)                                                               \
    EXPORTED int name(int folder, const char* path, int flags, ...) {              \
        MODE_BEHIND(flags)                                                         \
        if (names_device(folder, path, follows(flags))) return open_device(flags); \
        return NEXT(openat_call, name)(folder, path, flags, mode);                 \
    }
OPENAT(openat)
OPENAT(openat64)

/* What _FORTIFY_SOURCE makes of them. */
#define OPEN_2(name)                                                                 \
    EXPORTED int name(const char* path, int flags);                                  \
    EXPORTED int name(const char* path, int flags) {                                 \
        if (names_device(AT_FDCWD, path, follows(flags))) return open_device(flags); \
        return NEXT(open_2_call, name)(path, flags);                                 \
    }
OPEN_2(__open_2)
OPEN_2(__open64_2)

#define OPENAT_2(name)                                                             \
    EXPORTED int name(int folder, const char* path, int flags);                    \
    EXPORTED int name(int folder, const char* path, int flags) {                   \
        if (names_device(folder, path, follows(flags))) return open_device(flags); \
        return NEXT(openat_2_call, name)(folder, path, flags);                     \
    }
OPENAT_2(__openat_2)
OPENAT_2(__openat64_2)

#define CREAT(name)                                                     \
    EXPORTED int name(const char* path, mode_t mode) {                  \
        const int flags = O_CREAT | O_WRONLY | O_TRUNC;                 \
        if (names_device(AT_FDCWD, path, 1)) return open_device(flags); \
        return NEXT(creat_call, name)(path, mode);                      \
    }
CREAT(creat)
CREAT(creat64)

/* --- Streams: the C library reads and writes them by itself, as the socket does --- */

enum { LONGEST_MODE = 7 };

/* Negative: it is none. */
static int flags_of(const char* mode) {
    int flags = *mode == 'r'   ? O_RDONLY
                : *mode == 'w' ? O_WRONLY | O_CREAT | O_TRUNC
                : *mode == 'a' ? O_WRONLY | O_CREAT | O_APPEND
                               : -1;
    for (int i = 1; flags >= 0 && i < LONGEST_MODE && mode[i] != '\0' && mode[i] != ','; ++i) {
        if (mode[i] == '+') flags = (flags & ~O_ACCMODE) | O_RDWR;
        if (mode[i] == 'x') flags |= O_EXCL;
        if (mode[i] == 'e') flags |= O_CLOEXEC;
    }
    return flags;
}

static int open_as(const char* mode) {
    const int flags = flags_of(mode);
    return flags < 0 ? (int)result_of(-EINVAL) : open_device(flags);
}

static void close_kept_errno(int fd) {
    const int error = errno;
    close(fd);
    errno = error;
}

static FILE* stream_of(int fd, const char* mode) {
    FILE* file = fd < 0 ? NULL : fdopen(fd, mode);
    if (!file && fd >= 0) close_kept_errno(fd);
    return file;
}

#define FOPEN(name)                                                                 \
    EXPORTED FILE* name(const char* path, const char* mode) {                       \
        if (names_device(AT_FDCWD, path, 1)) return stream_of(open_as(mode), mode); \
        return NEXT(fopen_call, name)(path, mode);                                  \
    }
FOPEN(fopen)
FOPEN(fopen64)

/* The stream becomes one of a file that there is, and that file's descriptor a copy of ours. */
static FILE* reopen_device(const char* mode, FILE* file) {
    const int fd = open_as(mode);
    const int error = errno;
    FILE* opened = NEXT(freopen_call, freopen)(fd < 0 ? "" : "/dev/null", mode, file);
    if (fd < 0) errno = error;
    if (opened) dup3(fd, fileno(opened), next_fcntl(fd, F_GETFD, NULL) & FD_CLOEXEC ? O_CLOEXEC : 0);
    if (fd >= 0) close_kept_errno(fd);
    return opened;
}

#define FREOPEN(name)                                                                                \
    EXPORTED FILE* name(const char* path, const char* mode, FILE* file) {                            \
        const int ours = is_session(fileno(file));                                                   \
        FILE* opened = names_device(AT_FDCWD, path, 1) ? reopen_device(mode, file)                   \
                                                       : NEXT(freopen_call, name)(path, mode, file); \
        if (ours) forget_closed();                                                                   \
        return opened;                                                                               \
    }
FREOPEN(freopen)
FREOPEN(freopen64)

EXPORTED int fclose(FILE* file) {
    const int ours = is_session(fileno(file));
    const int result = NEXT(fclose_call, fclose)(file);
    if (ours) forget_closed();
    return result;
}
