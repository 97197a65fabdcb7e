/* libcs2sim-preload: leads a program's calls of the device path to a Unix socket of the simulator, where
 * there is neither FUSE nor CUSE. `cs2sim run` preloads it and says what is led where:
 *
 *   CS2SIM_PRELOAD_DEVICE   the path that the program opens
 *   CS2SIM_PRELOAD_SOCKET   the simulator's socket
 *
 * An open file is then a descriptor of that socket, so that poll, select, epoll and fork work as they are;
 * what a node does and a socket does not is in session.c. Descriptors that the program closes in ways unknown
 * here (close_range, raw system calls) are told apart by the socket's inode number.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "next_call.h"
#include "session.h"

enum { MOST_DESCRIPTORS = 65536 };

/* A process's view of a session: how many of its descriptors are copies of it. */
struct view {
    struct session* session;
    int lock_fd;
    int copies;
};

struct place {
    struct view* view;
    ino_t inode;
};

static struct place places[MOST_DESCRIPTORS];
static pthread_mutex_t places_lock = PTHREAD_MUTEX_INITIALIZER;

typedef int open_call(const char*, int, ...);
typedef int openat_call(int, const char*, int, ...);
typedef int open_2_call(const char*, int);
typedef int openat_2_call(int, const char*, int);
typedef FILE* fopen_call(const char*, const char*);
typedef int close_call(int);
typedef ssize_t read_call(int, void*, size_t);
typedef ssize_t read_chk_call(int, void*, size_t, size_t);
typedef ssize_t write_call(int, const void*, size_t);
typedef ssize_t vector_call(int, const struct iovec*, int);
typedef int ioctl_call(int, unsigned long, ...);
typedef int fcntl_call(int, int, ...);
typedef int poll_call(struct pollfd*, nfds_t, int);
typedef int ppoll_call(struct pollfd*, nfds_t, const struct timespec*, const sigset_t*);
typedef int select_call(int, fd_set*, fd_set*, fd_set*, struct timeval*);
typedef int dup_call(int);
typedef int dup2_call(int, int);
typedef int dup3_call(int, int, int);

int next_poll(struct pollfd* fds, nfds_t count, int timeout_ms);
int next_fcntl(int fd, int command, void* argument);
int next_poll(struct pollfd* fds, nfds_t count, int timeout_ms) {
    return NEXT(poll_call, poll)(fds, count, timeout_ms);
}
int next_fcntl(int fd, int command, void* argument) { return NEXT(fcntl_call, fcntl)(fd, command, argument); }

static ssize_t result_of(ssize_t value) {
    if (value >= 0) return value;
    errno = (int)-value;
    return -1;
}

/* --- Which descriptors are sessions --- */

static ino_t inode_of(int fd) {
    struct stat found;
    return NEXT(fstat_call, fstat)(fd, &found) == 0 && S_ISSOCK(found.st_mode) ? found.st_ino : 0;
}

static struct view* view_of(int fd) {
    if (fd < 0 || fd >= MOST_DESCRIPTORS || !places[fd].view) return NULL;
    return places[fd].inode == inode_of(fd) ? places[fd].view : NULL;
}

/* All with places_lock held. */
static void forget(int fd) {
    if (fd < 0 || fd >= MOST_DESCRIPTORS || !places[fd].view) return;
    struct view* view = places[fd].view;
    places[fd].view = NULL;
    if (--view->copies > 0) return;
    NEXT(close_call, close)(view->lock_fd);
    session_free(view->session);
    free(view);
}

static void remember(int fd, struct view* view) {
    forget(fd);
    places[fd] = (struct place){view, inode_of(fd)};
    ++view->copies;
}

/* `copy` is a new copy of `fd`, or -1. */
static int copied(int fd, int copy) {
    if (copy < 0) return copy;
    pthread_mutex_lock(&places_lock);
    struct view* view = view_of(fd);
    if (view && copy != fd && copy < MOST_DESCRIPTORS)
        remember(copy, view);
    else if (!view)
        forget(copy);
    pthread_mutex_unlock(&places_lock);
    return copy;
}

