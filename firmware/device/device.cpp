#include "firmware/device/device.h"

#include <new>

#include "firmware/cmds/cmds.h"
#include "firmware/cmds/modes.h"
#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/sessions.h"
#include "firmware/cmds/users.h"
#include "firmware/crypto/pkey.h"
#include "firmware/db/catalogue.h"

namespace cs2sim {
namespace {

constexpr std::string_view kUserDatabase = "user.db";
constexpr std::string_view kInitialKey = "init.key";  // the factory user's public key, kept for Clear

class BootedDevice final : public Device {
public:
    BootedDevice(Profile profile, std::unique_ptr<Smos> smos)
        : profile_(std::move(profile)),
          smos_(std::move(smos)),
          databases_(*smos_),
          mbk_(*smos_, databases_),
          users_(*smos_, databases_, profile_),
          sessions_(profile_),
          services_{profile_, *smos_, databases_, mbk_, users_, sessions_, scheduler_} {
        for (const Module& module : {transport_module(), cmds_module()}) scheduler_.publish(module);
    }

    Result<void> start(ByteView initial_key) {
        if (!users_.exists_database()) CS2SIM_TRY(make_factory_state(initial_key));
        scheduler_.set_modes(startup_modes(profile_, *smos_));
        smos_->boot_log.add("cs2sim device started, profile " + profile_.name);
        return {};
    }

    std::unique_ptr<Conversation> converse(Reach reach, std::string peer) override;

    Services& services() { return services_; }
    Scheduler& scheduler() { return scheduler_; }

private:
    // user.db comes last: it is what tells a complete device from a new one.
    Result<void> make_factory_state(ByteView initial_key) {
        if (!initial_key.empty()) {
            const auto key = public_key_from_der(initial_key);
            if (!key || !is_rsa(**key)) return fail(E_CMDS_BAD_INITKEY);
            CS2SIM_TRY(smos_->flash.write(kInitialKey, initial_key));
        }
        const auto stored = smos_->flash.read(kInitialKey);
        if (!stored) return fail(E_CMDS_BAD_INITKEY);
        for (std::string_view name : {"CXIKEY.db", "VMBK1.db"}) {
            const auto made = databases_.create(name, database_policy(name)->info);
            if (!made) return fail(made.error());
        }
        return users_.create_factory_user(*stored);
    }

    const Profile profile_;
    const std::unique_ptr<Smos> smos_;
    DatabaseStore databases_;
    MbkStore mbk_;
    Users users_;
    Sessions sessions_;
    Scheduler scheduler_;
    Services services_;
};

class DeviceConversation final : public Conversation {
public:
    DeviceConversation(BootedDevice& device, Reach reach) : device_(device) {
        context_.control = reach == Reach::control;
    }
    ~DeviceConversation() override { device_.services().sessions.close_owned_by(&context_); }

    Reply transact(ByteView frame) override {
        const auto answer = answer_to(frame);
        if (!answer) return {Reply::Action::send, error_frame(answer.error())};
        return {Reply::Action::send, answer_frame(*answer)};
    }

private:
    Result<Bytes> answer_to(ByteView frame) {
        const auto request = parse_request(frame);
        if (!request) return fail(request.error());
        try {
            auto answer = device_.scheduler().run(device_.services(), context_, *request);
            if (answer && answer->size() > kMaxFrame - kFrameHeader) return fail(E_CMDS_BAD_SIZE);
            return answer;
        } catch (const std::bad_alloc&) {  // nothing of a command is applied before its last allocation
            return fail(E_CMDS_NO_MEM);
        }
    }

    BootedDevice& device_;
    Context context_;
};

std::unique_ptr<Conversation> BootedDevice::converse(Reach reach, std::string) {
    return std::make_unique<DeviceConversation>(*this, reach);
}

}  // namespace

bool Device::is_new(const std::filesystem::path& state) {
    return !std::filesystem::exists(state / "flash" / kUserDatabase);
}

Result<std::unique_ptr<Device>> Device::boot(Options options) {
    auto smos = Smos::open(options.state);
    if (!smos) return fail(smos.error());
    auto device = std::make_unique<BootedDevice>(std::move(options.profile), std::move(*smos));
    CS2SIM_TRY(device->start(options.initial_key));
    return device;
}

}  // namespace cs2sim
