/* cryptoserversdk/module_init_1.5.c: the framework that starts a module.
 *
 * Part of cs2sim's SDK, an independent rewrite: firmware/protocol/reference/sdk-facts.md, section 4, and
 * firmware-facts.md, section 6.3. A module's global source includes it as its last line and defines before:
 *
 *   Module_info       T_MODULE_INFO: tag, abbreviation, id and version (big-endian words), long name
 *   Module_pub        table with start, stop, pre_replace, pre_delete (its type is the module's own)
 *   Module_link_tab   T_MODULE_LINK_TAB[], ended by a NULL handle address; with MODULE_NEEDS_EXT_REFS
 *   Module_func_tab   P_CMDS_FCT[], index = SFC; with MODULE_HAS_EXT_INTERFACE
 *
 * and may define MODULE_NEEDS_EXT_WAIT, MODULE_NEEDS_SMOS_VER, MODULE_INIT_TASK_FUNCTION with _NAME, _PRIO,
 * _STACK_SIZE and _STACK_MEM. */

#if defined(MODULE_NEEDS_EXT_REFS) || defined(MODULE_INIT_TASK_FUNCTION) || defined(MODULE_HAS_EXT_INTERFACE)
#define MODULE_HAS_INIT_TASK
#endif

#ifndef MODULE_INIT_TASK_FUNCTION_NAME
#define MODULE_INIT_TASK_FUNCTION_NAME "INIT_TASK"
#endif
#ifndef MODULE_INIT_TASK_FUNCTION_PRIO
#define MODULE_INIT_TASK_FUNCTION_PRIO 0
#endif
#ifndef MODULE_INIT_TASK_FUNCTION_STACK_SIZE
#define MODULE_INIT_TASK_FUNCTION_STACK_SIZE 0
#endif
#ifndef MODULE_INIT_TASK_FUNCTION_STACK_MEM
#define MODULE_INIT_TASK_FUNCTION_STACK_MEM OS_MEM_TYPE_SD
#endif

#define MODULE_ID MDL_ID_TYP(Module_info.id)
#define MODULE_INIT_STACK 0x1000u

void module_init(void* unused);

#ifdef MODULE_HAS_INIT_TASK
static int Module_has_task = 0;
#endif

void module_init_terminate(int err, int state) {
    os_mdl_state_set(MODULE_ID, (unsigned int)state);
    if (err != 0)
        os_log_print((unsigned char*)"module %s: start failed with %08x\n", Module_info.abbr, (unsigned int)err);
#ifdef MODULE_HAS_INIT_TASK
    if (Module_has_task) {
        Module_has_task = 0;
        os_task_del(os_task_id_get(), NULL);
    }
#endif
}

void module_init_failed(int err) { module_init_terminate(err, OS_MDL_INIT_FAILED); }

#ifdef MODULE_NEEDS_EXT_REFS
/* Resolves the table by name and least version. */
static int module_link(void) {
    unsigned int n;
    for (n = 0; Module_link_tab[n].p_mdl_hdl != NULL; ++n) {
        *Module_link_tab[n].p_mdl_hdl =
            os_mdl_link_pub((const char*)Module_link_tab[n].name, Module_link_tab[n].version);
        if (*Module_link_tab[n].p_mdl_hdl != NULL) continue;
        os_log_print((unsigned char*)"module %s: %s is missing\n", Module_info.abbr, Module_link_tab[n].name);
        if ((Module_link_tab[n].flags & MODULE_OPTIONAL) == 0) return (int)E_MODULE_ERR_LINK(n);
    }
    return 0;
}

