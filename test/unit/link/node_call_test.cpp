#include "host-lib/link/node_call.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstddef>
#include <thread>

#include "host-lib/files/file_descriptor.h"

using namespace cs2sim;
using namespace cs2sim::host;

namespace {

// For this thread alone. QEMU, which runs programs of other processors, does the same by itself.
void have_no_ioctl() {
    sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{static_cast<unsigned short>(std::size(rules)), rules};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

}  // namespace

TEST_CASE("where there is no ioctl nothing was sent and the frame is to be written") {
    const FileDescriptor node(::open("/dev/null", O_RDWR | O_CLOEXEC));
    REQUIRE(node);
    NodeCall call;
    NodeCall::Outcome outcome;
    std::thread([&] {
        have_no_ioctl();
        outcome = call.make(node.get(), as_bytes("frame"), {}, 1000);
    }).join();
    CHECK(outcome.error == ENOTTY);
    CHECK_FALSE(call.possible());
}
