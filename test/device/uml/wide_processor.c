/* LD_PRELOAD layer: a processor whose register set has 11,008 bytes (AMX), for the test of ptrace.c on one
 * that has less. It stands in the place of the kernel: what comes by ptrace() or syscall(SYS_ptrace) is
 * answered as the kernel of such a machine answers it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { kWideSet = 11008 };

static long (*next_syscall)(long, ...);

__attribute__((constructor)) static void find_next(void) {
    *(void**)&next_syscall = dlsym(RTLD_NEXT, "syscall");
}

static size_t shorter(size_t one, size_t other) { return one < other ? one : other; }

static long answered(long request, pid_t pid, void* address, void* data) {
    static unsigned char true_set[65536];
    struct iovec* const asked = data;
    struct iovec true_one = {true_set, sizeof true_set};
    const int registers = (unsigned long)address == NT_X86_XSTATE && data;
    if (registers && request == PTRACE_GETREGSET) {
        const long result = next_syscall(SYS_ptrace, request, pid, address, &true_one);
        if (result != 0) return result;
        memset(true_set + true_one.iov_len, 0, kWideSet - true_one.iov_len);
        asked->iov_len = shorter(asked->iov_len, kWideSet);
        memcpy(asked->iov_base, true_set, asked->iov_len);
        return 0;
    }
    if (registers && request == PTRACE_SETREGSET) {
        if (asked->iov_len < kWideSet) {
            errno = EFAULT;
            return -1;
        }
        if (next_syscall(SYS_ptrace, PTRACE_GETREGSET, pid, address, &true_one) != 0) return -1;
        true_one.iov_base = asked->iov_base;
    }
    return next_syscall(SYS_ptrace, request, pid, address, registers ? &true_one : data);
}

long syscall(long number, ...) {
    long words[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; ++i) words[i] = va_arg(arguments, long);
    va_end(arguments);
    if (number == SYS_ptrace) return answered(words[0], (pid_t)words[1], (void*)words[2], (void*)words[3]);
    return next_syscall(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

long ptrace(enum __ptrace_request request, ...) {
    va_list arguments;
    va_start(arguments, request);
    const pid_t pid = va_arg(arguments, pid_t);
    void* const address = va_arg(arguments, void*);
    void* data = va_arg(arguments, void*);
    va_end(arguments);
    long word = 0;
    const int peeks = request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER;
    const long result = answered(request, pid, address, peeks ? &word : data);
    if (result < 0 || !peeks) return result;
    errno = 0;
    return word;
}
