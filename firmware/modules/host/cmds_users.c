/* CMDS: users, who is logged on, attributes. */
#include "host.h"

/* Blocks that these functions hand out are the module's, from its heap. */
static void* copy_of(const void* bytes, u32 length, const void* caller) {
    void* block = heap_new(length ? length : 1, OS_MEM_TYPE_SD, NULL, 0, caller);
    if (block && length) memcpy(block, bytes, length);
    return block;
}

int sdk_cmds_get_auth_state(T_CMDS_HANDLE* handle, T_CMDS_AUTH_STATE** state) {
    struct request request = request_for(SERVICE_cmds_auth_state);
    struct answer answer;
    const u8* names;
    u32 permission, length;
    int code;
    if (!state || !command_of(handle)) return CODE(E_CMDS_INVAL);
    code = ask(&request, &answer);
    if (code != 0) return code;
    permission = get_number(&answer, 4);
    names = get_rest(&answer, &length);
    *state = heap_new((u32)sizeof **state + length, OS_MEM_TYPE_SD, NULL, 0, CALLER);
    if (!*state) return CODE(E_CMDS_NO_MEM);
    (*state)->perm = permission;
    (*state)->name_count = (unsigned short)(length / 8);
    (*state)->name_len = 8;
    memcpy((*state)->names, names, length);
    return 0;
}

int sdk_cmds_list_user(u32* count, T_CMDS_USER** users) {
    struct request request = request_for(SERVICE_cmds_list_user);
    struct answer answer;
    u32 i;
    int code;
    if (!count || !users) return CODE(E_CMDS_INVAL);
    code = ask(&request, &answer);
    if (code != 0) return code;
    *count = answer.left / 15;
    *users = heap_new(*count * (u32)sizeof **users + 1, OS_MEM_TYPE_SD, NULL, 0, CALLER);
    if (!*users) return CODE(E_CMDS_NO_MEM);
    for (i = 0; i < *count; ++i) {
        T_CMDS_USER* user = *users + i;
        memset(user, 0, sizeof *user);
        memcpy(user->name, get_raw(&answer, 8), 8);
        user->perm = get_number(&answer, 4);
        user->mech = (u8)get_number(&answer, 1);
        user->flags = (u8)get_number(&answer, 1);
        user->att = (u8)get_number(&answer, 1);
    }
    return 0;
}

/* Names of the older functions are 8 bytes, filled up with zeros or blanks. */
static u32 length_of_name(const u8* name) {
    u32 length = (u32)strnlen((const char*)name, 8);
    while (length != 0 && name[length - 1] == ' ') --length;
    return length;
}

