// Where a device's state lies in the host's file system.
#pragma once

#include <cstdint>
#include <filesystem>

#include "firmware/protocol/error.h"

namespace cs2sim {

class BootLog;

// Files that hosts name and databases with their side files never share a folder.
struct StateFolder {
    std::filesystem::path root;

    std::filesystem::path files() const { return root / "flash" / "files"; }
    std::filesystem::path databases() const { return root / "flash" / "db"; }
    std::filesystem::path nvram() const { return root / "nvram.db"; }
    std::filesystem::path key_ram() const { return root / "keyram"; }
    std::filesystem::path audit() const { return root / "audit"; }
};

// An audit log's files have up to a million bytes and a line (AuditLog::set_config).
inline constexpr std::uint64_t kLargestAuditFile = 2 << 20;

// Makes what is missing of the folders, all of them closed to other users, removes what a killed run left
// half-written, and moves over the state of versions that kept files and databases together in flash/. A kill
// at any instant leaves a folder with which the next call goes on. The boot log names what could not be had.
// Errors: E_OS_FILE_CORR for what not_our_own() finds; E_OS_FILE_NO_SUCH_PATH, E_OS_FILE_RDONLY,
// E_OS_FILE_CORR (host I/O failed); E_OS_FILE_EXIST when flash/ holds what its new place holds too (an older
// version has run on newer state).
Result<void> prepare_state_folder(const StateFolder& state, BootLog& boot_log);

}  // namespace cs2sim
