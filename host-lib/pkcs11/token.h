// A slot with its token: the group SLOT_nnnn on a device, and who is logged on to it.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "host-lib/pkcs11/channel.h"
#include "host-lib/pkcs11/config.h"
#include "host-lib/pkcs11/errors.h"
#include "host-lib/pkcs11/token_profile.h"

namespace cs2sim::p11 {

class ExternalStore;

// A user of a token as the device tells of them.
struct TokenUser {
    bool initial = false;  // somebody else set their PIN
    unsigned failures = 0;
    std::string label;  // of the token; the security officer has it
};

enum class TokenRole : std::uint8_t { so, user, key_manager };

// Used by several threads at once.
class Token {
public:
    Token(CK_SLOT_ID its_slot, unsigned number, DeviceGroup& devices, const Config& config)
        : slot(its_slot), config_(config), devices_(devices), number_(number), shared_(devices, logons_) {}

    const CK_SLOT_ID slot;

    std::string group() const;                    // "SLOT_0003"
    std::string user_name(TokenRole role) const;  // "SO_0003", "USR_0003", "KM_0003"
    const std::string& device() const;            // its specifier: the first of the group
    unsigned number() const { return number_; }
    DeviceGroup& devices() { return devices_; }
    Logons& logons() { return logons_; }
    Channel& shared_channel() { return shared_; }  // for what needs no session of its own

    // What the users who are logged on add up to in the token's group, as of the last refresh.
    std::uint32_t permissions() const { return permissions_.load(); }
    bool so_logged_on() const { return (permissions() & 0xF00) >= 0x200; }
    bool user_logged_on() const { return (permissions() & 0xF) >= 2; }
    bool key_manager_logged_on() const { return (permissions() & 0xF0) >= 0x20; }
    // Whether private objects are there for the application: who uses them or manages them.
    bool sees_private() const { return user_logged_on() || key_manager_logged_on(); }
    void set_permissions(std::uint32_t permissions) { permissions_.store(permissions); }
    // The role whose PIN has to be changed before anything else, when one is logged on.
    std::atomic<bool> initial_pin{false};

    // A command that changes nothing and belongs to no session: one that expired does not concern its caller.
    // Errors: the device's.
    Result<host::Answer> ask(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values);
    // Asks the device. Errors: the device's; E_CMDS_NO_USER when there is no such user.
    Result<TokenUser> find_user(TokenRole role);
    Result<unsigned> most_failures();  // 0: no limit

    // Asks the device once; while it is down, the defaults.
    std::shared_ptr<const TokenProfile> profile();

    // Where new token objects go when KeysExternal is set; null: into the device. Set once, when it is made.
    ExternalStore* external = nullptr;

    // Whether blobs can be sealed on the device: unknown until the first session object.
    std::atomic<int> external_keys{-1};

    std::atomic<unsigned> sessions{0};  // open ones, and those that may write
    std::atomic<unsigned> read_write_sessions{0};

    std::mutex login_mutex;  // held while somebody logs on or off

private:
    const Config& config_;
    DeviceGroup& devices_;
    unsigned number_;
    Logons logons_;
    Channel shared_;
    std::atomic<std::uint32_t> permissions_{0};
    std::mutex profile_mutex_;
    std::shared_ptr<const TokenProfile> profile_;
};

}  // namespace cs2sim::p11
