// A device of scratch files that runs users' own modules, for tests without transport or logon.
#pragma once

#include <fstream>
#include <iterator>
#include <thread>

#include "firmware/cmds/cmds.h"
#include "firmware/cmds/hsm_auth_key.h"
#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/sessions.h"
#include "firmware/cmds/users.h"
#include "firmware/modules/modules.h"
#include "firmware/smos/loaded_files.h"
#include "test/unit/answers.h"
#include "test/unit/scratch.h"

namespace cs2sim {

inline Bytes file_content(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(in), {});
}

class ModuleBench {
public:
    static constexpr std::uint16_t kProbe = 0x170;

    explicit ModuleBench(Profile profile = {})
        : profile_(std::move(profile)),
          smos(*Smos::open(folder_.path())),
          databases(*smos),
          mbk_(*smos, databases),
          users_(*smos, databases, profile_),
          sessions_(profile_),
          services{profile_, *smos, databases, mbk_, users_, sessions_, scheduler},
          modules(services, {.say = [this](const std::string& line) { smos->boot_log.add(line); },
                             .alone =
                                 [this](const std::function<void()>& work) {
                                     const std::lock_guard lock(gate_);
                                     work();
                                 },
                             .halt = [this] { halted = true; }}) {
        REQUIRE(mbk_.generate(MBK_TYPE_AES, 32, 2, 2, "UNITTEST"));
        REQUIRE(scheduler.publish(cmds_module(auth_key_)));
    }

    static Bytes image(const std::string& name) {
        const Bytes content = file_content(std::filesystem::path(CS2SIM_TEST_MODULES) / (name + ".so"));
        REQUIRE_FALSE(content.empty());
        return content;
    }
    static const EVP_PKEY& signer() {
        static const PrivateKey key = *generate_rsa(2048);
        return *key;
    }
    // Puts a module into flash in a container, as LoadFile leaves it.
    void load(const std::string& name, const ModuleType& type = kModuleLinux) {
        put(name + ".mtc", make_container(image(name), type, signer()).value());
    }
    void put(const std::string& file, ByteView container) {
        REQUIRE(smos->flash.write(file, container));
        REQUIRE(LoadedFiles(smos->nvram).note(file, container));
    }
    void restart() {
        const std::lock_guard lock(gate_);
        modules.stop();
        smos->boot_log.clear();
        modules.start();
    }
    // As the device does: what the attendant publishes waits meanwhile.
    void stop() {
        const std::lock_guard lock(gate_);
        modules.stop();
    }
    void remove(std::uint16_t id) {
        const std::lock_guard lock(gate_);
        modules.remove(id);
    }
    void start(const std::string& name) {
        load(name);
        restart();
    }

    Result<Bytes> run(std::uint8_t sfc, ByteView block = {}, std::uint16_t fc = kProbe) {
        const std::lock_guard lock(gate_);
        auto answer = scheduler.run(services, context, {fc, sfc, block});
        test::note_answer(fc, sfc, code_of(answer));
        return answer;
    }
    Result<Bytes> misbehave(std::uint8_t how) { return run(13, Bytes{how}); }
    std::string boot_log() const { return smos->boot_log.text(); }
    std::string module_log(const std::string& name = "PROB") const {
        return std::string(as_text(file_content(modules.log_of(name))));
    }
    ModuleStage stage(const std::string& name = "PROB") const {
        const UserModule* module = modules.find(name);
        return module ? module->stage.load() : ModuleStage::none;
    }

private:
    ScratchFolder folder_;
    const Profile profile_;
    std::mutex gate_;

public:
    std::unique_ptr<Smos> smos;
    DatabaseStore databases;

private:
    MbkStore mbk_;
    Users users_;
    Sessions sessions_;
    HsmAuthKey auth_key_{*smos};

public:
    Scheduler scheduler;
    Services services;
    Context context;
    std::atomic<bool> halted{false};
    Modules modules;
};

}  // namespace cs2sim
