#define _GNU_SOURCE
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "next_call.h"

enum { HEAD = 4, LONGEST_FRAME = 512 * 1024, FOR_EVER = -1 };

/* firmware/protocol/node_ioctls.h */
enum {
    AWAIT = 0x6b02,
    TAKE = 0x6b08,
    GIVE = 0x6b09,
    TAKE_WITHIN = 0x6b0a,
    READ_WITHIN = 0x6b0b,
};

struct await_argument {
    int32_t timeout_ms;
    uint32_t length;
    int32_t reserved;
};

static ino_t inode_of(int fd) {
    struct stat found;
    return NEXT(fstat_call, fstat)(fd, &found) == 0 && S_ISSOCK(found.st_mode) ? found.st_ino : 0;
}

int session_is_at(const struct session* session, int fd) {
    const ino_t inode = inode_of(fd);
    return inode != 0 && inode == session->inode;
}

struct session* session_new(int fd, int inherited) {
    struct session* session =
        mmap(NULL, sizeof *session, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (session == MAP_FAILED) return NULL;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&session->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    session->inode = inode_of(fd);
    session->unknown = inherited;
    session->read_limit = FOR_EVER;
    return session;
}

void session_free(struct session* session) { munmap(session, sizeof *session); }

/* A signal's handler may want the session too: signals wait, as they do while a node takes a request. */
static void enter(struct session* session, sigset_t* before) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
    if (pthread_mutex_lock(&session->lock) == EOWNERDEAD) pthread_mutex_consistent(&session->lock);
}

static void leave(struct session* session, const sigset_t* before) {
    pthread_mutex_unlock(&session->lock);
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* Whether the kernel can read there: it looks at the mask before it refuses what to do with it. */
static int byte_readable(const void* byte) {
    const uintptr_t word = (uintptr_t)byte & ~(uintptr_t)7;
    return syscall(SYS_rt_sigprocmask, ~0, word, NULL, 8) == 0 || errno != EFAULT;
}

int readable(const void* bytes, size_t size) {
    return size == 0 || (byte_readable(bytes) && byte_readable((const char*)bytes + size - 1));
}

/* Whether the kernel can write 8 bytes there; they are then something else. */
static int eight_writable(void* bytes) { return syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, bytes, 8) == 0; }

static int nonblocking(int fd) { return (next_fcntl(fd, F_GETFL, NULL) & O_NONBLOCK) != 0; }

static uint32_t length_in(const unsigned char* head) {
    return (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
}

/* --- The node for one session alone: a lock of the open file, which its copies share and the last close ends
 * --- */

static struct flock whole_file(short type) {
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0, .l_pid = 0};
}