int is_session(int fd) { return view_of(fd) != NULL; }

/* --- Opening --- */

const char* setting(const char* name) {
    const char* value = getenv(name);
    return value && *value ? value : NULL;
}

int is_device(const char* path) {
    const char* device = setting("CS2SIM_PRELOAD_DEVICE");
    return device && path && strcmp(path, device) == 0 && setting("CS2SIM_PRELOAD_SOCKET");
}

/* A descriptor out of the way of those that the program counts on. */
static int open_lock(const char* socket_path, int close_on_exec) {
    char path[sizeof((struct sockaddr_un*)0)->sun_path + 8];
    snprintf(path, sizeof path, "%s.lock", socket_path);
    const int fd = NEXT(open_call, open)(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return fd;
    const int high = next_fcntl(fd, close_on_exec ? F_DUPFD_CLOEXEC : F_DUPFD, (void*)(intptr_t)512);
    if (high < 0) return fd;
    NEXT(close_call, close)(fd);
    return high;
}

/* A view of the socket `fd`, kept under that number. 0, or the errno. */
static int begin_session(int fd, const char* socket_path, int close_on_exec, int inherited) {
    struct view* view = calloc(1, sizeof *view);
    if (view) view->session = session_new();
    if (!view || !view->session || fd >= MOST_DESCRIPTORS) {
        free(view);
        return ENOMEM;
    }
    view->session->unknown = inherited;
    view->lock_fd = open_lock(socket_path, close_on_exec);
    pthread_mutex_lock(&places_lock);
    remember(fd, view);
    pthread_mutex_unlock(&places_lock);
    return 0;
}

static int open_device(int flags) {
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    const char* path = setting("CS2SIM_PRELOAD_SOCKET");
    if (strlen(path) >= sizeof where.sun_path) return (int)result_of(-ENAMETOOLONG);
    strcpy(where.sun_path, path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | (flags & O_CLOEXEC ? SOCK_CLOEXEC : 0), 0);
    if (fd < 0) return fd;
    int error = connect(fd, (struct sockaddr*)&where, sizeof where) == 0 ? 0 : errno;
    if (error == ECONNREFUSED) error = ENXIO; /* as a node whose daemon is gone */
    if (error == 0 && (flags & O_NONBLOCK)) next_fcntl(fd, F_SETFL, (void*)(intptr_t)O_NONBLOCK);
    if (error == 0) error = begin_session(fd, path, flags & O_CLOEXEC, 0);
    if (error == 0) return fd;
    NEXT(close_call, close)(fd);
    return (int)result_of(-error);
}

#define MODE_BEHIND(flags)                   \
    mode_t mode = 0;                         \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list rest;                        \
        va_start(rest, flags);               \
        mode = va_arg(rest, mode_t);         \
        va_end(rest);                        \
    }

