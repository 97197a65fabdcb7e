/* Tasks of the module, semaphores and timers. Tasks take turns: one gives way where it waits, and never while
 * a command runs, so that handlers and tasks share globals as on the device. */
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

#include "host.h"

enum {
    MOST_TASKS = 32,
    GUARD_PAGE = 4096,
    LEAST_STACK = 256 * 1024,
    MILLISECONDS_A_TICK = 1000 / OS_TASK_HZ
};

struct T_OS_TASK_TCB_ {
    ucontext_t context;
    void (*run)(void*);
    void* argument;
    char name[OS_TASK_NAME_LEN];
    char* stack;
    size_t stack_size;
    int used;
    int ended;
    int (*ready)(void*);
    void* ready_argument;
    int has_deadline;
    unsigned long long deadline;
    int was_ready;
    u32 events;
    int error;
    void* global;
};

static T_OS_TASK_TCB tasks[MOST_TASKS];
static T_OS_TASK_TCB scheduler; /* whoever runs handlers */
static T_OS_TASK_TCB* current = &scheduler;

unsigned long long now_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long long)now.tv_sec * 1000u + (unsigned long long)now.tv_nsec / 1000000u;
}

static void free_task(T_OS_TASK_TCB* task) {
    munmap(task->stack, task->stack_size);
    memset(task, 0, sizeof *task);
}

/* Back to run_tasks(), which frees what has ended. */
static void give_way(void) {
    T_OS_TASK_TCB* self = current;
    swapcontext(&self->context, &scheduler.context);
}

static void task_main(void) {
    current->run(current->argument);
    current->ended = 1;
    give_way();
}

static T_OS_TASK_TCB* free_place(void) {
    int i;
    for (i = 0; i < MOST_TASKS; ++i)
        if (!tasks[i].used) return &tasks[i];
    return NULL;
}

