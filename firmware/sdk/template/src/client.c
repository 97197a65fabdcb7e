/* A host program that calls @NAME@:
 *   client echo TEXT | count | get KEY | put KEY VALUE        device: CRYPTOSERVER
 *   client USER KEYFILE put KEY VALUE                         logged on
 */
#include <csxapi/csxapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ECHO, PUT, GET, COUNT };

static int fail(const char* what, unsigned int code) {
    fprintf(stderr, "client: %s: %08X %s\n", what, code, cs_error_text(code));
    return 1;
}

static int run(int handle, void* context, int count, char** words) {
    unsigned char block[4096] = {0};
    unsigned char* answer = NULL;
    unsigned int length = 0, l_answer = 0, sfc, i, code;
    const char* key = count > 1 ? words[1] : "";
    const char* value = count > 2 ? words[2] : "";
    if (strlen(key) > 1000 || strlen(value) > 1000) return 2;
    if (strcmp(words[0], "echo") == 0) {
        sfc = ECHO;
        memcpy(block, key, length = (unsigned int)strlen(key));
    } else if (strcmp(words[0], "put") == 0 || strcmp(words[0], "get") == 0) {
        sfc = words[0][0] == 'p' ? PUT : GET;
        memcpy(block, key, strlen(key) < 8 ? strlen(key) : 8);
        length = 8;
        if (sfc == PUT) memcpy(block + 8, value, strlen(value));
        if (sfc == PUT) length += (unsigned int)strlen(value);
    } else {
        sfc = COUNT;
    }
    code = (unsigned int)cs_exec_command(handle, context, @ID@, sfc, block, length, &answer, &l_answer);
    if (code != 0) return fail(words[0], code);
    if (sfc == COUNT && l_answer == 4)
        printf("%u\n", (unsigned)answer[0] << 24 | (unsigned)answer[1] << 16 | (unsigned)answer[2] << 8 | answer[3]);
    else
        for (i = 0; i < l_answer; ++i) putchar(answer[i]);
    if (sfc != COUNT) putchar('\n');
    cs_free_answ(answer);
    return 0;
}

int main(int count, char** words) {
    const char* device = getenv("CRYPTOSERVER");
    const int logs_on = count > 3 && strcmp(words[3], "put") == 0;
    void* context = NULL;
    int handle = -1, status;
    unsigned int code;
    if (count < 2) return 2;
    code = (unsigned int)cs_open_connection(device ? device : "/dev/cs2a", 5000, 60000, &handle);
    if (code != 0) return fail("no device", code);
    if (logs_on) {
        code = (unsigned int)cs_prepare_auth(handle, CSA_AUTH_MECH_AUTO, (const unsigned char*)words[1],
                                             (unsigned int)strlen(words[1]), (const unsigned char*)words[2], NULL, 0, NULL, &context);
        if (code == 0) code = (unsigned int)cs_get_sessionkey_ex(handle, context);
        if (code != 0) return fail("logon", code);
    }
    status = run(handle, context, count - (logs_on ? 3 : 1), words + (logs_on ? 3 : 1));
    if (context) cs_end_session(handle, context);
    cs_close_connection(handle);
    return status;
}
