/* The ways to name and to open the device. See preload_caller.h. */
#define _GNU_SOURCE
#include "preload_caller.h"

#include <limits.h>
#include <sys/stat.h>

/* CS2SIM_PRELOAD_DEVICE is FOLDER/dev/cs2a here, and the working directory is FOLDER. */
/* What _FORTIFY_SOURCE calls. */
int __open_2(const char* path, int flags);
int __open64_2(const char* path, int flags);
int __openat_2(int folder, const char* path, int flags);
int __openat64_2(int folder, const char* path, int flags);
char* __realpath_chk(const char* path, char* into, size_t space);
/* What programs call that were linked before glibc 2.33. */
int __xstat(int version, const char* path, struct stat* found);
int __lxstat(int version, const char* path, struct stat* found);
int __fxstat(int version, int fd, struct stat* found);
int __fxstatat(int version, int folder, const char* path, struct stat* found, int flags);

#ifdef __x86_64__
enum { STAT_VERSION = 1 };
#else
enum { STAT_VERSION = 0 };
#endif

/* A character device, and no file was made at the path. */
static int is_node(int fd) {
    struct stat found;
    const int led = fd >= 0 && fstat(fd, &found) == 0 && S_ISCHR(found.st_mode);
    if (fd >= 0) close(fd);
    return led;
}

static void opened_by_every_call(int listener) {
    (void)listener;
    const int folder = open("dev", O_RDONLY | O_DIRECTORY);
    EXPECT(is_node(open(device(), O_RDWR | O_CREAT, 0600)));
    EXPECT(is_node(open64(device(), O_RDWR)));
    EXPECT(is_node(openat(AT_FDCWD, device(), O_RDWR)));
    EXPECT(is_node(openat64(folder, "cs2a", O_RDWR)));
    EXPECT(is_node(__open_2(device(), O_RDWR)));
    EXPECT(is_node(__open64_2(device(), O_RDWR)));
    EXPECT(is_node(__openat_2(folder, "cs2a", O_RDWR)));
    EXPECT(is_node(__openat64_2(folder, "cs2a", O_RDWR)));
    EXPECT(is_node(creat(device(), 0600)));
    EXPECT(is_node(creat64(device(), 0600)));
    for (int wide = 0; wide < 2; ++wide) {
        FILE* file = wide ? fopen64(device(), "r+") : fopen(device(), "r+");
        EXPECT(file && is_node(dup(fileno(file))));
        FILE* again = wide ? freopen64(device(), "w", file) : freopen(device(), "r+", file);
        EXPECT(again && is_node(dup(fileno(again))));
        again = freopen("dev/cs2a", "re", again);
        EXPECT(again && fcntl(fileno(again), F_GETFD) == FD_CLOEXEC);
        EXPECT(freopen("text", "w", again) == again && fputs("text", again) >= 0 && fclose(again) == 0);
    }
    EXPECT(freopen("dev/cs2a", "zz", stdin) == NULL && errno == EINVAL);
}

static const char* const spellings[] = {"dev/cs2a",   "./dev/cs2a",      "dev//cs2a",
                                        "dev/./cs2a", "dev/../dev/cs2a", "link",
                                        "chain",      "folder/cs2a",     "dev/beside"};

