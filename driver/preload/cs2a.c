/* libcs2sim-preload: leads a program's calls of the device path to a Unix socket of the simulator, where
 * there is neither FUSE nor CUSE. `cs2sim run` preloads it and says what is led where:
 *
 *   CS2SIM_PRELOAD_DEVICE   the path that the program opens
 *   CS2SIM_PRELOAD_SOCKET   the simulator's socket
 *
 * An open file is then a descriptor of that socket, so that poll, select, epoll and fork work as they are;
 * what a node does and a socket does not is in session.c. Descriptors that the program closes in ways unknown
 * here (raw system calls, the C library's own) are told apart by the socket's inode number (places.c).
 *
 * Here are the calls that work on a descriptor; those that open by a path are in opening.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "next_call.h"
#include "places.h"

typedef int close_call(int);
typedef void closefrom_call(int);
typedef ssize_t read_call(int, void*, size_t);
typedef ssize_t read_chk_call(int, void*, size_t, size_t);
typedef ssize_t write_call(int, const void*, size_t);
typedef ssize_t vector_call(int, const struct iovec*, int);
typedef int ioctl_call(int, unsigned long, ...);
typedef int fcntl_call(int, int, ...);
typedef int poll_call(struct pollfd*, nfds_t, int);
typedef int ppoll_call(struct pollfd*, nfds_t, const struct timespec*, const sigset_t*);
typedef int select_call(int, fd_set*, fd_set*, fd_set*, struct timeval*);
typedef int pselect_call(int, fd_set*, fd_set*, fd_set*, const struct timespec*, const sigset_t*);
typedef int dup_call(int);
typedef int dup2_call(int, int);
typedef int dup3_call(int, int, int);

int next_poll(struct pollfd* fds, nfds_t count, int timeout_ms) {
    return NEXT(poll_call, poll)(fds, count, timeout_ms);
}
int next_fcntl(int fd, int command, void* argument) { return NEXT(fcntl_call, fcntl)(fd, command, argument); }

long result_of(long value) {
    if (value >= 0) return value;
    errno = (int)-value;
    return -1;
}

/* --- Closing --- */

EXPORTED int close(int fd) {
    /* Programs that close all they know of, and perhaps keep a session. */
    if (is_lock(fd) && !is_guest()) return (int)result_of(-EBADF);
    forget(fd);
    return NEXT(close_call, close)(fd);
}

EXPORTED int close_range(unsigned first, unsigned last, int flags) {
    const int closes = (flags & ~(int)CLOSE_RANGE_UNSHARE) == 0 && !is_guest();
    if (!closes || first > last) return (int)syscall(SYS_close_range, first, last, flags);
    for (unsigned from = first; from <= last;) {
        const unsigned lock = next_lock(from, last);
        const unsigned to = lock == NO_LOCK ? last : lock - 1;
        if (lock != from && syscall(SYS_close_range, from, to, flags) != 0) return -1;
        if (lock == NO_LOCK) break;
        from = lock + 1;
    }
    forget_closed();
    return 0;
}

EXPORTED void closefrom(int first) {
    if (close_range(first < 0 ? 0 : (unsigned)first, UINT_MAX, 0) == 0) return;
    NEXT(closefrom_call, closefrom)(first); /* of kernels that do not know ranges */
    forget_closed();
}

/* --- Reading and writing --- */

static ssize_t read_session(const struct view* view, int fd, void* into, size_t size) {
    return view->access == O_RDONLY || view->access == O_RDWR ? session_read(view->session, fd, into, size)
                                                              : -EBADF;
}

static ssize_t write_session(struct view* view, int fd, const void* bytes, size_t size) {
    return view->access == O_WRONLY || view->access == O_RDWR
               ? session_write(view->session, fd, lock_of(view), bytes, size)
               : -EBADF;
}

EXPORTED ssize_t read(int fd, void* into, size_t size) {
    struct view* view = hold(fd);
    if (!view) return NEXT(read_call, read)(fd, into, size);
    const ssize_t result = read_session(view, fd, into, size);
    release(view);
    return result_of(result);
}

EXPORTED ssize_t __read_chk(int fd, void* into, size_t size, size_t space);
EXPORTED ssize_t __read_chk(int fd, void* into, size_t size, size_t space) {
    if (size > space || !is_session(fd)) return NEXT(read_chk_call, __read_chk)(fd, into, size, space);
    return read(fd, into, size);
}

