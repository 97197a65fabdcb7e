#include "firmware/device/device.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <new>
#include <set>
#include <shared_mutex>

#include "firmware/adm/adm.h"
#include "firmware/cmds/cmds.h"
#include "firmware/cmds/hsm_auth_key.h"
#include "firmware/cmds/modes.h"
#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/sessions.h"
#include "firmware/cmds/users.h"
#include "firmware/crypto/pkey.h"
#include "firmware/crypto/start.h"
#include "firmware/cxi/cxi.h"
#include "firmware/db/sqlite/sqlite.h"
#include "firmware/db/test_functions/db_test_module.h"
#include "firmware/device/boot_gate.h"
#include "firmware/device/boot_lines.h"
#include "firmware/device/leftovers.h"
#include "firmware/device/store_check.h"
#include "firmware/faults/device_state.h"
#include "firmware/faults/engine.h"
#include "firmware/mbk/module/mbk_module.h"
#include "firmware/modules/modules.h"
#include "firmware/protocol/databases.h"
#include "firmware/sim/sim.h"
#include "firmware/smos/flash/memory_reserve.h"
#include "firmware/trace/trace.h"

namespace cs2sim {
namespace {

constexpr std::string_view kFactoryState = "factory_state";  // NVRAM
constexpr std::int64_t kBeingMade = 1;
constexpr std::int64_t kComplete = 2;

class BootedDevice final : public SimulatedDevice {
public:
    BootedDevice(Profile profile, std::unique_ptr<Smos> smos)
        : profile_(std::move(profile)),
          smos_(std::move(smos)),
          databases_(*smos_),
          mbk_(*smos_, databases_),
          users_(*smos_, databases_, profile_),
          sessions_(profile_),
          services_{profile_, *smos_, databases_, mbk_, users_, sessions_, scheduler_} {
        scheduler_.watch(&faults_, &trace_);
        control_.boot = [this](BootTarget target) { pending_boot_ = static_cast<int>(target); };
        control_.clear = [this]() -> Result<void> {
            CS2SIM_TRY(stored_initial_key(smos_->flash));
            pending_clear_ = true;
            pending_boot_ = static_cast<int>(BootTarget::operating_system);
            return {};
        };
        control_.connections = [this] { return connections(); };
        control_.modules = [this] { return loaded_modules(); };
        control_.ask_module = [this](std::uint16_t id, bool to_replacement) {
            return modules_.consent(id, to_replacement);
        };
        cxi_.vendor_mechanisms = [this](Call& command, const VendorJob& job) {
            return modules_.run_mechanism(command, job);
        };
        control_.remove_module = [this](std::uint16_t id) { pending_removal_ = id; };
    }
    ~BootedDevice() override { modules_.withdraw_commands(); }

    Result<void> start(ByteView initial_key) {
        for (const Module& module :
             {transport_module(), cmds_module(auth_key_), adm_module(control_), mbk_module(),
              db_test_module(), cxi_module(cxi_), sim_module(faults_), trace_module(trace_)})
            CS2SIM_TRY(scheduler_.publish(module));
        if (is_unfinished()) {
            CS2SIM_TRY(make_factory_state(initial_key));
        } else {
            check_stores(*smos_, databases_);
            CS2SIM_TRY(remember_complete());
        }
        return boot(BootTarget::operating_system);
    }

    void on_shut_down(std::function<void()> hook) { control_.shut_down = std::move(hook); }

    Result<void> publish(const Module& module) override {
        Result<void> done;
        gate_.alone([this] { withdraw_commands(); }, [&] { done = scheduler_.publish(module); });
        return done;
    }

    // What callers kept of the module goes with it: sessions end, and plain connections begin anew.
    Result<void> withdraw(std::uint16_t fc) override {
        Result<void> done;
        const auto work = [&] {
            done = scheduler_.withdraw(fc);
            if (!done) return;
            sessions_.close_all();
            ++boots_;
        };
        gate_.alone([this] { withdraw_commands(); }, work);
        return done;
    }

