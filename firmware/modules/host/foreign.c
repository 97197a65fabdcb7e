/* Functions of another module of a user's, which runs in a process of its own. Its author says what they take
 * (firmware/modules/images/slot_parameters.h), so that what their pointers lead to can travel: into the other
 * process, and what it wrote there back.
 *
 * In a call each parameter is kind:u1, then a number u4, or length:u4 (NOWHERE: a NULL) and, of what the
 * callee reads, the bytes. The answer is the function's result, u4, then length:u4 and bytes of what it
 * writes. */
#include <stdarg.h>
#include <stdio.h>

#include "host.h"

enum {
    MOST_MODULES = 8,
    MOST_SLOTS = 64,
    MOST_PARAMETERS = 12,
    LONGEST_BLOCK = 256 * 1024,
    NUMBER = 0,
    HANDLE = 1,
    TEXT = 2,
    IN = 3,
    OUT = 4,
    BOTH = 5
};
#define NOWHERE 0xFFFFFFFFu

struct parameter {
    u8 kind;
    u8 counted_by;
    u32 size;
};
struct slot {
    int declared;
    int told; /* that it is not */
    u32 count;
    struct parameter parameters[MOST_PARAMETERS];
};
struct module {
    char name[OS_MDL_NAME_LEN];
    struct slot slots[MOST_SLOTS];
    const void* table[MOST_SLOTS];
};
static struct module modules[MOST_MODULES];

/* --- the caller's side --- */

struct argument {
    intptr_t value;
    u32 size; /* of what it points to */
};

static u32 size_of(const struct slot* slot, const struct argument* arguments, const struct parameter* of) {
    const struct parameter* by;
    u32 size = 0;
    if (of->counted_by == 0) return of->size;
    by = &slot->parameters[of->counted_by - 1];
    if (by->kind == NUMBER) return (u32)arguments[of->counted_by - 1].value;
    if (arguments[of->counted_by - 1].value)
        memcpy(&size, (const void*)arguments[of->counted_by - 1].value, sizeof size);
    return size;
}

static int put_argument(struct request* request, const struct parameter* parameter,
                        const struct argument* argument) {
    const void* const bytes = (const void*)argument->value;
    put_number(request, parameter->kind, 1);
    if (parameter->kind == NUMBER || parameter->kind == HANDLE) {
        put_number(request, parameter->kind == NUMBER ? (u32)argument->value : bytes != NULL, 4);
        return 0;
    }
    if (bytes && argument->size > LONGEST_BLOCK) return CODE(E_OS_MDL_PARAMETER);
    put_number(request, bytes ? argument->size : NOWHERE, 4);
    if (bytes && parameter->kind != OUT) put_raw(request, bytes, argument->size);
    return 0;
}

static int is_written(const struct parameter* parameter) {
    return parameter->kind == OUT || parameter->kind == BOTH;
}

/* What the callee wrote comes to where the pointers lead, a block whose length is pointed to no longer than
 * that says. 0: the answer is none. */
static int take_results(const struct slot* slot, struct argument* arguments, struct answer* answer,
                        int* result) {
    u32 i;
    if (answer->left < 4) return 0;
    *result = (int)get_number(answer, 4);
    for (i = 0; i < slot->count; ++i) {
        const struct parameter* parameter = &slot->parameters[i];
        void* const to = (void*)arguments[i].value;
        u32 length, said;
        const u8* bytes;
        if (!is_written(parameter) || !to) continue;
        if (answer->left < 4 || load_int4(answer->at) > answer->left - 4) return 0;
        bytes = get_bytes(answer, 4, &length);
        if (length != arguments[i].size) return 0;
        said = size_of(slot, arguments, parameter);
        if (parameter->counted_by && said < length) length = said;
        if (length) memcpy(to, bytes, length);
    }
    return 1;
}

static intptr_t call_other(const struct module* module, u32 place, struct argument* arguments) {
    const struct slot* slot = &module->slots[place];
    struct request request = request_for(SERVICE_module_call);
    struct answer answer;
    int code = 0, result = 0;
    u32 i;
    for (i = 0; i < slot->count; ++i)
        arguments[i].size = slot->parameters[i].kind == TEXT && arguments[i].value
                                ? (u32)strlen((const char*)arguments[i].value) + 1
                                : size_of(slot, arguments, &slot->parameters[i]);
    put_text(&request, module->name);
    put_number(&request, place, 1);
    put_number(&request, slot->count, 1);
    for (i = 0; code == 0 && i < slot->count; ++i)
        code = put_argument(&request, &slot->parameters[i], &arguments[i]);
    if (code == 0) code = ask(&request, &answer);
    if (code != 0) return code;
    return take_results(slot, arguments, &answer, &result) ? result : CODE(E_OS_MDL_PARA_INVALID);
}

