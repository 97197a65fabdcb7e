#include "firmware/adm/adm.h"

#include "firmware/adm/handlers.h"
#include "firmware/cmds/mode_rules.h"

namespace cs2sim {
namespace {

using namespace adm;

constexpr std::uint32_t kAnybody = 0;
constexpr std::uint32_t kSystemAdministrator = 0x02000000;
constexpr std::uint32_t kBothAdministrators = 0x22000000;

// Backups and restores and the entries of databases: what they demand of the caller depends on the database
// (firmware/db/catalogue.cpp), so the handlers ask for it.
constexpr Function kAdm[] = {
    {SFC_ADM_GET_STATE, kAnybody, rules::kAlways, get_state},
    {SFC_ADM_GET_INFO, kAnybody, rules::kAlways, get_info},
    {SFC_ADM_GET_MODEL, kAnybody, rules::kAlways, get_model},
    {SFC_ADM_GET_TIME, kAnybody, rules::kAlways, get_time},
    {SFC_ADM_SET_TIME, kSystemAdministrator, rules::kOrdinary, set_time},
    {SFC_ADM_GET_BATT_STATE, kAnybody, rules::kAlways, get_batt_state},
    {SFC_ADM_MEM_INFO, kAnybody, rules::kAlways, mem_info},
    {SFC_ADM_TEST, kAnybody, rules::kLogon, test},
    {SFC_ADM_GET_BOOT_LOG, kAnybody, rules::kAlways, get_boot_log},
    {SFC_ADM_GET_AUDIT_LOG, kAnybody, rules::kAlways, get_audit_log},
    {SFC_ADM_CLEAR_AUDIT_LOG, kSystemAdministrator, rules::kOrdinary, clear_audit_log},
    {SFC_ADM_GET_AUDIT_CONFIG, kAnybody, rules::kAlways, get_audit_config},
    {SFC_ADM_SET_AUDIT_CONFIG, kSystemAdministrator, rules::kOrdinary, set_audit_config},
    {SFC_ADM_GET_FORMS, kAnybody, rules::kAlways, get_forms},
    {SFC_ADM_LIST_FILES, kAnybody, rules::kAlways, list_files},
    {SFC_ADM_LOAD_FILE, kSystemAdministrator, rules::kOrdinary, load_file},
    {SFC_ADM_DELETE_FILE, kSystemAdministrator, rules::kOrdinary, delete_file},
    {SFC_ADM_LIST_MODULES, kAnybody, rules::kLogon, list_modules},
    {SFC_ADM_LIST_FIRMWARE, kAnybody, rules::kAlways, list_modules},
    {SFC_ADM_RESTART, kAnybody, rules::kAlways, restart},
    {SFC_ADM_RESET_TO_BL, kAnybody, rules::kAlways, reset_to_bl},
    {SFC_ADM_START_OS, kAnybody, rules::kAlways, start_os},
    {SFC_ADM_CLEAR, kBothAdministrators, rules::kLogon, clear},
    {SFC_ADM_RESET_ALARM, kSystemAdministrator, rules::kLogon, reset_alarm},
    {SFC_ADM_RECOVER_OS, kAnybody, rules::kAlways, recover_os},
    {SFC_ADM_CSL_GET_LOAD, kAnybody, rules::kAlways, csl_get_load},
    {SFC_ADM_CSL_GET_STATUS, kAnybody, rules::kAlways, csl_get_status},
    {SFC_ADM_CSL_GET_CONNECTIONS, kAnybody, rules::kAlways, csl_get_connections},
    {SFC_ADM_CSL_GET_VERSION, kAnybody, rules::kAlways, csl_get_version},
    {SFC_ADM_CSL_GET_SERIAL, kAnybody, rules::kAlways, csl_get_serial},
    {SFC_ADM_CSL_LIST_PP_APPS, kAnybody, rules::kAlways, csl_list_pp_apps},
    {SFC_ADM_CSL_SCAN_DEVICES, kAnybody, rules::kAlways, csl_scan_devices},
    {SFC_ADM_CSL_GET_LOG_FILE, kAnybody, rules::kAlways, csl_get_log_file},
    {SFC_ADM_CSL_GET_CONFIG_FILE, kAnybody, rules::kAlways, csl_get_config_file},
    {SFC_ADM_CSL_PUT_CONFIG_FILE, kSystemAdministrator, rules::kOrdinary, csl_put_config_file},
    {SFC_ADM_CSL_SET_TRACE_LEVEL, kSystemAdministrator, rules::kOrdinary, csl_set_trace_level},
    {SFC_ADM_CSL_SHUTDOWN, kSystemAdministrator, rules::kLogon, csl_shutdown},
    {SFC_ADM_CSL_REBOOT, kSystemAdministrator, rules::kLogon, csl_reboot},
    {SFC_ADM_CSL_GET_TIME, kAnybody, rules::kAlways, csl_get_time},
    {SFC_ADM_CSL_SET_TIME, kSystemAdministrator, rules::kOrdinary, csl_set_time},
    {SFC_ADM_LIST_ENTRIES, kAnybody, rules::kOrdinary, list_entries},
    {SFC_ADM_READ_ENTRY, kAnybody, rules::kDatabaseBackup, read_entry},
    {SFC_ADM_BACKUP_OPEN, kAnybody, rules::kDatabaseBackup, backup_open},
    {SFC_ADM_BACKUP_READ, kAnybody, rules::kDatabaseBackup, backup_read},
    {SFC_ADM_BACKUP_CLOSE, kAnybody, rules::kDatabaseBackup, backup_close},
    {SFC_ADM_RESTORE_OPEN, kAnybody, rules::kDatabaseBackup, restore_open},
    {SFC_ADM_RESTORE_WRITE, kAnybody, rules::kDatabaseBackup, restore_write},
    {SFC_ADM_RESTORE_COMMIT, kAnybody, rules::kDatabaseBackup, restore_commit},
    {SFC_ADM_RESTORE_CANCEL, kAnybody, rules::kDatabaseBackup, restore_cancel},
};

constexpr Function kMbk[] = {
    {SFC_MBK_LIST_KEYS, kAnybody, rules::kOrdinary, mbk_list_keys},
    {SFC_MBK_GENERATE, kSystemAdministrator, rules::kOrdinary, mbk_generate},
    {SFC_MBK_IMPORT, kSystemAdministrator, rules::kOrdinary, mbk_import},
};

constexpr Function kDbTest[] = {
    {SFC_DB_TEST_CREATE, kSystemAdministrator, rules::kOrdinary, db_create},
    {SFC_DB_TEST_INSERT, kSystemAdministrator, rules::kOrdinary, db_insert},
    {SFC_DB_TEST_FIND, kSystemAdministrator, rules::kOrdinary, db_find},
    {SFC_DB_TEST_DELETE, kSystemAdministrator, rules::kOrdinary, db_delete},
    {SFC_DB_TEST_DROP, kSystemAdministrator, rules::kOrdinary, db_drop},
};

}  // namespace

Module adm_module() { return {FC_ADM, kAdm}; }
Module mbk_module() { return {FC_MBK, kMbk}; }
Module db_test_module() { return {FC_DB, kDbTest}; }

}  // namespace cs2sim
