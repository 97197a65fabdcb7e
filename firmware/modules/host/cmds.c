/* CMDS: commands of the module and their answers. */
#include "host.h"

enum { MOST_FUNCTIONS = 256, MOST_CODES = 8, LONGEST_COMMAND = 256 * 1024 };

#define COMMAND 0x434F4D4Du

struct registration {
    u32 fc;
    u32 count;
    const P_CMDS_FCT* functions;
};

static struct registration registrations[MOST_CODES];
static struct command* open_command;

struct command* command_of(T_CMDS_HANDLE* handle) {
    struct command* command = open_command;
    while (command && &command->handle != handle) command = command->outer;
    return command;
}

int is_command_open(void) { return open_command != NULL; }

void lend_command(struct command* command, u32 permission) {
    memset(command, 0, sizeof *command);
    command->magic = COMMAND;
    command->handle.perm = permission;
    command->lent = 1;
    command->outer = open_command;
    open_command = command;
}
void take_back_command(const struct command* command) { open_command = command->outer; }

/* --- functions --- */

static struct registration* registration_of(u32 fc) {
    u32 i;
    for (i = 0; i < MOST_CODES; ++i)
        if (registrations[i].functions && registrations[i].fc == fc) return &registrations[i];
    return NULL;
}

int sdk_cmds_register(int fc, int count, const P_CMDS_FCT* functions) {
    struct request request = request_for(SERVICE_cmds_register);
    u32 i;
    int code;
    if (fc < 0 || count < 1 || count > MOST_FUNCTIONS || !functions) return CODE(E_CMDS_INVAL);
    put_number(&request, (u32)fc, 4);
    for (i = 0; i < (u32)count; ++i) put_number(&request, functions[i] != NULL, 1);
    code = ask(&request, NULL);
    if (code != 0) return code;
    for (i = 0; i < MOST_CODES; ++i) {
        if (registrations[i].functions) continue;
        registrations[i].fc = (u32)fc;
        registrations[i].count = (u32)count;
        registrations[i].functions = functions;
        return 0;
    }
    return CODE(E_CMDS_NO_MEM);
}

int sdk_cmds_unregister(int fc) {
    struct request request = request_for(SERVICE_cmds_unregister);
    struct registration* registration = registration_of((u32)fc);
    if (!registration) return CODE(E_CMDS_BAD_FC);
    put_number(&request, (u32)fc, 4);
    registration->functions = NULL;
    return ask(&request, NULL);
}

static int run_handler(struct command* command, const u8* block, u32 length) {
    const struct registration* registration = registration_of(command->fc);
    u8* copy;
    int code;
    if (!registration) return CODE(E_CMDS_BAD_FC);
    if (command->sfc >= registration->count || !registration->functions[command->sfc])
        return CODE(E_CMDS_BAD_SFC);
    copy = malloc(
        length +
        1); /* the channel is needed for services; of the exact size, so that sanitizers see overruns */
    if (!copy) return CODE(E_CMDS_NO_MEM);
    if (length) memcpy(copy, block, length);
    copy[length] = 0;
    command->outer = open_command;
    open_command = command;
    code = registration->functions[command->sfc](&command->handle, (int)length, copy);
    open_command = command->outer;
    free(copy);
    return code;
}

void run_command(void) {
    struct answer call = {channel->data, channel->length};
    struct command command;
    u32 length, l_answer = 0;
    const u8* block;
    u8* copy;
    int code;
    memset(&command, 0, sizeof command);
    command.magic = COMMAND;
    command.handle.perm = get_number(&call, 4);
    command.fc = get_number(&call, 2);
    command.sfc = get_number(&call, 1);
    block = get_rest(&call, &length);
    code = run_handler(&command, block, length);
    forget_pages();
    heap_check("after a command");
    if (code == 0 && command.answer) l_answer = command.l_answer;
    copy = malloc(l_answer + 1); /* damage of the block is told by way of the channel when it is freed */
    if (!copy) end_process(CS2SIM_END_HEAP, l_answer);
    if (l_answer != 0) memcpy(copy, command.answer, l_answer);
    if (command.answer) heap_delete(command.answer, CALLER);
    memcpy(channel->data, copy, l_answer);
    free(copy);
    answer_call(code, l_answer);
}

static int allocate_answer(T_CMDS_HANDLE* handle, int length, u8** answer, int with_error,
                           const void* caller) {
    struct command* command = command_of(handle);
    if (!command || command->lent || !answer) return CODE(E_CMDS_INVAL);
    if (length < 0 || length > LONGEST_COMMAND) return CODE(E_CMDS_BAD_SIZE);
    if (command->answer) heap_delete(command->answer, caller); /* the last one counts */
    command->answer = heap_new((u32)length, OS_MEM_TYPE_SD, NULL, 0, caller);
    if (!command->answer) return CODE(E_CMDS_NO_MEM);
    command->l_answer = (u32)length;
    command->error_answer = with_error;
    *answer = command->answer;
    return 0;
}