int sdk_cmds_add_user_ex(u32 l_name, u8* name, T_CMDS_PERM permission, u8 mechanism, u8 flags, u32 l_token,
                         u8* token, u32 l_attributes, u8* attributes, u8* short_name) {
    struct request request = request_for(SERVICE_cmds_add_user);
    struct answer answer;
    int code;
    put_bytes(&request, 2, name, l_name);
    put_number(&request, permission, 4);
    put_number(&request, mechanism, 1);
    put_number(&request, flags, 1);
    put_bytes(&request, 2, token, l_token);
    put_bytes(&request, 2, attributes, l_attributes);
    code = ask(&request, &answer);
    if (code == 0 && short_name) memcpy(short_name, get_raw(&answer, 8), 8);
    return code;
}
int sdk_add_user(u8* name, T_CMDS_PERM permission, u8 mechanism, u8 flags, u32 l_token, u8* token) {
    return sdk_cmds_add_user_ex(name ? length_of_name(name) : 0, name, permission, mechanism, flags, l_token,
                                token, 0, NULL, NULL);
}
int sdk_cmds_del_user(u8* name) {
    struct request request = request_for(SERVICE_cmds_del_user);
    if (!name) return CODE(E_CMDS_INVAL);
    put_bytes(&request, 2, name, length_of_name(name));
    return ask(&request, NULL);
}
int sdk_cmds_change_user(u8* name, u32 l_token, u8* token) {
    struct request request = request_for(SERVICE_cmds_change_user);
    if (!name) return CODE(E_CMDS_INVAL);
    put_bytes(&request, 2, name, length_of_name(name));
    put_bytes(&request, 2, token, l_token);
    return ask(&request, NULL);
}
int sdk_cmds_get_user_token(u8* name, u8** token) {
    struct request request = request_for(SERVICE_cmds_get_user);
    struct answer answer;
    u32 length;
    const u8* bytes;
    int code;
    if (!name || !token) return CODE(E_CMDS_INVAL);
    put_bytes(&request, 2, name, length_of_name(name));
    code = ask(&request, &answer);
    if (code != 0) return code;
    get_raw(&answer, 8);
    get_bytes(&answer, 2, &length);
    get_raw(&answer, 6);
    get_bytes(&answer, 2, &length);
    bytes = get_bytes(&answer, 2, &length);
    *token = copy_of(bytes, length, CALLER);
    return *token ? 0 : CODE(E_CMDS_NO_MEM);
}
static int auth_fails(int set, u8 value, u8* out) {
    struct request request = request_for(SERVICE_cmds_auth_fails);
    struct answer answer;
    int code;
    put_number(&request, (u32)set, 1);
    put_number(&request, value, 1);
    code = ask(&request, &answer);
    if (code == 0 && out) *out = (u8)get_number(&answer, 1);
    return code;
}
int sdk_cmds_set_max_auth_fails(u8 count) { return auth_fails(1, count, NULL); }
int sdk_cmds_get_max_auth_fails(void) {
    u8 count = 0;
    const int code = auth_fails(0, 0, &count);
    return code ? code : count;
}

/* --- one item of a user. Which, is our assumption: the letters of csadm ListUsers, and those of the fields
 * --- */

enum { LONGEST_ITEM = 1024 };

struct user {
    u8 short_name[8];
    u32 l_name, l_attributes, l_token;
    T_CMDS_PERM permission;
    u8 mechanism, flags;
    u8 name[256], attributes[LONGEST_ITEM + 1];
};

static int find_user(const void* name, u32 l_name, struct user* user) {
    struct request request = request_for(SERVICE_cmds_get_user);
    struct answer answer;
    const u8* bytes;
    int code;
    put_bytes(&request, 2, name, l_name);
    code = ask(&request, &answer);
    if (code != 0) return code;
    memset(user, 0, sizeof *user);
    memcpy(user->short_name, get_raw(&answer, 8), 8);
    bytes = get_bytes(&answer, 2, &user->l_name);
    if (user->l_name > sizeof user->name) return CODE(E_CMDS_BAD_UDB_ENTRY);
    memcpy(user->name, bytes, user->l_name);
    user->permission = get_number(&answer, 4);
    user->mechanism = (u8)get_number(&answer, 1);
    user->flags = (u8)get_number(&answer, 1);
    bytes = get_bytes(&answer, 2, &user->l_attributes);
    if (user->l_attributes > LONGEST_ITEM) return CODE(E_CMDS_BAD_UDB_ENTRY);
    memcpy(user->attributes, bytes, user->l_attributes);
    if (user->l_name == 0) /* it is not longer than the short one */
        memcpy(user->name, user->short_name, user->l_name = (u32)strnlen((char*)user->short_name, 8));
    return 0;
}

/* The marks that come and go with logons. */
static int find_marks(const void* name, u32 l_name, u8* failures, u8* initial) {
    struct request request = request_for(SERVICE_cmds_user_marks);
    struct answer answer;
    int code;
    put_bytes(&request, 2, name, l_name);
    code = ask(&request, &answer);
    if (code != 0) return code;
    *failures = (u8)get_number(&answer, 1);
    *initial = get_number(&answer, 1) & 1;
    return 0;
}

/* The value of an attribute of that name, up to the next one's or the end; NULL: the user has none. A part
 * without '=' goes on with the value before it, as in CXI_GROUP=A,B*. */
