/* The interpreter of scripts without a simulator: every service answers a code. A new state for each script.
 */
#include "firmware/modules/lua/interpreter.c"

struct cs2sim_channel* channel;

static u32 puts_so_far;
struct request request_for(enum service service) {
    const struct request request = {service, 0, 0};
    return request;
}
void put_raw(struct request* request, const void* bytes, u32 length) {
    const u8* at = bytes;
    while (length-- != 0) puts_so_far += *at++; /* reads what a service would get */
    request->at += 1;
}
void put_number(struct request* request, u32 number, u32 width) { request->at += number != 0 && width != 0; }
void put_bytes(struct request* request, u32 width, const void* bytes, u32 length) {
    put_number(request, length, width);
    put_raw(request, bytes, length);
}
void put_text(struct request* request, const char* text) {
    put_bytes(request, 2, text, text ? (u32)strlen(text) : 0);
}
int ask(struct request* request, struct answer* answer) {
    (void)request;
    (void)answer;
    return CODE(E_OS_MDL_NOT_SUPP);
}
const u8* get_raw(struct answer* answer, u32 length) {
    (void)answer;
    (void)length;
    abort(); /* there is no answer to read */
}
u32 get_number(struct answer* answer, u32 width) { return load_int(get_raw(answer, width), (int)width); }
const u8* get_bytes(struct answer* answer, u32 width, u32* length) {
    *length = width;
    return get_raw(answer, width);
}
const u8* get_rest(struct answer* answer, u32* length) { return get_bytes(answer, 0, length); }

struct text {
    const char* bytes;
    size_t length;
};

/* As the script's process does: loads it as text, runs it, calls every function that it returns. */
static int run_text(lua_State* lua) {
    const struct text* text = lua_touserdata(lua, 1);
    if (luaL_loadbufferx(lua, text->bytes, text->length, "@fuzz.lua", "t") != LUA_OK) return lua_error(lua);
    lua_call(lua, 0, 1);
    if (!lua_istable(lua, -1)) return 0;
    lua_pushnil(lua);
    while (lua_next(lua, 2)) {
        if (lua_type(lua, -1) == LUA_TFUNCTION) {
            lua_pushliteral(lua, "\0\1\2\3command");
            lua_call(lua, 1, 1);
        }
        lua_pop(lua, 1);
    }
    return 0;
}

int cs2sim_fuzz_run_script(const char* bytes, size_t length);
int cs2sim_fuzz_run_script(const char* bytes, size_t length) {
    struct text text = {bytes, length};
    int code;
    open_interpreter();
    code = run_limited(run_text, &text, -1);
    lua_close(state);
    timer_delete(timer);
    if (used != 0) abort(); /* the count of memory, which its limit rests on */
    return code;
}
