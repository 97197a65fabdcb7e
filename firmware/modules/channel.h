/* What the simulator and the process of a module share: one block of memory with a futex whose turn it is.
 *
 * Whoever has the turn writes `kind`, `number` or `code`, `length` and the data, hands the turn over, and
 * waits for it to come back. The simulator begins with a call (CS2SIM_CALL_*), the module answers it, and may
 * first ask for any number of services (services.inc), which the simulator answers; while it works at one it
 * may itself begin a further call: calls nest, the answers come in reverse order. Numbers are those of the
 * machine, data is laid out as the row of the service says (firmware/protocol/layout.h). C and C++ read this
 * file alike.
 *
 * To the simulator everything that the module writes is hostile: it copies the words once, then checks the
 * copy. */
#ifndef CS2SIM_MODULES_CHANNEL_H
#define CS2SIM_MODULES_CHANNEL_H

#include <stdint.h>

#define CS2SIM_CHANNEL_MAGIC 0x43534D43u
#define CS2SIM_CHANNEL_VERSION 1u
#define CS2SIM_CHANNEL_DATA (1u << 20) /* bytes: a command of 256 KiB, a page of records */
#define CS2SIM_CHANNEL_FRAMES 32u      /* of a backtrace */
#define CS2SIM_NO_TASK 0xFFFFFFFFu     /* milliseconds until the next task: none waits */

/* Descriptors that the process is born with; all others are closed. */
#define CS2SIM_CHANNEL_FD 3
#define CS2SIM_BELL_FD 4 /* an eventfd: the module rings it when a task of its own wants to run */

enum cs2sim_turn { CS2SIM_TURN_SIMULATOR = 0, CS2SIM_TURN_MODULE = 1 };

/* `kind` of what the simulator sends: a service's answer, or a call. */
enum cs2sim_call {
    CS2SIM_SERVICE_ANSWER = 0, /* code, and the answer's layout */
    CS2SIM_CALL_START, /* loads the image and runs <abbr>_start; the answer says when to run tasks, u4 ms.
                          A script needs the data: fc:u2, then sfc:u1 name:v2 of each function with a name */
    CS2SIM_CALL_TASKS, /* runs what is ready; number: 1 when waits for other modules end now. Answer as above
                        */
    CS2SIM_CALL_COMMAND, /* perm:u4 fc:u2 sfc:u1 command:* -> the answer block */
    CS2SIM_CALL_STOP,
    CS2SIM_CALL_PRE_REPLACE,
    CS2SIM_CALL_PRE_DELETE,
    CS2SIM_CALL_MECHANISM, /* number: the callback that was registered. mechanism:u4 key:v4 second:v4
                             parameter:v4 signature:v4 data:* -> what it made; of a new key made:v4
                             public_data:*. A key is type:u1 bits:u4 algorithm:u4 external:u1 private:v4
                             public:v4 public_data:v4 domain:v4; of RSA private and public are numbers as the
                             services of RSA take them; domain is a curve's name, or P, Q and G of DSA, v4
                             each */
    CS2SIM_CALL_FUNCTION /* number: its place in the module's table. perm:u4, then what host/foreign.c says */
};

/* `kind` of what the module sends. */
enum cs2sim_word { CS2SIM_CALL_ANSWER = 0, CS2SIM_SERVICE = 1 };

/* How the process came to its end, written by itself. */
enum cs2sim_end {
    CS2SIM_END_NONE = 0,
    CS2SIM_END_SIGNAL = 1, /* end_number: the signal */
    CS2SIM_END_EXIT = 2,   /* end_number: the status that the module gave exit() */
    CS2SIM_END_HEAP = 3    /* the heap is damaged beyond use */
};

struct cs2sim_channel {
    uint32_t magic;
    uint32_t version;
    uint32_t pointer_size; /* of the process, written by it */
    uint32_t turn;         /* futex */
    uint32_t kind;
    uint32_t number; /* of a service, or a parameter of the call */
    uint32_t code;   /* of an answer, 0: good */
    uint32_t length; /* of the data */
    uint32_t end;
    uint32_t end_number;
    uint64_t end_address; /* that was touched */
    uint64_t image;       /* where the module's image lies */
    uint32_t frames;
    uint32_t simulator; /* its process: a module whose parent is another has lost it */
    uint64_t frame[CS2SIM_CHANNEL_FRAMES];
    uint8_t data[CS2SIM_CHANNEL_DATA];
};

#endif