static const char* attribute(const struct user* user, const char* name, u32 l_name, u32* length) {
    const char* at = (const char*)user->attributes;
    while (*at) {
        const char* next = at + strcspn(at, ",");
        const int is_it = strncmp(at, name, l_name) == 0 && at[l_name] == '=';
        while (*next && strcspn(next + 1, ",") <= strcspn(next + 1, "=")) next += 1 + strcspn(next + 1, ",");
        if (is_it) {
            *length = (u32)(next - at) - l_name - 1;
            return at + l_name + 1;
        }
        at = *next ? next + 1 : next;
    }
    return NULL;
}

int sdk_cmds_get_user_info(u32 l_name, u8* name, u8 type, u32* l_value, u8* value) {
    struct user user;
    u8 failures = 0, initial = 0;
    const void* item = NULL;
    u32 length = 0;
    int code;
    if (!name || !l_value) return CODE(E_CMDS_INVAL);
    code = find_user(name, l_name, &user);
    if (code == 0) code = find_marks(name, l_name, &failures, &initial);
    if (code != 0) return code;
    switch (type) {
        case 'N':
            item = user.name, length = user.l_name;
            break;
        case 'S':
            item = user.short_name, length = 8;
            break;
        case 'P':
            item = &user.permission, length = sizeof user.permission;
            break;
        case 'M':
            item = &user.mechanism, length = 1;
            break;
        case 'F':
            item = &user.flags, length = 1;
            break;
        case 'A':
            item = user.attributes, length = user.l_attributes;
            break;
        case 'L':
            item = attribute(&user, "LABEL", 5, &length);
            if (!item) return CODE(E_CMDS_BAD_ATT);
            break;
        case 'Z':
            item = &failures, length = 1;
            break;
        case 'I':
            item = &initial, length = 1;
            break;
        default:
            return CODE(E_CMDS_BAD_ATT);
    }
    if (value && *l_value < length) code = CODE(E_CMDS_BUFF_SIZE);
    *l_value = length;
    if (value && code == 0) memcpy(value, item, length);
    return code;
}

/* --- attributes: `properties` are texts NAME=VALUE, the last one NULL. One matches when the user's attribute
 * has a pattern (with * and ?) that VALUE fits; of an attribute that the user lacks, bit n of `defaults` says
 * whether the n-th does. Type 0: all must match, 1: one is enough (our assumption) --- */

enum { MATCH_ALL, MATCH_ANY, MOST_PROPERTIES = 32 };

static int fits_one(const struct user* user, const char* property, int by_default) {
    const u32 l_name = (u32)strcspn(property, "=");
    char patterns[LONGEST_ITEM + 1];
    char *rest, *pattern;
    u32 length = 0;
    const char* value = attribute(user, property, l_name, &length);
    if (!value) return by_default;
    memcpy(patterns, value, length);
    patterns[length] = 0;
    for (pattern = strtok_r(patterns, ",;", &rest); pattern; pattern = strtok_r(NULL, ",;", &rest))
        if (sdk_os_str_match((u8*)(uintptr_t)(property + l_name + 1), (u8*)pattern) == 0) return 1;
    return 0;
}

static int are_properties(u8 type, u8* const* properties) {
    u32 i;
    if (type > MATCH_ANY || !properties || !properties[0]) return 0;
    for (i = 0; i < MOST_PROPERTIES; ++i) {
        if (!properties[i]) return 1;
        if (!strchr((const char*)properties[i], '=')) return 0;
    }
    return 0;
}

static int fits(const struct user* user, u8 type, u32 defaults, u8* const* properties) {
    u32 i;
    for (i = 0; properties[i]; ++i)
        if (fits_one(user, (const char*)properties[i], defaults >> i & 1) == (type == MATCH_ANY))
            return type == MATCH_ANY;
    return type == MATCH_ALL;
}