    // What a command asked for that must not happen while commands run.
    Result<void> do_what_is_pending() {
        if (const int id = pending_removal_.exchange(kNoModule); id != kNoModule)
            gate_.alone([] {}, [&] { modules_.remove(static_cast<std::uint16_t>(id)); });
        if (pending_boot_ == kNoBoot) return {};
        Result<void> done;
        gate_.alone([this] { withdraw_commands(); }, [&] { done = boot_as_asked(); });
        return done;
    }

    std::unique_ptr<Conversation> converse(Reach reach, std::string peer) override;

    void withdraw_commands() override {
        modules_.withdraw_commands();
        const std::lock_guard lock(callers_mutex_);
        for (const auto& [caller, peer] : callers_) caller->withdraw();
        for (Abandonment* caller : steering_) caller->withdraw();
    }

    Services& services() { return services_; }
    Scheduler& scheduler() { return scheduler_; }
    Trace& trace() { return trace_; }
    BootGate& gate() { return gate_; }
    FaultEngine& faults() { return faults_; }
    std::uint64_t boots() const { return boots_.load(); }

    void enter(Abandonment* caller, Reach reach, const std::string& peer) {
        const std::lock_guard lock(callers_mutex_);
        if (reach == Reach::host)
            callers_.emplace(caller, peer);
        else
            steering_.insert(caller);
    }
    void leave(Abandonment* caller) {
        const std::lock_guard lock(callers_mutex_);
        callers_.erase(caller);
        steering_.erase(caller);
    }

private:
    // Where memory runs out in it, it is still pending: the next command begins with it.
    Result<void> boot_as_asked() {
        const int target = pending_boot_.exchange(kNoBoot);
        if (target == kNoBoot) return {};  // another command's conversation came first
        const bool clears = pending_clear_.exchange(false);
        try {
            sessions_.close_all();
            Result<void> done;
            if (clears) done = clear();
            const auto booted = boot(static_cast<BootTarget>(target));
            return done ? booted : done;
        } catch (const std::bad_alloc&) {
            pending_clear_ = clears;
            pending_boot_ = target;
            return fail(E_CMDS_NO_MEM);
        }
    }

    Result<void> boot(BootTarget target) {
        modules_.stop();
        auth_key_.stop();
        if (++boots_ > 1) smos_->boot_log.clear();  // what the first start met with stands before its lines
        log_start(*smos_, profile_, target);
        const auto begun_anew = begin_anew_after_alarm();
        cxi_.start();
        control_.started = monotonic_milliseconds();
        std::uint16_t modes = startup_modes(profile_, *smos_);
        if (target == BootTarget::boot_loader)
            modes = static_cast<std::uint16_t>((modes & ~kBaseModes) | MODE_BOOTLOADER);
        scheduler_.set_modes(modes);
        const std::string text = target == BootTarget::boot_loader
                                     ? "boot loader started"
                                     : "cs2sim device started, profile " + profile_.name;
        log_boot_line(*smos_, text);
        if (const auto noted = smos_->audit_log.note(AUDIT_STARTUP, "[] " + text); !noted)
            smos_->boot_log.warn("audit log: " + hex_code(noted.error().code));  // stops no start
        if (target == BootTarget::operating_system) modules_.start();
        if (!users_.remove_temporary()) log_boot_line(*smos_, "temporary users could not be removed");
        auth_key_.make_soon();
        return begun_anew;
    }

    std::vector<LoadedModule> loaded_modules() const {
        std::vector<LoadedModule> loaded;
        for (const Modules::Listed& module : modules_.list())
            loaded.push_back({module.info.id, module.info.abbreviation, module.info.version,
                              module.stage == ModuleStage::ready});
        return loaded;
    }

    // What an erased master key protected nobody will ever read again, the users among it. Once the alarm is
    // reset the device begins anew, as after Clear.
    Result<void> begin_anew_after_alarm() {
        if (smos_->master_key.present() || smos_->sensors.alarm() != Alarm::off) return {};
        log_boot_line(*smos_, "master key erased by an alarm: factory state");
        return clear();
    }

