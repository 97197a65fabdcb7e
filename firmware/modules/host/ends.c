/* How the process comes to its end, and what it leaves about that in the channel. */
#include <execinfo.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include "host.h"

/* `fault`: the instruction at which a signal came, else 0. What was called to get here is left out; all
 * addresses are behind their instruction, as those where a call returns to are. */
static void note_frames(uintptr_t fault) {
    void* frames[CS2SIM_CHANNEL_FRAMES + 8];
    const int count = backtrace(frames, CS2SIM_CHANNEL_FRAMES + 8);
    u32 noted = 0;
    int from = 0, i;
    for (i = 0; fault != 0 && i < count; ++i)
        if ((uintptr_t)frames[i] == fault) from = i + 1;
    if (fault != 0) channel->frame[noted++] = fault + 1;
    for (i = from; i < count && noted < CS2SIM_CHANNEL_FRAMES; ++i)
        channel->frame[noted++] = (uintptr_t)frames[i];
    channel->frames = noted;
}

static _Noreturn void end_at(u32 end, u32 number, uintptr_t fault) {
    if (channel->end == CS2SIM_END_NONE) {
        note_frames(fault);
        channel->end_number = number;
        channel->end = end;
    }
    _exit(125);
}

_Noreturn void end_process(u32 end, u32 number) { end_at(end, number, 0); }

static uintptr_t instruction_of(const void* context) {
    const ucontext_t* at = context;
#if defined(__i386__)
    return (uintptr_t)at->uc_mcontext.gregs[REG_EIP];
#elif defined(__x86_64__)
    return (uintptr_t)at->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)at->uc_mcontext.pc;
#else
    (void)at;
    return 0;
#endif
}

static void at_signal(int number, siginfo_t* info, void* context) {
    channel->end_address = (uintptr_t)info->si_addr;
    end_at(CS2SIM_END_SIGNAL, (u32)number, instruction_of(context));
}

/* exit() is the module's doing: nothing here calls it. */
static void at_exit(int status, void* unused) {
    (void)unused;
    end_process(CS2SIM_END_EXIT, (u32)status);
}

void catch_signals(void) {
    static const int caught[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP, SIGXCPU};
    static char stack[65536];
    void* one[1];
    const stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action;
    u32 i;
    backtrace(one, 1); /* loads what it needs now, while it still may */
    sigaltstack(&alternative, NULL);
    memset(&action, 0, sizeof action);
    action.sa_sigaction = at_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
    for (i = 0; i < sizeof caught / sizeof caught[0]; ++i) sigaction(caught[i], &action, NULL);
    on_exit(at_exit, NULL);
}
