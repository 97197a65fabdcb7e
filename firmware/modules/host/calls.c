/* What the simulator calls the process of a module for, whatever its language: each has the functions that
 * are named below the line "calls.c" of host.h. */
#include <stdio.h>

#include "host.h"

static void answer_with_next_task(int code, u32 next) {
    store_int4(next, channel->data);
    answer_call(code, 4);
}

static void start(void) {
    u32 next = CS2SIM_NO_TASK;
    const int code = start_module(&next);
    answer_with_next_task(code, next);
}

void run_call(void) {
    switch (channel->kind) {
        case CS2SIM_CALL_START:
            start();
            return;
        case CS2SIM_CALL_TASKS:
            answer_with_next_task(0, run_tasks((int)channel->number));
            return;
        case CS2SIM_CALL_COMMAND:
            run_command();
            return;
        case CS2SIM_CALL_STOP:
            answer_call(stop_module(), 0);
            return;
        case CS2SIM_CALL_PRE_REPLACE:
        case CS2SIM_CALL_PRE_DELETE:
            answer_call(ask_consent(channel->kind == CS2SIM_CALL_PRE_REPLACE), 0);
            return;
        case CS2SIM_CALL_MECHANISM:
            run_mechanism();
            return;
        case CS2SIM_CALL_FUNCTION:
            run_published();
            return;
        default:
            answer_call(CODE(E_OS_MDL_NOT_SUPP), 0);
    }
}

void check_arguments(int count, char** arguments) {
    if (count == 3) return;
    fprintf(stderr, "%s is started by the simulator\n", arguments[0]);
    exit(2);
}
