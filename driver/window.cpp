#include "driver/window.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace cs2sim {
namespace {

// Whether reads and writes of it can never wait for a disk or for another process.
bool is_in_memory(int fd) {
    struct stat status {};
    struct statfs system {};
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && fstatfs(fd, &system) == 0 &&
           system.f_type == TMPFS_MAGIC;
}

}  // namespace

tl::expected<std::shared_ptr<const Window>, int> Window::open(pid_t pid, int descriptor) {
    const std::string theirs = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(descriptor);
    // By its path alone at first: to open a device or a pipe of a stranger would already have effects.
    const int found = ::open(theirs.c_str(), O_PATH | O_CLOEXEC);
    if (found < 0) return tl::unexpected(errno == ENOENT && descriptor >= 0 ? EBADF : EPERM);
    const bool fits = is_in_memory(found);
    const int fd = fits ? ::open(("/proc/self/fd/" + std::to_string(found)).c_str(), O_RDWR | O_CLOEXEC) : -1;
    close(found);
    if (fd < 0) return tl::unexpected(fits ? EPERM : EINVAL);
    return std::shared_ptr<const Window>(new Window(fd));
}

Window::~Window() { close(fd_); }

bool Window::read(std::span<std::uint8_t> into) const {
    return pread(fd_, into.data(), into.size(), 0) == static_cast<ssize_t>(into.size());
}

bool Window::write(ByteView bytes) const {
    return pwrite(fd_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
}

}  // namespace cs2sim