#define OPEN(name)                                        \
    EXPORTED int name(const char* path, int flags, ...) { \
        MODE_BEHIND(flags)                                \
        if (is_device(path)) return open_device(flags);   \
        return NEXT(open_call, name)(path, flags, mode);  \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                  \
    EXPORTED int name(int folder, const char* path, int flags, ...) { \
        MODE_BEHIND(flags)                                            \
        if (is_device(path)) return open_device(flags);               \
        return NEXT(openat_call, name)(folder, path, flags, mode);    \
    }
OPENAT(openat)
OPENAT(openat64)

/* What _FORTIFY_SOURCE makes of them. */
#define OPEN_2(name)                                    \
    EXPORTED int name(const char* path, int flags);     \
    EXPORTED int name(const char* path, int flags) {    \
        if (is_device(path)) return open_device(flags); \
        return NEXT(open_2_call, name)(path, flags);    \
    }
OPEN_2(__open_2)
OPEN_2(__open64_2)

#define OPENAT_2(name)                                           \
    EXPORTED int name(int folder, const char* path, int flags);  \
    EXPORTED int name(int folder, const char* path, int flags) { \
        if (is_device(path)) return open_device(flags);          \
        return NEXT(openat_2_call, name)(folder, path, flags);   \
    }
OPENAT_2(__openat_2)
OPENAT_2(__openat64_2)

#define FOPEN(name)                                                      \
    EXPORTED FILE* name(const char* path, const char* mode) {            \
        if (!is_device(path)) return NEXT(fopen_call, name)(path, mode); \
        const int fd = open_device(O_RDWR);                              \
        return fd < 0 ? NULL : fdopen(fd, mode);                         \
    }
FOPEN(fopen)
FOPEN(fopen64)

/* --- Working on a descriptor --- */

EXPORTED int close(int fd) {
    pthread_mutex_lock(&places_lock);
    forget(fd);
    pthread_mutex_unlock(&places_lock);
    return NEXT(close_call, close)(fd);
}

EXPORTED ssize_t read(int fd, void* into, size_t size) {
    const struct view* view = view_of(fd);
    if (!view) return NEXT(read_call, read)(fd, into, size);
    return result_of(session_read(view->session, fd, into, size));
}

EXPORTED ssize_t __read_chk(int fd, void* into, size_t size, size_t space);
EXPORTED ssize_t __read_chk(int fd, void* into, size_t size, size_t space) {
    if (!view_of(fd) || size > space) return NEXT(read_chk_call, __read_chk)(fd, into, size, space);
    return read(fd, into, size);
}

EXPORTED ssize_t write(int fd, const void* bytes, size_t size) {
    const struct view* view = view_of(fd);
    if (!view) return NEXT(write_call, write)(fd, bytes, size);
    return result_of(session_write(view->session, fd, view->lock_fd, bytes, size));
}

/* Piece by piece, until one is not wholly done. */
#define VECTOR(name, single)                                                        \
    EXPORTED ssize_t name(int fd, const struct iovec* pieces, int count) {          \
        if (!view_of(fd)) return NEXT(vector_call, name)(fd, pieces, count);        \
        ssize_t all = 0;                                                            \
        for (int i = 0; i < count; ++i) {                                           \
            if (pieces[i].iov_len == 0) continue;                                   \
            const ssize_t done = single(fd, pieces[i].iov_base, pieces[i].iov_len); \
            if (done < 0) return all > 0 ? all : done;                              \
            all += done;                                                            \
            if ((size_t)done < pieces[i].iov_len) break;                            \
        }                                                                           \
        return all;                                                                 \
    }
VECTOR(readv, read)
VECTOR(writev, write)

EXPORTED int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void* argument = va_arg(rest, void*);
    va_end(rest);
    const struct view* view = view_of(fd);
    if (!view) return NEXT(ioctl_call, ioctl)(fd, request, argument);
    return (int)result_of(session_ioctl(view->session, fd, view->lock_fd, request, argument));
}

static int copies(int command) { return command == F_DUPFD || command == F_DUPFD_CLOEXEC; }

