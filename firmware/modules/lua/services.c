/* Services under the names of the functions in C: lua_functions.inc says which, services.inc how they are
 * laid out. */
#include "script.h"

static const char* const requests[] = {
#define CS2SIM_SERVICE(name, request, answer) request,
#include "firmware/modules/images/services.inc"
#undef CS2SIM_SERVICE
};
static const char* const answers[] = {
#define CS2SIM_SERVICE(name, request, answer) answer,
#include "firmware/modules/images/services.inc"
#undef CS2SIM_SERVICE
};

struct binding {
    const char* name;
    enum service service;
    const char* rules;
};
static const struct binding bindings[] = {
#define CS2SIM_LUA(name, service, rules) {#name, SERVICE_##service, rules},
#include "lua_functions.inc"
#undef CS2SIM_LUA
};

struct constant {
    const char* name;
    u32 value;
};
static const struct constant constants[] = {
#define CS2SIM_ERROR(code, module, name, text) {"E_" #module "_" #name, code},
#include "firmware/protocol/errors.inc"
#undef CS2SIM_ERROR
#define NAMED(name) \
    { #name, (u32)name }
    NAMED(DB_EQUAL),
    NAMED(DB_GTEQ),
    NAMED(DB_GREATER),
    NAMED(DB_RDONLY),
    NAMED(DB_RDWR),
    NAMED(DB_CREAT),
    NAMED(CMDS_MECH_RSA_SIGN),
    NAMED(CMDS_MECH_CLR_PWD),
    NAMED(CMDS_MECH_HMAC_PWD),
    NAMED(CMDS_MECH_ECDSA),
    NAMED(CMDS_UFLG_SM),
    NAMED(HASH_SHA1),
    NAMED(HASH_SHA224),
    NAMED(HASH_SHA256),
    NAMED(HASH_SHA384),
    NAMED(HASH_SHA512),
    NAMED(HASH_SHA3_256),
    NAMED(HASH_SHA3_512),
    NAMED(OS_AUDIT_CLASS_FIRMWARE),
    NAMED(OS_AUDIT_CLASS_USER),
    NAMED(OS_AUDIT_CLASS_SYSTEM),
    NAMED(OS_AUDIT_CLASS_CUSTOM_MASK),
    NAMED(OS_AUDIT_CLASS_ALWAYS)};

/* --- fields of a layout (firmware/protocol/layout.h) --- */

struct field {
    const char* name;
    int l_name;
    char kind;
    u32 width;
};

static int next_field(const char** layout, struct field* field) {
    const char* at = *layout;
    while (*at == ' ') ++at;
    if (!*at) return 0;
    field->name = at;
    field->l_name = (int)strcspn(at, "!:");
    at = strchr(at, ':') + 1;
    field->kind = *at++;
    field->width = (u32)strtoul(at, NULL, 10);
    *layout = at + strcspn(at, " ");
    return 1;
}

/* The rule on a field: what stands behind "field=", or NULL; "-field" is asked for with that sign. */
static const char* rule_on(const char* rules, const struct field* field, const char* sign) {
    while (*rules) {
        const char* word = rules + strlen(sign);
        if (strncmp(rules, sign, strlen(sign)) == 0 &&
            strncmp(word, field->name, (size_t)field->l_name) == 0) {
            const char* behind = word + field->l_name;
            if (*behind == '=') return behind + 1;
            if (*sign && (*behind == ' ' || !*behind)) return behind;
        }
        rules += strcspn(rules, " ");
        while (*rules == ' ') ++rules;
    }
    return NULL;
}

/* --- arguments --- */

static u32 number_of(lua_State* lua, int at, const struct field* field) {
    const lua_Integer most = field->width >= 4 ? 0xFFFFFFFFll : (1ll << (8 * field->width)) - 1;
    lua_Integer number;
    if (lua_isboolean(lua, at)) return (u32)lua_toboolean(lua, at);
    number = luaL_checkinteger(lua, at);
    luaL_argcheck(lua, number >= 0 && number <= most, at, "number out of range");
    return (u32)number;
}

/* Nothing that may run other code of the script happens between the first field and the answer. */
static void put_argument(lua_State* lua, int at, const struct field* field, struct request* request) {
    const char* bytes = "";
    size_t length = 0;
    if (field->kind == 'u') {
        put_number(request, number_of(lua, at, field), field->width);
        return;
    }
    if (!lua_isnoneornil(lua, at)) {
        luaL_checktype(lua, at, LUA_TSTRING);
        bytes = lua_tolstring(lua, at, &length);
    }
    if (field->kind == 'b') luaL_argcheck(lua, length == field->width, at, "bytes of another length");
    luaL_argcheck(lua, length <= CS2SIM_CHANNEL_DATA, at, "too long");
    if (field->kind == 'v')
        put_bytes(request, field->width, bytes, (u32)length);
    else
        put_raw(request, bytes, (u32)length);
}

static void put_fixed(const char* value, const struct field* field, struct request* request) {
    if (field->kind == 'u')
        put_number(request, (u32)strtoul(value, NULL, 0), field->width);
    else if (field->kind == 'v')
        put_number(request, 0, field->width);
}

/* --- answers --- */

static int push_answer(lua_State* lua, const struct binding* binding, struct answer* answer) {
    const char* layout = answers[binding->service];
    struct field field;
    int count = 0;
    while (next_field(&layout, &field)) {
        const u8* bytes = NULL;
        u32 length = 0, number = 0;
        if (field.kind == 'u')
            number = get_number(answer, field.width);
        else if (field.kind == 'v')
            bytes = get_bytes(answer, field.width, &length);
        else if (field.kind == '*')
            bytes = get_rest(answer, &length);
        else
            bytes = get_raw(answer, length = field.width);
        if (rule_on(binding->rules, &field, "-")) continue;
        if (field.kind == 'u')
            lua_pushinteger(lua, number);
        else
            lua_pushlstring(lua, (const char*)bytes, length);
        ++count;
    }
    return count;
}

static int call_service(lua_State* lua) {
    const struct binding* binding = lua_touserdata(lua, lua_upvalueindex(1));
    struct request request = request_for(binding->service);
    const char* layout = requests[binding->service];
    struct answer answer;
    struct field field;
    int at = 0, code;
    luaL_checkstack(lua, 20, NULL);
    while (next_field(&layout, &field)) {
        const char* fixed = rule_on(binding->rules, &field, "");
        if (fixed)
            put_fixed(fixed, &field, &request);
        else
            put_argument(lua, ++at, &field, &request);
    }
    code = ask(&request, &answer);
    return code != 0 ? raise_code(lua, code) : push_answer(lua, binding, &answer);
}

void open_services(lua_State* lua) {
    size_t i;
    for (i = 0; i < sizeof bindings / sizeof bindings[0]; ++i) {
        lua_pushlightuserdata(lua, (void*)(uintptr_t)&bindings[i]);
        lua_pushcclosure(lua, call_service, 1);
        lua_setglobal(lua, bindings[i].name);
    }
    for (i = 0; i < sizeof constants / sizeof constants[0]; ++i) {
        lua_pushinteger(lua, constants[i].value);
        lua_setglobal(lua, constants[i].name);
    }
}
