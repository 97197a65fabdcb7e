/* The process of a module in Lua: what its files share, beside those of modules in C (host.h). */
#ifndef CS2SIM_MODULES_SCRIPT_H
#define CS2SIM_MODULES_SCRIPT_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "firmware/modules/host/host.h"

/* --- interpreter.c --- */
/* Makes the state in which the script runs: libraries without files, processes, debugging, or code that comes
 * as data. Ends the process when there is no memory for it. */
void open_interpreter(void);
/* Runs `function` within the limits; what it raises is logged, with the script's lines. 0, or: the number
 * that the script raised; E_OS_MDL_MEM_ALLOC; `failed` for every other error. */
int run_limited(lua_CFunction function, void* argument, int failed);
/* In the module's log. */
void print_line(const char* text);
/* Raises a code, which is the command's answer unless the script catches it. */
int raise_code(lua_State* lua, int code);

/* --- services.c --- */
/* Names of the services and of their constants become globals. */
void open_services(lua_State* lua);

#endif