int sdk_cmds_alloc_answ(T_CMDS_HANDLE* handle, int length, u8** answer) {
    return allocate_answer(handle, length, answer, 0, CALLER);
}
/* An answer frame carries a code or a block, never both: the block is made, and dropped with the code. */
int sdk_cmds_alloc_eansw(T_CMDS_HANDLE* handle, int length, u8** answer) {
    return allocate_answer(handle, length, answer, 1, CALLER);
}

int sdk_cmds_get_fc(T_CMDS_HANDLE* handle, int* fc, int* sfc) {
    const struct command* command = command_of(handle);
    if (!command) return CODE(E_CMDS_INVAL);
    if (fc) *fc = (int)command->fc;
    if (sfc) *sfc = (int)command->sfc;
    return 0;
}

/* --- cmds_scanf (sdk-facts.md, section 7) --- */

struct scan {
    u8* at;
    u32 left;
    u8* out;
    u32 room;
};

static int put_word(struct scan* scan, uintptr_t word, u32 size) {
    const u32 value = (u32)word;
    if (scan->room < size) return CODE(E_CMDS_BAD_OUT);
    if (size == sizeof value)
        memcpy(scan->out, &value, sizeof value);
    else
        memcpy(scan->out, &word, sizeof word);
    scan->out += size;
    scan->room -= size;
    return 0;
}

/* A length and where it begins. */
static int put_run(struct scan* scan, u32 length) {
    int code = put_word(scan, length, sizeof(u32));
    /* at 64 bit the pointer stands aligned, as a compiler lays out { unsigned int; unsigned char*; } */
    if (code == 0 && sizeof(void*) > sizeof(u32) && ((uintptr_t)scan->out & 4) != 0)
        code = put_word(scan, 0, sizeof(u32));
    if (code == 0) code = put_word(scan, (uintptr_t)scan->at, sizeof(u8*));
    scan->at += length;
    scan->left -= length;
    return code;
}

static int scan_token(struct scan* scan, char letter, u32 number) {
    u32 length;
    int code;
    switch (letter) {
        case 'u':
            if (number < 1 || number > 4) return CODE(E_CMDS_FMT_LEN);
            if (scan->left < number) return CODE(E_CMDS_BAD_CMD);
            code = put_word(scan, load_int(scan->at, (int)number), sizeof(u32));
            scan->at += number;
            scan->left -= number;
            return code;
        case 'c':
            if (number < 1) return CODE(E_CMDS_FMT_LEN);
            if (scan->left < number) return CODE(E_CMDS_BAD_CMD);
            code = put_word(scan, (uintptr_t)scan->at, sizeof(u8*));
            scan->at += number;
            scan->left -= number;
            return code;
        case 'v':
            if (number < 1 || number > 4) return CODE(E_CMDS_FMT_LEN);
            if (scan->left < number) return CODE(E_CMDS_BAD_CMD);
            length = load_int(scan->at, (int)number);
            if (length > scan->left - number) return CODE(E_CMDS_BAD_CMD);
            scan->at += number;
            scan->left -= number;
            return put_run(scan, length);
        default:
            return CODE(E_CMDS_BAD_FMT);
    }
}

int sdk_cmds_scanf(int l_cmd, u8* cmd, char* format, int size, void* out) {
    struct scan scan = {cmd, l_cmd < 0 ? 0 : (u32)l_cmd, out, size < 0 ? 0 : (u32)size};
    int code;
    if (!format || (!cmd && l_cmd > 0) || (!out && size > 0)) return CODE(E_CMDS_INVAL);
    while (*format) {
        const char letter = *format++;
        u32 number = 0;
        int digits = 0;
        if (letter == ' ') continue;
        if (letter == '*') {
            if (*format) return CODE(E_CMDS_BAD_FMT);
            code = put_run(&scan, scan.left);
            if (code != 0) return code;
            break;
        }
        for (; *format >= '0' && *format <= '9' && digits < 6; ++digits)
            number = number * 10 + (u32)(*format++ - '0');
        if (letter != 'u' && letter != 'c' && letter != 'v') return CODE(E_CMDS_BAD_FMT);
        if (digits == 0) return CODE(E_CMDS_FMT_LEN);
        code = scan_token(&scan, letter, number);
        if (code != 0) return code;
    }
    if (scan.room != 0) return CODE(E_CMDS_BAD_OUT);
    return scan.left != 0 ? CODE(E_CMDS_DATA_LEN) : 0;
}
