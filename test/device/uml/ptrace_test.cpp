// The ptrace that User-Mode Linux runs with, on a traced child: a short register set goes back as a whole
// one.
#include <elf.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>
#include <vector>

namespace {

using Registers = std::vector<unsigned char>;

// ptrace(2) as the kernel has it, without the layer.
long kernel_ptrace(long request, pid_t pid, Registers& set) {
    iovec where{set.data(), set.size()};
    const long result = ::syscall(SYS_ptrace, request, pid, NT_X86_XSTATE, &where);
    set.resize(where.iov_len);
    return result;
}

long layer_ptrace(__ptrace_request request, pid_t pid, Registers& set) {
    iovec where{set.data(), set.size()};
    return ::ptrace(request, pid, reinterpret_cast<void*>(NT_X86_XSTATE), &where);
}

// A child that puts a pattern into its vector registers, stops, and after that tells by its exit status
// whether the pattern is still there: 0 = all of it.
[[noreturn]] void child() {
    alignas(32) unsigned char before[32], after[32];
    for (unsigned i = 0; i < sizeof before; ++i) before[i] = static_cast<unsigned char>(0xA0 + i);
    ::syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
    const bool wide = __builtin_cpu_supports("avx") != 0;
    if (wide)
        asm volatile("vmovdqa (%0), %%ymm7" ::"r"(before) : "xmm7");
    else
        asm volatile("movdqa (%0), %%xmm7" ::"r"(before) : "xmm7");
    asm volatile("syscall" ::"a"(SYS_kill), "D"(::getpid()), "S"(SIGSTOP) : "rcx", "r11", "memory");
    if (wide)
        asm volatile("vmovdqa %%ymm7, (%0)" ::"r"(after) : "memory");
    else
        asm volatile("movdqa %%xmm7, (%0)" ::"r"(after) : "memory");
    ::_exit(std::memcmp(before, after, wide ? 32 : 16) == 0 ? 0 : 1);
}

class Traced {
public:
    Traced() : pid_(::fork()) {
        if (pid_ == 0) child();
        int status = 0;
        REQUIRE(::waitpid(pid_, &status, 0) == pid_);
        REQUIRE(WIFSTOPPED(status));
    }
    ~Traced() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }
    Traced(const Traced&) = delete;
    Traced& operator=(const Traced&) = delete;

    pid_t pid() const { return pid_; }
    Registers registers() const {
        Registers set(65536);
        REQUIRE(kernel_ptrace(PTRACE_GETREGSET, pid_, set) == 0);
        return set;
    }
    int run_to_end() {
        int status = 0;
        REQUIRE(::syscall(SYS_ptrace, PTRACE_CONT, pid_, 0, 0) == 0);
        REQUIRE(::waitpid(pid_, &status, 0) == pid_);
        pid_ = -1;
        return status;
    }

private:
    pid_t pid_;
};

constexpr std::size_t kLegacyAndHeader =
    512 + 64;                                // Intel SDM volume 1, 13.4: then come the extended registers
constexpr std::size_t kXmm7 = 160 + 7 * 16;  // in the legacy region

}  // namespace

TEST_CASE("A register set that is too short for the kernel is completed, and every register survives") {
    Traced child;
    const Registers before = child.registers();
    if (before.size() <= kLegacyAndHeader) FAIL("this processor has no extended registers to lose");
    Registers cut(before.begin(), before.begin() + kLegacyAndHeader);
    Registers refused = cut;
    CHECK(kernel_ptrace(PTRACE_SETREGSET, child.pid(), refused) == -1);
    CHECK(errno == EFAULT);
    CHECK(layer_ptrace(PTRACE_SETREGSET, child.pid(), cut) == 0);
    CHECK(child.registers() == before);
    CHECK(child.run_to_end() == 0);
}

TEST_CASE("What a short register set says is set, and nothing else") {
    Traced child;
    Registers expected = child.registers();
    for (std::size_t i = 0; i < 16; ++i) expected[kXmm7 + i] = static_cast<unsigned char>(0x11 * i);
    Registers cut(expected.begin(), expected.begin() + kLegacyAndHeader);
    CHECK(layer_ptrace(PTRACE_SETREGSET, child.pid(), cut) == 0);
    CHECK(child.registers() == expected);
    CHECK(child.run_to_end() == 1 << 8);  // the child sees the change
}

TEST_CASE("A whole register set, a longer one and other requests pass through") {
    Traced child;
    const Registers before = child.registers();
    Registers whole = before;
    CHECK(layer_ptrace(PTRACE_SETREGSET, child.pid(), whole) == 0);
    Registers longer = before;
    longer.resize(before.size() + 4096);
    CHECK(layer_ptrace(PTRACE_SETREGSET, child.pid(), longer) == 0);
    CHECK(child.registers() == before);

    static long word = 0x1122334455667788;  // the child's copy stands at the same address
    errno = EINVAL;
    CHECK(::ptrace(PTRACE_PEEKDATA, child.pid(), &word, nullptr) == word);
    CHECK(errno == 0);
    CHECK(::ptrace(PTRACE_PEEKDATA, child.pid(), nullptr, nullptr) == -1);
    CHECK(errno == EIO);
    CHECK(::ptrace(PTRACE_POKEDATA, child.pid(), &word, 7L) == 0);
    CHECK(::ptrace(PTRACE_PEEKDATA, child.pid(), &word, nullptr) == 7);
    CHECK(::ptrace(PTRACE_CONT, 1 << 29, nullptr, nullptr) == -1);
    CHECK(errno == ESRCH);
    CHECK(child.run_to_end() == 0);
}