static int taken_by_another(const struct session* session, int lock_fd) {
    struct flock lock = whole_file(F_WRLCK);
    return !session->holds_node && next_fcntl(lock_fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static int take(struct session* session, int lock_fd, int32_t timeout_ms) {
    const struct timespec pause = {0, 1000000};
    for (int32_t waited = 0;; ++waited) {
        struct flock lock = whole_file(F_WRLCK);
        if (next_fcntl(lock_fd, F_OFD_SETLK, &lock) == 0) break;
        if (timeout_ms >= 0 && waited >= timeout_ms) return -EBUSY;
        if (nanosleep(&pause, NULL) != 0) return -EINTR;
    }
    session->holds_node = 1;
    return 0;
}

static int give(struct session* session, int lock_fd) {
    if (!session->holds_node) return -EPERM;
    struct flock lock = whole_file(F_UNLCK);
    session->holds_node = 0;
    return next_fcntl(lock_fd, F_OFD_SETLK, &lock) == 0 ? 0 : -errno;
}

/* --- Requests --- */

/* Sends all of it, waiting for space whatever the descriptor's mode: a frame that has begun is finished. */
static int send_all(int fd, const unsigned char* bytes, size_t size) {
    while (size > 0) {
        const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes += sent;
            size -= (size_t)sent;
            continue;
        }
        struct pollfd space = {fd, POLLOUT, 0};
        if (errno == EAGAIN)
            next_poll(&space, 1, FOR_EVER);
        else if (errno != EINTR)
            return -EIO;
    }
    return 0;
}

static size_t swallow(struct session* session, size_t size) {
    const size_t taken = size < session->swallowed_left ? size : session->swallowed_left;
    session->swallowed_left -= (uint32_t)taken;
    return taken;
}

/* How many of the bytes belong to the frame that is being written; marks it as pending when it is whole. */
static size_t admit(struct session* session, const unsigned char* bytes, size_t size) {
    size_t taken = 0;
    if (session->swallowed_left > 0) return swallow(session, size);
    while (session->head_size < HEAD && taken < size) session->head[session->head_size++] = bytes[taken++];
    if (session->head_size < HEAD) return taken;
    if (session->request_left == 0) {
        const uint32_t length = length_in(session->head);
        if (length < HEAD) taken = size; /* no boundary to go by: the rest of this write is dropped */
        session->request_left = length < HEAD ? 0 : length - HEAD;
        if (length > LONGEST_FRAME) {
            session->swallowed_left = session->request_left;
            session->request_left = 0;
            session->pending = 1;
            session->head_size = 0;
            return taken + swallow(session, size - taken);
        }
    }
    const size_t rest = size - taken < session->request_left ? size - taken : session->request_left;
    session->request_left -= (uint32_t)rest;
    if (session->request_left == 0) {
        session->pending = 1;
        session->head_size = 0;
    }
    return taken + rest;
}

ssize_t session_write(struct session* session, int fd, int lock_fd, const void* bytes, size_t size) {
    const int nonblock = nonblocking(fd);
    ssize_t result;
    sigset_t signals;
    if (!readable(bytes, size)) return -EFAULT;
    enter(session, &signals);
    if (session->ended) {
        result = -EIO;
    } else if (taken_by_another(session, lock_fd)) {
        result = -EBUSY;
    } else if (session->pending && session->swallowed_left == 0) {
        result = nonblock ? -EAGAIN : -EBUSY;
    } else {
        session->unknown = 0;
        result = (ssize_t)admit(session, bytes, size);
        const int error = send_all(fd, bytes, (size_t)result);
        if (error != 0) {
            session->ended = 1;
            result = error;
        }
    }
    leave(session, &signals);
    return result;
}

/* Whether there is a request whose answer can be waited for. */
static int has_pending(struct session* session) {
    if (session->unknown && !session->pending) session->pending = 1;
    session->unknown = 0;
    return session->pending;
}

int session_writable(struct session* session, int lock_fd) {
    return !session->pending && !taken_by_another(session, lock_fd);
}

/* --- Answers --- */

/* Waits until the head of the answer is there and looks at it, without taking it. 0, or -errno. */
static int await_head(struct session* session, int fd, int32_t timeout_ms) {
    for (;;) {
        struct pollfd answer = {fd, POLLIN | POLLRDHUP, 0};
        const int ready = next_poll(&answer, 1, timeout_ms);
        if (ready < 0) return -errno;
        if (ready == 0) return -ETIMEDOUT;
        if (!session_is_at(session, fd)) return -EBADF; /* another thread has closed it */
        sigset_t signals;
        enter(session, &signals);
        unsigned char head[HEAD];
        const ssize_t seen = session->answer_size == 0 ? recv(fd, head, HEAD, MSG_PEEK | MSG_DONTWAIT) : 0;
        const int over = (answer.revents & (POLLRDHUP | POLLHUP)) != 0;
        int result = 1;
        if (!session->pending)
            result = -ENODATA; /* another thread has read it */
        else if (session->answer_size != 0)
            result = 0;
        else if (seen == HEAD || (seen > 0 && over))
            session->answer_size = seen == HEAD ? length_in(head) : (uint32_t)seen, result = 0;
        else if (over || seen == 0)
            session->ended = 1, result = -EIO;
        leave(session, &signals);
        if (result <= 0) return result;
        usleep(50); /* a part of the head came */
    }
}

/* What is still to come of an answer that has begun is on its way. */
static ssize_t take_answer(struct session* session, int fd, unsigned char* into, size_t size) {
    const uint32_t left = session->answer_size - session->answer_given;
    const size_t wanted = size < left ? size : left;
    size_t have = 0;
    while (have < wanted) {
        struct pollfd more = {fd, POLLIN, 0};
        const ssize_t got = recv(fd, into + have, wanted - have, MSG_DONTWAIT);
        if (got > 0) {
            have += (size_t)got;
        } else if (got < 0 && errno == EFAULT) {
            return -EFAULT;
        } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            next_poll(&more, 1, FOR_EVER);
        } else {
            session->ended = 1; /* in the middle of the answer */
            return have > 0 ? (ssize_t)have : -EIO;
        }
    }
    session->answer_given += (uint32_t)have;
    if (session->answer_given == session->answer_size)
        session->pending = 0, session->answer_size = 0, session->answer_given = 0;
    return (ssize_t)have;
}

ssize_t session_read(struct session* session, int fd, void* into, size_t size) {
    const int nonblock = nonblocking(fd);
    if (session->ended) return -EIO;
    if (!has_pending(session)) return nonblock ? -EAGAIN : -ENODATA;
    const int error = await_head(session, fd, nonblock ? 0 : session->read_limit);
    if (error == -ETIMEDOUT && nonblock) return -EAGAIN;
    if (error != 0) return error;
    sigset_t signals;
    enter(session, &signals);
    const ssize_t result = session->pending ? take_answer(session, fd, into, size) : -ENODATA;
    leave(session, &signals);
    return result;
}

static int await(struct session* session, int fd, struct await_argument* argument) {
    if (!readable(argument, sizeof *argument)) return -EFAULT;
    if (session->ended) return -EIO;
    if (!has_pending(session)) return -ENODATA;
    const int error = await_head(session, fd, argument->timeout_ms < 0 ? FOR_EVER : argument->timeout_ms);
    if (error != 0) return error;
    const struct await_argument told = {argument->timeout_ms, session->answer_size, argument->reserved};
    if (!eight_writable(argument)) return -EFAULT;
    *argument = told;
    return 0;
}

int session_ioctl(struct session* session, int fd, int lock_fd, unsigned long request, void* argument) {
    const int32_t milliseconds = (int32_t)(intptr_t)argument;
    switch (request & 0xffffffff) {
        case AWAIT:
            return await(session, fd, argument);
        case TAKE:
            return take(session, lock_fd, 0);
        case GIVE:
            return give(session, lock_fd);
        case TAKE_WITHIN:
            return take(session, lock_fd, milliseconds);
        case READ_WITHIN:
            session->read_limit = milliseconds < 0 ? FOR_EVER : milliseconds;
            return 0;
        default:
            return -ENOTTY; /* also for the exchanges in one call: callers then write and read */
    }
}