/* Waits until the linked modules are ready: those marked MODULE_DEFER_WAIT when `deferred`, else the others. */
static int module_wait(int deferred) {
    unsigned int n;
    for (n = 0; Module_link_tab[n].p_mdl_hdl != NULL; ++n) {
        const int marked = (Module_link_tab[n].flags & MODULE_DEFER_WAIT) != 0;
        if (marked != deferred || *Module_link_tab[n].p_mdl_hdl == NULL) continue;
        if (os_mdl_state_wait((const char*)Module_link_tab[n].name, OS_MDL_INIT_OK) == 0) continue;
        os_log_print((unsigned char*)"module %s: %s is not ready\n", Module_info.abbr, Module_link_tab[n].name);
        *Module_link_tab[n].p_mdl_hdl = NULL;
        if ((Module_link_tab[n].flags & MODULE_OPTIONAL) == 0) return (int)E_MODULE_ERR_WAIT(n);
    }
    return 0;
}
#endif

#ifdef MODULE_NEEDS_EXT_WAIT
int module_wait_ext(void) { return module_wait(1); }
#endif

/* The init task. */
void module_init(void* unused) {
    int err = 0;
    (void)unused;
    os_mdl_state_set(MODULE_ID, OS_MDL_INIT_INTERNAL);
#ifdef MODULE_NEEDS_EXT_REFS
    err = module_link();
    if (err == 0) {
        os_mdl_state_set(MODULE_ID, OS_MDL_INIT_DEP_OK);
        err = module_wait(0);
    }
#endif
#ifdef MODULE_INIT_TASK_FUNCTION
    if (err == 0) err = MODULE_INIT_TASK_FUNCTION();
#endif
    if (err != 0) {
        module_init_failed(err);
        return;
    }
    os_mdl_state_set(MODULE_ID, OS_MDL_INIT_OK);
#ifdef MODULE_HAS_EXT_INTERFACE
    err = cmds_register(MODULE_ID, (int)(sizeof(Module_func_tab) / sizeof(Module_func_tab[0])), Module_func_tab);
    if (err != 0)
        os_log_print((unsigned char*)"module %s: functions not registered: %08x\n", Module_info.abbr,
                     (unsigned int)err);
#endif
    os_log_print((unsigned char*)"module %s: id %03x, ready\n", Module_info.abbr, (unsigned int)MODULE_ID);
    os_task_del(os_task_id_get(), NULL);
}

int module_start(void* p_coff_mem) {
    int err;
#ifdef MODULE_NEEDS_SMOS_VER
    unsigned int version = 0;
#endif
#ifdef MODULE_HAS_INIT_TASK
    static T_OS_TASK_PAR par = {MODULE_INIT_TASK_FUNCTION_NAME,
                                OS_TASK_ID_INVALID,
                                MODULE_INIT_TASK_FUNCTION_PRIO,
                                MODULE_INIT_TASK_FUNCTION_STACK_SIZE + MODULE_INIT_STACK,
                                NULL,
                                module_init,
                                OS_MEM_TYPE_SD,
                                MODULE_INIT_TASK_FUNCTION_STACK_MEM};
#endif
    err = os_mdl_link_new((const char*)Module_info.abbr, CS2_BIG_ENDIAN_TO_U32(Module_info.version), MODULE_ID,
                          p_coff_mem, (void*)&Module_pub);
    if (err != 0) return err;
#ifdef MODULE_NEEDS_SMOS_VER
    err = os_mdl_name_get(0, NULL, &version);
    if (err != 0 || version < MODULE_NEEDS_SMOS_VER) {
        os_mdl_state_set(MODULE_ID, OS_MDL_INIT_FAILED);
        return (int)E_MODULE_ERR_SMOS;
    }
#endif
#ifdef MODULE_HAS_INIT_TASK
    Module_has_task = 1;
    if (os_task_new(&par) == NULL) {
        Module_has_task = 0;
        os_mdl_state_set(MODULE_ID, OS_MDL_INIT_FAILED);
        return (int)E_MODULE_ERR_TASK;
    }
#else
    os_mdl_state_set(MODULE_ID, OS_MDL_INIT_OK);
#endif
    return 0;
}
