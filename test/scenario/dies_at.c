/* LD_PRELOAD layer: the process is killed before a change to the file system, the one whose number
 * CS2SIM_TEST_DIES_AT gives (1 is the first). Only what changes the folder CS2SIM_TEST_FOLDER counts, as a
 * kill between two changes elsewhere shows nothing. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int changes;

static void* next_symbol(const char* name) { return dlsym(RTLD_NEXT, name); }

static void before_change(const char* path) {
    const char* folder = getenv("CS2SIM_TEST_FOLDER");
    const char* number = getenv("CS2SIM_TEST_DIES_AT");
    if (!folder || !number || strncmp(path, folder, strlen(folder)) != 0) return;
    if (atomic_fetch_add(&changes, 1) + 1 == atoi(number)) kill(getpid(), SIGKILL);
}

static void before_change_of(int fd) {
    char link[64];
    char path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return;
    path[size] = '\0';
    before_change(path);
}

int rename(const char* from, const char* to) {
    before_change(to);
    return ((int (*)(const char*, const char*))next_symbol("rename"))(from, to);
}

int link(const char* from, const char* to) {
    before_change(to);
    return ((int (*)(const char*, const char*))next_symbol("link"))(from, to);
}

int unlink(const char* path) {
    before_change(path);
    return ((int (*)(const char*))next_symbol("unlink"))(path);
}

ssize_t write(int fd, const void* data, size_t size) {
    before_change_of(fd);
    return ((ssize_t(*)(int, const void*, size_t))next_symbol("write"))(fd, data, size);
}

int fsync(int fd) {
    before_change_of(fd);
    return ((int (*)(int))next_symbol("fsync"))(fd);
}

int fchmod(int fd, mode_t mode) {
    before_change_of(fd);
    return ((int (*)(int, mode_t))next_symbol("fchmod"))(fd, mode);
}
