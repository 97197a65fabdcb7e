/* Which descriptors of this process are sessions. There is no lock: the calls are for signal handlers and for
 * children of threaded programs too, and who asks about another descriptor looks at one word. */
#ifndef CS2SIM_PRELOAD_PLACES_H
#define CS2SIM_PRELOAD_PLACES_H

#include <limits.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "session.h"

/* A process's view of a session, which all its descriptors of it share. */
struct view {
    atomic_int users;       /* its descriptors, and calls under way; with the last it is free again */
    atomic_int descriptors; /* with the last the node is given back, whoever still waits */
    atomic_int lock_fd;     /* negative: none now */
    struct stat lock;       /* of the file of that number, which the program may have closed */
    struct session* session;
    int access; /* O_RDONLY, O_WRONLY, O_RDWR */
    int close_on_exec;
};

/* The session of a descriptor, NULL when it is none. It stays until it is released, even if the descriptor is
 * closed meanwhile. */
struct view* hold(int fd);
void release(struct view* view);
int is_session(int fd);
/* Whether the socket of that inode is a session's. */
int is_session_inode(ino_t inode);

/* The descriptor of the view's lock file, opened anew if the program has closed it; negative: there is none.
 */
int lock_of(struct view* view);
/* Whether the number is that of such a lock file: no descriptor of the program's. */
int is_lock(int fd);
/* The lowest number from `first` to `last` that is. */
#define NO_LOCK UINT_MAX
unsigned next_lock(unsigned first, unsigned last);

/* Makes the socket a session. 0, or the errno. */
int begin_session(int fd, int access, int close_on_exec, int inherited);
/* `copy` is a descriptor that the held view has got. */
void remember(int copy, struct view* view);
/* Before the descriptor is closed. */
void forget(int fd);
/* After descriptors were closed by calls that cannot be seen. */
void forget_closed(void);

/* Whether the process is another's vfork() child: the table is its parent's, whose descriptors stay. */
int is_guest(void);

#endif
