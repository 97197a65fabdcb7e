// The process of one module, and the calls that go to it and come back.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "firmware/modules/channel.h"
#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

// What a call of a module meets while it waits.
class ModuleCaller {
public:
    virtual ~ModuleCaller() = default;
    // A service that the module asks for: number and request are hostile. May call the module again.
    virtual Result<Bytes> serve(std::uint32_t service, ByteView request) = 0;
    // Asked now and then. False: the module shall end, its process is made to show where it is.
    virtual bool goes_on() = 0;
};

// How a process came to its end.
struct ModuleEnd {
    std::string what;  // "signal 11 (Segmentation fault) at 0x0", "exit(3)", "killed by signal 9"
    std::vector<std::uint64_t> frames;
    std::uint64_t image = 0;  // where the module's image lay
};

class ModuleProcess {
public:
    struct Options {
        std::string abbreviation;
        std::filesystem::path image;
        std::filesystem::path host;     // cs2sim-module32 or cs2sim-module64
        std::filesystem::path log;      // its standard output and error are appended there
        std::vector<std::string> wrap;  // a debugger's command, in front of the host's
    };

    // Precondition: the calling thread lives as long as the process, which dies with it. Errors:
    // E_OS_MDL_NOT_AVAILABLE when the host program cannot be started; E_OS_MDL_MEM_ALLOC.
    static Result<std::unique_ptr<ModuleProcess>> start(const Options& options);
    ~ModuleProcess();  // kills it
    ModuleProcess(const ModuleProcess&) = delete;
    ModuleProcess& operator=(const ModuleProcess&) = delete;

    // Runs one call, and serves what the module asks for meanwhile. Precondition: one thread at a time; that
    // thread may call again from within serve(). Errors: the module's code; E_OS_MDL_NOT_AVAILABLE when its
    // process has ended; E_OS_MDL_PARA_INVALID for a module that does not keep to the channel's rules, which
    // ends it.
    Result<Bytes> call(cs2sim_call kind, std::uint32_t number, ByteView data, ModuleCaller& caller);

    // Looks whether it lives; whoever waits for it hears of its end at once.
    bool dead();
    // Ends it: by SIGXCPU, at which it shows where it is; asked again when a second has passed, by SIGKILL.
    void interrupt();
    // The same, and waits until it has ended: two seconds at most.
    void finish();
    // Precondition: dead().
    ModuleEnd end() const;

    std::uint64_t image() const;  // where the module's image lies in it, as it says
    int pid() const { return pid_; }
    int descriptor() const { return process_; }  // readable when it has ended
    int bell() const { return bell_; }           // readable when a task of the module wants to run

private:
    ModuleProcess() = default;
    Result<void> spawn(const Options& options, int channel);
    void look_at(ModuleCaller& caller);
    Result<void> wait(ModuleCaller& caller);
    void hand_over();
    Result<void> put(ByteView data);

    cs2sim_channel* channel_ = nullptr;
    int pid_ = -1;
    int process_ = -1;
    int bell_ = -1;
    std::int64_t looked_at_ = 0;  // monotonic milliseconds: when the caller was last asked whether it goes on
    std::atomic<bool> dead_{false};
    std::atomic<std::int64_t> interrupted_at_{0};  // monotonic milliseconds, 0: never
    int status_ = 0;
};

}  // namespace cs2sim