EXPORTED ssize_t write(int fd, const void* bytes, size_t size) {
    struct view* view = hold(fd);
    if (!view) return NEXT(write_call, write)(fd, bytes, size);
    const ssize_t result = write_session(view, fd, bytes, size);
    release(view);
    return result_of(result);
}

/* What the kernel says of the pieces before it looks at what they are for. 0, or -errno. */
static int refusal_of(const struct iovec* pieces, int count) {
    if (count < 0 || count > IOV_MAX) return -EINVAL;
    size_t all = 0;
    for (int i = 0; i < count; ++i) {
        if (!readable(pieces + i, sizeof *pieces)) return -EFAULT;
        if (pieces[i].iov_len > (size_t)SSIZE_MAX - all) return -EINVAL;
        all += pieces[i].iov_len;
    }
    return 0;
}

/* Piece by piece, until one is not wholly done. */
#define VECTOR(name, single)                                                        \
    EXPORTED ssize_t name(int fd, const struct iovec* pieces, int count) {          \
        if (!is_session(fd)) return NEXT(vector_call, name)(fd, pieces, count);     \
        const int refused = refusal_of(pieces, count);                              \
        if (refused != 0) return result_of(refused);                                \
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

/* --- Steering and copying --- */

/* What the kernel does with every file by itself. */
static int is_general(unsigned long request) {
    return request == FIONBIO || request == FIOASYNC || request == FIOCLEX || request == FIONCLEX;
}

EXPORTED int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void* argument = va_arg(rest, void*);
    va_end(rest);
    struct view* view = is_general(request) ? NULL : hold(fd);
    if (!view) return NEXT(ioctl_call, ioctl)(fd, request, argument);
    const int result = session_ioctl(view->session, fd, lock_of(view), request, argument);
    release(view);
    return (int)result_of(result);
}

/* `copy` is a new copy of `fd`, or -1. */
static int copied(int fd, int copy) {
    if (copy < 0 || copy == fd) return copy;
    struct view* view = hold(fd);
    if (!view) {
        forget(copy);
        return copy;
    }
    remember(copy, view);
    release(view);
    return copy;
}

/* A socket's descriptor may always both read and write. */
static int flags_of(int fd, int flags) {
    struct view* view = flags < 0 ? NULL : hold(fd);
    if (!view) return flags;
    flags = (flags & ~O_ACCMODE) | view->access;
    release(view);
    return flags;
}

#define FCNTL(name)                                                                            \
    EXPORTED int name(int fd, int command, ...) {                                              \
        va_list rest;                                                                          \
        va_start(rest, command);                                                               \
        void* argument = va_arg(rest, void*);                                                  \
        va_end(rest);                                                                          \
        const int result = NEXT(fcntl_call, name)(fd, command, argument);                      \
        if (command == F_GETFL) return flags_of(fd, result);                                   \
        return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? copied(fd, result) : result; \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

EXPORTED int dup(int fd) { return copied(fd, NEXT(dup_call, dup)(fd)); }
EXPORTED int dup2(int fd, int copy) { return copied(fd, NEXT(dup2_call, dup2)(fd, copy)); }
EXPORTED int dup3(int fd, int copy, int flags) { return copied(fd, NEXT(dup3_call, dup3)(fd, copy, flags)); }

/* --- Waiting: a node is writable when it would take a request --- */

static int would_take(int fd) {
    struct view* view = hold(fd);
    if (!view) return 1;
    const int takes = session_writable(view->session, lock_of(view));
    release(view);
    return takes;
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

static void narrow_set(int count, fd_set* to_write) {
    for (int fd = 0; to_write && fd < count && fd < FD_SETSIZE; ++fd)
        if (FD_ISSET(fd, to_write) && !would_take(fd)) FD_CLR(fd, to_write);
}

EXPORTED int select(int count, fd_set* to_read, fd_set* to_write, fd_set* exceptional,
                    struct timeval* timeout) {
    narrow_set(count, to_write);
    return NEXT(select_call, select)(count, to_read, to_write, exceptional, timeout);
}

EXPORTED int pselect(int count, fd_set* to_read, fd_set* to_write, fd_set* exceptional,
                     const struct timespec* timeout, const sigset_t* mask) {
    narrow_set(count, to_write);
    return NEXT(pselect_call, pselect)(count, to_read, to_write, exceptional, timeout, mask);
}
