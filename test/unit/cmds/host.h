// A device in this process, and callers that talk frames and secure messaging to it.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "firmware/cmds/users.h"
#include "firmware/crypto/pkey.h"
#include "firmware/device/device.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/channel/secure_channel.h"
#include "firmware/protocol/frame.h"
#include "firmware/protocol/functions.h"
#include "test/unit/recorder.h"
#include "test/unit/scratch.h"

namespace cs2sim {

// Keys that tests share, since making them takes time.
const PrivateKey& admin_key();  // RSA, 2048 bits: the factory user's
const PrivateKey& other_key();  // RSA, 2048 bits

Profile profile_named(std::string_view name);

class Simulated {
public:
    explicit Simulated(Profile profile) { boot(std::move(profile)); }
    explicit Simulated(std::string_view profile = "se-gen2") : Simulated(profile_named(profile)) {}

    // Precondition: no Caller of it lives. Ends the device, runs `meanwhile` on its state, and boots it
    // again, as another firmware if so wished.
    template <class Work>
    void reboot(Profile profile, Work meanwhile) {
        device_.reset();
        meanwhile();
        boot(std::move(profile));
    }
    void reboot(Profile profile) {
        reboot(std::move(profile), [] {});
    }

    SimulatedDevice& device() { return *device_; }
    const Profile& profile() const { return profile_; }
    std::filesystem::path state() const { return folder_.path() / "state"; }

private:
    void boot(Profile profile);

    ScratchFolder folder_;
    Profile profile_;
    std::unique_ptr<SimulatedDevice> device_;
};

struct SessionKind {
    std::uint8_t mode = SM_MODE_ECDH;
    std::uint8_t mechanism = SM_MECH_AES_CMAC;
};

// One connection with at most one session; not for use by several threads at once.
class Caller {
public:
    explicit Caller(Simulated& simulated, Reach reach = Reach::host);

    // A whole frame as it is.
    Result<Bytes> frame(ByteView bytes);
    // One command outside any session.
    Result<Bytes> plain(std::uint16_t fc, std::uint8_t sfc, ByteView block);
    Result<Bytes> plain(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values = {});

    // Opens a session of the first kind that the profile accepts, or of the one that is given.
    Result<void> open_session();
    Result<void> open_session(SessionKind kind);
    // One command in the session when there is one, else outside.
    Result<Bytes> call(std::uint16_t fc, std::uint8_t sfc, ByteView block);
    Result<Bytes> call(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values = {});
    // Whatever stands in an envelope: the opened answer, code and block. Precondition: there is a session.
    Result<Bytes> sealed(ByteView command);
    // CMDS functions, by far the most.
    Result<Bytes> cmds(std::uint8_t sfc, std::initializer_list<Value> values = {}) {
        return call(FC_CMDS, sfc, values);
    }

    Result<Bytes> challenge(std::uint16_t length);
    Result<void> logon(std::string_view user, const EVP_PKEY& key, std::uint8_t mechanism = MECH_RSA_SIGN);
    Result<void> logon(std::string_view user, std::string_view password,
                       std::uint8_t mechanism = MECH_HMAC_PWD);
    // Opens a session and logs the factory user on. Fails the test when that does not work.
    Caller& as_admin();

    Result<void> add_user(std::string_view name, std::uint32_t permission, std::string_view password,
                          std::uint8_t flags = 0, std::string_view attributes = "");
    Result<void> add_user(std::string_view name, std::uint32_t permission, const EVP_PKEY& key,
                          std::uint8_t mechanism = MECH_RSA_SIGN);

    std::uint32_t session_id() const { return session_ ? session_->id : 0; }
    // The last envelope that was sent, as a whole frame.
    const Bytes& last_envelope() const { return last_envelope_; }

private:
    struct Open {
        std::uint32_t id;
        SequenceCounter sequence;
        SecureChannel channel;
    };
    std::uint16_t challenge_length() const { return profile_.challenge_lengths.front(); }
    Result<void> answer_challenge(std::string_view user, std::uint8_t mechanism, ByteView response);

    Recorder recorder_;
    const Profile profile_;
    std::unique_ptr<Conversation> conversation_;
    std::optional<Open> session_;
    Bytes last_envelope_;
};

}  // namespace cs2sim
