#include "firmware/adm/adm.h"

#include "firmware/adm/handlers.h"

namespace cs2sim {
namespace {

using namespace adm;

constexpr Function kAdm[] = {
    {SFC_ADM_GET_STATE, get_state},
    {SFC_ADM_GET_INFO, get_info},
    {SFC_ADM_GET_MODEL, get_model},
    {SFC_ADM_GET_TIME, get_time},
    {SFC_ADM_SET_TIME, set_time},
    {SFC_ADM_GET_BATT_STATE, get_batt_state},
    {SFC_ADM_MEM_INFO, mem_info},
    {SFC_ADM_TEST, test},
    {SFC_ADM_GET_BOOT_LOG, get_boot_log},
    {SFC_ADM_GET_AUDIT_LOG, get_audit_log},
    {SFC_ADM_CLEAR_AUDIT_LOG, clear_audit_log},
    {SFC_ADM_GET_AUDIT_CONFIG, get_audit_config},
    {SFC_ADM_SET_AUDIT_CONFIG, set_audit_config},
    {SFC_ADM_LIST_FILES, list_files},
    {SFC_ADM_LOAD_FILE, load_file},
    {SFC_ADM_DELETE_FILE, delete_file},
    {SFC_ADM_LIST_MODULES, list_modules},
    {SFC_ADM_LIST_FIRMWARE, list_modules},
    {SFC_ADM_RESTART, restart},
    {SFC_ADM_RESET_TO_BL, reset_to_bl},
    {SFC_ADM_START_OS, start_os},
    {SFC_ADM_CLEAR, clear},
    {SFC_ADM_RESET_ALARM, reset_alarm},
    {SFC_ADM_CSL_GET_LOAD, csl_get_load},
    {SFC_ADM_CSL_GET_STATUS, csl_get_status},
    {SFC_ADM_CSL_GET_CONNECTIONS, csl_get_connections},
    {SFC_ADM_CSL_GET_VERSION, csl_get_version},
    {SFC_ADM_LIST_ENTRIES, list_entries},
    {SFC_ADM_READ_ENTRY, read_entry},
    {SFC_ADM_BACKUP_OPEN, backup_open},
    {SFC_ADM_BACKUP_READ, backup_read},
    {SFC_ADM_BACKUP_CLOSE, backup_close},
    {SFC_ADM_RESTORE_OPEN, restore_open},
    {SFC_ADM_RESTORE_WRITE, restore_write},
    {SFC_ADM_RESTORE_COMMIT, restore_commit},
    {SFC_ADM_RESTORE_CANCEL, restore_cancel},
    {SFC_ADM_GET_FORMS, get_forms},
    {SFC_ADM_RECOVER_OS, recover_os},
    {SFC_ADM_CSL_GET_SERIAL, csl_get_serial},
    {SFC_ADM_CSL_LIST_PP_APPS, csl_list_pp_apps},
    {SFC_ADM_CSL_SCAN_DEVICES, csl_scan_devices},
    {SFC_ADM_CSL_GET_LOG_FILE, csl_get_log_file},
    {SFC_ADM_CSL_GET_CONFIG_FILE, csl_get_config_file},
    {SFC_ADM_CSL_PUT_CONFIG_FILE, csl_put_config_file},
    {SFC_ADM_CSL_SET_TRACE_LEVEL, csl_set_trace_level},
    {SFC_ADM_CSL_SHUTDOWN, csl_shutdown},
    {SFC_ADM_CSL_REBOOT, csl_reboot},
    {SFC_ADM_CSL_GET_TIME, csl_get_time},
    {SFC_ADM_CSL_SET_TIME, csl_set_time},
};

}  // namespace

Module adm_module(DeviceControl& control) { return {FC_ADM, kAdm, ModuleState(control)}; }

}  // namespace cs2sim
