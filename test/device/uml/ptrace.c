/* A ptrace that completes register sets, preloaded into the User-Mode Linux process and nowhere else.
 *
 * The guest kernel keeps a process's floating-point registers in a buffer of 2,696 bytes. Where the processor
 * has more of them (AMX: 11,008 bytes), PTRACE_GETREGSET fills the buffer with as much as fits, but
 * PTRACE_SETREGSET accepts whole sets only and answers EFAULT: the guest's first process dies. Here a set
 * that is too short is laid over the start of the process's present one, and the whole goes back. ptrace(2)
 * says nothing about short sets; the kernel's xstateregs_set() does. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The guest's stacks have 16 KiB, so a whole set is kept here. The guest kernel has one processor and is not
 * preempted, so there is one call at a time. */
static _Alignas(64) unsigned char whole_set[65536];

static long traced(long request, pid_t pid, void* address, void* data) {
    return syscall(SYS_ptrace, request, pid, address, data);
}

static long set_registers(pid_t pid, void* kind, const struct iovec* given) {
    struct iovec whole = {whole_set, sizeof whole_set};
    const int complete = traced(PTRACE_GETREGSET, pid, kind, &whole) != 0 || given->iov_len >= whole.iov_len;
    if (complete) return traced(PTRACE_SETREGSET, pid, kind, (void*)given);
    memcpy(whole_set, given->iov_base, given->iov_len);
    return traced(PTRACE_SETREGSET, pid, kind, &whole);
}

long ptrace(enum __ptrace_request request, ...) {
    va_list arguments;
    va_start(arguments, request);
    const pid_t pid = va_arg(arguments, pid_t);
    void* const address = va_arg(arguments, void*);
    void* const data = va_arg(arguments, void*);
    va_end(arguments);
    if (request == PTRACE_SETREGSET && (unsigned long)address == NT_X86_XSTATE && data)
        return set_registers(pid, address, data);
    if (request != PTRACE_PEEKTEXT && request != PTRACE_PEEKDATA && request != PTRACE_PEEKUSER)
        return traced(request, pid, address, data);
    long word = 0; /* the system call stores what the function returns */
    const long result = traced(request, pid, address, &word);
    if (result < 0) return result;
    errno = 0;
    return word;
}
