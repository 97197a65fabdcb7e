/* LD_PRELOAD layer: from the moment on at which the file is there that CS2SIM_TEST_HANGS names, whoever waits
 * for the disk does so until the process ends. When somebody does, the file has content. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void hang(void) {
    const char* name = getenv("CS2SIM_TEST_HANGS");
    const int fd = name ? open(name, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    if (fd < 0) return;
    if (write(fd, "begun\n", 6) != 6) abort();
    for (;;) pause();
}

int fsync(int fd) {
    hang();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd) {
    hang();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