static void spelt_in_every_way(int listener) {
    char text[1024];
    struct stat found;
    (void)listener;
    EXPECT(symlink(device(), "link") == 0 && symlink("link", "chain") == 0);
    EXPECT(symlink("dev", "folder") == 0 && symlink("cs2a", "dev/beside") == 0);
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; ++i) {
        fprintf(stderr, "%s\n", spellings[i]);
        EXPECT(is_node(open(spellings[i], O_RDWR)));
        EXPECT(is_node(open(spellings[i], O_RDWR | O_CREAT, 0600)));
        EXPECT(stat(spellings[i], &found) == 0 && S_ISCHR(found.st_mode));
        EXPECT(access(spellings[i], R_OK | W_OK) == 0);
    }
    snprintf(text, sizeof text, "/%s", device());
    EXPECT(is_node(open(text, O_RDWR)));
    EXPECT(lstat("link", &found) == 0 && S_ISLNK(found.st_mode));
    EXPECT(fstatat(AT_FDCWD, "link", &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(found.st_mode));
    EXPECT_ERROR(open("link", O_RDWR | O_NOFOLLOW), ELOOP);
    EXPECT_ERROR(open("link", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    EXPECT_ERROR(open("dev/cs2b", O_RDWR), ENOENT);
    EXPECT_ERROR(open("cs2a", O_RDWR), ENOENT);
    EXPECT(chdir("dev") == 0);
    EXPECT(is_node(open("cs2a", O_RDWR)) && is_node(open("./cs2a", O_RDWR)));
    const int fd = open("cs2a", O_RDWR);
    snprintf(text, sizeof text, "/proc/self/fd/%d", fd);
    EXPECT(is_node(open(text, O_RDWR)));
    snprintf(text, sizeof text, "/dev/fd/%d", fd);
    EXPECT(is_node(open(text, O_RDWR)));
}

static void looked_at(int listener) {
    struct stat found;
    (void)listener;
    const int folder = open("dev", O_RDONLY | O_DIRECTORY);
    const int fd = open(device(), O_RDWR);
    EXPECT(access(device(), R_OK | W_OK) == 0 && eaccess(device(), W_OK) == 0);
    EXPECT(euidaccess(device(), W_OK) == 0 && faccessat(folder, "cs2a", W_OK, 0) == 0);
    EXPECT(faccessat(AT_FDCWD, device(), W_OK, AT_EACCESS) == 0);
    EXPECT_ERROR(access(device(), X_OK), EACCES);
    EXPECT_ERROR(faccessat(AT_FDCWD, device(), X_OK | R_OK, AT_EACCESS), EACCES);
    EXPECT(fstatat(folder, "cs2a", &found, 0) == 0 && S_ISCHR(found.st_mode));
    EXPECT(fstatat(fd, "", &found, AT_EMPTY_PATH) == 0 && S_ISCHR(found.st_mode));
    EXPECT(__xstat(STAT_VERSION, device(), &found) == 0 && S_ISCHR(found.st_mode));
    EXPECT(__lxstat(STAT_VERSION, device(), &found) == 0 && S_ISCHR(found.st_mode));
    EXPECT(__fxstat(STAT_VERSION, fd, &found) == 0 && S_ISCHR(found.st_mode));
    EXPECT(__fxstatat(STAT_VERSION, folder, "cs2a", &found, 0) == 0 && S_ISCHR(found.st_mode));
    struct statx more;
    EXPECT(statx(folder, "cs2a", 0, STATX_TYPE, &more) == 0 && S_ISCHR(more.stx_mode));
}

static void has_a_real_path(int listener) {
    char wanted[PATH_MAX + 16];
    char got[PATH_MAX];
    EXPECT(symlink(device(), "link") == 0 && getcwd(got, sizeof got));
    snprintf(wanted, sizeof wanted, "%s/dev/cs2a", got);
    EXPECT(realpath("link", got) == got && strcmp(got, wanted) == 0);
    EXPECT(__realpath_chk("dev//cs2a", got, sizeof got) == got && strcmp(got, wanted) == 0);
    char* made = canonicalize_file_name("dev//cs2a");
    EXPECT(made && strcmp(made, wanted) == 0);
    free(made);
    EXPECT(unlink(getenv("CS2SIM_PRELOAD_SOCKET")) == 0 && close(listener) == 0);
    EXPECT(realpath("link", got) == NULL && errno == ENOENT);
}

static void modes_hold(int listener) {
    unsigned char byte;
    const int reader = open(device(), O_RDONLY);
    const int writer = open(device(), O_WRONLY);
    (void)listener;
    EXPECT_ERROR(write(reader, request, REQUEST_SIZE), EBADF);
    EXPECT_ERROR(write(dup(reader), request, REQUEST_SIZE), EBADF);
    EXPECT_ERROR(read(reader, &byte, 1), ENODATA);
    EXPECT(send_request(writer));
    EXPECT_ERROR(read(writer, &byte, 1), EBADF);
    EXPECT((fcntl(reader, F_GETFL) & O_ACCMODE) == O_RDONLY);
    EXPECT((fcntl(writer, F_GETFL) & O_ACCMODE) == O_WRONLY);
    EXPECT_ERROR(open(device(), O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    EXPECT_ERROR(open(device(), O_RDONLY | O_DIRECTORY), ENOTDIR);
    EXPECT_ERROR(read(open(device(), O_PATH), &byte, 1), EBADF);
}

static void modes_of_streams(int listener) {
    unsigned char byte;
    (void)listener;
    const int lowest = dup(0);
    close(lowest);
    static const char* const bad[] = {"zz", "", "+r"};
    for (int i = 0; i < 3; ++i) EXPECT(fopen(device(), bad[i]) == NULL && errno == EINVAL);
    EXPECT(fopen(device(), "wx") == NULL && errno == EEXIST);
    EXPECT(dup(0) == lowest && close(lowest) == 0); /* nothing was left open */
    FILE* file = fopen(device(), "re");
    EXPECT(file && fcntl(fileno(file), F_GETFD) == FD_CLOEXEC);
    EXPECT_ERROR(write(fileno(file), request, REQUEST_SIZE), EBADF);
    fclose(file);
    file = fopen(device(), "w");
    EXPECT(file && fcntl(fileno(file), F_GETFD) == 0 && send_request(fileno(file)));
    EXPECT_ERROR(read(fileno(file), &byte, 1), EBADF);
    EXPECT(ioctl(fileno(file), TAKE, 0) == 0 && fclose(file) == 0);
    file = fopen(device(), "r+");
    EXPECT(file && ioctl(fileno(file), TAKE, 0) == 0); /* the closed stream has given it back */
}

int main(int argc, char** argv) {
    static const struct scene scenes[] = {
        {"opened-by-every-call", opened_by_every_call},
        {"spelt-in-every-way", spelt_in_every_way},
        {"looked-at", looked_at},
        {"has-a-real-path", has_a_real_path},
        {"modes-hold", modes_hold},
        {"modes-of-streams", modes_of_streams},
    };
    return play_named(scenes, sizeof scenes / sizeof scenes[0], argc, argv);
}
