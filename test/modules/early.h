/* What a hostile image's constructors try, which run while it is loaded: the text names what they could do.
 */
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static char could[1024];
static int kept_open = -1;

static void note(const char* what) {
    if (strlen(could) + strlen(what) + 2 < sizeof could) strcat(strcat(could, what), "\n");
}

static void try_to_open(const char* path, int flags, const char* what) {
    const int fd = open(path, flags);
    if (fd < 0) return;
    note(what);
    close(fd);
}

/* Its log lies beside the state's secrets: <state>/modules/module-PROB.log. */
static void try_the_state(void) {
    char path[600], *slash;
    const long length = readlink("/proc/self/fd/1", path, 500);
    path[length > 0 ? length : 0] = 0;
    try_to_open(path, O_RDONLY, "reads its log");
    try_to_open(path, O_RDONLY | O_TRUNC, "truncates its log");
    if ((slash = strrchr(path, '/')) != NULL) *slash = 0;
    if ((slash = strrchr(path, '/')) != NULL) strcpy(slash, "/keyram");
    try_to_open(path, O_RDONLY, "reads keyram");
    try_to_open(path, O_RDONLY | O_TRUNC, "truncates keyram");
}

static void try_the_simulator(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)getppid());
    try_to_open(path, O_RDONLY, "reads the simulator's memory");
    snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
    try_to_open(path, O_RDONLY, "reads the simulator's environment");
    if (setpriority(PRIO_PROCESS, (id_t)getppid(), 19) == 0) note("slows the simulator down");
}

static int has_capabilities(void);

__attribute__((constructor)) static void early(void) {
    try_the_state();
    try_the_simulator();
    try_to_open("/etc/passwd", O_RDONLY, "reads /etc/passwd");
    if (has_capabilities()) note("has capabilities");
    if (syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */) == 0) note("makes a namespace");
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0) note("has the network");
    kept_open = dup(0);
}

/* One who stays open is as good as the file, after the door is closed. */
static const char* what_it_could(void) {
    if (kept_open < 0) note("(made no descriptor to keep)");
    if (fcntl(kept_open, F_GETFD) >= 0) note("keeps a descriptor");
    return could;
}
