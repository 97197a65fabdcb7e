/* Which paths name the device: its own, in any spelling, and symbolic links to it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "next_call.h"
#include "places.h"

/* Paths are short enough for a signal handler's stack: what is longer is no link to a device. */
enum { MOST_LINKS = 40, LONGEST = 1024 };

const char* setting(const char* name) {
    const char* value = getenv(name);
    return value && *value ? value : NULL;
}

/* Past the first of "//" and "/./". */
static const char* past_nothing(const char* at) {
    while (at[0] == '/' && (at[1] == '/' || (at[1] == '.' && at[2] == '/'))) at += at[1] == '/' ? 1 : 2;
    return at;
}

static int same_text(const char* one, const char* other) {
    for (;; ++one, ++other) {
        one = past_nothing(one);
        other = past_nothing(other);
        if (*one != *other) return 0;
        if (*one == '\0') return 1;
    }
}

static const char* name_in(const char* path) {
    const char* slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int folder_of(int folder, const char* path, struct stat* found) {
    char text[LONGEST] = ".";
    const size_t length = (size_t)(name_in(path) - path);
    if (length >= sizeof text) return -1;
    if (length > 0) memcpy(text, path, length), text[length] = '\0';
    return NEXT(fstatat_call, fstatat)(folder, text, found, 0);
}

/* The device itself need not be there, and its folder neither. */
static int same_place(int folder, const char* path, const char* device) {
    struct stat here;
    struct stat there;
    if (same_text(path, device)) return 1;
    return strcmp(name_in(path), name_in(device)) == 0 && folder_of(folder, path, &here) == 0 &&
           folder_of(AT_FDCWD, device, &there) == 0 && here.st_dev == there.st_dev &&
           here.st_ino == there.st_ino;
}

/* Where the link at `path` leads, beside it when it is relative; 0: it is none. */
static int follow_link(int folder, const char* path, char* target) {
    char text[LONGEST];
    const ssize_t length = readlinkat(folder, path, text, sizeof text - 1);
    if (length <= 0) return 0;
    text[length] = '\0';
    const int beside = text[0] == '/' ? 0 : (int)(name_in(path) - path);
    return snprintf(target, LONGEST, "%.*s%s", beside, path, text) < LONGEST;
}

/* /proc/self/fd/N leads to "socket:[INODE]". */
static int is_open_session(const char* target) {
    static const char kind[] = "socket:[";
    const char* name = name_in(target);
    return strncmp(name, kind, sizeof kind - 1) == 0 &&
           is_session_inode((ino_t)strtoull(name + sizeof kind - 1, NULL, 10));
}

static int leads_to(const char* device, int folder, const char* path, int follow) {
    char texts[2][LONGEST];
    for (int links = 0; !same_place(folder, path, device); ++links) {
        char* target = texts[links % 2];
        if (!follow || links == MOST_LINKS || !follow_link(folder, path, target)) return 0;
        if (is_open_session(target)) return 1;
        path = target;
    }
    return 1;
}

int names_device(int folder, const char* path, int follow) {
    const char* device = setting("CS2SIM_PRELOAD_DEVICE");
    if (!device || !path || !*path || !setting("CS2SIM_PRELOAD_SOCKET")) return 0;
    const int error = errno;
    const int named = leads_to(device, folder, path, follow);
    errno = error;
    return named;
}
