#include "reading.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's own words for it (include/uapi/linux/landlock.h), which older headers lack. The numbers of the
 * calls are the same for all processors. */
enum {
    CREATE_RULESET = 444,
    ADD_RULE,
    RESTRICT_SELF,
    ASK_VERSION = 1,
    BENEATH_PATH = 1,
    MAY_EXECUTE = 1,
    MAY_WRITE_FILE = 2,
    MAY_READ_FILE = 4,
    MAY_READ_FOLDER = 8
};

struct ruleset {
    unsigned long long files, network, scopes;
};

struct __attribute__((packed)) beneath {
    unsigned long long allowed;
    int folder;
};

/* All that a version knows is handled, hence refused unless a rule allows it. */
static const struct {
    unsigned long long files, network, scopes;
    size_t size; /* of a ruleset that has this much */
} versions[] = {
    {0x1FFF, 0, 0, 8},  /* 1: to execute, write, read, list, remove, make */
    {0x3FFF, 0, 0, 8},  /* 2: to link and rename across folders */
    {0x7FFF, 0, 0, 8},  /* 3: to truncate, O_TRUNC too */
    {0x7FFF, 3, 0, 16}, /* 4: TCP */
    {0xFFFF, 3, 0, 16}, /* 5: ioctl() of devices */
    {0xFFFF, 3, 3, 24}, /* 6: sockets without a file, signals */
};

static void allow(int rules, const char* path, enum readers readers) {
    struct beneath rule = {MAY_READ_FILE, -1};
    struct stat found;
    rule.folder = open(path, O_PATH | O_CLOEXEC);
    if (rule.folder < 0) return;
    if (readers == READS_AND_RUNS) rule.allowed |= MAY_EXECUTE;
    if (fstat(rule.folder, &found) == 0 && S_ISDIR(found.st_mode) && readers == READS_AND_RUNS)
        rule.allowed |= MAY_READ_FOLDER;
    if (strcmp(path, "/dev/null") == 0) rule.allowed |= MAY_WRITE_FILE;
    syscall(ADD_RULE, rules, BENEATH_PATH, &rule,
            0); /* of a file in memory there is none, nor is it refused */
    close(rule.folder);
}

void read_only_beneath(const char* const* paths, size_t count, enum readers readers) {
    const size_t known = sizeof versions / sizeof versions[0];
    const long newest = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
    const size_t version = newest > (long)known ? known : (size_t)newest;
    struct ruleset set;
    int rules;
    size_t i;
    if (newest < 1) return; /* a kernel without it, or told to do without */
    set.files = versions[version - 1].files;
    set.network = versions[version - 1].network;
    set.scopes = versions[version - 1].scopes;
    rules = (int)syscall(CREATE_RULESET, &set, versions[version - 1].size, 0);
    if (rules < 0) _exit(126);
    for (i = 0; i < count; ++i) allow(rules, paths[i], readers);
    if (syscall(RESTRICT_SELF, rules, 0) != 0) _exit(126);
    close(rules);
}
