/* LD_PRELOAD layer of the power-loss test: a disk that is full, or whose fsync fails, now and then.
 *
 * CS2SIM_TEST_DISK names a file; while it is there, its text "WRITES SYNCS" says that about one write in
 * WRITES fails with ENOSPC and one sync in SYNCS with EIO (0 = none). Files outside CS2SIM_TEST_STATE are let
 * alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_uint draws;

static void* next_symbol(const char* name) { return dlsym(RTLD_NEXT, name); }

static int in_state(int fd) {
    const char* state = getenv("CS2SIM_TEST_STATE");
    char link[64];
    char path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, path, sizeof path - 1);
    if (!state || size <= 0) return 0;
    path[size] = '\0';
    return strncmp(path, state, strlen(state)) == 0;
}

/* Whether this call shall fail; `which` 0 = a write, 1 = a sync. */
static int fails(int fd, int which) {
    const char* control = getenv("CS2SIM_TEST_DISK");
    if (!control || !in_state(fd)) return 0;
    const int file = open(control, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    char text[64] = {0};
    const ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    unsigned rates[2] = {0, 0};
    if (size <= 0 || sscanf(text, "%u %u", &rates[0], &rates[1]) != 2 || rates[which] == 0) return 0;
    const unsigned draw = atomic_fetch_add(&draws, 1) * 2654435761u;
    return (draw >> 8) % rates[which] == 0;
}

ssize_t write(int fd, const void* data, size_t size) {
    static ssize_t (*real)(int, const void*, size_t);
    if (!real) *(void**)&real = next_symbol("write");
    if (fails(fd, 0)) return errno = ENOSPC, -1;
    return real(fd, data, size);
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t place) {
    static ssize_t (*real)(int, const void*, size_t, off64_t);
    if (!real) *(void**)&real = next_symbol("pwrite64");
    if (fails(fd, 0)) return errno = ENOSPC, -1;
    return real(fd, data, size, place);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) *(void**)&real = next_symbol("fdatasync");
    if (fails(fd, 1)) return errno = EIO, -1;
    return real(fd);
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) *(void**)&real = next_symbol("fsync");
    if (fails(fd, 1)) return errno = EIO, -1;
    return real(fd);
}
