#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"
#include "reading.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define ARCHITECTURE AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

enum { MOST_DESCRIPTORS = 32, MOST_SECONDS_OF_A_READER = 3 };
#define MOST_MEMORY (1ul << 30)
#define LONGEST_FILE (64ul << 20) /* its log is the only one that it can write */

static int is_open_run(void) { return getenv("CS2SIM_MODULE_OPEN") != NULL; }

/* Calls that are refused with EPERM. The module is native code of the user's own, so this keeps accidents
 * small and hostile code away from other processes and the network; it is no virtual machine. */
static const int never[] = {
#include "refused_calls.inc"
};

/* Calls that are newer than that list: cachestat is the first of them, setxattrat and file_setattr are among
 * them. Numbers from 424 on are those of every architecture. */
enum { FIRST_UNKNOWN = 451 };

static const int executing[] = {SYS_execve, SYS_execveat};

static const int opening[] = {
    SYS_openat,
#ifdef SYS_open
    SYS_open,
#endif
};

#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define UNKNOWN BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (u32)offsetof(struct seccomp_data, field))

enum { MOST_INSTRUCTIONS = 512 };

struct filter {
    struct sock_filter code[MOST_INSTRUCTIONS];
    unsigned short size;
};

static void add(struct filter* filter, struct sock_filter instruction) {
    if (filter->size == MOST_INSTRUCTIONS) _exit(126);
    filter->code[filter->size++] = instruction;
}

/* Another architecture's calls have other numbers: all of them are refused. */
static void begin(struct filter* filter) {
    filter->size = 0;
    add(filter, (struct sock_filter)LOAD(arch));
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
    add(filter, (struct sock_filter)REFUSE);
    add(filter, (struct sock_filter)LOAD(nr));
    /* Those of x32 too, which are the same calls by numbers from 0x40000000 on. */
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_UNKNOWN, 0, 1));
    add(filter, (struct sock_filter)UNKNOWN);
}

static void refuse(struct filter* filter, int number) {
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (u32)number, 0, 1));
    add(filter, (struct sock_filter)REFUSE);
}

/* O_TRUNC empties a file that is opened for reading. */
#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

/* Opening for writing: the flags are the call's argument of that place. */
static void refuse_writing(struct filter* filter, int number, int place) {
    const u32 low = (u32)(offsetof(struct seccomp_data, args) + (size_t)place * sizeof(unsigned long long));
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (u32)number, 0, 4));
    add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low));
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, WRITING, 0, 1));
    add(filter, (struct sock_filter)REFUSE);
    add(filter, (struct sock_filter)ALLOW);
}

/* A call whose argument of that place is one of those, or, `others`, none of them. */
static void refuse_argument(struct filter* filter, int number, int place, const u32* values, u32 count,
                            int others) {
    const u32 low = (u32)(offsetof(struct seccomp_data, args) + (size_t)place * sizeof(unsigned long long));
    u32 i;
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (u32)number, 0, (u8)(count + 3)));
    add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low));
    for (i = 0; i < count; ++i)
        add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, values[i], (u8)(count - i), 0));
    add(filter, others ? (struct sock_filter)REFUSE : (struct sock_filter)ALLOW);
    add(filter, others ? (struct sock_filter)ALLOW : (struct sock_filter)REFUSE);
}

/* What a program asks of its log. Others change a file that is open for reading (FS_IOC_SETFLAGS). */
static const u32 harmless_controls[] = {0x5401 /* TCGETS */, 0x5413 /* TIOCGWINSZ */, 0x541B /* FIONREAD */};
/* Signals by way of a descriptor. */
static const u32 owners[] = {F_SETOWN, F_SETSIG, 15 /* F_SETOWN_EX */};
/* Its end is that of the simulator. */
static const u32 parents[] = {PR_SET_PDEATHSIG};

#define COUNT(list) (u32)(sizeof list / sizeof list[0])

static void refuse_by_argument(struct filter* filter) {
    refuse_argument(filter, SYS_ioctl, 1, harmless_controls, COUNT(harmless_controls), 1);
    refuse_argument(filter, SYS_fcntl, 1, owners, COUNT(owners), 0);
#ifdef SYS_fcntl64
    refuse_argument(filter, SYS_fcntl64, 1, owners, COUNT(owners), 0);
#endif
    refuse_argument(filter, SYS_prctl, 0, parents, COUNT(parents), 0);
}

/* A signal to itself is what abort() sends. */
static void refuse_signals_to_others(struct filter* filter) {
    const u32 low = (u32)offsetof(struct seccomp_data, args);
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 4));
    add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low));
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (u32)getpid(), 1, 0));
    add(filter, (struct sock_filter)REFUSE);
    add(filter, (struct sock_filter)ALLOW);
}

static void install(struct filter* filter) {
    struct sock_fprog program = {0, filter->code};
    add(filter, (struct sock_filter)ALLOW);
    program.len = filter->size;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0 && errno != EINVAL)
        _exit(126); /* EINVAL: a kernel without it */
}

static void limit(int resource, rlim_t value) {
    const struct rlimit limits = {value, value};
    setrlimit(resource, &limits);
}

static void refuse_each(struct filter* filter, const int* numbers, size_t count) {
    size_t i;
    for (i = 0; i < count; ++i) refuse(filter, numbers[i]);
}

#define REFUSE_EACH(filter, numbers) refuse_each(filter, numbers, sizeof numbers / sizeof numbers[0])

