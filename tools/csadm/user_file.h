// File of BackupUser= (our own format): one user's record as the device sealed it.
//
//   # User Backup
//   NAME=<name>
//   RECORD=<hex>
#pragma once

#include <filesystem>
#include <string_view>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim::tools {

// Writes beside the target and renames, so that no partial file is left. Error: E_CSA_BACKUP_WRITE.
Result<void> write_user_file(const std::filesystem::path& path, std::string_view name, ByteView record);

// Errors: E_CSA_BACKUP_FILE, E_CSA_USER_BACKUP.
Result<Bytes> read_user_file(const std::filesystem::path& path);

}  // namespace cs2sim::tools
