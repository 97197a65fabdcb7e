#define _GNU_SOURCE
#include "places.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "next_call.h"

enum { MOST_DESCRIPTORS = 65536, MOST_SESSIONS = 4096, CHANGING = -1, ABOVE_THE_PROGRAMS = 512 };

typedef int open_call(const char*, int, ...);
typedef int close_call(int);
typedef pid_t fork_call(void);

/* Views are never given back to the system, so that who has read a place can count itself in, or see that it
 * came too late. */
static struct view views[MOST_SESSIONS];
/* Of each descriptor: 0, its view, or the view whose lock file it is, marked by the lowest bit. */
static _Atomic(uintptr_t) places[MOST_DESCRIPTORS];
static atomic_int highest; /* of the places that were ever taken */
static pid_t owner;        /* whose memory this is */
static __thread int calls_here __attribute__((tls_model("initial-exec")));

int is_guest(void) { return getpid() != owner; }

static uintptr_t place_of(int fd) { return fd < 0 || fd >= MOST_DESCRIPTORS ? 0 : atomic_load(&places[fd]); }
static struct view* view_in(uintptr_t place) { return place & 1 ? NULL : (struct view*)place; }
static uintptr_t mark_of(const struct view* view) { return (uintptr_t)view | 1; }

/* --- Views --- */

static void drop(struct view* view) {
    int users = atomic_load(&view->users);
    while (!atomic_compare_exchange_weak(&view->users, &users, users == 1 ? CHANGING : users - 1)) {
    }
    if (users != 1) return;
    session_free(view->session);
    view->session = NULL;
    atomic_store(&view->users, 0);
}

static struct view* new_view(void) {
    for (int i = 0; i < MOST_SESSIONS; ++i) {
        int free_one = 0;
        if (atomic_compare_exchange_strong(&views[i].users, &free_one, CHANGING)) return &views[i];
    }
    return NULL;
}

static int count_in(struct view* view) {
    int users = atomic_load(&view->users);
    do {
        if (users <= 0) return 0;
    } while (!atomic_compare_exchange_weak(&view->users, &users, users + 1));
    ++calls_here;
    return 1;
}

struct view* hold(int fd) {
    struct view* view = view_in(place_of(fd));
    if (!view || !count_in(view)) return NULL;
    if (view_in(place_of(fd)) == view && session_is_at(view->session, fd)) return view;
    release(view);
    return NULL;
}

void release(struct view* view) {
    --calls_here;
    drop(view);
}

int is_session(int fd) {
    struct view* view = hold(fd);
    if (view) release(view);
    return view != NULL;
}

int is_session_inode(ino_t inode) {
    for (int i = 0; i < MOST_SESSIONS; ++i) {
        if (atomic_load(&views[i].users) <= 0 || !count_in(&views[i])) continue;
        const int found = views[i].session->inode == inode;
        release(&views[i]);
        if (found) return 1;
    }
    return 0;
}

/* --- Lock files --- */

static int is_lock_of(int fd, const struct view* view) {
    struct stat found;
    return fd >= 0 && place_of(fd) == mark_of(view) && NEXT(fstat_call, fstat)(fd, &found) == 0 &&
           found.st_dev == view->lock.st_dev && found.st_ino == view->lock.st_ino;
}

static void close_lock(struct view* view) {
    const int fd = atomic_exchange(&view->lock_fd, -1);
    if (!is_lock_of(fd, view)) return;
    uintptr_t mark = mark_of(view);
    if (atomic_compare_exchange_strong(&places[fd], &mark, 0)) NEXT(close_call, close)(fd);
}

static void lose_descriptor(struct view* view) {
    if (atomic_fetch_sub(&view->descriptors, 1) == 1) close_lock(view);
    drop(view);
}

static void put(int fd, uintptr_t place) {
    for (int known = atomic_load(&highest);
         known < fd && !atomic_compare_exchange_weak(&highest, &known, fd);) {
    }
    struct view* before = view_in(atomic_exchange(&places[fd], place));
    if (before) lose_descriptor(before);
}