#define FCNTL(name)                                                       \
    EXPORTED int name(int fd, int command, ...) {                         \
        va_list rest;                                                     \
        va_start(rest, command);                                          \
        void* argument = va_arg(rest, void*);                             \
        va_end(rest);                                                     \
        const int result = NEXT(fcntl_call, name)(fd, command, argument); \
        return copies(command) ? copied(fd, result) : result;             \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

EXPORTED int dup(int fd) { return copied(fd, NEXT(dup_call, dup)(fd)); }
EXPORTED int dup2(int fd, int copy) { return copied(fd, NEXT(dup2_call, dup2)(fd, copy)); }
EXPORTED int dup3(int fd, int copy, int flags) { return copied(fd, NEXT(dup3_call, dup3)(fd, copy, flags)); }

/* --- Waiting: a node is writable when it would take a request --- */

static int would_take(int fd) {
    const struct view* view = view_of(fd);
    return !view || session_writable(view->session, view->lock_fd);
}

/* Whether there is a descriptor that would not take a request now: its writability is then not waited for. */
static int narrow(struct pollfd* fds, nfds_t count, short* events) {
    int narrowed = 0;
    for (nfds_t i = 0; i < count; ++i) {
        events[i] = fds[i].events;
        if (!(fds[i].events & (POLLOUT | POLLWRNORM)) || would_take(fds[i].fd)) continue;
        fds[i].events &= ~(POLLOUT | POLLWRNORM);
        narrowed = 1;
    }
    return narrowed;
}

static int widen(struct pollfd* fds, nfds_t count, const short* events, int result) {
    for (nfds_t i = 0; i < count; ++i) fds[i].events = events[i];
    return result;
}

enum { MOST_POLLED = 4096, LOOK_EVERY_MS = 5 };

/* What makes a session writable is no event of its socket: it is looked at again and again. */
EXPORTED int poll(struct pollfd* fds, nfds_t count, int timeout_ms) {
    short events[count <= MOST_POLLED ? count + 1 : 1];
    if (count > MOST_POLLED) return next_poll(fds, count, timeout_ms);
    for (int left = timeout_ms;;) {
        const int narrowed = narrow(fds, count, events);
        const int slice = narrowed && (left < 0 || left > LOOK_EVERY_MS) ? LOOK_EVERY_MS : left;
        const int ready = widen(fds, count, events, next_poll(fds, count, slice));
        if (ready != 0 || slice == left) return ready;
        if (left > 0) left -= slice;
    }
}

EXPORTED int ppoll(struct pollfd* fds, nfds_t count, const struct timespec* timeout, const sigset_t* mask) {
    short events[count <= MOST_POLLED ? count + 1 : 1];
    if (count > MOST_POLLED) return NEXT(ppoll_call, ppoll)(fds, count, timeout, mask);
    narrow(fds, count, events);
    return widen(fds, count, events, NEXT(ppoll_call, ppoll)(fds, count, timeout, mask));
}

EXPORTED int __poll_chk(struct pollfd* fds, nfds_t count, int timeout_ms, size_t space);
EXPORTED int __poll_chk(struct pollfd* fds, nfds_t count, int timeout_ms, size_t space) {
    if (space / sizeof *fds < count) abort();
    return poll(fds, count, timeout_ms);
}

EXPORTED int __ppoll_chk(struct pollfd* fds, nfds_t count, const struct timespec* timeout,
                         const sigset_t* mask, size_t space);
EXPORTED int __ppoll_chk(struct pollfd* fds, nfds_t count, const struct timespec* timeout,
                         const sigset_t* mask, size_t space) {
    if (space / sizeof *fds < count) abort();
    return ppoll(fds, count, timeout, mask);
}

EXPORTED int select(int count, fd_set* to_read, fd_set* to_write, fd_set* exceptional,
                    struct timeval* timeout) {
    for (int fd = 0; to_write && fd < count; ++fd)
        if (FD_ISSET(fd, to_write) && !would_take(fd)) FD_CLR(fd, to_write);
    return NEXT(select_call, select)(count, to_read, to_write, exceptional, timeout);
}

/* Descriptors that came over exec(): those that are connected to the simulator's socket. */
__attribute__((constructor)) static void find_inherited(void) {
    const char* path = setting("CS2SIM_PRELOAD_SOCKET");
    for (int fd = 0; path && fd < 256; ++fd) {
        struct sockaddr_un peer = {.sun_family = AF_UNSPEC};
        socklen_t size = sizeof peer - 1;
        if (getpeername(fd, (struct sockaddr*)&peer, &size) != 0 || peer.sun_family != AF_UNIX) continue;
        if (strcmp(peer.sun_path, path) == 0) begin_session(fd, path, 0, 1);
    }
}
