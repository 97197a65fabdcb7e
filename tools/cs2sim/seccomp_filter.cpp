#include "tools/cs2sim/seccomp_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <vector>

#include "firmware/protocol/node_ioctls.h"

namespace cs2sim {
namespace {

#if defined(__x86_64__)
constexpr std::array kCalls{
    FilteredCalls{AUDIT_ARCH_X86_64, SYS_open, SYS_openat, SYS_openat2, SYS_creat, SYS_ioctl},
    FilteredCalls{AUDIT_ARCH_I386, 5, 295, 437, 8, 54}};
#elif defined(__aarch64__)
// It has neither open nor creat.
constexpr std::array kCalls{
    FilteredCalls{AUDIT_ARCH_AARCH64, SYS_openat, SYS_openat, SYS_openat2, SYS_openat, SYS_ioctl}};
#else
#error "the architecture's AUDIT_ARCH_ is to be named here"
#endif

constexpr std::uint32_t offset_of_argument(int number) {
    return offsetof(seccomp_data, args) + 8 * static_cast<std::uint32_t>(number);
}

}  // namespace

const FilteredCalls& calls_of(const seccomp_data& asked) {
    for (const FilteredCalls& calls : kCalls)
        if (calls.architecture == asked.arch) return calls;
    return kCalls[0];  // the filter asks about no others
}

int install_filter() {
    constexpr std::uint32_t kNumberMask = 0xff00;
    constexpr std::uint32_t kDriver = kIoctlAwait & kNumberMask;
    std::vector<sock_filter> filter;
    for (const FilteredCalls& calls : kCalls) {
        const auto jump_if = [](int call, std::uint8_t yes, std::uint8_t no) {
            return sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), yes, no);
        };
        const std::array of_this_kind{
            sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
            sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls.architecture, 0, 11),
            sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
            jump_if(calls.openat2, 7, 0),
            jump_if(calls.creat, 6, 0),
            jump_if(calls.openat, 5, 0),
            jump_if(calls.open, 4, 0),
            jump_if(calls.ioctl, 0, 4),
            sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset_of_argument(1)),
            sock_filter BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kNumberMask),
            sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kDriver, 0, 1),
            sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
            sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        filter.insert(filter.end(), of_this_kind.begin(), of_this_kind.end());
    }
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return static_cast<int>(
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

}  // namespace cs2sim