static int give_stack(T_OS_TASK_TCB* task, u32 wanted) {
    const size_t size =
        wanted > LEAST_STACK && wanted < (16u << 20) ? (wanted + 4095u) & ~4095u : LEAST_STACK;
    task->stack_size = size + GUARD_PAGE;
    task->stack = mmap(NULL, task->stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (task->stack == MAP_FAILED) return 0;
    mprotect(task->stack, GUARD_PAGE, PROT_NONE); /* an overrun shows at once */
    return 1;
}

static void make_context(T_OS_TASK_TCB* task) {
    getcontext(&task->context);
    task->context.uc_stack.ss_sp = task->stack + GUARD_PAGE;
    task->context.uc_stack.ss_size = task->stack_size - GUARD_PAGE;
    task->context.uc_link = NULL;
    makecontext(&task->context, task_main, 0);
}

T_OS_TASK_TCB* sdk_os_task_new(const T_OS_TASK_PAR* parameters) {
    T_OS_TASK_TCB* task = free_place();
    if (!task || !parameters || !parameters->p_task || !give_stack(task, parameters->stack_size)) return NULL;
    task->run = parameters->p_task;
    task->argument = parameters->p_init;
    if (parameters->p_name) strncpy(task->name, parameters->p_name, sizeof task->name - 1);
    task->used = 1;
    make_context(task);
    return task;
}

static int is_task(const T_OS_TASK_TCB* task) {
    return task >= tasks && task < tasks + MOST_TASKS && task->used;
}

void sdk_os_task_del(T_OS_TASK_TCB* task, void* unused) {
    (void)unused;
    if (!task) task = current;
    if (!is_task(task)) return;
    task->ended = 1;
    if (task == current)
        give_way();
    else
        free_task(task);
}

T_OS_TASK_TCB* sdk_os_task_id_get(void) { return current; }

static int is_ready(T_OS_TASK_TCB* task, int end_waits) {
    task->was_ready = !task->ready || task->ready(task->ready_argument);
    if (task->was_ready) return 1;
    if (task->has_deadline) return now_milliseconds() >= task->deadline;
    return end_waits; /* for what will never come any more */
}

static u32 until_next(void) {
    u32 least = CS2SIM_NO_TASK;
    const unsigned long long now = now_milliseconds();
    int i;
    for (i = 0; i < MOST_TASKS; ++i) {
        u32 left;
        if (!tasks[i].used || !tasks[i].has_deadline) continue;
        left = tasks[i].deadline > now ? (u32)(tasks[i].deadline - now) : 0;
        if (left < least) least = left;
    }
    return least;
}

/* As until_next(), and 0 when one is ready. Asks for no services: those that wait for a module do not count.
 */
u32 next_task(void) {
    int i;
    for (i = 0; i < MOST_TASKS; ++i) {
        T_OS_TASK_TCB* task = &tasks[i];
        if (task->used &&
            (!task->ready || (task->ready != module_is_ready && task->ready(task->ready_argument))))
            return 0;
    }
    return until_next();
}

u32 run_tasks(int end_waits) {
    int ran = 1, i;
    if (current != &scheduler) return CS2SIM_NO_TASK; /* called from within a task: it goes on first */
    while (ran) {
        ran = 0;
        for (i = 0; i < MOST_TASKS; ++i) {
            T_OS_TASK_TCB* task = &tasks[i];
            if (!task->used || !is_ready(task, end_waits)) continue;
            task->ready = NULL;
            task->has_deadline = 0;
            current = task;
            swapcontext(&scheduler.context, &task->context);
            current = &scheduler;
            if (task->ended) free_task(task);
            ran = 1;
        }
    }
    return until_next();
}

static void sleep_milliseconds(u32 milliseconds) {
    const struct timespec time = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    nanosleep(&time, NULL);
}

static int never(void* unused) {
    (void)unused;
    return 0;
}

/* 0xFFFFFFFF ticks are "no wait" (OS_TASK_NO_WAIT), 0 "for ever" (our assumption). */
int wait_until(int (*ready)(void*), void* argument, u32 ticks) {
    const unsigned long long deadline = now_milliseconds() + (unsigned long long)ticks * MILLISECONDS_A_TICK;
    if (ready(argument)) return 1;
    if (ticks == 0xFFFFFFFFu) return 0;
    if (current != &scheduler) {
        current->ready = ready;
        current->ready_argument = argument;
        current->has_deadline = ticks != 0;
        current->deadline = deadline;
        give_way();
        return current->was_ready;
    }
    while (ticks == 0 ||
           now_milliseconds() < deadline) { /* a handler: the tasks may bring what it waits for */
        run_tasks(0);
        if (ready(argument)) return 1;
        sleep_milliseconds(MILLISECONDS_A_TICK / 4);
    }
    return 0;
}

void sdk_os_task_dly(u32 ticks) {
    if (ticks != 0) wait_until(never, NULL, ticks);
}

static int task_has_event(void* task) {
    T_OS_TASK_TCB* one = task;
    return one->events != 0;
}
static u32 take_events(u32 wanted) {
    const u32 got = current->events & wanted;
    current->events &= ~got;
    return got;
}
u32 sdk_os_task_wait(u32 events) {
    while ((current->events & events) == 0 && current != &scheduler) wait_until(task_has_event, current, 0);
    return take_events(events);
}
u32 sdk_os_task_dly_wait(u32 ticks, u32 events) {
    wait_until(task_has_event, current, ticks);
    return take_events(events);
}
void sdk_os_task_wakeup(T_OS_TASK_TCB* task, u32 event) {
    if (is_task(task)) task->events |= event;
    ring_bell();
}
void sdk_os_task_event_flush(T_OS_TASK_TCB* task, u32 events) {
    if (is_task(task)) task->events &= ~events;
}
int sdk_os_task_errno_get(void) { return current->error; }
void sdk_os_task_errno_set(int error) { current->error = error; }
void sdk_os_task_global_data_set(void* data) { current->global = data; }
void* sdk_os_task_global_data_get(T_OS_TASK_TCB* task) {
    return is_task(task) ? task->global : current->global;
}
char sdk_os_task_prior_set(T_OS_TASK_TCB* task, char priority) {
    (void)task; /* tasks take turns here, whatever their priority */
    return priority;
}

/* --- semaphores: binary, not counted per owner --- */

struct semaphore {
    u32 magic;
    int taken;
};
#define SEMAPHORE 0x53454D41u

void* sdk_os_sema_new(T_OS_MEM_TYPE type) {
    struct semaphore* semaphore = heap_new(sizeof *semaphore, type, NULL, 0, CALLER);
    if (!semaphore) return NULL;
    semaphore->magic = SEMAPHORE;
    semaphore->taken = 0;
    return semaphore;
}
void sdk_os_sema_del(void* semaphore) { heap_delete(semaphore, CALLER); }
static int is_free(void* semaphore) { return !((struct semaphore*)semaphore)->taken; }
int sdk_os_sema_req(void* semaphore, u32 ticks) {
    struct semaphore* one = semaphore;
    if (!one || one->magic != SEMAPHORE || !wait_until(is_free, one, ticks)) return 1;
    one->taken = 1;
    return 0;
}
void sdk_os_sema_rls(void* semaphore) {
    struct semaphore* one = semaphore;
    if (one && one->magic == SEMAPHORE) one->taken = 0;
}

/* --- timers: the start value, reloads and a resolution; the state is looked at when asked --- */

struct timer {
    u32 magic;
    u32 ticks;
    u32 unit; /* milliseconds */
    int running;
    unsigned long long end;
};
#define TIMER 0x54494D45u

void* sdk_os_tmr_new(u32 ticks, u32 reload, void* owner, T_OS_TMR_RES resolution, T_OS_MEM_TYPE type) {
    static const u32 units[] = {10, 100, 1000, 60000, 3600000, 86400000};
    struct timer* timer;
    (void)reload;
    (void)owner;
    if ((u32)resolution >= OS_TMR_RES_COUNT) return NULL;
    timer = heap_new(sizeof *timer, type, NULL, 0, CALLER);
    if (!timer) return NULL;
    memset(timer, 0, sizeof *timer);
    timer->magic = TIMER;
    timer->ticks = ticks;
    timer->unit = units[resolution];
    return timer;
}
static struct timer* timer_of(void* pointer) {
    struct timer* timer = pointer;
    return timer && timer->magic == TIMER ? timer : NULL;
}
void sdk_os_tmr_del(void* timer) { heap_delete(timer, CALLER); }
void sdk_os_tmr_start(void* pointer, u32 ticks) {
    struct timer* timer = timer_of(pointer);
    if (!timer) return;
    if (ticks != 0) timer->ticks = ticks;
    timer->running = 1;
    timer->end = now_milliseconds() + (unsigned long long)timer->ticks * timer->unit;
}
void sdk_os_tmr_stop(void* pointer) {
    struct timer* timer = timer_of(pointer);
    if (timer) timer->running = 0;
}
u32 sdk_os_tmr_cnt_get(void* pointer) {
    const struct timer* timer = timer_of(pointer);
    const unsigned long long now = now_milliseconds();
    if (!timer || !timer->running || now >= timer->end) return 0;
    return (u32)((timer->end - now) / timer->unit);
}
int sdk_os_tmr_expired(void* pointer) {
    const struct timer* timer = timer_of(pointer);
    return timer && timer->running && now_milliseconds() >= timer->end;
}
void sdk_os_tmr_adjust(void* pointer, u32 ticks) {
    struct timer* timer = timer_of(pointer);
    if (timer) timer->ticks = ticks;
}
void sdk_os_tmr_get_clk(u32* seconds, u32* milliseconds) {
    const unsigned long long now = now_milliseconds();
    if (seconds) *seconds = (u32)(now / 1000);
    if (milliseconds) *milliseconds = (u32)(now % 1000);
}