/* The rest of the arguments is where a function of any type finds them: on each processor that is supported,
 * one with a variable number of arguments is called in the same way. */
static intptr_t enter(struct module* module, u32 place, intptr_t first, va_list rest) {
    struct slot* slot = &module->slots[place];
    struct argument arguments[MOST_PARAMETERS] = {{0, 0}};
    u32 i;
    if (!slot->declared) {
        char text[160];
        if (slot->told++ == 0) {
            snprintf(
                text, sizeof text,
                "function %u of %s: its NAME.toml does not say what it takes ([slots.%u]): answered %08x",
                place, module->name, place, (u32)E_OS_MDL_NOT_SUPP);
            diagnose(text, NULL, 0);
        }
        return CODE(E_OS_MDL_NOT_SUPP);
    }
    for (i = 0; i < slot->count; ++i) arguments[i].value = i == 0 ? first : va_arg(rest, intptr_t);
    return call_other(module, place, arguments);
}

#define STUB(module, place)                                        \
    static intptr_t stub_##module##_##place(intptr_t first, ...) { \
        intptr_t result;                                           \
        va_list rest;                                              \
        va_start(rest, first);                                     \
        result = enter(&modules[module], place, first, rest);      \
        va_end(rest);                                              \
        return result;                                             \
    }
#define SET(module, place) modules[module].table[place] = (const void*)stub_##module##_##place;
#define EIGHT(X, m, a, b, c, d, e, f, g, h) X(m, a) X(m, b) X(m, c) X(m, d) X(m, e) X(m, f) X(m, g) X(m, h)
#define SLOTS_OF(X, m)                          \
    X(m, 7)                                     \
    EIGHT(X, m, 8, 9, 10, 11, 12, 13, 14, 15)   \
    EIGHT(X, m, 16, 17, 18, 19, 20, 21, 22, 23) \
    EIGHT(X, m, 24, 25, 26, 27, 28, 29, 30, 31) \
    EIGHT(X, m, 32, 33, 34, 35, 36, 37, 38, 39) \
    EIGHT(X, m, 40, 41, 42, 43, 44, 45, 46, 47) \
    EIGHT(X, m, 48, 49, 50, 51, 52, 53, 54, 55) \
    EIGHT(X, m, 56, 57, 58, 59, 60, 61, 62, 63)
#define ALL_SLOTS(X) \
    SLOTS_OF(X, 0)   \
    SLOTS_OF(X, 1) SLOTS_OF(X, 2) SLOTS_OF(X, 3) SLOTS_OF(X, 4) SLOTS_OF(X, 5) SLOTS_OF(X, 6) SLOTS_OF(X, 7)
ALL_SLOTS(STUB)

static void read_slots(struct module* module, const u8* at, u32 left) {
    while (left >= 2) {
        struct slot* slot = &module->slots[at[0] % MOST_SLOTS];
        const u32 count = at[1];
        u32 i;
        if (count > MOST_PARAMETERS || left < 2 + 6 * count) return;
        slot->declared = 1;
        slot->count = count;
        for (i = 0; i < count; ++i) {
            const u8* one = at + 2 + 6 * i;
            slot->parameters[i].kind = one[0];
            slot->parameters[i].counted_by = one[1];
            slot->parameters[i].size = load_int4(one + 2);
        }
        at += 2 + 6 * count;
        left -= 2 + 6 * count;
    }
}

T_OS_MDL_HDL foreign_table(const char* name, const u8* slots, u32 length) {
    u32 i;
    if (!modules[0].table[7]) {
        ALL_SLOTS(SET)
    }
    for (i = 0; i < MOST_MODULES; ++i) {
        if (strcmp(modules[i].name, name) == 0) return modules[i].table;
        if (modules[i].name[0] != 0) continue;
        if (strlen(name) >= sizeof modules[i].name) return NULL;
        strcpy(modules[i].name, name);
        read_slots(&modules[i], slots, length);
        return modules[i].table;
    }
    diagnose("more than 8 other modules are linked to", NULL, 0);
    return NULL;
}

