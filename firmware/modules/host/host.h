/* The process of a module: what its files share. It links nothing but libc. */
#ifndef CS2SIM_MODULES_HOST_H
#define CS2SIM_MODULES_HOST_H

#include <cryptoserversdk/adm.h>
#include <cryptoserversdk/aes.h>
#include <cryptoserversdk/asn1.h>
#include <cryptoserversdk/cmds.h>
#include <cryptoserversdk/cxi.h>
#include <cryptoserversdk/db.h>
#include <cryptoserversdk/dsa.h>
#include <cryptoserversdk/ecdsa.h>
#include <cryptoserversdk/hash.h>
#include <cryptoserversdk/lna.h>
#include <cryptoserversdk/load_store.h>
#include <cryptoserversdk/mbk.h>
#include <cryptoserversdk/os_audit.h>
#include <cryptoserversdk/os_cfg.h>
#include <cryptoserversdk/os_crypt.h>
#include <cryptoserversdk/os_file.h>
#include <cryptoserversdk/os_log.h>
#include <cryptoserversdk/os_mdl.h>
#include <cryptoserversdk/os_mem.h>
#include <cryptoserversdk/os_sema.h>
#include <cryptoserversdk/os_str.h>
#include <cryptoserversdk/os_task.h>
#include <cryptoserversdk/os_tmr.h>
#include <cryptoserversdk/pp.h>
#include <cryptoserversdk/util.h>
#include <cryptoserversdk/vdes.h>
#include <cryptoserversdk/vrsa.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/modules/channel.h"

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

/* Each function of the SDK is defined as sdk_<name>, with the type of its slot; the linker leaves out what is
 * not there, and its slot says so when it is called. */
#define SLOT(header, TABLE, place, name, kind) \
    extern __typeof__(*((T_##TABLE##_TABLE_PUB*)0)->_##name) sdk_##name __attribute__((weak));
#include "slots.inc"
#undef SLOT

/* --- slots.c --- */
T_OS_MDL_HDL operating_system(void);
/* The table of a module of the device by its name ("DB"), or NULL. */
T_OS_MDL_HDL module_table(const char* name);
/* --- foreign.c --- */
/* The table of a module of a user's in another process, whose slots it says (services.inc, module_find); NULL
 * when there are too many. */
T_OS_MDL_HDL foreign_table(const char* name, const u8* slots, u32 length);

/* --- channel.c --- */
enum service {
#define CS2SIM_SERVICE(name, request, answer) SERVICE_##name,
#include "firmware/modules/images/services.inc"
#undef CS2SIM_SERVICE
};

extern struct cs2sim_channel* channel;

/* A service's request is written straight into the channel, its answer read from there: copy what must last.
 */
struct request {
    enum service service;
    u32 at;
    int too_long;
};
struct answer {
    const u8* at;
    u32 left;
};
struct request request_for(enum service service);
void put_number(struct request* request, u32 number, u32 width);
void put_raw(struct request* request, const void* bytes, u32 length);              /* bN and * */
void put_bytes(struct request* request, u32 width, const void* bytes, u32 length); /* v2 and v4 */
void put_text(struct request* request, const char* text);                          /* v2 */
/* 0, the simulator's code, or E_OS_MDL_PARAMETER for a request that is longer than the channel. */
int ask(struct request* request, struct answer* answer);
u32 get_number(struct answer* answer, u32 width);
const u8* get_raw(struct answer* answer, u32 length);
const u8* get_bytes(struct answer* answer, u32 width, u32* length);
const u8* get_rest(struct answer* answer, u32* length);

void open_channel(void);
/* Waits for the simulator's next call; 0 when `milliseconds` (CS2SIM_NO_TASK: for ever) are over. */
int wait_for_call(u32 milliseconds);
void ring_bell(void);
void answer_call(int code, u32 length); /* whose data is in the channel */

/* --- calls.c --- */
/* Ends the process with status 2 unless there are two: the module's abbreviation and its image. */
void check_arguments(int count, char** arguments);
/* Does what the channel's call is for, by the functions of the module's language, and answers it: */
void run_call(void);
/* Loads the module and runs its start; in how many milliseconds a task of its wants to run, unless none does.
 */
int start_module(u32* next_task);
int stop_module(void);
/* Whether the module lets itself be replaced, or deleted: 0, or the code with which it objects. */
int ask_consent(int to_replacement);
/* and by run_tasks(), run_command(), run_mechanism() and run_published(). */

/* --- ends.c --- */
/* From now on a signal that ends the process, and exit(), are told in the channel. */
void catch_signals(void);
/* The process is at its end: tells why and does not come back. */
_Noreturn void end_process(u32 end, u32 number);

/* --- heap.c --- */
void* heap_new(u32 size, u32 type, const char* file, u32 line, const void* caller);
void heap_delete(void* block, const void* caller);
/* The room behind `inside` to the end of the block that it lies in; 0 when it lies in none. */
u32 heap_room(const void* inside);
void heap_check(const char* when); /* reports damage of blocks, once each: by way of the channel */
/* The same, while the channel holds an answer of that length, which stays. */
void heap_check_beside(u32 length, const char* when);
void heap_report_leaks(void);
void heap_begin(void);

/* --- print.c --- */
int format_text(char* buffer, u32 room, const char* format, va_list arguments);
void diagnose(const char* text, const void* const* addresses, u32 count);

/* --- tasks.c --- */
/* Runs what is ready until all wait; milliseconds until one wants to run again, or CS2SIM_NO_TASK. */
u32 run_tasks(int end_waits);
u32 next_task(void);
/* Waits from within a task or a handler until `ready`(argument) or the ticks are over; 1: ready. */
int wait_until(int (*ready)(void*), void* argument, u32 ticks);
unsigned long long now_milliseconds(void);

/* --- os.c --- */
int module_is_ready(void* wait); /* what a task waits for in os_mdl_state_wait */

/* --- cmds.c --- */
/* Handlers see perm of the handle; the rest is the scheduler's. */
struct command {
    T_CMDS_HANDLE handle;
    u32 magic;
    u32 fc;
    u32 sfc;
    u8* answer;
    u32 l_answer;
    int error_answer;
    int lent; /* another module's: it has no answer here */
    struct command* outer;
};
void run_command(void);
int is_command_open(void);
/* The open command whose handle it is, or NULL. */
struct command* command_of(T_CMDS_HANDLE* handle);
/* For a function that another module calls while a command of its own runs. */
void lend_command(struct command* command, u32 permission);
void take_back_command(const struct command* command);
/* --- vdm.c --- */
void run_mechanism(void);
/* --- foreign.c --- */
void run_published(void);
/* --- main.c --- */
const void* published_function(u32 place); /* of the module's table; NULL without one */
/* --- db.c --- */
void forget_pages(void); /* records kept since the last call, when none is open */

#define CODE(error) ((int)(error))
#define CALLER __builtin_return_address(0)

#endif