/* The permission of a user who matches; 0 of who does not. */
int sdk_cmds_match_user_att(u8* name, u8 type, u32 defaults, u8** properties, T_CMDS_PERM* permission) {
    struct user user;
    int code;
    if (!name || !permission || !are_properties(type, properties)) return CODE(E_CMDS_INVAL);
    code = find_user(name, length_of_name(name), &user);
    if (code != 0) return code;
    *permission = fits(&user, type, defaults, properties) ? user.permission : 0;
    return 0;
}

/* Nibble by nibble, none above F. */
static T_CMDS_PERM sum_of(T_CMDS_PERM a, T_CMDS_PERM b) {
    T_CMDS_PERM sum = 0;
    u32 shift;
    for (shift = 0; shift < 32; shift += 4) {
        const u32 nibble = (a >> shift & 0xF) + (b >> shift & 0xF);
        sum |= (nibble > 0xF ? 0xF : nibble) << shift;
    }
    return sum;
}

/* Those who are logged on and match: a list as long as *count says there is room, and what they add up to. */
int sdk_cmds_check_auth_state(T_CMDS_HANDLE* handle, u8 type, u32 defaults, u8** properties, u32* count,
                              T_CMDS_AUTH_LIST* list, T_CMDS_PERM* permission) {
    T_CMDS_AUTH_STATE* state = NULL;
    T_CMDS_PERM sum = 0;
    u32 i, found = 0;
    int code;
    if (!are_properties(type, properties) || (list && !count)) return CODE(E_CMDS_INVAL);
    code = sdk_cmds_get_auth_state(handle, &state);
    for (i = 0; code == 0 && i < state->name_count; ++i) {
        struct user user;
        code = find_user(state->names + (size_t)8 * i, length_of_name(state->names + (size_t)8 * i), &user);
        if (code != 0 || !fits(&user, type, defaults, properties)) continue;
        if (list && found < *count) {
            memcpy(list[found].name, user.short_name, 8);
            list[found].perm = user.permission;
        }
        sum = sum_of(sum, user.permission);
        ++found;
    }
    sdk_os_mem_del_set(state, 0);
    if (code != 0) return code;
    if (list && found > *count) code = CODE(E_CMDS_BUFF_SIZE);
    if (count) *count = found;
    if (permission) *permission = sum;
    return code;
}

/* --- backups, sealed by the MBK; the block is the module's --- */

int sdk_cmds_backup_user(u8* name, u32* length, u8** backup) {
    struct request request = request_for(SERVICE_cmds_backup_user);
    struct answer answer;
    const u8* record;
    int code;
    if (!name || !length || !backup) return CODE(E_CMDS_INVAL);
    put_bytes(&request, 2, name, length_of_name(name));
    code = ask(&request, &answer);
    if (code != 0) return code;
    record = get_rest(&answer, length);
    *backup = copy_of(record, *length, CALLER);
    return *backup ? 0 : CODE(E_CMDS_NO_MEM);
}
int sdk_cmds_restore_user(u32 length, u8* backup) {
    struct request request = request_for(SERVICE_cmds_restore_user);
    if (!backup) return CODE(E_CMDS_INVAL);
    put_raw(&request, backup, length);
    return ask(&request, NULL);
}
int sdk_cmds_erase(void) {
    struct request request = request_for(SERVICE_cmds_erase);
    return ask(&request, NULL);
}

/* Logons that last beyond a session are retired, as the code's name says: nobody has one. */
int sdk_cmds_login_user(u8* name, T_CMDS_PERM permission) {
    struct user user;
    int code;
    (void)permission;
    if (!name) return CODE(E_CMDS_INVAL);
    code = find_user(name, length_of_name(name), &user);
    return code ? code : CODE(E_CMDS_STATIC_LOGIN);
}
int sdk_cmds_logoff_user(u8* name, T_CMDS_PERM permission) {
    struct user user;
    int code;
    (void)permission;
    if (!name) return CODE(E_CMDS_INVAL);
    code = find_user(name, length_of_name(name), &user);
    return code ? code : CODE(E_CMDS_LOGOFF_FAILED);
}