    // A new device, or one that was on its way to the factory state when it died. One whose user.db is gone
    // while other things are there has lost it: nothing may take its place unasked.
    bool is_unfinished() const {
        if (users_.exists_database()) return false;
        const auto state = smos_->nvram.number(kFactoryState);
        return state ? *state == kBeingMade : databases_.list().empty();
    }

    // Factory state begins with the end of user.db: what a device that dies half-way has still to do,
    // make_factory_state() does at its next start. Without a key for its user nothing is erased: nobody could
    // log on any more.
    Result<void> clear() {
        CS2SIM_TRY(stored_initial_key(smos_->flash));
        auth_key_.stop();        // it would store a key under the master key that goes
        databases_.close_all();  // a backup that somebody left open must not hold them
        CS2SIM_TRY(smos_->nvram.set_number(kFactoryState, kBeingMade));
        const auto dropped = databases_.drop(kUserDatabase);
        if (!dropped && dropped.error().code != E_OS_FILE_NO_SUCH_FILE) return dropped;
        CS2SIM_TRY(users_.set_max_auth_fails(0));
        CS2SIM_TRY(smos_->nvram.set_number(kStartupMode, 0));
        return make_factory_state({});
    }

    std::vector<std::string> connections() {
        const std::lock_guard lock(callers_mutex_);
        std::vector<std::string> peers;
        for (const auto& [caller, peer] : callers_) peers.push_back(peer);
        std::ranges::sort(peers);
        return peers;
    }

    // user.db comes last: it is what tells a complete device from a new one.
    Result<void> make_factory_state(ByteView initial_key) {
        if (!initial_key.empty()) CS2SIM_TRY(check_initial_key(initial_key));
        CS2SIM_TRY_LET(first_key, initial_key.empty() ? stored_initial_key(smos_->flash)
                                                      : Result<Bytes>(to_bytes(initial_key)));
        CS2SIM_TRY(smos_->nvram.set_number(kFactoryState, kBeingMade));
        CS2SIM_TRY(remove_leftovers(*smos_, databases_));
        if (!initial_key.empty()) CS2SIM_TRY(smos_->flash.write(kInitialKey, first_key));
        if (profile_.factory_mbk) CS2SIM_TRY(mbk_.make_factory_key());
        for (std::string_view name : {kKeyDatabase, kMasterKeyDatabase}) {
            CS2SIM_TRY(databases_.create(name, database_policy(name)->info));
        }
        CS2SIM_TRY(users_.create_factory_user(first_key));
        return remember_complete();
    }

    Result<void> remember_complete() {
        if (smos_->nvram.number(kFactoryState) == kComplete) return {};
        return smos_->nvram.set_number(kFactoryState, kComplete);
    }

    const Profile profile_;
    const std::unique_ptr<Smos> smos_;
    DatabaseStore databases_;
    MbkStore mbk_;
    Users users_;
    Sessions sessions_;
    Scheduler scheduler_;
    FaultEngine faults_;
    Trace trace_{scheduler_};
    Services services_;
    HsmAuthKey auth_key_{*smos_};
    Cxi cxi_{services_};
    DeviceControl control_;
    BootGate gate_;
    static constexpr int kNoModule = -1, kNoBoot = -1;
    std::atomic<int> pending_removal_{kNoModule};
    std::atomic<int> pending_boot_{kNoBoot};  // a BootTarget
    std::atomic<bool> pending_clear_{false};
    std::atomic<std::uint64_t> boots_{0};
    std::mutex callers_mutex_;
    std::map<Abandonment*, std::string> callers_;  // hosts, and what they are called
    std::set<Abandonment*> steering_;              // the simulator's own control connections
    Modules modules_{services_,
                     {.say = [this](const std::string& line) { log_boot_line(*smos_, line); },
                      .alone = [this](const std::function<void()>& work) { gate_.alone([] {}, work); },
                      .halt = [this] { (void)enter_alarm(services_, Alarm::tamper); }}};
};

class DeviceConversation final : public Conversation {
public:
    DeviceConversation(BootedDevice& device, Reach reach, std::string peer)
        : device_(device), peer_(std::move(peer)), connection_(device.trace().next_connection()) {
        context_.control = reach == Reach::control;
        context_.abandonment = abandonment_;
        device_.enter(abandonment_.get(), reach, peer_);
    }
    ~DeviceConversation() override {
        device_.services().sessions.close_owned_by(&context_);
        device_.leave(abandonment_.get());
    }

