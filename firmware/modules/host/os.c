/* Modules and their states, files, random numbers, the clock. */
#include "host.h"

enum { WAIT_TICKS = 0 }; /* the simulator ends a wait for what will never come */

/* --- os_mdl --- */

T_OS_MDL_HDL sdk_os_mdl_link_pub(const char* name, const u32 version) {
    struct request request = request_for(SERVICE_module_find);
    struct answer answer;
    char own_name[OS_MDL_NAME_LEN]; /* as the module itself writes it */
    const u8 *other, *slots;
    u32 l_other, l_slots;
    if (!name) return NULL;
    put_text(&request, name);
    put_number(&request, version, 4);
    if (ask(&request, &answer) != 0) return NULL;
    if (!get_number(&answer, 1)) return module_table(name);
    other = get_bytes(&answer, 2, &l_other);
    if (l_other >= sizeof own_name) return NULL;
    memcpy(own_name, other, l_other);
    own_name[l_other] = 0;
    slots = get_rest(&answer, &l_slots);
    return foreign_table(own_name, slots, l_slots);
}

void sdk_os_mdl_state_set(unsigned short id, const u32 state) {
    struct request request = request_for(SERVICE_module_state_set);
    put_number(&request, id, 2);
    put_number(&request, state, 4);
    ask(&request, NULL);
}

struct wait {
    const char* name;
    u32 state;
    int code;
};

int module_is_ready(void* argument) {
    struct wait* wait = argument;
    struct request request = request_for(SERVICE_module_state);
    struct answer answer;
    u32 state;
    put_text(&request, wait->name);
    wait->code = ask(&request, &answer);
    if (wait->code != 0) return 1;
    state = get_number(&answer, 4);
    if (state >= OS_MDL_INIT_FAILED && wait->state < OS_MDL_INIT_FAILED) wait->code = CODE(E_OS_MDL_EVENT);
    return wait->code != 0 || state >= wait->state;
}

int sdk_os_mdl_state_wait(const char* name, u32 state) {
    struct wait wait = {name, state, 0};
    if (!name) return CODE(E_OS_MDL_PARA_INVALID);
    if (!wait_until(module_is_ready, &wait, WAIT_TICKS)) return CODE(E_OS_MDL_EVENT);
    return wait.code;
}

int sdk_os_mdl_name_get(unsigned short id, char* name, u32* version) {
    struct request request = request_for(SERVICE_module_name);
    struct answer answer;
    const u8* text;
    u32 length;
    int code;
    put_number(&request, id, 2);
    code = ask(&request, &answer);
    if (code != 0) return code;
    text = get_bytes(&answer, 2, &length);
    if (name) {
        if (length > OS_MDL_NAME_LEN - 1) length = OS_MDL_NAME_LEN - 1;
        memcpy(name, text, length);
        name[length] = 0;
    }
    if (version) *version = get_number(&answer, 4);
    return 0;
}

int sdk_os_mdl_list(const u32 place, char* name, u32* version, unsigned short* id, u32* state) {
    struct request request = request_for(SERVICE_module_list);
    struct answer answer;
    const u8* text;
    u32 length, value;
    int code;
    put_number(&request, place, 4);
    code = ask(&request, &answer);
    if (code != 0) return code;
    text = get_bytes(&answer, 2, &length);
    if (length > OS_MDL_NAME_LEN - 1) length = OS_MDL_NAME_LEN - 1;
    if (name) {
        memcpy(name, text, length);
        name[length] = 0;
    }
    value = get_number(&answer, 4);
    if (version) *version = value;
    value = get_number(&answer, 2);
    if (id) *id = (unsigned short)value;
    value = get_number(&answer, 4);
    if (state) *state = value;
    return 0;
}

void sdk_os_mdl_cpu_set(unsigned short id, const u32 cpu) {
    (void)id; /* there is one kind of processor */
    (void)cpu;
}
int sdk_os_mdl_cpu_get(unsigned short id, u32* cpu) {
    (void)id;
    if (cpu) *cpu = OS_MDL_CPU_TYPE_SIM_LINUX;
    return 0;
}
int sdk_os_mdl_check(unsigned short id) {
    (void)id; /* images are checked when they are loaded */
    return 0;
}
int sdk_os_mdl_check_all(u32 flags) {
    (void)flags;
    return 0;
}

/* --- random numbers --- */

static int fill_random(u8* to, u32 length) {
    while (length != 0) {
        struct request request = request_for(SERVICE_random);
        struct answer answer;
        const u32 part = length < 65536 ? length : 65536;
        int code;
        put_number(&request, part, 4);
        code = ask(&request, &answer);
        if (code != 0) return code;
        memcpy(to, get_raw(&answer, part), part);
        to += part;
        length -= part;
    }
    return 0;
}

