#include "driver/caller_window.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "firmware/protocol/frame.h"

namespace cs2sim {
namespace {

bool look_at(int fd, struct statx& status) {
    return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &status) == 0;
}

// Whether it is of the kernel's file system for memfd. Another file could make us wait for a disk or a
// process, and be it ourselves: so nothing is asked that is not known without its file system.
bool is_in_memory(int fd) {
    const int ours = memfd_create("cs2sim", MFD_CLOEXEC);
    struct statx known {
    }, found{};
    const bool looked = ours >= 0 && look_at(ours, known) && look_at(fd, found);
    if (ours >= 0) close(ours);
    return looked && S_ISREG(found.stx_mode) && found.stx_dev_major == known.stx_dev_major &&
           found.stx_dev_minor == known.stx_dev_minor;
}

tl::expected<std::span<std::uint8_t>, int> map(int fd) {
    struct stat status {};
    const int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat(fd, &status) != 0 || status.st_size == 0)
        return tl::unexpected(EINVAL);
    const std::size_t size = std::min(static_cast<std::size_t>(status.st_size), kMaxFrame);
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) return tl::unexpected(errno == ENOMEM ? ENOMEM : EINVAL);
    return std::span(static_cast<std::uint8_t*>(memory), size);
}

}  // namespace

tl::expected<std::shared_ptr<const CallerWindow>, int> CallerWindow::open(pid_t pid, int descriptor) {
    if (descriptor < 0) return tl::unexpected(EBADF);
    if (pid == 0) return tl::unexpected(EPERM);  // of a PID namespace that is not ours
    const std::string theirs = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(descriptor);
    // By its path alone at first: to open a device or a pipe of a stranger would already have effects.
    const int found = ::open(theirs.c_str(), O_PATH | O_CLOEXEC);
    if (found < 0) return tl::unexpected(errno == ENOENT ? EBADF : EPERM);
    const bool fits = is_in_memory(found);
    const int fd = fits ? ::open(("/proc/self/fd/" + std::to_string(found)).c_str(), O_RDWR | O_CLOEXEC) : -1;
    close(found);
    if (fd < 0) return tl::unexpected(fits ? EPERM : EINVAL);
    const auto memory = map(fd);
    close(fd);
    CS2SIM_TRY(memory);
    return std::shared_ptr<const CallerWindow>(new CallerWindow(*memory));
}

CallerWindow::~CallerWindow() { munmap(memory_.data(), memory_.size()); }

bool CallerWindow::read(std::span<std::uint8_t> into) const {
    if (into.size() > memory_.size()) return false;
    std::memcpy(into.data(), memory_.data(), into.size());
    return true;
}

bool CallerWindow::write(ByteView bytes) const {
    if (bytes.size() > memory_.size()) return false;
    std::memcpy(memory_.data(), bytes.data(), bytes.size());
    return true;
}

}  // namespace cs2sim
