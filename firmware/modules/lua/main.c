/* cs2sim-lua: the process in which one module in Lua runs.
 *
 *   cs2sim-lua ABBREVIATION SCRIPT
 *
 * with the channel on descriptor 3 and the bell on 4. The script is read and run when the simulator says so;
 * it returns a table of its functions by name, and perhaps `stop`, `pre_replace` and `pre_delete`. */
#include <stdio.h>
#include <unistd.h>

#include "firmware/modules/host/sandbox.h"
#include "script.h"

enum { MOST_FUNCTIONS = 256, LONGEST_NAME = 32, LONGEST_ANSWER = 256 * 1024, LONGEST_SCRIPT = 8 << 20 };

static const char* path;
static const char* readable;                         /* the same file, as this process may open it */
static char functions[MOST_FUNCTIONS][LONGEST_NAME]; /* names by sub-function code; empty: none */
static u32 function_code;
static char table_key; /* the registry has the script's table under its address */

/* --- the script --- */

static char* read_script(size_t* length) {
    FILE* file = fopen(readable, "rb");
    char* text = malloc(LONGEST_SCRIPT + 1);
    *length = 0;
    if (file && text) *length = fread(text, 1, LONGEST_SCRIPT + 1, file);
    if (file) fclose(file);
    if (file && text && *length <= LONGEST_SCRIPT) return text;
    free(text);
    return NULL;
}

struct script {
    const char* text;
    size_t length;
};

static int load(lua_State* lua) {
    const struct script* script = lua_touserdata(lua, 1);
    const char* name = strrchr(path, '/');
    lua_pushfstring(lua, "@%s", name ? name + 1 : path);
    if (luaL_loadbufferx(lua, script->text, script->length, lua_tostring(lua, -1), "t") != LUA_OK)
        return lua_error(lua);
    lua_call(lua, 0, 1);
    if (!lua_istable(lua, -1))
        return luaL_error(lua, "the script returns a %s, not the table of its functions",
                          luaL_typename(lua, -1));
    lua_rawsetp(lua, LUA_REGISTRYINDEX, &table_key);
    return 0;
}

/* The script's function of that name, on the stack; 0: none. */
static int push_function(lua_State* lua, const char* name) {
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &table_key);
    lua_pushstring(lua, name);
    return lua_rawget(lua, -2) == LUA_TFUNCTION;
}

static int is_known(const char* name) {
    static const char* const others[] = {"stop", "pre_replace", "pre_delete"};
    u32 i;
    for (i = 0; i < sizeof others / sizeof others[0]; ++i)
        if (strcmp(name, others[i]) == 0) return 1;
    for (i = 0; i < MOST_FUNCTIONS; ++i)
        if (strcmp(name, functions[i]) == 0) return 1;
    return 0;
}

/* The header names functions and says what they demand; the table has what they do. */
static int check_functions(lua_State* lua) {
    u32 i;
    for (i = 0; i < MOST_FUNCTIONS; ++i)
        if (functions[i][0] && !push_function(lua, functions[i]))
            return luaL_error(lua, "the script returns no function %s", functions[i]);
    lua_settop(lua, 0);
    lua_rawgetp(lua, LUA_REGISTRYINDEX, &table_key);
    lua_pushnil(lua);
    while (lua_next(lua, 1)) {
        if (lua_type(lua, 2) != LUA_TSTRING || !is_known(lua_tostring(lua, 2)))
            return luaL_error(lua, "%s is no function that the script's header names",
                              lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "a key of its table");
        lua_pop(lua, 1);
    }
    return 0;
}

static int register_functions(void) {
    struct request request = request_for(SERVICE_cmds_register);
    u32 i, count = 0;
    for (i = 0; i < MOST_FUNCTIONS; ++i)
        if (functions[i][0]) count = i + 1;
    if (count == 0) return 0;
    put_number(&request, function_code, 4);
    for (i = 0; i < count; ++i) put_number(&request, functions[i][0] != 0, 1);
    return ask(&request, NULL);
}

static int become_ready(void) {
    struct request request = request_for(SERVICE_module_state_set);
    put_number(&request, function_code, 2);
    put_number(&request, OS_MDL_INIT_OK, 4);
    return ask(&request, NULL);
}