/* --- the callee's side --- */

struct received {
    u8 kind;
    u32 size;
    void* block; /* of the heap, so that damage of it is told */
    intptr_t value;
};

static int has(const struct answer* call, u32 length) { return call->left >= length; }

/* 0: it is no parameter. `place` names it in the log when its block is damaged. */
static int take_parameter(struct answer* call, u32 place, T_CMDS_HANDLE* handle, struct received* one) {
    if (!has(call, 5)) return 0;
    one->kind = (u8)get_number(call, 1);
    one->size = get_number(call, 4);
    if (one->kind == NUMBER) one->value = (intptr_t)one->size;
    if (one->kind == HANDLE) one->value = one->size ? (intptr_t)handle : 0;
    if (one->kind <= HANDLE || one->size == NOWHERE) return 1;
    if (one->kind > BOTH || one->size > LONGEST_BLOCK) return 0;
    if (one->kind != OUT && !has(call, one->size)) return 0;
    one->block = heap_new(one->size, OS_MEM_TYPE_SD, "argument of another module's call", place, CALLER);
    if (!one->block) return 0;
    if (one->kind == OUT)
        memset(one->block, 0, one->size);
    else
        memcpy(one->block, get_raw(call, one->size), one->size);
    one->value = (intptr_t)one->block;
    return one->kind != TEXT || (one->size != 0 && ((char*)one->block)[one->size - 1] == 0);
}

typedef intptr_t (*function)(intptr_t, intptr_t, intptr_t, intptr_t, intptr_t, intptr_t, intptr_t, intptr_t,
                             intptr_t, intptr_t, intptr_t, intptr_t);

/* With as many as there can be: those that it does not have it does not look at. */
static u32 run(const void* address, const struct received* r) {
    function called;
    *(const void**)&called = address;
    return (u32)called(r[0].value, r[1].value, r[2].value, r[3].value, r[4].value, r[5].value, r[6].value,
                       r[7].value, r[8].value, r[9].value, r[10].value, r[11].value);
}

static u32 put_results(u32 result, const struct received* received, u32 count) {
    struct request answer = {SERVICE_module_call, 0, 0};
    u32 i;
    put_number(&answer, result, 4);
    for (i = 0; i < count; ++i)
        if (received[i].block && received[i].kind >= OUT)
            put_bytes(&answer, 4, received[i].block, received[i].size);
    return answer.at; /* all that came fits */
}

void run_published(void) {
    struct answer call = {channel->data, channel->length};
    struct received received[MOST_PARAMETERS];
    const u32 place = channel->number;
    const void* const address = place >= 7 && place < MOST_SLOTS ? published_function(place) : NULL;
    struct command lent;
    u8* copy;
    u32 count = 0, taken, i, length = 0;
    int code = address ? 0 : CODE(E_OS_MDL_NOT_SUPP);
    memset(received, 0, sizeof received);
    if (code == 0 && !has(&call, 5)) code = CODE(E_OS_MDL_PARA_INVALID);
    if (code == 0) {
        lend_command(&lent, get_number(&call, 4));
        count = get_number(&call, 1);
        if (count > MOST_PARAMETERS) code = CODE(E_OS_MDL_PARA_INVALID);
        for (taken = 0; code == 0 && taken < count; ++taken)
            if (!take_parameter(&call, taken + 1, &lent.handle, &received[taken]))
                code = CODE(E_OS_MDL_PARA_INVALID);
        if (code == 0) length = run(address, received);
        take_back_command(&lent);
    }
    heap_check("after a call of another module");
    if (code == 0) length = put_results(length, received, count);
    copy = malloc(length + 1); /* damage of a block is told by way of the channel when it is freed */
    if (!copy) end_process(CS2SIM_END_HEAP, length);
    memcpy(copy, channel->data, length);
    for (i = 0; i < MOST_PARAMETERS; ++i)
        if (received[i].block) sdk_os_mem_del_set(received[i].block, 0);
    forget_pages();
    memcpy(channel->data, copy, length);
    explicit_bzero(copy, length);
    free(copy);
    answer_call(code, length);
}