/* Out of the way of the descriptors that the program counts on. */
static int open_lock(int close_on_exec) {
    char path[sizeof((struct sockaddr_un*)0)->sun_path + 8];
    const char* socket_path = setting("CS2SIM_PRELOAD_SOCKET");
    if (!socket_path || snprintf(path, sizeof path, "%s.lock", socket_path) >= (int)sizeof path) return -1;
    const int fd = NEXT(open_call, open)(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return fd;
    const int high = next_fcntl(fd, close_on_exec ? F_DUPFD_CLOEXEC : F_DUPFD, (void*)ABOVE_THE_PROGRAMS);
    if (high < 0) return fd;
    NEXT(close_call, close)(fd);
    return high;
}

static int has_lock(struct view* view, int fd) {
    if (fd >= 0 && fd < MOST_DESCRIPTORS && NEXT(fstat_call, fstat)(fd, &view->lock) == 0) return 1;
    if (fd >= 0) NEXT(close_call, close)(fd);
    return 0;
}

int lock_of(struct view* view) {
    int known = atomic_load(&view->lock_fd);
    if (is_lock_of(known, view)) return known;
    if (is_guest()) return -1;
    const int fd = open_lock(view->close_on_exec);
    if (!has_lock(view, fd)) return -1;
    if (atomic_compare_exchange_strong(&view->lock_fd, &known, fd)) {
        put(fd, mark_of(view));
        return fd;
    }
    NEXT(close_call, close)(fd); /* another thread was first */
    return known;
}

int is_lock(int fd) {
    const uintptr_t place = place_of(fd);
    return (place & 1) && is_lock_of(fd, (const struct view*)(place & ~(uintptr_t)1));
}

unsigned next_lock(unsigned first, unsigned last) {
    const unsigned end = (unsigned)atomic_load(&highest);
    for (unsigned fd = first; fd <= last && fd <= end; ++fd)
        if (is_lock((int)fd)) return fd;
    return NO_LOCK;
}

/* --- Places --- */

void remember(int copy, struct view* view) {
    if (copy >= MOST_DESCRIPTORS || is_guest()) return;
    atomic_fetch_add(&view->users, 1);
    atomic_fetch_add(&view->descriptors, 1);
    put(copy, (uintptr_t)view);
}

int begin_session(int fd, int access, int close_on_exec, int inherited) {
    if (is_guest()) return 0; /* the socket's own reads and writes, until it runs its program */
    if (fd >= MOST_DESCRIPTORS) return EMFILE;
    struct view* view = new_view();
    if (!view) return ENFILE;
    view->session = session_new(fd, inherited);
    if (!view->session) {
        atomic_store(&view->users, 0);
        return ENOMEM;
    }
    view->access = access;
    view->close_on_exec = close_on_exec;
    atomic_store(&view->descriptors, 1);
    const int lock = open_lock(close_on_exec);
    atomic_store(&view->lock_fd, has_lock(view, lock) ? lock : -1);
    if (atomic_load(&view->lock_fd) >= 0) put(lock, mark_of(view));
    atomic_store(&view->users, 1);
    put(fd, (uintptr_t)view);
    return 0;
}

void forget(int fd) {
    if (place_of(fd) != 0 && !is_guest()) put(fd, 0);
}

void forget_closed(void) {
    if (is_guest()) return;
    const int end = atomic_load(&highest);
    for (int fd = 0; fd <= end; ++fd) {
        uintptr_t place = place_of(fd);
        struct view* view = view_in(place);
        if (!view || !count_in(view)) continue;
        const int gone = !session_is_at(view->session, fd);
        if (gone && atomic_compare_exchange_strong(&places[fd], &place, 0)) lose_descriptor(view);
        release(view);
    }
}

/* --- Children --- */

/* What was counted for other threads' calls is not for this process, which has none of them. */
static void count_descriptors(void) {
    static int found[MOST_SESSIONS];
    const int end = atomic_load(&highest);
    memset(found, 0, sizeof found);
    for (int fd = 0; fd <= end; ++fd)
        if (view_in(place_of(fd))) ++found[view_in(place_of(fd)) - views];
    for (int i = 0; i < MOST_SESSIONS; ++i) {
        const int users = atomic_load(&views[i].users);
        if (users == 0 || (users > 0 && users == found[i])) continue;
        atomic_store(&views[i].descriptors, found[i]);
        if (users > 0 && found[i] == 0) close_lock(&views[i]);
        atomic_store(&views[i].users, users > 0 ? found[i] + 1 : found[i]);
        if (users > 0) drop(&views[i]);
    }
}

static void begin_as_child(void) {
    owner = getpid();
    if (calls_here == 0) count_descriptors(); /* else a signal handler has forked within a call */
}

/* It runs no fork handlers. */
EXPORTED pid_t _Fork(void);
EXPORTED pid_t _Fork(void) {
    const pid_t child = NEXT(fork_call, _Fork)();
    if (child == 0) begin_as_child();
    return child;
}

/* Descriptors that came over exec(): those that are connected to the simulator's socket. */
static void find_inherited(void) {
    const char* path = setting("CS2SIM_PRELOAD_SOCKET");
    for (int fd = 0; path && fd < 256; ++fd) {
        struct sockaddr_un peer = {.sun_family = AF_UNSPEC};
        socklen_t size = sizeof peer - 1;
        if (getpeername(fd, (struct sockaddr*)&peer, &size) != 0 || peer.sun_family != AF_UNIX) continue;
        if (strcmp(peer.sun_path, path) == 0) begin_session(fd, O_RDWR, 0, 1);
    }
}

extern struct next_call __start_next_calls[] __attribute__((visibility("hidden")));
extern struct next_call __stop_next_calls[] __attribute__((visibility("hidden")));

__attribute__((constructor)) static void begin(void) {
    for (struct next_call* call = __start_next_calls; call < __stop_next_calls; ++call)
        if (!call->function) call->function = dlsym(RTLD_NEXT, call->name);
    owner = getpid();
    pthread_atfork(NULL, NULL, begin_as_child);
    find_inherited();
}
