/* What the path and a session look like to stat(), access() and realpath(): a character device. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "next_call.h"
#include "places.h"

enum { MAJOR_OF_MISC = 10 };

typedef char* realpath_call(const char*, char*);
typedef char* realpath_chk_call(const char*, char*, size_t);
typedef int stat_call(const char*, struct stat*);
typedef int access_call(const char*, int);
typedef int faccessat_call(int, const char*, int, int);
typedef int statx_call(int, const char*, int, unsigned, struct statx*);
/* Of programs that were linked before glibc 2.33. */
typedef int xstat_call(int, const char*, struct stat*);
typedef int fxstat_call(int, int, struct stat*);
typedef int fxstatat_call(int, int, const char*, struct stat*, int);

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

#define STAT(name, type, follow)                                                             \
    EXPORTED int name(const char* path, struct type* found) {                                \
        if (names_device(AT_FDCWD, path, follow)) return device_status((struct stat*)found); \
        return NEXT(stat_call, name)(path, (struct stat*)found);                             \
    }
STAT(stat, stat, 1)
STAT(stat64, stat64, 1)
STAT(lstat, stat, 0)
STAT(lstat64, stat64, 0)

#define XSTAT(name, type, follow)                                                            \
    EXPORTED int name(int version, const char* path, struct type* found);                    \
    EXPORTED int name(int version, const char* path, struct type* found) {                   \
        if (names_device(AT_FDCWD, path, follow)) return device_status((struct stat*)found); \
        return NEXT(xstat_call, name)(version, path, (struct stat*)found);                   \
    }
XSTAT(__xstat, stat, 1)
XSTAT(__xstat64, stat64, 1)
XSTAT(__lxstat, stat, 0)
XSTAT(__lxstat64, stat64, 0)

static int status_of_descriptor(int fd, int failed, struct stat* found) {
    return failed || !is_session(fd) ? failed : look_like_a_device(found);
}

#define FSTAT(name, type)                                                   \
    EXPORTED int name(int fd, struct type* found) {                         \
        const int failed = NEXT(fstat_call, name)(fd, (struct stat*)found); \
        return status_of_descriptor(fd, failed, (struct stat*)found);       \
    }
FSTAT(fstat, stat)
FSTAT(fstat64, stat64)

#define FXSTAT(name, type)                                                            \
    EXPORTED int name(int version, int fd, struct type* found);                       \
    EXPORTED int name(int version, int fd, struct type* found) {                      \
        const int failed = NEXT(fxstat_call, name)(version, fd, (struct stat*)found); \
        return status_of_descriptor(fd, failed, (struct stat*)found);                 \
    }
FXSTAT(__fxstat, stat)
FXSTAT(__fxstat64, stat64)

static int follows(int flags) { return !(flags & AT_SYMLINK_NOFOLLOW); }
/* Whether the folder's descriptor is itself what is asked about. */
static int is_empty(const char* path, int flags) {
    return (flags & AT_EMPTY_PATH) && (!path || *path == '\0');
}

#define FSTATAT(name, type)                                                                        \
    EXPORTED int name(int folder, const char* path, struct type* found, int flags) {               \
        if (names_device(folder, path, follows(flags))) return device_status((struct stat*)found); \
        const int failed = NEXT(fstatat_call, name)(folder, path, (struct stat*)found, flags);     \
        if (!is_empty(path, flags)) return failed;                                                 \
        return status_of_descriptor(folder, failed, (struct stat*)found);                          \
    }
FSTATAT(fstatat, stat)
FSTATAT(fstatat64, stat64)

#define FXSTATAT(name, type)                                                                       \
    EXPORTED int name(int version, int folder, const char* path, struct type* found, int flags);   \
    EXPORTED int name(int version, int folder, const char* path, struct type* found, int flags) {  \
        if (names_device(folder, path, follows(flags))) return device_status((struct stat*)found); \
        return NEXT(fxstatat_call, name)(version, folder, path, (struct stat*)found, flags);       \
    }
FXSTATAT(__fxstatat, stat)
FXSTATAT(__fxstatat64, stat64)

EXPORTED int statx(int folder, const char* path, int flags, unsigned mask, struct statx* found) {
    const int device = names_device(folder, path, follows(flags));
    const char* place = device ? setting("CS2SIM_PRELOAD_SOCKET") : path;
    const int failed = NEXT(statx_call, statx)(device ? AT_FDCWD : folder, place, flags, mask, found);
    if (failed || !(device || (is_empty(path, flags) && is_session(folder)))) return failed;
    found->stx_mode = S_IFCHR | 0600;
    found->stx_rdev_major = MAJOR_OF_MISC;
    found->stx_rdev_minor = 0;
    return 0;
}

/* As the socket may be used; nobody may run it, not even root. */
static int device_access(int mode, int flags) {
    const int may = NEXT(faccessat_call, faccessat)(AT_FDCWD, setting("CS2SIM_PRELOAD_SOCKET"), mode & ~X_OK,
                                                    flags & AT_EACCESS);
    return may == 0 && (mode & X_OK) ? (int)result_of(-EACCES) : may;
}

EXPORTED int faccessat(int folder, const char* path, int mode, int flags) {
    if (names_device(folder, path, follows(flags))) return device_access(mode, flags);
    return NEXT(faccessat_call, faccessat)(folder, path, mode, flags);
}

#define ACCESS(name, flags)                                                     \
    EXPORTED int name(const char* path, int mode) {                             \
        if (names_device(AT_FDCWD, path, 1)) return device_access(mode, flags); \
        return NEXT(access_call, name)(path, mode);                             \
    }
ACCESS(access, 0)
ACCESS(euidaccess, AT_EACCESS)
ACCESS(eaccess, AT_EACCESS)

/* Its folder's, if there is such a folder, and its name. */
static char* device_realpath(char* into) {
    struct stat found;
    char folder[PATH_MAX];
    const char* device = setting("CS2SIM_PRELOAD_DEVICE");
    const char* slash = strrchr(device, '/');
    const char* name = slash ? slash + 1 : device;
    if (device_status(&found) != 0) return NULL;
    char* path = into ? into : malloc(PATH_MAX);
    if (!path) return NULL;
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(name - device) : 1, slash ? device : ".");
    if (!NEXT(realpath_call, realpath)(folder, path)) *path = '\0', name = device;
    const size_t length = strlen(path);
    const char* between = length > 0 && path[length - 1] != '/' ? "/" : "";
    snprintf(path + length, PATH_MAX - length, "%s%s", between, name);
    return path;
}

EXPORTED char* realpath(const char* path, char* into) {
    return names_device(AT_FDCWD, path, 1) ? device_realpath(into)
                                           : NEXT(realpath_call, realpath)(path, into);
}

EXPORTED char* __realpath_chk(const char* path, char* into, size_t space);
EXPORTED char* __realpath_chk(const char* path, char* into, size_t space) {
    return space >= PATH_MAX && names_device(AT_FDCWD, path, 1)
               ? device_realpath(into)
               : NEXT(realpath_chk_call, __realpath_chk)(path, into, space);
}

EXPORTED char* canonicalize_file_name(const char* path) { return realpath(path, NULL); }
