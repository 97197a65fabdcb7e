/* Descriptors of sessions in programs with threads, children and signal handlers. See preload_caller.h. */
#define _GNU_SOURCE
#include "preload_caller.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>

static int session;
static atomic_int over;

static int child_status(pid_t child) {
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

/* --- Threads --- */

static void* copies(void* of) {
    while (!atomic_load(&over)) close(dup(*(int*)of));
    return NULL;
}

static void forks_beside_threads(int listener) {
    int other = STDOUT_FILENO;
    pthread_t threads[2];
    session = open(device(), O_RDWR);
    const int end = accepted(listener);
    pthread_create(&threads[0], NULL, copies, &session);
    pthread_create(&threads[1], NULL, copies, &other);
    for (int i = 0; i < 400; ++i) {
        const pid_t child = i % 2 ? fork() : _Fork();
        if (child == 0) {
            alarm(20);
            const int copy = dup(session);
            close(session);
            _exit(close(copy) == 0 && close(other) == 0 ? 0 : 1);
        }
        EXPECT(child_status(child) == 0);
        if (failures > 0) break;
    }
    atomic_store(&over, 1);
    for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
    EXPECT(works(session, end));
}

static void* waits(void* result) {
    unsigned char got[64];
    const ssize_t size = read(session, got, sizeof got);
    *(int*)result = size < 0 ? -errno : (int)size;
    return NULL;
}

static void closes_under_a_reader(int listener) {
    for (int copied = 0; copied < 2; ++copied) {
        int result = 0;
        pthread_t reader;
        session = open(device(), O_RDWR);
        const int copy = copied ? dup(session) : -1;
        const int end = accepted(listener);
        EXPECT(send_request(session) && has_request(end));
        pthread_create(&reader, NULL, waits, &result);
        usleep(100000);
        EXPECT(close(session) == 0);
        EXPECT(give_answer(end));
        pthread_join(reader, NULL);
        EXPECT(result == -EBADF);
        if (copied) EXPECT(read_answer(copy) && works(copy, end));
        close(copy);
        close(end);
    }
}

/* The node is given back with the last descriptor, though a child was begun within a call. */
static void child_beside_a_reader(int listener) {
    int result = 0;
    pthread_t reader;
    session = open(device(), O_RDWR | O_CLOEXEC);
    const int end = accepted(listener);
    EXPECT(ioctl(session, TAKE, 0) == 0);
    EXPECT(send_request(session) && has_request(end));
    pthread_create(&reader, NULL, waits, &result);
    usleep(100000);
    const pid_t child = fork();
    if (child == 0) {
        close(session);
        for (;;) pause();
    }
    EXPECT(give_answer(end));
    pthread_join(reader, NULL);
    EXPECT(result == ANSWER_SIZE);
    EXPECT(close(session) == 0);
    const int other = open(device(), O_RDWR);
    int taken = -1;
    for (int tries = 0; taken != 0 && tries < 1000; ++tries, usleep(1000)) taken = ioctl(other, TAKE, 0);
    EXPECT(taken == 0);
    kill(child, SIGKILL);
    child_status(child);
}

/* --- Signal handlers --- */

static int handlers_end;
static atomic_int handled;

static void calls_all(int signal) {
    unsigned char got[64];
    const int error = errno;
    (void)signal;
    close(dup(STDOUT_FILENO));
    const int copy = dup(session);
    if (write(copy, request, REQUEST_SIZE) == REQUEST_SIZE && has_request(handlers_end) &&
        give_answer(handlers_end) && read(copy, got, sizeof got) == ANSWER_SIZE)
        ++handled;
    close(copy);
    errno = error;
}

static void calls_in_handlers(int listener) {
    session = open(device(), O_RDWR);
    handlers_end = accepted(listener);
    const struct sigaction action = {.sa_handler = calls_all, .sa_flags = SA_RESTART};
    const struct itimerval often = {{0, 300}, {0, 300}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    EXPECT(sigaction(SIGALRM, &action, NULL) == 0);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 20000 || atomic_load(&handled) < 20; ++i) {
        close(dup(STDOUT_FILENO));
        close(dup(session));
        (void)!write(session, request, 0);
        (void)ioctl(session, TAKE, 0);
        (void)ioctl(session, GIVE, 0);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    EXPECT(works(session, handlers_end));
}

/* --- Children that share the memory --- */

static void vforks(int listener) {
    session = open(device(), O_RDWR | O_CLOEXEC);
    const int end = accepted(listener);
    const int number = session;
    const pid_t child = vfork();
    if (child == 0) {
        dup2(number, 40);
        close(number);
        dup2(STDOUT_FILENO, number);
        closefrom(number);
        open(device(), O_RDWR);
        execl("/bin/true", "true", (char*)NULL);
        _exit(1);
    }
    EXPECT(child_status(child) == 0);
    struct stat found;
    EXPECT(fstat(session, &found) == 0 && S_ISCHR(found.st_mode));
    EXPECT(works(session, end));
    EXPECT(ioctl(session, TAKE, 0) == 0);
    EXPECT(ioctl(session, GIVE, 0) == 0);
    EXPECT_ERROR(fcntl(40, F_GETFD), EBADF);
}

/* --- Closing many --- */

static void closes_ranges(int listener) {
    for (int way = 0; way < 2; ++way) {
        unsigned char byte = 0;
        int ends[2];
        session = open(device(), O_RDWR);
        const int number = session;
        close(accepted(listener));
        EXPECT(ioctl(session, TAKE, 0) == 0);
        if (way == 0) closefrom(session);
        if (way == 1) EXPECT(close_range((unsigned)session, ~0U, 0) == 0);
        /* The lock file's number is another file's now, which must stay. */
        EXPECT(pipe(ends) == 0 && dup2(ends[0], 512) == 512 && dup2(ends[1], 513) == 513);
        EXPECT(close(ends[0]) == 0 && close(ends[1]) == 0);
        session = open(device(), O_RDWR);
        const int end = accepted(listener);
        EXPECT(session == number && works(session, end));
        EXPECT(ioctl(session, TAKE, 0) == 0);
        EXPECT(ioctl(session, GIVE, 0) == 0);
        close(session);
        close(end);
        EXPECT(write(513, &byte, 1) == 1 && read(512, &byte, 1) == 1);
    }
}

static void keeps_one_of_all(int listener) {
    session = open(device(), O_RDWR);
    const int end = accepted(listener);
    EXPECT(ioctl(session, TAKE, 0) == 0);
    for (int way = 0; way < 3; ++way) {
        if (way == 0) EXPECT(close_range((unsigned)end + 1, ~0U, 0) == 0);
        if (way == 1) closefrom(end + 1);
        if (way == 2)
            for (int fd = end + 1; fd < 1024; ++fd) close(fd);
        const int other = open(device(), O_RDWR);
        EXPECT_ERROR(ioctl(other, TAKE, 0), EBUSY);
        close(other);
        close(accepted(listener));
        EXPECT(works(session, end));
    }
    EXPECT(syscall(SYS_close_range, end + 1, ~0U, 0) == 0); /* unseen: the lock goes, and is made anew */
    EXPECT(ioctl(session, TAKE, 0) == 0);
    EXPECT(ioctl(session, GIVE, 0) == 0);
    const int other = open(device(), O_RDWR);
    EXPECT(ioctl(other, TAKE, 0) == 0);
    EXPECT_ERROR(ioctl(session, TAKE, 0), EBUSY);
    EXPECT(syscall(SYS_close, other) == 0);
    close(open(device(), O_RDWR));
    EXPECT(ioctl(session, TAKE, 0) == 0); /* the next open has seen that the other one is gone */
}

static void stale_lock_numbers(int listener) {
    int ends[2];
    (void)listener;
    session = open(device(), O_RDWR);
    EXPECT(syscall(SYS_close_range, session, ~0U, 0) == 0);
    EXPECT(pipe(ends) == 0);
    for (int fd = 512; fd < 520; ++fd) EXPECT(syscall(SYS_dup3, ends[0], fd, 0) == fd);
    close(session); /* the pipe's first end by now */
    for (int fd = 512; fd < 520; ++fd) EXPECT(fcntl(fd, F_GETFD) >= 0);
}

/* --- What the kernel does with every file --- */

/* While an answer is due, a session is not written to. */
static void selects(int listener) {
    session = open(device(), O_RDWR);
    const int end = accepted(listener);
    for (int with_mask = 0; with_mask < 2; ++with_mask)
        for (int pending = 0; pending < 2; ++pending) {
            fd_set to_write;
            struct timeval now = {0, 0};
            const struct timespec at_once = {0, 0};
            FD_ZERO(&to_write);
            FD_SET(session, &to_write);
            if (pending) EXPECT(send_request(session));
            const int ready = with_mask ? pselect(session + 1, NULL, &to_write, NULL, &at_once, NULL)
                                        : select(session + 1, NULL, &to_write, NULL, &now);
            EXPECT(ready == !pending);
            if (pending) EXPECT(has_request(end) && give_answer(end) && read_answer(session));
        }
}

/* Through variables: the compiler knows what they would refuse. */
typedef ssize_t vector_call(int, const struct iovec*, int);
static vector_call* volatile read_pieces = readv;
static vector_call* volatile write_pieces = writev;

static void pieces_and_general_ioctls(int listener) {
    session = open(device(), O_RDWR);
    const int end = accepted(listener);
    int on = 1;
    unsigned char got[64];
    struct iovec parts[2] = {{(void*)request, 4}, {(void*)(request + 4), REQUEST_SIZE - 4}};
    EXPECT_ERROR(write_pieces(session, NULL, 2), EFAULT);
    EXPECT_ERROR(read_pieces(session, (const struct iovec*)8, 1), EFAULT);
    EXPECT_ERROR(write_pieces(session, parts, -1), EINVAL);
    EXPECT_ERROR(write_pieces(session, parts, 1025), EINVAL);
    parts[1].iov_len = (size_t)-1;
    EXPECT_ERROR(write_pieces(session, parts, 2), EINVAL);
    parts[1].iov_len = REQUEST_SIZE - 4;
    EXPECT(write_pieces(session, parts, 2) == REQUEST_SIZE);
    EXPECT(has_request(end) && give_answer(end) && read_answer(session));
    EXPECT(ioctl(session, FIONBIO, &on) == 0 && (fcntl(session, F_GETFL) & O_NONBLOCK));
    EXPECT_ERROR(read(session, got, sizeof got), EAGAIN);
    on = 0;
    EXPECT(ioctl(session, FIONBIO, &on) == 0 && !(fcntl(session, F_GETFL) & O_NONBLOCK));
    EXPECT(ioctl(session, FIOCLEX) == 0 && fcntl(session, F_GETFD) == FD_CLOEXEC);
    EXPECT(ioctl(session, FIONCLEX) == 0 && fcntl(session, F_GETFD) == 0);
    EXPECT_ERROR(ioctl(session, FIONREAD, &on), ENOTTY);
}

int main(int argc, char** argv) {
    static const struct scene scenes[] = {
        {"forks-beside-threads", forks_beside_threads},
        {"closes-under-a-reader", closes_under_a_reader},
        {"child-beside-a-reader", child_beside_a_reader},
        {"calls-in-handlers", calls_in_handlers},
        {"vforks", vforks},
        {"closes-ranges", closes_ranges},
        {"keeps-one-of-all", keeps_one_of_all},
        {"stale-lock-numbers", stale_lock_numbers},
        {"selects", selects},
        {"pieces-and-general-ioctls", pieces_and_general_ioctls},
    };
    return play_named(scenes, sizeof scenes / sizeof scenes[0], argc, argv);
}
