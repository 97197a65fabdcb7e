/* A program that has driver/preload before it, and is its own simulator: it listens at the socket that the
 * device is led to, so that each answer comes when the test wants it. */
#ifndef CS2SIM_PRELOAD_CALLER_H
#define CS2SIM_PRELOAD_CALLER_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TAKE = 0x6b08, GIVE = 0x6b09, REQUEST_SIZE = 7, ANSWER_SIZE = 4 };

static const unsigned char request[REQUEST_SIZE] = {0x9C, 0, 0, REQUEST_SIZE, 0x00, 0x87, 0x01};
static const unsigned char answer[ANSWER_SIZE] = {0x9A, 0, 0, ANSWER_SIZE};
static int failures;

/* What failed is told with its line and errno. */
#define EXPECT(holds)                                                                             \
    do {                                                                                          \
        errno = 0;                                                                                \
        if (holds) break;                                                                         \
        fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #holds, strerror(errno)); \
        ++failures;                                                                               \
    } while (0)
#define EXPECT_ERROR(call, error) EXPECT((call) == -1 && errno == (error))

static inline const char* device(void) { return getenv("CS2SIM_PRELOAD_DEVICE"); }

static inline int listening(void) {
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    strncpy(where.sun_path, getenv("CS2SIM_PRELOAD_SOCKET"), sizeof where.sun_path - 1);
    unlink(where.sun_path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr*)&where, sizeof where) != 0 || listen(fd, 200) != 0) {
        perror("listen");
        exit(2);
    }
    return fd;
}

/* The simulator's end of the session that was opened last but for those that it has. */
static inline int accepted(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }

static inline int send_request(int fd) { return write(fd, request, REQUEST_SIZE) == REQUEST_SIZE; }

static inline int has_request(int end) {
    unsigned char got[REQUEST_SIZE + 1];
    return recv(end, got, sizeof got, 0) == REQUEST_SIZE;
}
static inline int give_answer(int end) { return send(end, answer, ANSWER_SIZE, MSG_NOSIGNAL) == ANSWER_SIZE; }

static inline int read_answer(int fd) {
    unsigned char got[64];
    return read(fd, got, sizeof got) == ANSWER_SIZE;
}

/* Whether the descriptor is a session as a whole: asks, is answered, and knows that nothing is to be read. */
static inline int works(int fd, int end) {
    unsigned char byte;
    if (!send_request(fd) || !has_request(end) || !give_answer(end) || !read_answer(fd)) return 0;
    return read(fd, &byte, 1) == -1 && errno == ENODATA;
}

struct scene {
    const char* name;
    void (*play)(int listener);
};

/* The scene that the program's argument names. Who waits for ever is ended. */
static inline int play_named(const struct scene* scenes, size_t count, int argc, char** argv) {
    alarm(60);
    for (size_t i = 0; argc == 2 && i < count; ++i) {
        if (strcmp(scenes[i].name, argv[1]) != 0) continue;
        scenes[i].play(listening());
        return failures > 0;
    }
    return 2;
}

#endif
