#include "driver/caller_memory.h"

#include <spdlog/spdlog.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>
#include <mutex>

namespace cs2sim {
namespace {

using Copy = ssize_t (*)(pid_t, const iovec*, unsigned long, const iovec*, unsigned long, unsigned long);

int copy(Copy direction, pid_t pid, std::uint64_t address, const std::uint8_t* ours, std::size_t size) {
    const iovec local{const_cast<std::uint8_t*>(ours), size};
    const iovec remote{reinterpret_cast<void*>(address), size};
    const ssize_t copied = direction(pid, &local, 1, &remote, 1, 0);
    if (copied == static_cast<ssize_t>(size)) return 0;
    if (copied >= 0) return EFAULT;
    if (errno != EPERM && errno != ESRCH && errno != ENOSYS) return errno;

    static std::once_flag once;
    std::call_once(once, [pid, error = errno] {
        spdlog::warn(
            "no right to the memory of process {} ({}): ioctl 0x6b02 is refused, and our own clients need "
            "more "
            "calls for a command; start the simulator as root, or as that user with sysctl "
            "kernel.yama.ptrace_scope=0, and in its PID namespace, or let the client wait by read() or "
            "poll()",
            pid, std::strerror(error));
    });
    return EPERM;
}

}  // namespace

int copy_from_caller(pid_t pid, std::uint64_t address, std::span<std::uint8_t> into) {
    return copy(process_vm_readv, pid, address, into.data(), into.size());
}

int copy_to_caller(pid_t pid, std::uint64_t address, ByteView bytes) {
    return copy(process_vm_writev, pid, address, bytes.data(), bytes.size());
}

}  // namespace cs2sim