static void gain_nothing_and_die_with_parent(void) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

/* A superuser's, when the simulator runs as one. */
static void give_up_capabilities(void) {
    struct __user_cap_header_struct self = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
    memset(none, 0, sizeof none);
    if (syscall(SYS_capset, &self, none) != 0) _exit(126);
}

static void close_from(int first) {
    int fd;
    if (syscall(SYS_close_range, first, ~0u, 0) == 0) return;
    for (fd = first; fd < 1024; ++fd) close(fd); /* before Linux 5.9 */
}

static int can_be_read(const char* file) {
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

/* A superuser's simulator reads what lies in the folders of others, its module's process no longer can: a
 * copy in memory takes the image's place. */
static const char* copy_of(int image) {
    static char path[32];
    const int copy = image < 0 ? -1 : memfd_create("image", 0);
    struct stat info;
    off_t at = 0;
    if (copy < 0 || fstat(image, &info) != 0 || !S_ISREG(info.st_mode)) return NULL;
    while (at < info.st_size)
        if (sendfile(copy, image, &at, (size_t)(info.st_size - at)) <= 0) return NULL;
    snprintf(path, sizeof path, "/proc/self/fd/%d", copy);
    return path;
}

static const char* readable_without_capabilities(const char* image) {
    const int fd = open(image, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const char* copy = NULL;
    give_up_capabilities();
    if (!can_be_read(image)) copy = copy_of(fd);
    if (fd >= 0) close(fd);
    return copy ? copy : image;
}

/* Where the dynamic loader looks for libraries. Others than the device's own modules may use what it has. */
#define LIBRARIES                                                                                 \
    "/lib", "/lib32", "/lib64", "/libx32", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", \
        "/usr/local/lib", "/etc/ld.so.cache"

/* The folder of the C library, which is elsewhere in some systems. */
static int find_libc(struct dl_phdr_info* info, size_t size, void* folder) {
    const char* const name = info->dlpi_name ? strrchr(info->dlpi_name, '/') : NULL;
    (void)size;
    if (!name || name == info->dlpi_name || strncmp(name, "/libc.", 6) != 0) return 0;
    snprintf(folder, 4096, "%.*s", (int)(name - info->dlpi_name), info->dlpi_name);
    return 1;
}

static void read_libraries_and(const char* image) {
    static char libc[4096] = "/lib";
    const char* const paths[] = {LIBRARIES, libc, image};
    dl_iterate_phdr(find_libc, libc);
    read_only_beneath(paths, sizeof paths / sizeof paths[0], READS_ONLY);
}

static void limit_all(rlim_t longest_file) {
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, MOST_DESCRIPTORS);
    limit(RLIMIT_AS, MOST_MEMORY);
    limit(RLIMIT_FSIZE, longest_file);
}

static void refuse_what_reaches_out(struct filter* filter) {
    begin(filter);
    REFUSE_EACH(filter, never);
    refuse_writing(filter, SYS_openat, 2);
#ifdef SYS_open
    refuse_writing(filter, SYS_open, 1);
#endif
    refuse_signals_to_others(filter);
    refuse_by_argument(filter);
}

const char* enter_sandbox(const char* image) {
    struct filter filter;
    gain_nothing_and_die_with_parent();
    if (is_open_run()) return image;
    if ((u32)getppid() != channel->simulator) _exit(126);
    close_from(CS2SIM_BELL_FD + 1);
    image = readable_without_capabilities(image);
    read_libraries_and(image);
    limit_all(LONGEST_FILE);
    refuse_what_reaches_out(&filter);
    REFUSE_EACH(&filter, executing);
    install(&filter);
    return image;
}

/* The folder in which a program is found, as execvp() does. */
static const char* folder_of(const char* program) {
    static char folder[4096];
    const char* at = getenv("PATH");
    char file[sizeof folder + 64];
    while (at && *at) {
        const size_t length = strcspn(at, ":");
        snprintf(folder, sizeof folder, "%.*s", (int)length, at);
        snprintf(file, sizeof file, "%s/%s", folder, program);
        if (folder[0] == '/' && access(file, X_OK) == 0) return folder;
        at += length + (at[length] == ':');
    }
    return "/usr/bin";
}

/* Its words name the image by the path that it can read. */
static void become_reader(const char* image, char** program) {
    const char* const readable = readable_without_capabilities(image);
    const char* const paths[] = {
        LIBRARIES, "/bin", "/usr/bin", "/usr/share", "/dev/null", folder_of(program[0]), readable};
    char** word;
    for (word = program; *word; ++word)
        if (strcmp(*word, image) == 0) *word = (char*)(uintptr_t)readable;
    read_only_beneath(paths, sizeof paths / sizeof paths[0], READS_AND_RUNS);
}

void read_only(const char* image, char** program) {
    struct filter filter;
    gain_nothing_and_die_with_parent();
    close_from(3);
    become_reader(image, program);
    limit_all(0);
    limit(RLIMIT_CPU, MOST_SECONDS_OF_A_READER);
    refuse_what_reaches_out(&filter);
    install(&filter);
    execvp(program[0], program);
    _exit(127);
}

void forbid_opening(void) {
    struct filter filter;
    if (is_open_run()) return;
    close_from(CS2SIM_BELL_FD + 1); /* what the image's constructors opened, too */
    begin(&filter);
    REFUSE_EACH(&filter, opening);
    install(&filter);
}
