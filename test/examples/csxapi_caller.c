/* Shows the state of the device that CRYPTOSERVER names; with a user and a key file, logs on and lists users.
 *
 *   csxapi_caller [USER KEYFILE]
 */
#include <csxapi/csxapi.h>
#include <csxapi/functions.h>
#include <stdio.h>
#include <string.h>

static int complain(const char* what, int code) {
    fprintf(stderr, "%s: %08X %s\n", what, (unsigned)code, cs_error_text((unsigned)code));
    return 1;
}

/* CS_ANSWER_ADM_GET_STATE is "text:*": the whole answer is text. */
static int show_state(int device) {
    unsigned char* answer = NULL;
    unsigned length = 0;
    const int code =
        cs_exec_command(device, NULL, CS_FC_ADM, CS_SFC_ADM_GET_STATE, NULL, 0, &answer, &length);
    if (code != 0) return complain("GET_STATE", code);
    printf("%.*s", (int)length, (const char*)answer);
    cs_free_answ(answer);
    return 0;
}

/* Elements of the answer are of CS_LAYOUT_USER, which begins with a name of 8 bytes; here the first is
 * enough. */
static int list_users(int device, void* session) {
    unsigned char* answer = NULL;
    unsigned length = 0;
    const int code =
        cs_exec_command(device, session, CS_FC_CMDS, CS_SFC_CMDS_LIST_USERS, NULL, 0, &answer, &length);
    if (code != 0) return complain("LIST_USERS", code);
    printf("users: %u bytes, layout of each: %s\n", length, CS_LAYOUT_USER);
    cs_free_answ(answer);
    return 0;
}

static int with_logon(int device, const char* user, const char* key_file) {
    void* session = NULL;
    int status = 1;
    int code = cs_prepare_auth(device, CSA_AUTH_MECH_AUTO, (const unsigned char*)user, (unsigned)strlen(user),
                               (const unsigned char*)key_file, NULL, 0, NULL, &session);
    if (code == 0) code = cs_get_sessionkey_ex(device, session);
    if (code != 0)
        complain("logon", code);
    else
        status = list_users(device, session);
    cs_end_session(device, session);
    return status;
}

int main(int argc, char** argv) {
    int device = -1;
    const int code = cs_open_connection(NULL, 0, 0, &device);
    if (code != 0) return complain("open", code);
    int status = show_state(device);
    if (status == 0 && argc == 3) status = with_logon(device, argv[1], argv[2]);
    cs_close_connection(device);
    return status;
}
