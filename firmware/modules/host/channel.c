/* The module's side of the channel. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

struct cs2sim_channel* channel;

void open_channel(void) {
    void* memory =
        mmap(NULL, sizeof(struct cs2sim_channel), PROT_READ | PROT_WRITE, MAP_SHARED, CS2SIM_CHANNEL_FD, 0);
    if (memory == MAP_FAILED) _exit(126);
    channel = memory;
    if (channel->magic != CS2SIM_CHANNEL_MAGIC || channel->version != CS2SIM_CHANNEL_VERSION) _exit(126);
    channel->pointer_size = sizeof(void*);
}

static long futex(int operation, u32 value, const struct timespec* timeout) {
    return syscall(SYS_futex, &channel->turn, operation, value, timeout, NULL, 0);
}

static int is_my_turn(void) {
    return __atomic_load_n(&channel->turn, __ATOMIC_ACQUIRE) == CS2SIM_TURN_MODULE;
}

int wait_for_call(u32 milliseconds) {
    const struct timespec timeout = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    while (!is_my_turn()) {
        const long woken =
            futex(FUTEX_WAIT, CS2SIM_TURN_SIMULATOR, milliseconds == CS2SIM_NO_TASK ? NULL : &timeout);
        if (woken != 0 && errno == ETIMEDOUT) return is_my_turn();
    }
    return 1;
}

static void hand_over(void) {
    __atomic_store_n(&channel->turn, CS2SIM_TURN_SIMULATOR, __ATOMIC_RELEASE);
    futex(FUTEX_WAKE, INT_MAX, NULL);
}

void ring_bell(void) {
    const unsigned long long one = 1;
    if (write(CS2SIM_BELL_FD, &one, sizeof one) < 0) return; /* nobody listens: the simulator ends */
}

void answer_call(int code, u32 length) {
    channel->kind = CS2SIM_CALL_ANSWER;
    channel->code = (u32)code;
    channel->length = length;
    hand_over();
}

struct request request_for(enum service service) {
    const struct request request = {service, 0, 0};
    return request;
}

void put_raw(struct request* request, const void* bytes, u32 length) {
    if (length > CS2SIM_CHANNEL_DATA - request->at) {
        request->too_long = 1;
        return;
    }
    if (length != 0) memcpy(channel->data + request->at, bytes, length);
    request->at += length;
}

void put_number(struct request* request, u32 number, u32 width) {
    u8 bytes[4];
    store_int4(number, bytes);
    put_raw(request, bytes + 4 - width, width);
}

void put_bytes(struct request* request, u32 width, const void* bytes, u32 length) {
    if (width == 2 && length > 0xFFFF) request->too_long = 1;
    put_number(request, length, width);
    put_raw(request, bytes, length);
}

void put_text(struct request* request, const char* text) {
    put_bytes(request, 2, text, text ? (u32)strlen(text) : 0);
}

/* While the simulator works at the service it may call, which is done before the service's answer comes. */
int ask(struct request* request, struct answer* answer) {
    if (request->too_long) return CODE(E_OS_MDL_PARAMETER);
    channel->kind = CS2SIM_SERVICE;
    channel->number = request->service;
    channel->length = request->at;
    hand_over();
    for (;;) {
        wait_for_call(CS2SIM_NO_TASK);
        if (channel->kind == CS2SIM_SERVICE_ANSWER) break;
        run_call();
    }
    if (answer) {
        answer->at = channel->data;
        answer->left = channel->length;
    }
    return (int)channel->code;
}

const u8* get_raw(struct answer* answer, u32 length) {
    const u8* at = answer->at;
    if (length > answer->left) end_process(CS2SIM_END_HEAP, length); /* the two sides disagree about a row */
    answer->at += length;
    answer->left -= length;
    return at;
}

u32 get_number(struct answer* answer, u32 width) { return load_int(get_raw(answer, width), (int)width); }

const u8* get_bytes(struct answer* answer, u32 width, u32* length) {
    *length = get_number(answer, width);
    return get_raw(answer, *length);
}

const u8* get_rest(struct answer* answer, u32* length) {
    *length = answer->left;
    return get_raw(answer, answer->left);
}
