/* Calls a function of a module and prints its answer as hexadecimal digits, or the code:
 *   caller FC [USER KEYFILE | USER pw:PASSWORD]… call SFC [HEX]        device: CRYPTOSERVER
 */
#include <csxapi/csxapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char* what, int code) {
    printf("%s%08X\n", what, (unsigned)code);
    return 1;
}

/* Logs on whoever is named before "call"; the words used. */
static int log_on(int handle, char** words, void** context, int* code) {
    int used = 0;
    for (; words[used] && strcmp(words[used], "call") != 0; used += 2) {
        const unsigned char* user = (unsigned char*)words[used];
        const char* spec = words[used + 1];
        const int is_password = strncmp(spec, "pw:", 3) == 0;
        *code = cs_prepare_auth(handle, CSA_AUTH_MECH_AUTO, user, (unsigned)strlen(words[used]),
                                is_password ? NULL : (unsigned char*)spec,
                                is_password ? (unsigned char*)spec + 3 : NULL,
                                is_password ? (unsigned)strlen(spec + 3) : 0, *context, context);
        if (*code == 0) *code = cs_get_sessionkey_ex(handle, *context);
        if (*code != 0) return used;
    }
    return used;
}

static int call(int handle, void* context, unsigned fc, char** words) {
    static unsigned char block[1024];
    unsigned char* answer = NULL;
    unsigned l_block = 0, l_answer = 0, i, byte;
    const char* hex = words[1] && words[2] ? words[2] : "";
    int code;
    for (; l_block < sizeof block && sscanf(hex + 2 * l_block, "%2x", &byte) == 1; ++l_block)
        block[l_block] = (unsigned char)byte;
    code = cs_exec_command(handle, context, fc, (unsigned)atoi(words[1]), block, l_block, &answer, &l_answer);
    if (code != 0) return fail("", code);
    for (i = 0; i < l_answer; ++i) printf("%02x", answer[i]);
    printf("\n");
    cs_free_answ(answer);
    return 0;
}

int main(int count, char** words) {
    void* context = NULL;
    int handle = -1, status, used, code;
    if (count < 4) return 2;
    code = cs_open_connection(NULL, 5000, 600000, &handle);
    if (code != 0) return fail("no device: ", code);
    used = log_on(handle, words + 2, &context, &code);
    status = code != 0 ? fail("logon: ", code)
                       : call(handle, context, (unsigned)strtoul(words[1], NULL, 16), words + 2 + used);
    if (context) cs_end_session(handle, context);
    cs_close_connection(handle);
    return status;
}