static void take_functions(void) {
    struct answer call = {channel->data, channel->length};
    function_code = get_number(&call, 2);
    while (call.left != 0) {
        char* name = functions[get_number(&call, 1)];
        u32 length;
        const u8* bytes = get_bytes(&call, 2, &length);
        if (length < LONGEST_NAME) memcpy(name, bytes, length);
    }
}

int start_module(u32* next_task) {
    struct script script;
    char* text;
    int code;
    (void)next_task; /* a script has no tasks */
    take_functions();
    open_interpreter();
    text = read_script(&script.length);
    forbid_opening();
    if (!text) return CODE(E_OS_MDL_CORRUPT);
    script.text = text;
    code = run_limited(load, &script, CODE(E_OS_MDL_CORRUPT));
    free(text);
    if (code == 0) code = run_limited(check_functions, NULL, CODE(E_OS_MDL_CORRUPT));
    if (code == 0) code = register_functions();
    return code != 0 ? code : become_ready();
}

/* --- calls --- */

struct script_command {
    const char* name;
    const u8* block;
    u32 length;
    u32 l_answer;
};

static int run_function(lua_State* lua) {
    struct script_command* command = lua_touserdata(lua, 1);
    const char* answer = "";
    size_t length = 0;
    if (!push_function(lua, command->name)) return luaL_error(lua, "%s is gone", command->name);
    lua_pushlstring(lua, (const char*)command->block, command->length);
    lua_call(lua, 1, 1);
    if (!lua_isnil(lua, -1)) {
        if (lua_type(lua, -1) != LUA_TSTRING)
            return luaL_error(lua, "%s answers a %s, not a string of bytes", command->name,
                              luaL_typename(lua, -1));
        answer = lua_tolstring(lua, -1, &length);
    }
    if (length > LONGEST_ANSWER) {
        lua_pushfstring(lua, "%s answers %d bytes, more than a command takes", command->name, (int)length);
        print_line(lua_tostring(lua, -1));
        return raise_code(lua, CODE(E_CMDS_BAD_SIZE));
    }
    memcpy(channel->data, answer, length);
    command->l_answer = (u32)length;
    return 0;
}

void run_command(void) {
    struct answer call = {channel->data, channel->length};
    struct script_command command;
    int code = CODE(E_CMDS_BAD_SFC);
    u32 sfc;
    memset(&command, 0, sizeof command);
    get_number(&call, 4); /* who asks what the caller may asks the service */
    get_number(&call, 2);
    sfc = get_number(&call, 1);
    command.block = get_rest(&call, &command.length);
    command.name = functions[sfc];
    if (command.name[0]) code = run_limited(run_function, &command, CODE(E_OS_MDL_NOT_AVAILABLE));
    answer_call(code, code == 0 ? command.l_answer : 0);
}

/* `stop` and those that are asked for consent object by raising a code. */
static int run_optional(lua_State* lua) {
    const char* name = lua_touserdata(lua, 1);
    if (!push_function(lua, name)) return 0;
    lua_call(lua, 0, 0);
    return 0;
}

static int ask_optional(const char* name) {
    return run_limited(run_optional, (void*)(uintptr_t)name, CODE(E_OS_MDL_NOT_AVAILABLE));
}

int stop_module(void) { return ask_optional("stop"); }

int ask_consent(int to_replacement) { return ask_optional(to_replacement ? "pre_replace" : "pre_delete"); }

u32 run_tasks(int end_waits) {
    (void)end_waits;
    return CS2SIM_NO_TASK;
}

void run_mechanism(void) { answer_call(CODE(E_OS_MDL_NOT_SUPP), 0); }
void run_published(void) { answer_call(CODE(E_OS_MDL_NOT_SUPP), 0); }

int main(int count, char** arguments) {
    check_arguments(count, arguments);
    path = arguments[2];
    open_channel();
    catch_signals();
    readable = enter_sandbox(path);
    for (;;) {
        wait_for_call(CS2SIM_NO_TASK);
        run_call();
    }
}
