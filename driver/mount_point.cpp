#include "driver/mount_point.h"

#include <fcntl.h>
#include <grp.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace cs2sim {
namespace {

tl::unexpected<std::string> refuse(const std::string& path, const std::string& why) {
    return tl::unexpected<std::string>(path + ": " + why);
}

// Looks without asking whoever serves a mount there: it may be gone, or hang.
int look(const std::string& path, struct statx& found) {
    return statx(AT_FDCWD, path.c_str(), AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &found) == 0
               ? 0
               : errno;
}

// A user may only ask the set-uid fusermount3.
bool unmount_lazily(const std::string& path) {
    if (umount2(path.c_str(), MNT_DETACH) == 0) return true;
    std::string target = path;
    char* const arguments[] = {const_cast<char*>("fusermount3"),
                               const_cast<char*>("-q"),
                               const_cast<char*>("-u"),
                               const_cast<char*>("-z"),
                               const_cast<char*>("--"),
                               target.data(),
                               nullptr};
    pid_t pid = 0;
    if (posix_spawnp(&pid, "fusermount3", nullptr, nullptr, arguments, environ) != 0) return false;
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool stale(int error) { return error == ENOTCONN || error == ECONNABORTED; }

}  // namespace

Opened<MountPoint> MountPoint::claim(const std::string& path) {
    bool replaced = false;
    for (int tries = 0; tries < 16; ++tries) {  // stale mounts may lie upon each other
        struct statx found {};
        int error = look(path, found);
        if (error == ENOENT) {
            const int fd = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
            if (fd < 0) return refuse(path, std::string("cannot be made: ") + std::strerror(errno));
            close(fd);
            return MountPoint(path, true);
        }
        const bool mounted = error == 0 && (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
        if (mounted) {
            struct stat asked {};
            error = stat(path.c_str(), &asked) == 0 ? 0 : errno;
        }
        if (stale(error)) {
            if (!unmount_lazily(path)) return refuse(path, "a killed instance's mount cannot be taken away");
            replaced = true;
            continue;
        }
        if (error != 0) return refuse(path, std::strerror(error));
        if (mounted)
            return refuse(path, "is taken: another instance serves it, or something else is mounted there");
        if (S_ISCHR(found.stx_mode)) return refuse(path, "is a device already");
        if (!S_ISREG(found.stx_mode)) return refuse(path, "is no regular file");
        if (found.stx_size != 0) return refuse(path, "is a file with content, which a mount would hide");
        return MountPoint(path, replaced);
    }
    return refuse(path, "too many stale mounts");
}

MountPoint::MountPoint(MountPoint&& other) noexcept
    : path_(std::move(other.path_)), made_(std::exchange(other.made_, false)) {}

void MountPoint::remove_if_made() {
    if (std::exchange(made_, false)) unlink(path_.c_str());
}

Opened<gid_t> group_id(const std::string& name) {
    if (name.empty()) return getegid();
    const group* found = getgrnam(name.c_str());
    if (found == nullptr) return tl::make_unexpected("there is no group " + name);
    return found->gr_gid;
}

}  // namespace cs2sim
