/* The state in which a script runs, and its limits. */
#include "script.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_MEMORY = 64 << 20,
    STEP = 1000, /* instructions between two looks at the count */
    MOST_STEPS = 100000,
    LONGEST_CALL = 5,  /* seconds of the processor: for what one function of a library does for ever */
    LONGEST_LINE = 900 /* of the log */
};

static const u8 prelude[] = {
#include "prelude.inc"
};

static lua_State* state;
static size_t used;
static u32 steps;
static timer_t timer;

/* --- limits --- */

static void* allocate(void* unused, void* block, size_t before, size_t size) {
    void* moved;
    (void)unused;
    if (!block) before = 0; /* it was the kind of the new block */
    if (size == 0) {
        free(block);
        used -= before;
        return NULL;
    }
    if (size > before && size - before > MOST_MEMORY - used) return NULL;
    moved = realloc(block, size);
    if (moved) used += size - before;
    return moved;
}

/* Past the limit each further instruction fails, so that nothing that catches errors goes on. */
static void count_steps(lua_State* lua, lua_Debug* where) {
    (void)where;
    if (steps != 0 && --steps != 0) return;
    lua_sethook(lua, count_steps, LUA_MASKCOUNT, 1);
    luaL_where(lua, 0);
    lua_pushstring(lua, "more instructions than one call may run");
    lua_concat(lua, 2);
    lua_error(lua);
}

static void set_timer(time_t seconds) {
    const struct itimerspec once = {{0, 0}, {seconds, 0}};
    timer_settime(timer, 0, &once, NULL);
}

/* --- the state --- */

/* Finalizers would run between any two steps of the interpreter, uncounted, and amid a service. */
static int set_metatable(lua_State* lua) {
    const int type = lua_type(lua, 2);
    luaL_checktype(lua, 1, LUA_TTABLE);
    luaL_argexpected(lua, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    if (type == LUA_TTABLE) {
        lua_pushliteral(lua, "__gc");
        if (lua_rawget(lua, 2) != LUA_TNIL) return luaL_error(lua, "__gc is not here");
    }
    if (luaL_getmetafield(lua, 1, "__metatable") != LUA_TNIL)
        return luaL_error(lua, "cannot change a protected metatable");
    lua_settop(lua, 2);
    lua_setmetatable(lua, 1);
    return 1;
}

static void remove_field(lua_State* lua, const char* table, const char* name) {
    lua_getglobal(lua, table);
    lua_pushnil(lua);
    lua_setfield(lua, -2, name);
    lua_pop(lua, 1);
}

/* math.random is no random number of the device; collectgarbage could stop the collector. */
static void open_libraries(lua_State* lua) {
    static const luaL_Reg libraries[] = {{LUA_GNAME, luaopen_base},
                                         {LUA_TABLIBNAME, luaopen_table},
                                         {LUA_STRLIBNAME, luaopen_string},
                                         {LUA_MATHLIBNAME, luaopen_math},
                                         {LUA_UTF8LIBNAME, luaopen_utf8}};
    static const char* const not_here[] = {"load",    "loadstring",     "loadfile", "dofile",
                                           "require", "collectgarbage", "warn"};
    size_t i;
    for (i = 0; i < sizeof libraries / sizeof libraries[0]; ++i) {
        luaL_requiref(lua, libraries[i].name, libraries[i].func, 1);
        lua_pop(lua, 1);
    }
    for (i = 0; i < sizeof not_here / sizeof not_here[0]; ++i) remove_field(lua, LUA_GNAME, not_here[i]);
    remove_field(lua, LUA_STRLIBNAME, "dump");
    remove_field(lua, LUA_MATHLIBNAME, "random");
    remove_field(lua, LUA_MATHLIBNAME, "randomseed");
    lua_register(lua, "setmetatable", set_metatable);
}

static int open_all(lua_State* lua) {
    open_libraries(lua);
    open_services(lua);
    if (luaL_loadbufferx(lua, (const char*)prelude, sizeof prelude, "=prelude", "t") != LUA_OK)
        return lua_error(lua);
    lua_call(lua, 0, 0);
    return 0;
}

void open_interpreter(void) {
    struct sigevent at_end;
    memset(&at_end, 0, sizeof at_end);
    at_end.sigev_notify = SIGEV_SIGNAL;
    at_end.sigev_signo = SIGXCPU; /* as when a watchdog ends it */
    if (timer_create(CLOCK_PROCESS_CPUTIME_ID, &at_end, &timer) != 0) _exit(126);
    state = lua_newstate(allocate, NULL);
    if (!state || run_limited(open_all, NULL, -1) != 0) _exit(126);
}

/* --- calls --- */

static void log_line(const char* text, size_t length) {
    struct request request = request_for(SERVICE_log_print);
    put_raw(&request, text, length < LONGEST_LINE ? (u32)length : LONGEST_LINE);
    ask(&request, NULL);
}

void print_line(const char* text) { log_line(text, strlen(text)); }

static void log_lines(const char* text) {
    while (*text) {
        const size_t length = strcspn(text, "\n");
        log_line(text, length);
        text += length;
        if (*text) ++text;
    }
}

int raise_code(lua_State* lua, int code) {
    lua_pushinteger(lua, (lua_Integer)(u32)code);
    return lua_error(lua);
}

static int is_code(lua_State* lua, int at) {
    return lua_isinteger(lua, at) && lua_tointeger(lua, at) > 0 && lua_tointeger(lua, at) <= 0xFFFFFFFFll;
}

/* A code is an answer; all else is an error of the script, which gets the lines that led there. */
static int add_traceback(lua_State* lua) {
    const char* message;
    if (is_code(lua, 1)) return 1;
    message = lua_tostring(lua, 1);
    if (!message) message = lua_pushfstring(lua, "an error that is a %s", luaL_typename(lua, 1));
    luaL_traceback(lua, lua, message, 1);
    return 1;
}

int run_limited(lua_CFunction function, void* argument, int failed) {
    int status, code = 0;
    lua_settop(state, 0);
    lua_pushcfunction(state, add_traceback);
    lua_pushcfunction(state, function);
    lua_pushlightuserdata(state, argument);
    steps = MOST_STEPS;
    lua_sethook(state, count_steps, LUA_MASKCOUNT, STEP);
    set_timer(LONGEST_CALL);
    status = lua_pcall(state, 1, 0, 1);
    set_timer(0);
    lua_sethook(state, NULL, 0, 0);
    if (status != LUA_OK) {
        code = status == LUA_ERRMEM ? CODE(E_OS_MDL_MEM_ALLOC) : failed;
        if (is_code(state, -1))
            code = (int)(u32)lua_tointeger(state, -1);
        else
            log_lines(lua_isstring(state, -1) ? lua_tostring(state, -1) : "an error without words");
    }
    lua_settop(state, 0);
    return code;
}
