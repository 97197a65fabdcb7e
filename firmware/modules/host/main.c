/* cs2sim-module32, cs2sim-module64: the process in which one module of a user's runs.
 *
 *   cs2sim-moduleNN ABBREVIATION IMAGE
 *
 * with the channel on descriptor 3 and the bell on 4. The image, a shared object, is loaded when the
 * simulator says so, and its <abbreviation>_start called; then it answers commands.
 *
 *   cs2sim-moduleNN --read-only IMAGE PROGRAM WORD...
 *
 * becomes a program that looks into the image, which is not ours: confined as the module is. */
#include <ctype.h>
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>

#include "host.h"
#include "sandbox.h"

/* What Module_pub begins with; its type is the module's own. */
struct module_public {
    void* p_data;
    int (*start)(T_OS_MDL_HDL, OS_FILE_HANDLE, void*);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
};

static const char* abbreviation;
static const char* image;
static struct module_public* module;
static void* library;
static int started;

/* --- the module's image --- */

static int base_of(struct dl_phdr_info* info, size_t size, void* path) {
    (void)size;
    if (info->dlpi_name && strcmp(info->dlpi_name, path) == 0) channel->image = info->dlpi_addr;
    return 0;
}

static void* entry_point(void) {
    char name[32];
    void* entry;
    size_t i;
    snprintf(name, sizeof name, "%s_start", abbreviation);
    entry = dlsym(library, name);
    if (entry) return entry;
    for (i = 0; name[i]; ++i) name[i] = (char)tolower((u8)name[i]);
    return dlsym(library, name);
}

static int load(void) {
    void* entry;
    int (*start)(T_OS_MDL_HDL, OS_FILE_HANDLE, void*);
    library = dlopen(image, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        diagnose(dlerror(), NULL, 0);
        return CODE(E_OS_MDL_CORRUPT);
    }
    dl_iterate_phdr(base_of, (void*)(uintptr_t)image);
    forbid_opening();
    entry = entry_point();
    if (!entry) {
        diagnose("the image has no function <abbreviation>_start", NULL, 0);
        return CODE(E_OS_MDL_NOT_FOUND);
    }
    *(void**)&start = entry;
    return start(operating_system(), 0, NULL);
}

int sdk_os_mdl_link_new(const char* name, const u32 version, const unsigned short id, void* memory,
                        void* table) {
    struct request request = request_for(SERVICE_module_new);
    (void)memory;
    if (!name || !table) return CODE(E_OS_MDL_PARA_INVALID);
    module = table;
    put_text(&request, name);
    put_number(&request, version, 4);
    put_number(&request, id, 2);
    return ask(&request, NULL);
}

const void* published_function(u32 place) {
    return module ? ((const void* const*)(const void*)module)[place] : NULL;
}

static int consent(int (*asked)(void)) { return asked ? asked() : 0; }

int ask_consent(int to_replacement) {
    return module ? consent(to_replacement ? module->pre_replace : module->pre_delete) : 0;
}

int start_module(u32* next_task) {
    const int code = load();
    started = 1;
    *next_task = 0;
    return code;
}

int stop_module(void) {
    const int code = module ? consent(module->stop) : 0;
    heap_check("when the module stopped");
    heap_report_leaks();
    return code;
}

int main(int count, char** arguments) {
    if (count > 3 && strcmp(arguments[1], "--read-only") == 0) read_only(arguments[2], arguments + 3);
    check_arguments(count, arguments);
    abbreviation = arguments[1];
    open_channel();
    catch_signals();
    heap_begin();
    image = enter_sandbox(arguments[2]);
    for (;;) {
        const u32 next = started ? next_task() : CS2SIM_NO_TASK;
        if (!wait_for_call(next)) {
            ring_bell(); /* tasks run when the simulator calls: they may ask for services */
            wait_for_call(CS2SIM_NO_TASK);
        }
        run_call();
    }
}
