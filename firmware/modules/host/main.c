/* cs2sim-module32, cs2sim-module64: the process in which one module of a user's runs.
 *
 *   cs2sim-moduleNN ABBREVIATION IMAGE
 *
 * with the channel on descriptor 3 and the bell on 4. The image, a shared object, is loaded when the
 * simulator says so, and its <abbreviation>_start called; then it answers commands. */
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include "host.h"
#include "sandbox.h"

/* What Module_pub begins with; its type is the module's own. */
struct module_public {
    void* p_data;
    int (*start)(T_OS_MDL_HDL, OS_FILE_HANDLE, void*);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
};

static const char* abbreviation;
static const char* image;
static struct module_public* module;
static void* library;
static int started;

/* --- how it ends --- */

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

static void catch_signals(void) {
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

/* --- the module's image --- */

static int base_of(struct dl_phdr_info* info, size_t size, void* path) {
    (void)size;
    if (info->dlpi_name && strcmp(info->dlpi_name, path) == 0) channel->image = info->dlpi_addr;
    return 0;
}

static void* entry_point(void) {
    char name[32];
    void* entry;
    size_t i;
    snprintf(name, sizeof name, "%s_start", abbreviation);
    entry = dlsym(library, name);
    if (entry) return entry;
    for (i = 0; name[i]; ++i) name[i] = (char)tolower((u8)name[i]);
    return dlsym(library, name);
}

static int load(void) {
    void* entry;
    int (*start)(T_OS_MDL_HDL, OS_FILE_HANDLE, void*);
    library = dlopen(image, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        diagnose(dlerror(), NULL, 0);
        return CODE(E_OS_MDL_CORRUPT);
    }
    dl_iterate_phdr(base_of, (void*)(uintptr_t)image);
    close_the_door();
    entry = entry_point();
    if (!entry) {
        diagnose("the image has no function <abbreviation>_start", NULL, 0);
        return CODE(E_OS_MDL_NOT_FOUND);
    }
    *(void**)&start = entry;
    return start(operating_system(), 0, NULL);
}

int sdk_os_mdl_link_new(const char* name, const u32 version, const unsigned short id, void* memory,
                        void* table) {
    struct request request = request_for(SERVICE_module_new);
    (void)memory;
    if (!name || !table) return CODE(E_OS_MDL_PARA_INVALID);
    module = table;
    put_text(&request, name);
    put_number(&request, version, 4);
    put_number(&request, id, 2);
    return ask(&request, NULL);
}

static int consent(int (*asked)(void)) { return asked ? asked() : 0; }

static int stop(void) {
    const int code = module ? consent(module->stop) : 0;
    heap_check("when the module stopped");
    heap_report_leaks();
    return code;
}

/* --- calls --- */

static void answer_with_next_task(int code) {
    const u32 next = code == 0 ? run_tasks((int)channel->number) : CS2SIM_NO_TASK;
    store_int4(next, channel->data);
    answer_call(code, 4);
}

void run_call(void) {
    switch (channel->kind) {
        case CS2SIM_CALL_START: {
            const int code = load();
            started = 1;
            store_int4(0, channel->data);
            answer_call(code, 4);
            return;
        }
        case CS2SIM_CALL_TASKS:
            answer_with_next_task(0);
            return;
        case CS2SIM_CALL_COMMAND:
            run_command();
            return;
        case CS2SIM_CALL_STOP:
            answer_call(stop(), 0);
            return;
        case CS2SIM_CALL_PRE_REPLACE:
            answer_call(module ? consent(module->pre_replace) : 0, 0);
            return;
        case CS2SIM_CALL_PRE_DELETE:
            answer_call(module ? consent(module->pre_delete) : 0, 0);
            return;
        default:
            answer_call(CODE(E_OS_MDL_NOT_SUPP), 0);
    }
}

int main(int count, char** arguments) {
    if (count != 3) {
        fprintf(stderr, "%s is started by the simulator\n", arguments[0]);
        return 2;
    }
    abbreviation = arguments[1];
    image = arguments[2];
    open_channel();
    catch_signals();
    heap_begin();
    shut_the_box();
    for (;;) {
        const u32 next = started ? next_task() : CS2SIM_NO_TASK;
        if (!wait_for_call(next)) {
            ring_bell(); /* tasks run when the simulator calls: they may ask for services */
            wait_for_call(CS2SIM_NO_TASK);
        }
        run_call();
    }
}
