/* CMDS: modes of the device, keys of sessions, the menu of a PIN pad, signed configuration. */
#include "host.h"

/* --- modes: 0 operational, 1 administration only (our assumption) --- */

static int set_mode(u32 startup, char mode) {
    struct request request = request_for(SERVICE_cmds_set_mode);
    put_number(&request, startup, 1);
    put_number(&request, (u8)mode, 1);
    return ask(&request, NULL);
}
int sdk_cmds_set_admin_mode(char mode) { return set_mode(0, mode); }
int sdk_cmds_set_startup_mode(char mode) { return set_mode(1, mode); }
int sdk_cmds_get_startup_mode(void) {
    struct request request = request_for(SERVICE_cmds_startup_mode);
    struct answer answer;
    const int code = ask(&request, &answer);
    return code ? code : (int)get_number(&answer, 1);
}

int sdk_cmds_critical_error(int error) {
    struct request request = request_for(SERVICE_cmds_critical);
    put_number(&request, (u32)error, 4);
    return ask(&request, NULL);
}

/* --- keys of sessions: the parameter is the host's public value, what comes back the device's; the sequence
 * has 16 bytes, keys have 32 (our assumption) --- */

enum { SEQUENCE = 16, KEY = 32 };

int sdk_cmds_gen_sessionkey_ex(u32 mode, u32 mechanism, u32 l_parameter, u8* parameter, u32 session, u8* used,
                               u8* sequence, u8* key, u32* l_public, u8* public_value, u8* mac_key) {
    struct request request = request_for(SERVICE_cmds_session_key);
    struct answer answer;
    const u8* bytes;
    u32 length;
    int code;
    if (!parameter || !used || !sequence || !key || !l_public || !public_value) return CODE(E_CMDS_INVAL);
    if (mode > 0xFF) return CODE(E_CMDS_BAD_MODE);
    if (mechanism > 0xFF) return CODE(E_CMDS_BAD_MECH);
    put_number(&request, mode, 1);
    put_number(&request, mechanism, 1);
    put_number(&request, session, 4);
    put_raw(&request, parameter, l_parameter);
    code = ask(&request, &answer);
    if (code != 0) return code;
    length = answer.left - 1 - SEQUENCE - 2 * KEY;
    if (*l_public < length) return CODE(E_CMDS_BUFF_SIZE);
    *used = (u8)get_number(&answer, 1);
    memcpy(sequence, get_raw(&answer, SEQUENCE), SEQUENCE);
    memcpy(key, get_raw(&answer, KEY), KEY);
    bytes = get_raw(&answer, KEY);
    if (mac_key) memcpy(mac_key, bytes, KEY);
    bytes = get_rest(&answer, &length);
    memcpy(public_value, bytes, *l_public = length);
    return 0;
}
int sdk_cmds_gen_sessionkey(u32 mode, u32 mechanism, u32 l_parameter, u8* parameter, u8* used, u8* sequence,
                            u8* key, u32* l_public, u8* public_value) {
    return sdk_cmds_gen_sessionkey_ex(mode, mechanism, l_parameter, parameter, 0, used, sequence, key,
                                      l_public, public_value, NULL);
}

/* The key of the session in which the command came: one that both of its ends have, and that seals no
 * message (our assumption). Without a place for it its length is answered. */
int sdk_cmds_get_sessionkey(T_CMDS_HANDLE* handle, u8* mechanism, u32* length, u8* key) {
    struct request request = request_for(SERVICE_cmds_own_session_key);
    struct answer answer;
    const u8* bytes;
    u32 room, used;
    int code;
    if (!command_of(handle) || !length) return CODE(E_CMDS_INVAL);
    room = *length;
    code = ask(&request, &answer);
    if (code != 0) return code;
    used = get_number(&answer, 1);
    bytes = get_rest(&answer, length);
    if (key && room < *length) return CODE(E_CMDS_BUFF_SIZE);
    if (mechanism) *mechanism = (u8)used;
    if (key) memcpy(key, bytes, *length);
    return 0;
}

/* --- the menu of a PIN pad: none is connected, so it is only kept, and told in the log --- */

enum { MOST_ENTRIES = 32, LONGEST_TITLE = 64 };

struct entry {
    int used, fc, sfc;
};
static struct entry menu[MOST_ENTRIES];

static struct entry* entry_of(int used, int fc, int sfc) {
    u32 i;
    for (i = 0; i < MOST_ENTRIES; ++i)
        if (menu[i].used == used && (!used || (menu[i].fc == fc && menu[i].sfc == sfc))) return &menu[i];
    return NULL;
}

int sdk_cmds_register_ppapp(int fc, int sfc, char* title, u32 length, u8* data) {
    struct entry* entry;
    u32 l_title;
    if (!title || (!data && length)) return CODE(E_CMDS_INVAL);
    l_title = (u32)strnlen(title, LONGEST_TITLE + 1);
    if (l_title == 0 || l_title > LONGEST_TITLE) return CODE(E_CMDS_INVAL);
    if (fc < 0 || fc > 0xFFFF) return CODE(E_CMDS_BAD_FC);
    if (sfc < 0 || sfc > 0xFF) return CODE(E_CMDS_BAD_SFC);
    if (entry_of(1, fc, sfc)) return CODE(E_CMDS_IN_USE);
    entry = entry_of(0, 0, 0);
    if (!entry) return CODE(E_CMDS_NO_MEM);
    entry->used = 1;
    entry->fc = fc;
    entry->sfc = sfc;
    sdk_os_log_print((u8*)"in the PIN pad's menu, which nobody sees: %s (%03x.%02x)\n", title, fc, sfc);
    return 0;
}
int sdk_cmds_unregister_ppapp(int fc, int sfc) {
    struct entry* entry = entry_of(1, fc, sfc);
    if (!entry) return CODE(E_CMDS_BAD_FC);
    entry->used = 0;
    return 0;
}

/* No device of ours has one: nothing public says what they are called or how they are signed. */
int sdk_cmds_signed_cfg_open(const char* name, const int length, OS_CFG_HANDLE* handle) {
    if (!name || length <= 0 || !handle) return CODE(E_CMDS_INVAL);
    *handle = OS_CFG_INVALID_HANDLE;
    return CODE(E_OS_FILE_NO_SUCH_FILE);
}
