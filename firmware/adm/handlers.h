// The handlers of ADM, named by its table in adm.cpp. Errors are stated where they are not
// those of the room that the handler calls.
#pragma once

#include "firmware/cmds/call.h"

namespace cs2sim::adm {

// state_functions.cpp
Result<Bytes> get_state(Call& call);
Result<Bytes> get_info(Call& call);
Result<Bytes> get_model(Call& call);
Result<Bytes> get_time(Call& call);
Result<Bytes> set_time(Call& call);  // E_OS_RTC_PARAM
Result<Bytes> get_batt_state(Call& call);
Result<Bytes> mem_info(Call& call);
Result<Bytes> get_forms(Call& call);  // what the profile says of lists

// self_test.cpp
Result<Bytes> test(Call& call);

// log_functions.cpp
// What an answer "total:u4 text:*" holds of a log from the request's `offset` on.
Result<Bytes> part_of_log(const Call& call, std::string_view log);
Result<Bytes> get_boot_log(Call& call);
Result<Bytes> get_audit_log(Call& call);  // E_OS_FILE_CORR
Result<Bytes> clear_audit_log(Call& call);
Result<Bytes> get_audit_config(Call& call);
Result<Bytes> set_audit_config(Call& call);  // E_OS_AUDIT_CFG_RANGE

// file_functions.cpp
Result<Bytes> list_files(Call& call);
// E_ADM_PERMISSION, E_ADM_NO_HANDLE, E_ADM_HANDLES; of a .mtc those of check_container()
Result<Bytes> load_file(Call& call);
Result<Bytes> delete_file(Call& call);  // E_ADM_PERMISSION
Result<Bytes> list_modules(Call& call);

// control_functions.cpp; all E_CMDS_SFC_DISABLED when the device gives no such control
Result<Bytes> restart(Call& call);
Result<Bytes> reset_to_bl(Call& call);
Result<Bytes> start_os(Call& call);
Result<Bytes> recover_os(Call& call);  // the operating system that the boot loader keeps; here: the only one
Result<Bytes> clear(Call& call);
Result<Bytes> reset_alarm(Call& call);  // E_OS_SENS_NO_ALARM, E_OS_SENS_ALARM_PRESENT

// appliance_functions.cpp; all E_CMDS_SFC_DISABLED unless the profile is a network appliance
Result<Bytes> csl_get_load(Call& call);
Result<Bytes> csl_get_status(Call& call);
Result<Bytes> csl_get_connections(Call& call);
Result<Bytes> csl_get_version(Call& call);
Result<Bytes> csl_get_serial(Call& call);
Result<Bytes> csl_list_pp_apps(Call& call);
Result<Bytes> csl_scan_devices(Call& call);
Result<Bytes> csl_get_log_file(Call& call);
Result<Bytes> csl_get_config_file(Call& call);
Result<Bytes> csl_put_config_file(Call& call);  // E_ADM_TOO_BIG over 64 KiB
Result<Bytes> csl_set_trace_level(Call& call);  // E_ADM_PARAM over 5
Result<Bytes> csl_shutdown(Call& call);
Result<Bytes> csl_reboot(Call& call);
Result<Bytes> csl_get_time(Call& call);
Result<Bytes> csl_set_time(Call& call);  // E_OS_RTC_PARAM

// entry_functions.cpp; both E_ADM_MBK_DB_OUT for a database that does not leave the device
Result<Bytes> list_entries(Call& call);  // E_CMDS_BAD_SIZE: more keys than one answer holds
Result<Bytes> read_entry(Call& call);    // E_CMDS_DENIED, E_ADM_NO_MBK_KEY, E_DB_NOT_FOUND, E_DB_LENGTH

// backup_functions.cpp
Result<Bytes> backup_open(Call& call);  // E_ADM_MBK_DB_OUT, E_CMDS_DENIED, E_ADM_NO_MBK_KEY, E_ADM_HANDLES
Result<Bytes> backup_read(Call& call);  // E_ADM_NO_HANDLE
Result<Bytes> backup_close(Call& call);

// restore_functions.cpp. An error of write or commit ends the restore.
Result<Bytes> restore_open(Call& call);  // as backup_open; E_ADM_BACKUP_MAC, E_ADM_DATA_LEN
Result<Bytes> restore_write(
    Call& call);  // E_ADM_BACKUP_MAC, E_ADM_DATA_LEN, E_DB_EXISTS, E_CMDS_BAD_UDB_ENTRY
Result<Bytes> restore_commit(Call& call);  // E_ADM_NO_HANDLE, E_CMDS_ADMIN_AMPUTATION
Result<Bytes> restore_cancel(Call& call);

}  // namespace cs2sim::adm
