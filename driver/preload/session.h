/* One open file of a node that is really a Unix socket. What the node would know about it is shared by all
 * copies of the descriptor, those of children too; the rows of driver/README.md say what each case comes to.
 */
#ifndef CS2SIM_PRELOAD_SESSION_H
#define CS2SIM_PRELOAD_SESSION_H

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

struct session {
    pthread_mutex_t lock;    /* shared between processes; never held while an answer is waited for */
    ino_t inode;             /* of the socket: a descriptor of another one is not of this session */
    unsigned char head[4];   /* of the request that is being written */
    unsigned head_size;      /* bytes of it that came */
    uint32_t request_left;   /* bytes still to come behind the head */
    uint32_t swallowed_left; /* of a request that is too long: its answer may be read meanwhile */
    int unknown;             /* inherited over exec(): a request may be pending or not */
    int pending;             /* a whole request was sent, its answer is not wholly read */
    uint32_t answer_size;    /* 0 until its head has come */
    uint32_t answer_given;   /* bytes that were read */
    int ended;               /* the device hung up */
    int holds_node;          /* has taken it (0x6b08) */
    int32_t read_limit;      /* milliseconds that a read waits; negative: for ever */
};

/* Of the socket `fd`, in memory that children share; NULL when there is none. */
struct session* session_new(int fd, int inherited);
void session_free(struct session* session);
/* Whether the descriptor is one of its socket (still). */
int session_is_at(const struct session* session, int fd);
/* Whether the caller's memory can be read, at both ends. */
int readable(const void* bytes, size_t size);

/* All work on the socket `fd`; `lock_fd` is the file by whose lock one session has the node for itself. They
 * return what the node's call would, or -errno. */
ssize_t session_write(struct session* session, int fd, int lock_fd, const void* bytes, size_t size);
ssize_t session_read(struct session* session, int fd, void* into, size_t size);
int session_ioctl(struct session* session, int fd, int lock_fd, unsigned long request, void* argument);
/* Whether a request would be taken now. */
int session_writable(struct session* session, int lock_fd);

#endif
