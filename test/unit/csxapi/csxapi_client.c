#include "csxapi_client.h"

#include <csxapi/csxapi.h>
#include <stddef.h>
#include <string.h>

#define CHECK(condition)                   \
    do {                                   \
        if (!(condition)) return __LINE__; \
    } while (0)

enum { FC_CMDS = 0x083, ECHO = 0x00, GET_AUTH_STATE = 0x04, FC_ADM = 0x087, LIST_ENTRIES = 0x17 };

static int check_echo(int handle, void* context) {
    unsigned char* answer = NULL;
    unsigned int l_answer = 0;
    CHECK(cs_exec_command(handle, context, FC_CMDS, ECHO, (const unsigned char*)"hello", 5, &answer,
                          &l_answer) == 0);
    CHECK(l_answer == 5 && memcmp(answer, "hello", 5) == 0);
    cs_free_answ(answer);
    return 0;
}

/* The authentication state is the answer's first four bytes. */
static int state_of(int handle, void* context, unsigned int* state) {
    unsigned char* answer = NULL;
    unsigned int l_answer = 0;
    CHECK(cs_exec_command(handle, context, FC_CMDS, GET_AUTH_STATE, NULL, 0, &answer, &l_answer) == 0);
    CHECK(l_answer >= 4);
    *state = (unsigned int)answer[0] << 24 | (unsigned int)answer[1] << 16 | (unsigned int)answer[2] << 8 |
             answer[3];
    cs_free_answ(answer);
    return 0;
}

int csxapi_client(const char* device, const char* admin_key) {
    static const unsigned char user[] = "ADMIN";
    int handle = -1;
    void* context = NULL;
    unsigned int state = 1;

    CHECK(cs_open_connection(device, 5000, 60000, &handle) == 0);
    CHECK(handle >= 0);
    CHECK(check_echo(handle, NULL) == 0);

    CHECK(cs_prepare_auth(handle, CSA_AUTH_MECH_AUTO, user, 5, (const unsigned char*)admin_key, NULL, 0, NULL,
                          &context) == 0);
    CHECK(context != NULL);
    CHECK(cs_get_sessionkey_ex(handle, context) == 0);
    CHECK(check_echo(handle, context) == 0);
    CHECK(state_of(handle, context, &state) == 0);
    CHECK(state == 0x22000000u);
    CHECK(state_of(handle, NULL, &state) == 0);
    CHECK(state == 0);

    CHECK(cs_end_session(handle, context) == 0);
    CHECK(cs_close_connection(handle) == 0);
    CHECK(cs_close_connection(handle) == (int)CSA_ERR_HANDLE);
    return 0;
}
