// The front door of the firmware: a device that boots from its state folder and answers frames.
// It knows no sockets, no FUSE and no threads of the transports.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "firmware/cmds/function.h"
#include "firmware/profile/profile.h"
#include "firmware/protocol/bytes.h"
#include "firmware/protocol/conversation.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

enum class Reach : std::uint8_t {
    host,
    control,  // may call the simulator's own module (FC SIM) as well
};

class SimulatedDevice {
public:
    struct Options {
        std::filesystem::path state;  // folder; made when absent
        Profile profile;
        Bytes initial_key;  // RSA public key (DER) of the factory user ADMIN; needed for a new device only
        std::function<void()> shut_down =
            {};  // CSLShutdown: ends whoever runs the device, soon; may be empty
        // Hears what is wrong with the state (a store damaged or missing), line by line, by name; the boot
        // log has it too. Also when boot() fails for it.
        std::function<void(std::string_view)> warned = {};
    };

    // True when `state` holds no device yet, nor the beginnings of one, so that boot() needs an initial key.
    static bool is_new(const std::filesystem::path& state);

    // Boots. Errors: those of Smos::open(); E_CMDS_BAD_INITKEY when a new device gets no usable initial key.
    static Result<std::unique_ptr<SimulatedDevice>> boot(Options options);
    virtual ~SimulatedDevice() = default;

    // Publishes a module beside those of the device, and takes one back, when no command runs. Callers lose
    // their sessions and handles when a module goes. Errors: as Scheduler::publish() and withdraw().
    // Precondition: not called from within a command.
    virtual Result<void> publish(const Module& module) = 0;
    virtual Result<void> withdraw(std::uint16_t fc) = 0;

    // Begins a conversation with one caller. It must end before the device does.
    virtual std::unique_ptr<Conversation> converse(Reach reach, std::string peer) = 0;

    // Withdraws the computations that run: their commands end soon with E_OS_PCI_CANCEL, nothing is stored.
    virtual void withdraw_commands() = 0;
};

}  // namespace cs2sim
