// The front door of the firmware: a device that boots from its state folder and answers frames.
// It knows no sockets, no FUSE and no threads of the transports.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "firmware/profile/profile.h"
#include "firmware/wire/conversation.h"
#include "firmware/wire/bytes.h"
#include "firmware/wire/error.h"

namespace cs2sim {

enum class Reach : std::uint8_t { host, control };  // control: may call the simulator's own module (FC SIM)

class Device {
public:
    struct Options {
        std::filesystem::path state;  // folder; made when absent
        Profile profile;
        std::filesystem::path admin_key;  // where the factory ADMIN's private key goes; default state/ADMIN.key
    };

    // Boots. Errors: those of Smos::open().
    static Result<std::unique_ptr<Device>> boot(const Options& options);
    virtual ~Device() = default;

    virtual std::unique_ptr<Conversation> converse(Reach reach, std::string peer) = 0;
};

}  // namespace cs2sim