    void abandon() override { abandonment_->hang_up(); }
    bool logged_on() const override { return logged_on_; }

    Reply transact(ByteView frame) override {
        const CommandMemory memory;
        if (!device_.trace().listening()) return meet_faults(frame);
        const TracedFrame traced(device_.trace(), context_, connection_, peer_);
        Reply reply = meet_faults(frame);
        traced.answered(frame, reply);
        return reply;
    }

private:
    Reply meet_faults(ByteView frame) {
        if (!device_.faults().armed()) return reply_to(frame);
        const FaultFrame met(device_.faults(), context_, peer_);
        return met.apply(reply_to(frame));
    }

    Reply reply_to(ByteView frame) {
        auto answer = run(frame);
        if (const auto done = device_.do_what_is_pending(); !done) answer = fail(done.error());
        if (!answer) return {Reply::Action::send, error_frame(answer.error())};
        return {Reply::Action::send, answer_frame(*std::move(answer))};
    }

    Result<Bytes> run(ByteView frame) {
        CS2SIM_TRY_LET(request, parse_request(frame));
        std::shared_lock<std::shared_mutex> pass;
        const bool beside = context_.control && request.fc == FC_SIM && passes_beside_the_gate(request.sfc);
        if (!beside) {
            CS2SIM_TRY(device_.do_what_is_pending());  // a start that memory did not suffice for
            pass = device_.gate().pass(*abandonment_);
        }
        forget_what_a_boot_ended();
        try {
            auto answer = device_.scheduler().run(device_.services(), context_, request);
            logged_on_ = context_.logged_on_inside || !context_.users.empty();
            if (answer && answer->size() > kMaxFrame - kFrameHeader) return fail(E_CMDS_BAD_SIZE);
            return answer;
        } catch (const std::bad_alloc&) {  // what it has committed by then stays, as when its answer is lost
            return fail(E_CMDS_NO_MEM);
        }
    }

    void forget_what_a_boot_ended() {
        if (const std::uint64_t boots = device_.boots(); boots != boots_) {
            context_.users.clear();
            context_.handles.clear();
            context_.challenge.reset();
            context_.logged_on_inside = false;
            boots_ = boots;
        }
    }

    BootedDevice& device_;
    const std::string peer_;
    const std::uint32_t connection_;  // numbers it in traces
    const std::shared_ptr<Abandonment> abandonment_ = std::make_shared<Abandonment>();
    Context context_;
    std::atomic<bool> logged_on_{false};
    std::uint64_t boots_ = 0;
};

std::unique_ptr<Conversation> BootedDevice::converse(Reach reach, std::string peer) {
    return std::make_unique<DeviceConversation>(*this, reach, std::move(peer));
}

}  // namespace

bool SimulatedDevice::is_new(const std::filesystem::path& state) {
    const StateFolder folder{state};
    const std::filesystem::path earlier = state / "flash";  // where versions before kept everything
    for (const auto& file : {folder.databases() / kUserDatabase, folder.files() / kInitialKey,
                             earlier / kUserDatabase, earlier / kInitialKey})
        if (std::filesystem::exists(file)) return false;
    return true;
}

Result<std::unique_ptr<SimulatedDevice>> SimulatedDevice::boot(Options options) {
    start_openssl();
    start_sqlite();
    CS2SIM_TRY_LET(smos, Smos::open(options.state, std::move(options.warned)));
    auto device = std::make_unique<BootedDevice>(std::move(options.profile), std::move(smos));
    device->on_shut_down(std::move(options.shut_down));
    CS2SIM_TRY(device->start(options.initial_key));
    return device;
}

}  // namespace cs2sim
