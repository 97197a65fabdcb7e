/* What a hostile image's constructors try, which run while it is loaded: the text names what they could do.
 */
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

/* By calls of Linux 6.13 and after, which take a path: SYS_setxattrat and SYS_file_setattr. */
static void try_new_calls(const char* path) {
    long zeros[8] = {0};
    const char list[] = {2, 0, 0,  0,  1,  0,  6,  0, -1, -1, -1, -1, 4,  0,
                         6, 0, -1, -1, -1, -1, 32, 0, 6,  0,  -1, -1, -1, -1};
    struct {
        unsigned long long value;
        unsigned size, flags;
    } argument = {(unsigned long)list, sizeof list, 0};
    if (syscall(463, AT_FDCWD, path, 0, "system.posix_acl_access", &argument, sizeof argument) == 0)
        note("lays its log open");
    if (syscall(469, AT_FDCWD, path, zeros, 24, 0) == 0) note("sets flags of its log");
}

static void try_descriptors(void) {
    int flags = 0;
    if (fchmod(1, 0666) == 0) note("changes the mode of its log");
    if (ioctl(1, _IOR('f', 1, long), &flags) == 0) note("asks for flags of files, which it could set");
    if (fcntl(0, 10 /* F_SETSIG */, 9) == 0) note("has signals sent");
    if (prctl(PR_SET_PDEATHSIG, 0) == 0) note("outlives the simulator");
    if (syscall(SYS_setpgid, 0, 0) == 0) note("leaves its process group");
    if (getenv("CS2SIM_TEST_SECRET")) note("reads the simulator's environment from its own");
}

/* Its log lies beside the state's secrets: <state>/modules/module-PROB.log. */
static void try_the_state(void) {
    char path[600], *slash;
    const long length = readlink("/proc/self/fd/1", path, 500);
    path[length > 0 ? length : 0] = 0;
    try_to_open(path, O_RDONLY, "reads its log");
    try_new_calls(path);
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
    try_descriptors();
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