int sdk_os_crypt_drbg_rnd(u32 flag, u8* to, u32 length) {
    if (flag > DRBG_PSEUDO || (!to && length)) return CODE(E_OS_CRYPT_PARA_INVALID);
    return fill_random(to, length);
}
int sdk_os_crypt_real_rnd(u8* to, u32 length) { return sdk_os_crypt_drbg_rnd(DRBG_REAL, to, length); }
int sdk_os_crypt_drbg_reseed(u32 flag) { return flag > DRBG_PSEUDO ? CODE(E_OS_CRYPT_PARA_INVALID) : 0; }
int sdk_util_get_pseudo_rnd(u8* to, u32 length) {
    if (!to && length) return CODE(E_UTIL_RND_NULL_POINTER);
    return fill_random(to, length);
}
int sdk_util_get_real_rnd(u8* to, u32 length) { return sdk_util_get_pseudo_rnd(to, length); }
int sdk_util_init_pseudo_rnd(void) { return 0; }
int sdk_util_mem_cmp_ti(const void* a, const void* b, u32 length) {
    return sdk_os_mem_cmp_ti(a, b, (int)length);
}

/* --- the clock: seconds since 1970 (the device's epoch is not known) --- */

int sdk_util_get_time(u32* seconds, u32* milliseconds) {
    struct request request = request_for(SERVICE_time_get);
    struct answer answer;
    const int code = ask(&request, &answer);
    u32 value;
    if (code != 0) return code;
    value = get_number(&answer, 4);
    if (seconds) *seconds = value;
    value = get_number(&answer, 4);
    if (milliseconds) *milliseconds = value;
    return 0;
}

int sdk_util_set_time_ex(u32 seconds, u32 milliseconds) {
    struct request request = request_for(SERVICE_time_set);
    put_number(&request, seconds, 4);
    put_number(&request, milliseconds, 4);
    return ask(&request, NULL);
}
int sdk_util_set_time(u32 seconds) { return sdk_util_set_time_ex(seconds, 0); }
int sdk_adm_set_time(u32 seconds, u32 milliseconds) { return sdk_util_set_time_ex(seconds, milliseconds); }

/* Days of the civil calendar since 1970-01-01, and back. */
static int days_of(int year, int month, int day) {
    const int y = month > 2 ? year : year - 1;
    const int era = y / 400, of_era = y - era * 400;
    const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int sdk_util_time_to_str(u32 seconds, u32 milliseconds, TIME_STR* time) {
    const int days = (int)(seconds / 86400) + 719468;
    const int era = days / 146097, of_era = days - era * 146097;
    const int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int of_year = of_era - (365 * year + year / 4 - year / 100);
    const int m = (5 * of_year + 2) / 153;
    if (!time) return CODE(E_UTIL_TIME_NULL_POINTER);
    time->day = of_year - (153 * m + 2) / 5 + 1;
    time->month = m < 10 ? m + 3 : m - 9;
    time->year = year + era * 400 + (time->month <= 2);
    time->hour = (int)(seconds % 86400 / 3600);
    time->minute = (int)(seconds % 3600 / 60);
    time->second = (int)(seconds % 60);
    time->fraction = (int)milliseconds;
    return 0;
}

int sdk_util_str_to_time(TIME_STR* time, u32* seconds, u32* milliseconds) {
    if (!time || !seconds) return CODE(E_UTIL_TIME_NULL_POINTER);
    if (time->year < 1970 || time->year > 2099 || time->month < 1 || time->month > 12 || time->day < 1 ||
        time->day > 31 || time->hour < 0 || time->hour > 23 || time->minute < 0 || time->minute > 59 ||
        time->second < 0 || time->second > 59)
        return CODE(E_UTIL_TIME_WRONG_FORMAT);
    *seconds = (u32)days_of(time->year, time->month, time->day) * 86400u +
               (u32)(time->hour * 3600 + time->minute * 60 + time->second);
    if (milliseconds) *milliseconds = (u32)time->fraction;
    return 0;
}

int sdk_util_get_str_time(TIME_STR* time) {
    u32 seconds = 0, milliseconds = 0;
    const int code = sdk_util_get_time(&seconds, &milliseconds);
    return code ? code : sdk_util_time_to_str(seconds, milliseconds, time);
}

int sdk_util_set_str_time(TIME_STR* time) {
    u32 seconds = 0, milliseconds = 0;
    const int code = sdk_util_str_to_time(time, &seconds, &milliseconds);
    return code ? code : sdk_util_set_time_ex(seconds, milliseconds);
}
