// The front door of ADM: the module that it publishes, and what it needs of the device that it administers.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "firmware/cmds/function.h"

namespace cs2sim {

// A module of a user's that the device knows: started, or why not.
struct LoadedModule {
    std::uint16_t id = 0;
    std::string abbreviation;
    std::uint32_t version = 0;
    bool ready = false;
};

struct DeviceControl;
Module adm_module(DeviceControl& control);  // FC 087: state, logs, files, restarts, backup and restore

enum class BootTarget : std::uint8_t { operating_system, boot_loader };

// What only the device as a whole can do: the state of ADM; the device owns it.
// A hook is called from within a command, on the caller's thread: it must let that command's answer out
// before it ends the sessions.
struct DeviceControl {
    std::function<void(BootTarget)> boot;  // ends all sessions and starts anew
    // Factory state: databases, files, MBKs and the master key are gone, then boots. Errors: those of Flash.
    std::function<Result<void>()> clear;
    // Users' own modules that were started; empty functions where the device runs none.
    std::function<std::vector<LoadedModule>()> modules;
    // What the module of that id, if it runs, says to being replaced or (else) deleted: its own code when it
    // objects.
    std::function<Result<void>(std::uint16_t id, bool to_replacement)> ask_module;
    std::function<void(std::uint16_t id)> remove_module;  // soon, when no command runs
    std::function<std::vector<std::string>()>
        connections;                        // one text a connection, e.g. "TCP 127.0.0.1:4711"
    std::function<void()> shut_down;        // ends the appliance; empty when nobody can
    std::atomic<std::int64_t> started = 0;  // monotonic milliseconds
    static constexpr std::uint32_t kMeasured = 0xFFFFFFFF;
    std::atomic<std::uint32_t> load = kMeasured;  // what CSLGetLoad shall say, in tenths of a per cent
};

// The device's 8-character identity, random and persistent (`uid` in GetState). Error: E_CMDS_NVRAM.
Result<std::string> device_uid(class Nvram& nvram);

}  // namespace cs2sim
